"""Minute rows: right, right again when run twice, right after late news and a dead worker."""

from datetime import datetime, timedelta

import pytest

from routing import metrics, recorder, rollup
from routing.models import HourRow, MinuteRow, ModelCall, RollUpState, RouteOutcome
from routing.tally import Tally
from tests.routing.ledger import NOON, attempt, outcome, result

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=5)


def stored() -> dict[tuple[datetime, str, str, str], dict[str, object]]:
    return {(row.minute, row.route, row.purpose, row.model): row.figures for row in MinuteRow.objects.all()}


def tally_of(**where: object) -> Tally:
    return Tally.load(MinuteRow.objects.get(**where).figures)


def test_each_route_purpose_and_model_has_its_row_in_the_minute_in_which_replies_ended() -> None:
    outcome(first_text_ms=100)
    outcome(first_text_ms=300, state="failed", ended_at=NOON + timedelta(seconds=59))
    outcome(ended_at=NOON + timedelta(seconds=60))
    outcome(route="faq", answering_model="", cost_pico=0)
    outcome(purpose="demo")
    assert rollup.roll_up(LATER).minutes == 2
    assert len(stored()) == 4
    both = tally_of(minute=NOON, route="common", purpose="visitor")
    assert (both["requests"], both["errors"], both["input_tokens"]) == (2, 1, 2000)
    assert both.histogram("first_text").n == 2


def test_calls_stand_under_the_model_that_was_asked() -> None:
    start = attempt(asked_model="asked")
    recorder.start_call(start)
    rollup.roll_up(LATER)
    assert stored() == {}  # it still runs: nothing to count

    recorder.settle_call(start, result(answering_model="another", error_class="Stalled", truncated=True))
    rollup.roll_up(LATER)
    row = tally_of(model="asked")
    assert (row["calls"], row["call_errors"], row["call_truncations"], row["requests"]) == (1, 1, 1, 0)


def test_running_again_changes_nothing() -> None:
    outcome()
    rollup.roll_up(LATER)
    before = stored()
    assert rollup.roll_up(LATER).minutes == 0
    RouteOutcome.objects.update(rolled_up=False)
    assert rollup.roll_up(LATER).minutes == 1
    assert stored() == before


def test_late_feedback_rebuilds_its_minute() -> None:
    row = outcome()
    rollup.roll_up(LATER)
    assert tally_of()["thumbs_down"] == 0
    recorder.amend_outcome(row.reply_id, feedback=-1, escalated_after=True)
    rollup.roll_up(LATER)
    assert (tally_of()["thumbs_down"], tally_of()["escalated_after"], tally_of()["requests"]) == (1, 1, 1)


def test_a_route_that_left_a_minute_leaves_no_row_behind() -> None:
    row = outcome(route="common")
    rollup.roll_up(LATER)
    RouteOutcome.objects.filter(pk=row.pk).update(route="complex", rolled_up=False)
    rollup.roll_up(LATER)
    assert [key[1] for key in stored()] == ["complex"]


def test_after_a_dead_worker_it_catches_up_in_runs_and_says_how_far_it_is() -> None:
    for minute in range(5):
        outcome(ended_at=NOON + timedelta(minutes=minute, seconds=30))
    now = NOON + timedelta(hours=3)
    first = rollup.roll_up(now, limit=2)
    assert (first.minutes, first.behind, first.as_of) == (2, True, NOON + timedelta(minutes=2))
    fresh = metrics.freshness(now)
    assert (fresh.late, fresh.down, fresh.as_of) == (True, False, NOON + timedelta(minutes=2))

    assert rollup.roll_up(now, limit=2).behind
    last = rollup.roll_up(now, limit=2)
    assert (last.minutes, last.behind, last.as_of) == (1, False, now)
    assert not metrics.freshness(now + timedelta(seconds=9)).late
    assert MinuteRow.objects.count() == 5


def test_a_worker_that_does_not_run_is_said_to_be_down_since_its_last_run() -> None:
    assert metrics.freshness(NOON).down
    rollup.roll_up(NOON)
    assert not metrics.freshness(NOON + timedelta(seconds=10)).down
    later = metrics.freshness(NOON + timedelta(minutes=10))
    assert (later.down, later.ran_at) == (True, NOON)


def test_a_running_call_never_blocks_the_figures() -> None:
    recorder.start_call(attempt())
    assert ModelCall.objects.filter(rolled_up=False).count() == 1
    assert not rollup.roll_up(LATER).behind


def test_a_reply_that_never_showed_text_counts_with_its_whole_wait() -> None:
    outcome(state="failed", first_text_ms=None, total_ms=10_000)
    rollup.roll_up(LATER)
    assert tally_of().histogram("first_text").percentile(0.5) == pytest.approx(10_000, rel=0.02)


def test_hours_that_are_over_are_summed_once_and_again_when_a_minute_changes() -> None:
    late = outcome(ended_at=NOON + timedelta(minutes=7))
    for minute in (0, 59, 60, 61, 180):
        outcome(ended_at=NOON + timedelta(minutes=minute))
    now = NOON + timedelta(minutes=185)
    rollup.roll_up(now)
    hours = {row.hour: Tally.load(row.figures)["requests"] for row in HourRow.objects.all()}
    assert hours == {NOON: 3, NOON + timedelta(hours=1): 2}  # the running hour is left to its minutes
    assert RollUpState.objects.get().hours_until == NOON + timedelta(hours=3)

    recorder.amend_outcome(late.reply_id, feedback=1)
    rollup.roll_up(now)
    assert Tally.load(HourRow.objects.get(hour=NOON).figures)["thumbs_up"] == 1
    assert HourRow.objects.count() == 2


@pytest.mark.parametrize(
    "span",
    [("11:00", "16:00"), ("11:00", "12:30"), ("12:07", "15:05"), ("12:20", "12:50"), ("15:01", "15:06")],
)
@pytest.mark.parametrize("step", [0, 30, 60])
def test_hours_and_minutes_together_say_what_minutes_alone_say(span: tuple[str, str], step: int) -> None:
    start, end = (NOON.replace(hour=int(at[:2]), minute=int(at[3:])) for at in span)
    begins = [start + timedelta(minutes=step) * number for number in range(12)] if step else []
    edges = [*(at for at in begins if at < end), end] if step else []
    for minute in range(0, 185, 3):
        outcome(ended_at=NOON + timedelta(minutes=minute), route="faq" if minute % 2 else "common")
    rollup.roll_up(NOON + timedelta(minutes=186))
    assert HourRow.objects.count() == 6
    summed = metrics.figures(start, end, edges=edges)
    RollUpState.objects.update(hours_until=None)
    assert metrics.figures(start, end, edges=edges) == summed
    assert summed.total.requests == sum(
        start <= NOON + timedelta(minutes=minute) < end for minute in range(0, 185, 3)
    )


@pytest.mark.parametrize(
    ("values", "counted"),
    [
        ({"state": "truncated", "ended_by": "upstream"}, 1),
        ({"state": "completed", "truncated": True, "continued": True}, 1),
        ({"state": "truncated", "ended_by": "abandoned"}, 0),
        ({"state": "cancelled", "ended_by": "stop", "truncated": True}, 0),
        ({"state": "completed"}, 0),
    ],
)
def test_a_truncation_is_what_the_model_did_and_not_what_the_visitor_did(
    values: dict[str, object], counted: int
) -> None:
    outcome(**values)
    rollup.roll_up(LATER)
    assert tally_of()["truncations"] == counted

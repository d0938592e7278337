"""Hours and days: the same figures in whatever order rows, amendments and runs come."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing import caps, desk, metrics, publishing, recorder, rollup, summing, tally
from routing.models import DayRow, HourRow, MinuteRow, ModelCall, RollUpState, RouteOutcome, StaleSpan
from routing.summing import Key
from routing.tally import Tally
from tests.routing.ledger import NOON, attempt, outcome, result

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = NOON.replace(hour=0)
TABLES = ((MinuteRow, "minute"), (HourRow, "hour"), (DayRow, "start"))


@pytest.fixture(autouse=True)
def desk_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test say where the desk is, without publishing a configuration each time."""
    stands_in("UTC", monkeypatch)
    yield
    publishing.forget()


def stands_in(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "caps", lambda: caps.caps_of({"settings": {"time_zone": name}}))


def rows_of(table: Any, column: str) -> dict[tuple[datetime, Key], dict[str, object]]:
    return {
        (getattr(row, column), Key(row.route, row.purpose, row.model)): row.figures
        for row in table._default_manager.all()
    }


def directly(span: tuple[datetime, datetime]) -> dict[Key, dict[str, object]]:
    """Return what the ledger says of a span, without any roll-up in between."""
    first, last = span
    replies = RouteOutcome.objects.filter(ended_at__gte=first, ended_at__lt=last)
    calls = ModelCall.objects.filter(ended_at__gte=first, ended_at__lt=last)
    return {key: value.dump() for key, value in rollup.tallies(replies, calls).items()}


def assert_true(now: datetime, starts: list[datetime]) -> None:
    """Say that each stored row is what the ledger says of its span, and that none is missing."""
    ends = {MinuteRow: timedelta(minutes=1), HourRow: HOUR}
    for table, column in TABLES:
        stored = rows_of(table, column)
        at = {start for start, _ in stored}
        for start in at:
            end = start + ends[table] if table in ends else starts[starts.index(start) + 1]
            mine = {key: figures for (begins, key), figures in stored.items() if begins == start}
            assert mine == directly((start, end)), f"{column} {start}"
    over = [at for at in RouteOutcome.objects.values_list("ended_at", flat=True) if at < now]
    hours = {summing.hour_of(at) for at in over if summing.hour_of(at) + HOUR <= now}
    assert set(HourRow.objects.values_list("hour", flat=True)) >= hours
    days = {
        first for first, last in pairwise(starts) if last <= now and any(first <= at < last for at in over)
    }
    assert set(DayRow.objects.values_list("start", flat=True)) >= days
    assert not StaleSpan.objects.exists()


def assert_read(start: datetime, end: datetime, starts: list[datetime]) -> None:
    """Say that what is read of a period is what the ledger says of it, with charts by day and without."""
    whole = tally.total(Tally.load(each) for each in directly((start, end)).values())
    read = metrics.figures(start, end)
    assert (read.total.requests, read.total.cost_pico) == (whole["requests"], whole["cost_pico"])
    edges = [start, *(at for at in starts if start < at < end), end]
    drawn = metrics.figures(start, end, edges=edges)
    assert drawn.total == read.total
    assert sum(sum(point.requests.values()) for point in drawn.points) == whole["requests"]


# What happens to the ledger: a reply that ended some minutes ago, an attempt that failed, late news of one
# of the replies so far, or a run of the roll-up of so many minutes at most.
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("reply"), st.integers(0, 3 * 24 * 60), st.sampled_from(["common", "faq"])),
        st.tuples(st.just("call"), st.integers(0, 3 * 24 * 60), st.sampled_from(["", "Stalled"])),
        st.tuples(st.just("news"), st.integers(0, 99), st.sampled_from(["up", "down", "re_asked"])),
        st.tuples(st.just("run"), st.integers(1, 9), st.just("")),
        st.tuples(st.just("zone"), st.just(0), st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"])),
    ),
    max_size=25,
)


def booked(kind: str, number: int, word: str, now: datetime, told: list[UUID], order: random.Random) -> None:
    at = now - timedelta(minutes=number, seconds=1)
    if kind == "reply":
        told.append(replied(at, word, order))
    elif kind == "call":
        called(at, word)
    elif told:
        amended(told[number % len(told)], word)


def replied(at: datetime, route: str, order: random.Random) -> UUID:
    failed = order.random() < 0.3
    row = outcome(
        ended_at=at,
        route=route,
        state="failed" if failed else "completed",
        first_text_ms=None if failed else order.randint(1, 9000),
        total_ms=order.randint(9000, 90_000),
    )
    pk: UUID = row.pk
    return pk


def called(at: datetime, error: str) -> None:
    start = attempt(started_at=at)
    recorder.start_call(start)
    recorder.settle_call(start, result(ended_at=at, error_class=error))


def amended(reply_id: UUID, word: str) -> None:
    recorder.amend_outcome(reply_id, feedback={"up": 1, "down": -1}.get(word), re_asked=word == "re_asked")


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(events=EVENTS, seed=st.integers(0, 9))
def test_any_order_of_rows_news_and_runs_ends_at_what_the_ledger_says(
    monkeypatch: pytest.MonkeyPatch, events: list[tuple[str, int, str]], seed: int
) -> None:
    for table in (RouteOutcome, ModelCall, MinuteRow, HourRow, DayRow, StaleSpan, RollUpState):
        table._default_manager.all().delete()
    stands_in("UTC", monkeypatch)
    now, told, order = MIDNIGHT + 3 * DAY, list[UUID](), random.Random(seed)
    for kind, number, word in events:
        if kind == "zone":
            stands_in(word, monkeypatch)
        elif kind == "run":
            rollup.roll_up(now, limit=number)
        else:
            booked(kind, number, word, now, told, order)
    for _ in range(4):
        rollup.roll_up(now)
    tz = desk.caps().tz
    first = desk.day_of(now - 4 * DAY, tz)
    starts = [desk.day_start(first + timedelta(days=number), tz) for number in range(7)]
    assert_true(now, starts)
    for start, end in ((now - 4 * DAY, now), (starts[2], now - timedelta(minutes=77))):
        assert_read(start, end, starts)


def test_a_day_is_one_of_the_desk_and_is_summed_anew_when_the_desk_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stands_in("Europe/Berlin", monkeypatch)
    # 25 October 2026 has 25 hours in Berlin: it begins at 22:00 UTC and ends at 23:00 UTC.
    start, end = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)
    for at in (start, end - timedelta(seconds=1), end):
        outcome(ended_at=at)
    rollup.roll_up(end + HOUR)
    assert {row.start: Tally.load(row.figures)["requests"] for row in DayRow.objects.all()} == {start: 2}

    stands_in("Asia/Kolkata", monkeypatch)
    rollup.roll_up(end + HOUR)
    half = datetime(2026, 10, 24, 18, 30, tzinfo=UTC)
    assert {row.start: Tally.load(row.figures)["requests"] for row in DayRow.objects.all()} == {half: 1}
    rollup.roll_up(end + DAY)
    assert {row.start: Tally.load(row.figures)["requests"] for row in DayRow.objects.all()} == {
        half: 1,
        half + DAY: 2,
    }


def test_late_news_reaches_the_hour_and_the_day_and_a_dead_worker_forgets_neither() -> None:
    row = outcome(ended_at=MIDNIGHT + HOUR)
    now = MIDNIGHT + 2 * DAY
    rollup.roll_up(now)
    recorder.amend_outcome(row.pk, feedback=-1)
    rollup.rebuild(MIDNIGHT + HOUR)  # the worker dies after the minute and before its hour
    rollup.roll_up(now)
    for table, _ in TABLES:
        assert Tally.load(table._default_manager.get().figures)["thumbs_down"] == 1


def test_a_year_is_read_from_its_days() -> None:
    for day in range(0, 360, 9):
        outcome(ended_at=NOON - timedelta(days=day))
    for _ in range(20):
        rollup.roll_up(NOON + DAY)
    assert (DayRow.objects.count(), RollUpState.objects.get().days_until) == (40, MIDNIGHT + DAY)
    MinuteRow.objects.all().delete()
    HourRow.objects.all().delete()
    assert metrics.figures(MIDNIGHT - timedelta(days=365), MIDNIGHT + DAY).total.requests == 40


def test_a_minute_whose_rows_retention_deletes_keeps_its_figures() -> None:
    gone, kept = outcome(), outcome()
    outcome(ended_at=NOON + DAY)
    rollup.roll_up(NOON + HOUR)
    rollup.delete_from_ledger(RouteOutcome, NOON + HOUR)([gone.pk])
    recorder.amend_outcome(kept.pk, feedback=1)
    assert not rollup.roll_up(NOON + 2 * DAY).behind
    row = Tally.load(MinuteRow.objects.get(minute=NOON).figures)
    assert (row["requests"], row["thumbs_up"]) == (2, 0)

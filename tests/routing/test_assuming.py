"""Silence counts as settled after two hours, under a name of its own, until something is said."""

from datetime import timedelta
from typing import Any

import pytest

from routing import assuming, recorder, rollup
from routing.assuming import ASSUMED_AFTER
from routing.models import HourRow, MinuteRow, RollUpState, RouteOutcome
from routing.tally import Tally
from tests.routing.ledger import NOON, outcome

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
LATER = NOON + ASSUMED_AFTER + MINUTE

SAID: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"state": "truncated", "ended_by": "upstream"}, True),
    ({"feedback": 1}, True),
    ({"purpose": "demo"}, True),
    ({"feedback": -1}, False),
    ({"resolved": True}, False),
    ({"resolved": False}, False),
    ({"escalated_after": True}, False),
    ({"escalated_by": "re_ask"}, False),
    ({"re_asked": True}, False),
    ({"handed_off": True}, False),
    ({"state": "failed"}, False),
    ({"state": "cancelled"}, False),
    ({"purpose": "probe"}, False),
]


@pytest.mark.parametrize(("values", "settled"), SAID)
def test_what_nobody_spoke_against_is_assumed(values: dict[str, Any], settled: bool) -> None:
    row = outcome(rolled_up=True, **values)
    assert assuming.assume(LATER) == int(settled)
    row.refresh_from_db()
    assert (row.assumed, row.rolled_up) == (settled, not settled)


def test_only_old_answers_are_assumed_each_minute_once_and_in_steps() -> None:
    for minute in range(3):
        outcome(ended_at=NOON + minute * MINUTE)
    outcome(ended_at=NOON + 25 * MINUTE)
    rollup.roll_up(LATER)
    assert assuming.assume(LATER - MINUTE) == 0
    assert assuming.assume(LATER) == 1
    assert assuming.assume(LATER) == 0
    assert RouteOutcome.objects.filter(rolled_up=False).count() == 1  # its minute alone is made again
    later = LATER + timedelta(minutes=30)
    assert [assuming.assume(later, limit=1) for _ in range(4)] == [1, 1, 1, 0]
    assert RollUpState.objects.get().assumed_until == later - ASSUMED_AFTER
    assert not RouteOutcome.objects.filter(assumed=False).exists()


def test_later_bad_news_outweighs_silence_in_every_figure() -> None:
    row = outcome()
    rollup.roll_up(LATER)
    for word in ("assumed", "handed_off"):
        if word == "assumed":
            assuming.assume(LATER)
        else:
            recorder.amend_outcome(row.pk, handed_off=True)
        rollup.roll_up(LATER)
        for table in (MinuteRow, HourRow):
            counted = Tally.load(table._default_manager.get().figures)
            assert {name for name in counted.counts if name.startswith("left_")} == {f"left_{word}"}

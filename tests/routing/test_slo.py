"""Error budgets and burn rates as tables; when an incident opens, what it survives, and when it closes."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from common.clock import now
from routing import slo
from routing.slo import FAST, MOST, SLOW, STEADY, Course, Level, Seen, course, opening, reading
from routing.targets import Count

DAYS = timedelta(days=1)
MINUTES = timedelta(minutes=1)
T0 = now()


Counts = Mapping[str, tuple[int, int]]


def seen(counts: Counts) -> Seen:
    """Return what is seen where one in a hundred may be bad; `"5m": (3, 20)` are 3 bad of 20."""
    return Seen(0.01, 20, 28 * DAYS, {name: Count(*count) for name, count in counts.items()})


@pytest.mark.parametrize(
    ("count", "allowed", "rate", "rest"),
    [
        (Count(0, 0), 0.01, None, None),
        (Count(0, 100), 0.01, 0.0, 1.0),
        (Count(1, 100), 0.01, 1.0, 0.0),
        (Count(1, 200), 0.01, 0.5, 0.5),
        (Count(3, 100), 0.01, 3.0, -2.0),
        (Count(5, 100), 0.05, 1.0, 0.0),
        (Count(0, 10), 0.0, 0.0, 1.0),
        (Count(1, 10), 0.0, MOST, 1 - MOST),
        (Count(10, 10), 1.0, 1.0, 0.0),
    ],
)
def test_how_fast_a_budget_burns_and_what_is_left_of_it(
    count: Count, allowed: float, rate: float | None, rest: float | None
) -> None:
    assert slo.burn(count, allowed) == pytest.approx(rate)
    assert slo.left(count, allowed) == pytest.approx(rest)


@pytest.mark.parametrize(
    ("days", "rates"),
    [
        (30, {"fast": 14.4, "steady": 6.0, "slow": 1.0}),
        (28, {"fast": 14.4, "steady": 6.0, "slow": 1.0}),
        (7, {"fast": 14.4, "steady": 6.0, "slow": 1.0}),
        (1, {"fast": 12.0, "steady": 2.0}),
    ],
)
def test_the_rates_of_a_period(days: int, rates: Mapping[str, float]) -> None:
    found = {level.name: level.rate(days * DAYS) for level in slo.levels_for(days * DAYS)}
    assert found == pytest.approx(rates)
    for name, rate in found.items():
        spent = rate * slo.WINDOWS[slo.LEVELS[name].long] / (days * DAYS)
        assert spent <= 0.5, "an alert comes before more than half of the budget is spent"


OUTAGE = {"5m": (10, 10), "30m": (10, 40), "1h": (10, 60), "6h": (10, 300), "3d": (10, 3000)}


@pytest.mark.parametrize(
    ("counts", "level"),
    [
        (OUTAGE, FAST),
        ({**OUTAGE, "5m": (0, 10)}, None),  # over for five minutes: 6 h and 30 min are not at 6 yet
        ({**OUTAGE, "5m": (0, 0)}, None),  # nobody has asked since: nothing says that it goes on
        ({**OUTAGE, "5m": (0, 10), "6h": (18, 300)}, STEADY),
        ({"5m": (1, 2), "30m": (1, 2), "1h": (1, 2), "6h": (1, 2), "3d": (1, 2)}, None),  # three replies
        ({"5m": (1, 1), "30m": (2, 2), "1h": (2, 20), "6h": (2, 20), "3d": (2, 20)}, None),  # two bad ones
        ({"5m": (3, 3), "30m": (3, 3), "1h": (3, 19), "6h": (3, 19), "3d": (3, 19)}, None),
        ({"5m": (3, 3), "30m": (3, 3), "1h": (3, 20), "6h": (3, 20), "3d": (3, 20)}, FAST),
        ({"5m": (0, 9), "30m": (0, 60), "1h": (2, 90), "6h": (6, 500), "3d": (60, 6000)}, SLOW),
        ({"5m": (0, 9), "30m": (0, 60), "1h": (0, 90), "6h": (4, 500), "3d": (60, 6000)}, None),
    ],
)
def test_when_an_incident_opens(counts: Counts, level: Level | None) -> None:
    assert opening(seen(counts)) is level


def test_what_was_told_is_not_told_again_by_a_slower_window() -> None:
    after = seen({"5m": (0, 9), "30m": (0, 60), "1h": (10, 90), "6h": (60, 900), "3d": (60, 3000)})
    assert opening(after) is SLOW
    assert opening(after, rested=timedelta(hours=5)) is None
    assert opening(after, rested=timedelta(hours=6)) is SLOW
    assert opening(seen(OUTAGE), rested=timedelta(minutes=6)) is FAST, "a new outage is news"


@pytest.mark.parametrize(
    ("counts", "reached", "word"),
    [
        (OUTAGE, FAST, "burning"),
        ({**OUTAGE, "5m": (1, 14), "1h": (6, 80)}, FAST, "burning"),  # at 7.2, half of what opens it
        ({**OUTAGE, "5m": (0, 10), "30m": (1, 40)}, FAST, "calm"),
        ({**OUTAGE, "5m": (0, 10), "30m": (1, 40), "6h": (9, 200), "3d": (20, 900)}, FAST, "calm"),
        ({"30m": (0, 40), "6h": (9, 200), "3d": (20, 900)}, SLOW, "burning"),
        ({"6h": (0, 12)}, FAST, "unknown"),
        ({"3d": (30, 900)}, FAST, "silent"),
    ],
)
def test_how_an_open_incident_reads(counts: Counts, reached: Level, word: str) -> None:
    assert reading(seen(counts), reached) == word


CALM = {**OUTAGE, "5m": (0, 10), "30m": (0, 40)}


def walked(*looks: tuple[int, Counts], level: Level = FAST) -> Course:
    """Return where an incident stands after looks at so many minutes each."""
    found = Course(level)
    for minutes, counts in looks:
        found = course(found, seen(counts), T0 + minutes * MINUTES)
    return found


def test_an_incident_closes_after_calm_has_held() -> None:
    assert walked((0, OUTAGE), (1, CALM), (15, CALM)).closed_as is None
    assert walked((0, OUTAGE), (1, CALM), (16, CALM)).closed_as == "recovered"
    assert walked((0, CALM), (29, CALM), level=STEADY).closed_as is None
    assert walked((0, CALM), (30, CALM), level=STEADY).closed_as == "recovered"


def test_flapping_keeps_one_incident_open() -> None:
    back = walked((0, OUTAGE), (1, CALM), (14, CALM), (15, OUTAGE), (16, CALM), (30, CALM))
    assert back.closed_as is None and back.calm_since == T0 + 16 * MINUTES
    half = {**CALM, "5m": (1, 10), "1h": (8, 80)}  # burns at 10: would not open it, and does not close it
    assert walked((0, OUTAGE), (1, CALM), (9, half), (20, half)).closed_as is None


def test_silence_is_no_recovery() -> None:
    unknown = {"6h": (10, 60), "3d": (10, 900)}
    assert walked((0, OUTAGE), (40, unknown), (300, unknown)) == Course(FAST)
    assert walked((0, OUTAGE), (40, unknown), (400, {"3d": (10, 900)})).closed_as == "silent"
    late = walked((0, OUTAGE), (40, CALM), (55, unknown))
    assert late.closed_as == "recovered", "the last that was said was good"


def test_an_incident_keeps_the_fastest_level_that_it_reached() -> None:
    steady = {**OUTAGE, "5m": (0, 10), "6h": (18, 300)}
    assert walked((0, steady), level=STEADY).level is STEADY
    assert walked((0, steady), (1, OUTAGE), (2, steady), level=STEADY).level is FAST

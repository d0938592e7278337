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


def seen(allowed: float = 0.01, days: int = 28, needs: int = 20, **counts: tuple[int, int]) -> Seen:
    """Return what is seen; `m5=(3, 20)` are 3 bad of 20 in five minutes."""
    names = {"m5": "5m", "m30": "30m", "h1": "1h", "h6": "6h", "d3": "3d"}
    return Seen(allowed, needs, days * DAYS, {names[key]: Count(*count) for key, count in counts.items()})


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


OUTAGE = {"m5": (10, 10), "m30": (10, 40), "h1": (10, 60), "h6": (10, 300), "d3": (10, 3000)}


@pytest.mark.parametrize(
    ("counts", "level"),
    [
        (OUTAGE, FAST),
        ({**OUTAGE, "m5": (0, 10)}, None),  # over for five minutes: 6 h and 30 min are not at 6 yet
        ({**OUTAGE, "m5": (0, 0)}, None),  # nobody has asked since: nothing says that it goes on
        ({**OUTAGE, "m5": (0, 10), "h6": (18, 300)}, STEADY),
        ({"m5": (1, 2), "m30": (1, 2), "h1": (1, 2), "h6": (1, 2), "d3": (1, 2)}, None),  # three replies
        ({"m5": (1, 1), "m30": (2, 2), "h1": (2, 20), "h6": (2, 20), "d3": (2, 20)}, None),  # two bad ones
        ({"m5": (3, 3), "m30": (3, 3), "h1": (3, 19), "h6": (3, 19), "d3": (3, 19)}, None),
        ({"m5": (3, 3), "m30": (3, 3), "h1": (3, 20), "h6": (3, 20), "d3": (3, 20)}, FAST),
        ({"m5": (0, 9), "m30": (0, 60), "h1": (2, 90), "h6": (6, 500), "d3": (60, 6000)}, SLOW),
        ({"m5": (0, 9), "m30": (0, 60), "h1": (0, 90), "h6": (4, 500), "d3": (60, 6000)}, None),
    ],
)
def test_when_an_incident_opens(counts: Mapping[str, tuple[int, int]], level: Level | None) -> None:
    assert opening(seen(**counts)) is level


def test_what_was_told_is_not_told_again_by_a_slower_window() -> None:
    after = seen(m5=(0, 9), m30=(0, 60), h1=(10, 90), h6=(60, 900), d3=(60, 3000))
    assert opening(after) is SLOW
    assert opening(after, rested=timedelta(hours=5)) is None
    assert opening(after, rested=timedelta(hours=6)) is SLOW
    assert opening(seen(**OUTAGE), rested=timedelta(minutes=6)) is FAST, "a new outage is news"


@pytest.mark.parametrize(
    ("counts", "reached", "word"),
    [
        (OUTAGE, FAST, "burning"),
        ({**OUTAGE, "m5": (1, 14), "h1": (6, 80)}, FAST, "burning"),  # at 7.2, half of what opens it
        ({**OUTAGE, "m5": (0, 10), "m30": (1, 40)}, FAST, "calm"),
        ({**OUTAGE, "m5": (0, 10), "m30": (1, 40), "h6": (9, 200), "d3": (20, 900)}, FAST, "calm"),
        ({"m30": (0, 40), "h6": (9, 200), "d3": (20, 900)}, SLOW, "burning"),
        ({"h6": (0, 12)}, FAST, "unknown"),
        ({"d3": (30, 900)}, FAST, "silent"),
    ],
)
def test_how_an_open_incident_reads(counts: Mapping[str, tuple[int, int]], reached: Level, word: str) -> None:
    assert reading(seen(**counts), reached) == word


CALM = {**OUTAGE, "m5": (0, 10), "m30": (0, 40)}


def walked(*looks: tuple[int, Mapping[str, tuple[int, int]]], level: Level = FAST) -> Course:
    """Return where an incident stands after looks at so many minutes each."""
    found = Course(level)
    for minutes, counts in looks:
        found = course(found, seen(**counts), T0 + minutes * MINUTES)
    return found


def test_an_incident_closes_after_calm_has_held() -> None:
    assert walked((0, OUTAGE), (1, CALM), (15, CALM)).closed_as is None
    assert walked((0, OUTAGE), (1, CALM), (16, CALM)).closed_as == "recovered"
    assert walked((0, CALM), (29, CALM), level=STEADY).closed_as is None
    assert walked((0, CALM), (30, CALM), level=STEADY).closed_as == "recovered"


def test_flapping_keeps_one_incident_open() -> None:
    back = walked((0, OUTAGE), (1, CALM), (14, CALM), (15, OUTAGE), (16, CALM), (30, CALM))
    assert back.closed_as is None and back.calm_since == T0 + 16 * MINUTES
    half = {**CALM, "m5": (1, 10), "h1": (8, 80)}  # burns at 10: would not open it, and does not close it
    assert walked((0, OUTAGE), (1, CALM), (9, half), (20, half)).closed_as is None


def test_silence_is_no_recovery() -> None:
    unknown = {"h6": (10, 60), "d3": (10, 900)}
    assert walked((0, OUTAGE), (40, unknown), (300, unknown)) == Course(FAST)
    assert walked((0, OUTAGE), (40, unknown), (400, {"d3": (10, 900)})).closed_as == "silent"
    late = walked((0, OUTAGE), (40, CALM), (55, unknown))
    assert late.closed_as == "recovered", "the last that was said was good"


def test_an_incident_keeps_the_fastest_level_that_it_reached() -> None:
    steady = {**OUTAGE, "m5": (0, 10), "h6": (18, 300)}
    assert walked((0, steady), level=STEADY).level is STEADY
    assert walked((0, steady), (1, OUTAGE), (2, steady), level=STEADY).level is FAST

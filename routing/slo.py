"""Error budgets, burn rates, and when an incident opens and closes. Pure.

An error budget is the share of replies that a target allows to be bad. It burns at 1 when exactly that share
is bad: then the period ends with nothing left. Windows, rates and the rule that two windows must burn at
once are those of the SRE workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts"
(https://sre.google/workbook/alerting-on-slos/): 14.4 over 1 h and 5 min, 6 over 6 h and 30 min, 1 over 3
days and 6 h. The long window says that it matters, the short one that it is still going on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from routing.targets import Count

Reading = Literal["burning", "calm", "unknown", "silent"]
ClosedAs = Literal["recovered", "silent"]

WINDOWS: Mapping[str, timedelta] = {
    "5m": timedelta(minutes=5),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "3d": timedelta(days=3),
}

# What one bad reply is when none is allowed, and the most that a rate is told as.
MOST = 1000.0
# The workbook warns of few requests: one failure at night would be a page. Two may be chance; of three bad
# replies among twenty nobody says so.
LEAST_BAD = 3
# An incident is calm below half of the rate that opens it: a route that hovers around it stays one incident.
LOWER = 0.5
# On a period of a day six hours at 6 would be more than the whole budget: no rate asks for more than half.
LARGEST_PART = 0.5


@dataclass(frozen=True, slots=True)
class Level:
    """A pair of windows that must both burn at `factor`, and how long calm must last before it is over."""

    name: str
    words: str
    factor: float
    long: str
    short: str
    hold: timedelta

    def rate(self, period: timedelta) -> float:
        """Return the burn rate at which this level speaks for targets over `period`."""
        return min(self.factor, LARGEST_PART * period / WINDOWS[self.long])


FAST = Level("fast", "burns fast", 14.4, "1h", "5m", timedelta(minutes=15))
STEADY = Level("steady", "burns steadily", 6.0, "6h", "30m", timedelta(minutes=30))
SLOW = Level("slow", "burns slowly", 1.0, "3d", "6h", timedelta(hours=1))
LEVELS: Mapping[str, Level] = {level.name: level for level in (FAST, STEADY, SLOW)}


def levels_for(period: timedelta) -> Iterator[Level]:
    """Yield the levels whose windows lie within the period, the fastest first."""
    return (level for level in LEVELS.values() if WINDOWS[level.long] <= period)


def burn(count: Count, allowed: float) -> float | None:
    """Return how fast a budget burns: the share that is bad divided by the share that may be.

    None without replies; MOST where none may be bad and one is.
    """
    if count.share is None:
        return None
    if allowed <= 0:
        return MOST if count.bad else 0.0
    return min(MOST, count.share / allowed)


def left(count: Count, allowed: float) -> float | None:
    """Return the share of the budget that is left of these replies; below 0 when more were bad than allowed.

    None without replies. The budget is the allowed share of the replies of the period so far.
    """
    used = burn(count, allowed)
    return None if used is None else 1 - used


@dataclass(frozen=True)
class Seen:
    """What the worker sees of a target now: the counts of each window, by its name."""

    allowed: float
    needs: int
    period: timedelta
    counts: Mapping[str, Count]

    def of(self, window: str) -> Count:
        """Return the count of a window."""
        return self.counts.get(window, Count())

    def burn(self, window: str) -> float | None:
        """Return the burn rate of a window, None without replies."""
        return burn(self.of(window), self.allowed)

    def burns(self, level: Level, part: float = 1.0) -> bool:
        """Return whether both windows of a level burn at `part` of its rate."""
        rate = part * level.rate(self.period)
        both = (self.burn(level.long), self.burn(level.short))
        return all(each is not None and each >= rate for each in both)

    @property
    def peak(self) -> float:
        """Return the highest rate of the long windows."""
        return max((self.burn(level.long) or 0.0 for level in levels_for(self.period)), default=0.0)


def opening(seen: Seen, rested: timedelta | None = None) -> Level | None:
    """Return the fastest level at which an incident is to be opened, None for none.

    `rested` is how long ago the last incident of this target closed: a level waits until its short window
    has passed since, or what was told already would be told again.
    """
    for level in levels_for(seen.period):
        long = seen.of(level.long)
        enough = long.of >= seen.needs and long.bad >= LEAST_BAD
        told = rested is not None and rested < WINDOWS[level.short]
        if enough and not told and seen.burns(level):
            return level
    return None


def reading(seen: Seen, reached: Level) -> Reading:
    """Return how an open incident reads that has reached a level.

    The slow windows count only for what never burnt faster: they remember an outage for days. `unknown`: no
    reply says anything of the last half hour; `silent`: none of the last six hours.
    """
    own = [level for level in levels_for(seen.period) if level is not SLOW or reached is SLOW]
    if any(seen.burns(level, LOWER) for level in own):
        return "burning"
    if not seen.of(STEADY.long).of:
        return "silent"
    return "calm" if seen.of(STEADY.short).of else "unknown"


@dataclass(frozen=True, slots=True)
class Course:
    """Where an open incident stands: the level it has reached, and since when it has been calm."""

    level: Level
    calm_since: datetime | None = None
    closed_as: ClosedAs | None = None
    reading: Reading = field(default="burning", compare=False)


def course(before: Course, seen: Seen, at: datetime) -> Course:
    """Return where an incident stands after a look at `at`; it closes after calm has held for long enough."""
    faster = opening(seen)
    order = list(LEVELS.values())
    level = before.level if faster is None else min(before.level, faster, key=order.index)
    now = reading(seen, level)
    if now == "burning":
        return Course(level)
    since = before.calm_since or (at if now == "calm" else None)
    held = since is not None and at - since >= level.hold
    if now == "silent" or held:
        return Course(level, since, "recovered" if held else "silent", now)
    return Course(level, since, None, now)

"""What a month will have cost when it is over, from the days before. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from statistics import fmean, stdev

LOOK_BACK = 28  # days: four of each weekday
LEAST_DAYS = 3  # whole days; of fewer nothing is said
BY_WEEKDAY = 14  # from two of each weekday on, Mondays are compared with Mondays
Z80 = 1.2816  # in eight of ten months the sum lies within the bounds, if days differ as they did


@dataclass(frozen=True)
class Forecast:
    """Pico-USD: what is spent, what is expected at the month's end, and between what; `days` they rest on."""

    spent: int
    expected: float
    low: float
    high: float
    days: int
    by_weekday: bool


def forecast(spent: Mapping[date, int], today: date) -> Forecast | None:
    """Return what the month of `today` will have cost; `spent` by day of the desk, in pico-USD.

    A day without a row cost nothing, from the first day with one on. None with fewer than LEAST_DAYS.
    """
    days = _whole_days(spent, today)
    if len(days) < LEAST_DAYS:
        return None
    by_weekday = len(days) >= BY_WEEKDAY
    means = _means(spent, days, by_weekday)
    left = _left(today)
    so_far = sum(cost for day, cost in spent.items() if (day.year, day.month) == (today.year, today.month))
    rest_of_today = max(0.0, means[today.weekday()] - spent.get(today, 0))
    expected = so_far + rest_of_today + sum(means[day.weekday()] for day in left)
    away = [spent.get(day, 0) - means[day.weekday()] for day in days]
    spread = Z80 * stdev(away) * sqrt(len(left) + 1) if len(away) > 1 else 0.0
    return Forecast(
        so_far, expected, max(float(so_far), expected - spread), expected + spread, len(days), by_weekday
    )


def _whole_days(spent: Mapping[date, int], today: date) -> list[date]:
    known = [day for day in spent if day < today]
    if not known:
        return []
    first = max(min(known), today - timedelta(days=LOOK_BACK))
    return [first + timedelta(days=index) for index in range((today - first).days)]


def _means(spent: Mapping[date, int], days: Sequence[date], by_weekday: bool) -> list[float]:
    every = fmean(spent.get(day, 0) for day in days)
    if not by_weekday:
        return [every] * 7
    groups = [[spent.get(day, 0) for day in days if day.weekday() == weekday] for weekday in range(7)]
    return [fmean(group) if group else every for group in groups]


def _left(today: date) -> list[date]:
    """Return the days of the month after `today`."""
    after = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return [today + timedelta(days=index) for index in range(1, (after - today).days)]

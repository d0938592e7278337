"""Periods of the metrics page, in days of the desk's time zone, and the buckets of their charts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from routing.desk import day_bounds, day_of, day_start

LABELS = {
    "hour": "Last hour",
    "today": "Today",
    "7d": "7 days",
    "30d": "30 days",
    "custom": "Custom dates",
}
LONGEST_DAYS = 366
# Years that a desk can have figures of: beside those where the calendar ends, no day before or after exists.
YEARS = range(2000, 2200)
# Bars of a chart stay countable: for spans up to this many hours, so many minutes a bar.
BUCKETS = ((3, 5), (49, 60), (24 * 10, 6 * 60))


class PeriodError(ValueError):
    """The dates that were asked for make no period; the message says why."""


@dataclass(frozen=True)
class Period:
    """A half-open span of whole minutes in UTC, as a heading says it and as charts divide it."""

    key: str
    start: datetime
    end: datetime
    tz: ZoneInfo

    @property
    def label(self) -> str:
        """Return the heading."""
        return LABELS[self.key]

    def edges(self) -> list[datetime]:
        """Return where each bucket of a chart begins, and the end of the last one."""
        hours = (self.end - self.start) / timedelta(hours=1)
        for limit, minutes in BUCKETS:
            if hours <= limit:
                step = timedelta(minutes=minutes)
                count = -((self.start - self.end) // step)
                return [self.start + step * index for index in range(count)] + [self.end]
        first, last = day_of(self.start, self.tz), day_of(self.end - timedelta(minutes=1), self.tz)
        days = [first + timedelta(days=index) for index in range((last - first).days + 1)]
        return [day_start(day, self.tz) for day in days] + [self.end]


def before(period: Period, now: datetime) -> Period | None:
    """Return the span of the same length just before, to hold `period` against; None for one to come.

    Days are held against as many days before. A period that still runs is held against the one before
    until the same time of its last day, so that half a day stands beside half a day.
    """
    until = min(period.end, whole_minute(now) + timedelta(minutes=1))
    if until <= period.start:
        return None
    if period.key == "hour":
        return Period(period.key, period.start - (period.end - period.start), period.start, period.tz)
    first, last = day_of(period.start, period.tz), day_of(period.end - timedelta(minutes=1), period.tz)
    days = (last - first) + timedelta(days=1)
    end = period.start if until == period.end else _at_wall(until, days, period.tz)
    return Period(period.key, day_start(first - days, period.tz), end, period.tz)


def _at_wall(moment: datetime, earlier: timedelta, tz: ZoneInfo) -> datetime:
    """Return the moment so much earlier at which the desk's clock shows the same."""
    return (moment.astimezone(tz).replace(tzinfo=None) - earlier).replace(tzinfo=tz).astimezone(UTC)


def whole_minute(moment: datetime) -> datetime:
    """Return the minute that `moment` lies in."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def parse(key: str, first: str, last: str, now: datetime, tz: ZoneInfo) -> Period:
    """Return the period a visitor of the page asked for; an unknown key means today.

    Raises PeriodError for custom dates that are no dates, in the wrong order or too far apart.
    """
    today = day_of(now, tz)
    next_minute = whole_minute(now) + timedelta(minutes=1)
    if key == "custom":
        return Period(key, *day_bounds(*_custom(first, last), tz), tz)
    if key == "hour":
        return Period(key, next_minute - timedelta(hours=1), next_minute, tz)
    days = {"7d": 7, "30d": 30}.get(key, 1)
    bounds = day_bounds(today - timedelta(days=days - 1), today, tz)
    return Period(key if key in LABELS else "today", *bounds, tz)


def _custom(first: str, last: str) -> tuple[date, date]:
    try:
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as error:
        raise PeriodError("Choose both dates, each as year-month-day.") from error
    if any(day.year not in YEARS for day in days):
        raise PeriodError(f"Choose years from {YEARS[0]} to {YEARS[-1]}.")
    if days[1] < days[0]:
        raise PeriodError("The first date lies after the last one.")
    if (days[1] - days[0]).days >= LONGEST_DAYS:
        raise PeriodError("Choose at most a year.")
    return days


def read_moment(text: str) -> datetime | None:
    """Return a moment of an address, None for what is none, has no zone, or lies in no year of a desk."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo and found.year in YEARS else None

"""When a report is due, by the desk's clock, and which finished days it is about. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def due_after(moment: datetime, weekday: int | None, at: time, tz: ZoneInfo) -> datetime:
    """Return the first moment after `moment` at which a report is due; every day for no weekday.

    A time that the desk's clock leaves out on one day of the year counts from its offset before the change.
    """
    day = moment.astimezone(tz).date()
    while True:
        found = datetime.combine(day, at, tzinfo=tz).astimezone(UTC)
        if found > moment and weekday in (None, day.weekday()):
            return found
        day += DAY


def last_due(due: datetime, now: datetime, weekday: int | None, at: time, tz: ZoneInfo) -> datetime:
    """Return the last moment at which a report was due by `now`: after a long sleep, one and not many."""
    while (following := due_after(due, weekday, at, tz)) <= now:
        due = following
    return due


def days_of(due: datetime, weekly: bool, tz: ZoneInfo) -> tuple[date, date]:
    """Return the first and last of the finished days that a report due at `due` is about."""
    last = due.astimezone(tz).date() - DAY
    return (last - 6 * DAY if weekly else last), last

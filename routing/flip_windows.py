"""Which minutes stand before a change and which after it.

Pure. The minute of the change is in neither: replies under both versions ended in it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
# A week holds each hour of the day and each day of the week once.
LONGEST = timedelta(days=7)
# Thumbs and what visitors ask next come later than the replies; after this a side is frozen.
LATE_NEWS = timedelta(hours=1)


@dataclass(frozen=True)
class Window:
    """Whole minutes from `start` up to `end`, without `end` itself; `over` once they are all counted."""

    start: datetime
    end: datetime
    over: bool = True

    @property
    def length(self) -> timedelta:
        """Return how long it is; nothing for one that has not begun."""
        return max(timedelta(0), self.end - self.start)


def before(changed_at: datetime, earlier: datetime | None) -> Window:
    """Return at most a week before a change, from after the change before it (`earlier`) on."""
    end = _minute(changed_at)
    start = end - LONGEST
    if earlier is not None:
        start = max(start, _minute(earlier) + MINUTE)
    return Window(min(start, end), end)


def after(changed_at: datetime, later: datetime | None, counted: datetime) -> Window:
    """Return at most a week after a change, up to the change after it (`later`), as far as is counted."""
    start = _minute(changed_at) + MINUTE
    last = start + LONGEST
    if later is not None:
        last = max(start, min(last, _minute(later)))
    end = min(last, max(start, _minute(counted)))
    return Window(start, end, over=counted >= last)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)

"""Wall-clock time for what is stored, monotonic time for what is measured."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time in UTC, for rows that people read."""
    return datetime.now(UTC)


def ticks() -> float:
    """Return monotonic seconds; only differences mean anything, and never across processes."""
    return time.monotonic()


def ms_since(start: float) -> int:
    """Return whole milliseconds from `start` (a `ticks()` value) to now, never negative."""
    return max(0, round((time.monotonic() - start) * 1000))

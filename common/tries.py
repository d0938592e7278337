"""Rows that are a queue: claimed by a conditional update, tried again after pauses, given up in words.

The row is what counts; a message to a worker only makes it quicker, and a beat that comes by finds the rest.
Two workers never try the same row at once, as the update that counts a try names the count it has read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from common.clock import now

# Until the next try: a restarted server, a longer fault, a night. Then people are asked.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
PENDING, SENT, FAILED = "pending", "sent", "failed"
REASON_LIMIT = 400  # characters: what the columns hold

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Tries:
    """How often a row was tried, and when last: the columns that know, and the pauses between two tries."""

    pauses: tuple[timedelta, ...] = PAUSES
    attempts: str = "attempts"
    tried_at: str = "tried_at"

    @property
    def most(self) -> int:
        """Return after how many tries a row is given up."""
        return len(self.pauses) + 1

    def ready(self, at: datetime) -> Q:
        """Return what is true of rows whose first or next try has come."""
        ready = Q(**{self.attempts: 0})
        for tries, pause in enumerate(self.pauses, start=1):
            ready |= Q(**{self.attempts: tries, f"{self.tried_at}__lt": at - pause})
        # A worker that was killed in the last try left no word of it: once more, so that it ends in words.
        last = {f"{self.attempts}__gte": self.most, f"{self.tried_at}__lt": at - self.pauses[-1]}
        return ready | Q(**last)

    def claim(self, row: Model, at: datetime, **as_seen: Any) -> bool:
        """Count a try of a row as this worker's; False when another one was first, or it is not `as_seen`."""
        tries = int(getattr(row, self.attempts))
        ours = type(row)._default_manager.filter(pk=row.pk, **as_seen, **{self.attempts: tries})
        counted = {self.attempts: tries + 1, self.tried_at: at}
        if not ours.update(**counted):
            return False
        for name, value in counted.items():
            setattr(row, name, value)
        return True

    def spent(self, row: Model) -> bool:
        """Return whether a row has had its last try."""
        return int(getattr(row, self.attempts)) >= self.most

    def minutes(self, row: Model, at: datetime) -> int:
        """Return in how many minutes a row that failed is tried again, 0 for about now."""
        tries, last = int(getattr(row, self.attempts)), getattr(row, self.tried_at)
        if last is None:
            return 0
        left: timedelta = last + self.pauses[min(max(tries, 1), len(self.pauses)) - 1] - at
        return max(0, round(left.total_seconds() / 60))


@dataclass(frozen=True)
class Queue(Tries):
    """Rows that are `pending` until they are `sent`, or `failed` with the reason of the last try."""

    state: str = "state"
    reason: str = "reason"
    done: str = "sent"  # what became of a row, in words for staff

    def due(self, rows: QuerySet[Row], at: datetime) -> QuerySet[Row]:
        """Return those of `rows` that are to be tried by now."""
        return rows.filter(self.ready(at), **{self.state: PENDING})

    def take(self, row: Model) -> bool:
        """Count a try of a pending row as this worker's; False when another one was first."""
        return self.claim(row, now(), **{self.state: PENDING})

    def attempt(self, row: Model, send: Callable[[], None], failures: tuple[type[Exception], ...]) -> bool:
        """Send a taken row and store what became of it; False when one of `failures` came in the way."""
        try:
            send()
        except failures as error:
            self.note(row, FAILED if self.spent(row) else PENDING, str(error))
            return False
        self.note(row, SENT)
        return True

    def note(self, row: Model, state: str, reason: str = "") -> None:
        """Store what became of a row."""
        setattr(row, self.state, state)
        setattr(row, self.reason, reason[:REASON_LIMIT])
        row.save(update_fields=[self.state, self.reason])

    def anew(self) -> dict[str, Any]:
        """Return the values of a row that is to begin with its first try again."""
        return {self.state: PENDING, self.reason: "", self.attempts: 0, self.tried_at: None}

    def said(self, row: Model, at: datetime) -> str:
        """Return in words, for staff, what became of a row that is pending, sent or failed."""
        state, reason = str(getattr(row, self.state)), str(getattr(row, self.reason)).rstrip(".")
        if state == SENT:
            return self.done
        if state == FAILED:
            tries = int(getattr(row, self.attempts))
            return f"not {self.done} after {tries} {'try' if tries == 1 else 'tries'}: {reason}"
        if not reason or getattr(row, self.tried_at) is None:
            return f"about to be {self.done}"
        return f"not {self.done} yet: {reason}; the next try comes in {self.minutes(row, at)} min"

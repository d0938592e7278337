"""Minute rows from the ledger, recomputed whole whenever a row of the minute is new or was amended.

A row of the ledger that is new or amended says so with `rolled_up=False`. A roll-up takes such
minutes one by one, the oldest first, marks their rows and rebuilds the minute from all of them, so
it may run twice, late, or after days of a dead worker, and always ends at the same figures. Hours and days
are made of the minutes in `routing.summing`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import transaction
from django.db.models import Q, QuerySet

from routing import summing, tally
from routing.models import MinuteRow, ModelCall, RollUpState, RouteOutcome, StaleSpan
from routing.summing import Key
from routing.tally import CallFacts, ReplyFacts, Tally

MINUTE = timedelta(minutes=1)
# A task must stay far under Celery's visibility timeout; a day's backlog is 1,440 minutes.
MINUTES_A_RUN = 600

# Only what a tally reads: a row of the ledger has some thirty columns, and a busy minute 2,000 rows.
REPLY_COLUMNS = ("route", "purpose", "answering_model", *ReplyFacts.__annotations__)
CALL_COLUMNS = ("route", "purpose", *CallFacts.__annotations__)


class BookedReply(ReplyFacts, Protocol):
    """A reply with what its row stands under."""

    route: str
    purpose: str
    answering_model: str


class BookedCall(CallFacts, Protocol):
    """A call with what its row stands under."""

    route: str
    purpose: str


@dataclass(frozen=True)
class Progress:
    """What one run did: how many minutes, and until when the rows are now complete."""

    minutes: int
    as_of: datetime
    behind: bool


def roll_up(now: datetime, limit: int = MINUTES_A_RUN) -> Progress:
    """Rebuild up to `limit` changed minutes and say until when the figures are complete."""
    RollUpState.objects.get_or_create(pk=1)
    done, minute = 0, _oldest_dirty_minute()
    while minute is not None and done < limit:
        rebuild(minute)
        done += 1
        # The index still holds what was just marked, so the search goes on behind it.
        minute = _oldest_dirty_minute(minute + MINUTE) or _oldest_dirty_minute()
    summing.sum_again()
    if minute is None:
        summing.sum_up(now)
        return _say(Progress(done, now, behind=False), now)
    return _say(Progress(done, min(minute, now), behind=True), now)


def _oldest_dirty_minute(since: datetime | None = None) -> datetime | None:
    """Return the first minute, from `since` on, of which a row is new, amended or marked."""
    waiting: list[tuple[QuerySet[Any], str]] = [
        (RouteOutcome.objects.filter(rolled_up=False), "ended_at"),
        (ModelCall.objects.filter(rolled_up=False, ended_at__isnull=False), "ended_at"),
        (StaleSpan.objects.filter(span=StaleSpan.Span.MINUTE), "start"),
    ]
    found = []
    for rows, column in waiting:
        later = rows if since is None else rows.filter(**{f"{column}__gte": since})
        # Not Min: where statistics know of no such rows yet, PostgreSQL would read a day's backlog each time.
        found.append(later.order_by(column).values_list(column, flat=True).first())
    dirty = [at for at in found if at is not None]
    return min(dirty).replace(second=0, microsecond=0) if dirty else None


def rebuild(minute: datetime) -> None:
    """Replace the rows of one minute by what the ledger says now.

    A minute of whose rows some are deleted keeps the figures that were made of all of them.
    """
    with transaction.atomic():
        state = summing.lock()
        # The marks come first: a thumb that is given meanwhile waits for this transaction and then
        # takes its mark off again, so it is never lost.
        StaleSpan.objects.filter(span=StaleSpan.Span.MINUTE, start=minute).delete()
        span = Q(ended_at__gte=minute, ended_at__lt=minute + MINUTE)
        replies, calls = RouteOutcome.objects.filter(span), ModelCall.objects.filter(span)
        for changed in (replies, calls):
            changed.filter(rolled_up=False).update(rolled_up=True)
        if kept_only(minute, state):
            return
        rows = tallies(
            replies.order_by().values_list(*REPLY_COLUMNS, named=True),
            calls.order_by().values_list(*CALL_COLUMNS, named=True),
        )
        MinuteRow.objects.filter(minute=minute).delete()
        MinuteRow.objects.bulk_create(
            MinuteRow(
                minute=minute, route=key.route, purpose=key.purpose, model=key.model, figures=value.dump()
            )
            for key, value in rows.items()
        )
        summing.mark_hour_of(minute, state)


def kept_only(minute: datetime, state: RollUpState) -> bool:
    """Return whether a minute's figures can not be made again, because rows of it may be deleted."""
    gone = state.rows_from is not None and minute < state.rows_from
    return gone and MinuteRow.objects.filter(minute=minute).exists()


def delete_from_ledger(
    table: type[ModelCall] | type[RouteOutcome], edge: datetime
) -> Callable[[Sequence[Any]], object]:
    """Return what deletes rows of the ledger that ended before `edge`, and says that they may be gone.

    To be called within a transaction: the minutes of these rows keep their figures from then on.
    """

    def remove(ids: Sequence[Any]) -> None:
        RollUpState.objects.get_or_create(pk=1)
        earlier = Q(rows_from__isnull=True) | Q(rows_from__lt=edge)
        RollUpState.objects.filter(earlier, pk=1).update(rows_from=edge)
        table._default_manager.filter(pk__in=ids).delete()

    return remove


def tallies(replies: Iterable[BookedReply], calls: Iterable[BookedCall]) -> dict[Key, Tally]:
    """Return one tally for each route, purpose and model among these rows.

    Replies stand under the model that answered, calls under the one that was asked.
    """
    reply_groups: defaultdict[Key, list[BookedReply]] = defaultdict(list)
    call_groups: defaultdict[Key, list[BookedCall]] = defaultdict(list)
    for reply in replies:
        reply_groups[Key(reply.route, reply.purpose, reply.answering_model)].append(reply)
    for call in calls:
        call_groups[Key(call.route, call.purpose, call.asked_model)].append(call)
    rows = {key: tally.of_replies(group) for key, group in reply_groups.items()}
    for key, group in call_groups.items():
        rows[key] = rows.get(key, Tally()) + tally.of_calls(group)
    return rows


def _say(progress: Progress, now: datetime) -> Progress:
    RollUpState.objects.update_or_create(pk=1, defaults={"as_of": progress.as_of, "ran_at": now})
    return progress

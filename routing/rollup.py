"""Minute rows from the ledger, and hour rows from them: recomputed whole whenever a part has changed.

A row of the ledger that is new or amended says so with `rolled_up=False`. A roll-up takes such
minutes one by one, the oldest first, marks their rows and rebuilds the minute from all of them, so
it may run twice, late, or after days of a dead worker, and always ends at the same figures. Hours that
are over are summed up once, in order, and again when one of their minutes changes.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models, transaction
from django.db.models import Q, QuerySet

from routing import tally
from routing.models import HourRow, MinuteRow, ModelCall, RollUpState, RouteOutcome
from routing.tally import Tally

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# A task must stay far under Celery's visibility timeout; a day's backlog is 1,440 minutes.
MINUTES_A_RUN = 600
HOURS_A_RUN = 48

LedgerRow = TypeVar("LedgerRow", ModelCall, RouteOutcome)


@dataclass(frozen=True)
class Progress:
    """What one run did: how many minutes, and until when the rows are now complete."""

    minutes: int
    as_of: datetime
    behind: bool


@dataclass(frozen=True)
class _Key:
    route: str
    purpose: str
    model: str


def roll_up(now: datetime, limit: int = MINUTES_A_RUN) -> Progress:
    """Rebuild up to `limit` changed minutes and say until when the figures are complete."""
    RollUpState.objects.get_or_create(pk=1)
    done = 0
    while done < limit:
        minute = _oldest_dirty_minute()
        if minute is None:
            sum_hours(now)
            return _say(Progress(done, now, behind=False), now)
        rebuild(minute)
        done += 1
    waiting = _oldest_dirty_minute()
    return _say(Progress(done, min(waiting or now, now), behind=waiting is not None), now)


def _oldest_dirty_minute() -> datetime | None:
    dirty = [
        RouteOutcome.objects.filter(rolled_up=False).aggregate(at=models.Min("ended_at"))["at"],
        ModelCall.objects.filter(rolled_up=False, ended_at__isnull=False).aggregate(
            at=models.Min("ended_at")
        )["at"],
    ]
    ended = [at for at in dirty if at is not None]
    return min(ended).replace(second=0, microsecond=0) if ended else None


def rebuild(minute: datetime) -> None:
    """Replace the rows of one minute by what the ledger says now."""
    with transaction.atomic():
        # One worker at a time (on SQLite the transaction itself sees to that).
        state = RollUpState.objects.select_for_update().get_or_create(pk=1)[0]
        # The marks come first: a thumb that is given meanwhile waits for this transaction and then
        # takes its mark off again, so it is never lost.
        span = Q(ended_at__gte=minute, ended_at__lt=minute + MINUTE)
        replies = _marked(RouteOutcome.objects.filter(span))
        calls = _marked(ModelCall.objects.filter(span).defer("partial_output", "error_detail"))
        rows = tallies(replies, calls)
        MinuteRow.objects.filter(minute=minute).delete()
        MinuteRow.objects.bulk_create(
            MinuteRow(
                minute=minute, route=key.route, purpose=key.purpose, model=key.model, figures=value.dump()
            )
            for key, value in rows.items()
        )
        if state.hours_until is not None and minute < state.hours_until:
            _sum_hour(_hour_of(minute))


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def sum_hours(now: datetime, limit: int = HOURS_A_RUN) -> None:
    """Sum up the hours that are over and not yet summed, the oldest first, at most `limit` of them."""
    over = _hour_of(now)
    for _ in range(limit):
        with transaction.atomic():
            state = RollUpState.objects.select_for_update().get(pk=1)
            rows = MinuteRow.objects.filter(minute__lt=over)
            if state.hours_until is not None:
                rows = rows.filter(minute__gte=state.hours_until)
            oldest = rows.order_by("minute").values_list("minute", flat=True).first()
            state.hours_until = over if oldest is None else _hour_of(oldest) + HOUR
            state.save(update_fields=["hours_until"])
            if oldest is None:
                return
            _sum_hour(_hour_of(oldest))


def _sum_hour(hour: datetime) -> None:
    groups: defaultdict[_Key, list[Tally]] = defaultdict(list)
    rows = MinuteRow.objects.filter(minute__gte=hour, minute__lt=hour + HOUR)
    for route, purpose, model, stored in rows.values_list("route", "purpose", "model", "figures"):
        groups[_Key(route, purpose, model)].append(Tally.load(stored))
    HourRow.objects.filter(hour=hour).delete()
    HourRow.objects.bulk_create(
        HourRow(
            hour=hour,
            route=key.route,
            purpose=key.purpose,
            model=key.model,
            figures=tally.total(values).dump(),
        )
        for key, values in groups.items()
    )


def _marked(rows: QuerySet[LedgerRow]) -> list[LedgerRow]:
    rows.filter(rolled_up=False).update(rolled_up=True)
    return list(rows)


def tallies(replies: list[RouteOutcome], calls: list[ModelCall]) -> dict[_Key, Tally]:
    """Return one tally for each route, purpose and model among these rows.

    Replies stand under the model that answered, calls under the one that was asked.
    """
    reply_groups: defaultdict[_Key, list[RouteOutcome]] = defaultdict(list)
    call_groups: defaultdict[_Key, list[ModelCall]] = defaultdict(list)
    for reply in replies:
        reply_groups[_Key(reply.route, reply.purpose, reply.answering_model)].append(reply)
    for call in calls:
        call_groups[_Key(call.route, call.purpose, call.asked_model)].append(call)
    rows = {key: tally.of_replies(group) for key, group in reply_groups.items()}
    for key, group in call_groups.items():
        rows[key] = rows.get(key, Tally()) + tally.of_calls(group)
    return rows


def _say(progress: Progress, now: datetime) -> Progress:
    RollUpState.objects.update_or_create(pk=1, defaults={"as_of": progress.as_of, "ran_at": now})
    return progress

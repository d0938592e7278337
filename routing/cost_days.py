"""Counting a day's conversations and its spend by plan, anew each time: run twice or late, it ends the same.

A conversation counts once for each day of the desk on which it got an answer, and stands as its last answer
of that day left it; small talk says nothing of that. Handed off is one whose visitor asked for a person.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import Count, Q, Sum

from routing import desk, publishing
from routing.config import ConfigError
from routing.metrics import MANAGED
from routing.models import ConversationDay, ModelCall, PlanDay, RouteOutcome
from routing.tally import resolution

TASK = "routing.count_days"
# An answer is assumed to have done some hours later, and a thumb may come a day late; what is said after two
# days changes the replies' own figures, but no longer the count of that day's conversations.
LATE_DAYS = 2
DAYS_A_RUN = 7  # of those never counted: a desk that was upgraded catches up within some runs
CATCH_UP = 62  # days back: the month and the one before
CHUNK = 5000


@dataclass
class _Standing:
    conversations: int = 0
    cost_pico: int = 0
    words: Counter[str] = field(default_factory=Counter)


def run(now: datetime) -> list[date]:
    """Count today and the days that may still have changed, and some that were never counted."""
    today = desk.day_of(now, desk.caps().tz)
    late = [today - timedelta(days=index) for index in range(LATE_DAYS + 1)]
    counted = set(
        PlanDay.objects.filter(day__gte=today - timedelta(days=CATCH_UP)).values_list("day", flat=True)
    )
    missing = [day for day in _days_with_calls(today, late[-1]) if day not in counted]
    days = sorted({*late, *missing[-DAYS_A_RUN:]})
    for day in days:
        count(day)
    return days


def _days_with_calls(today: date, before: date) -> list[date]:
    """Return the days of the last CATCH_UP from the first call on, up to `before`."""
    tz = desk.caps().tz
    earliest = today - timedelta(days=CATCH_UP)
    calls = ModelCall.objects.filter(ended_at__gte=desk.day_start(earliest, tz))
    first = calls.order_by("ended_at").values_list("ended_at", flat=True).first()
    if first is None:
        return []
    begin = desk.day_of(first, tz)
    return [begin + timedelta(days=index) for index in range((before - begin).days)]


def count(day: date) -> None:
    """Replace the rows of one day by what the ledger says now; a day whose ledger is gone keeps its rows."""
    start, end = desk.day_bounds(day, day, desk.caps().tz)
    span = Q(ended_at__gte=start, ended_at__lt=end)
    conversations = _conversations(span)
    plans = list(
        ModelCall.objects.filter(span)
        .order_by()
        .values("plan", "purpose")
        .annotate(n=Count("pk"), cost=Sum("cost_pico"), unpriced=Count("pk", filter=Q(cost_pico=None)))
    )
    with transaction.atomic():
        if conversations:
            ConversationDay.objects.filter(day=day).delete()
            ConversationDay.objects.bulk_create(
                ConversationDay(
                    day=day,
                    purpose=purpose,
                    conversations=found.conversations,
                    confirmed=found.words["confirmed"],
                    assumed=found.words["assumed"],
                    handed_off=found.words["handed_off"],
                    cost_pico=found.cost_pico,
                )
                for purpose, found in conversations.items()
            )
        if plans:
            PlanDay.objects.filter(day=day).delete()
            PlanDay.objects.bulk_create(
                PlanDay(
                    day=day,
                    plan=row["plan"],
                    purpose=row["purpose"],
                    calls=row["n"],
                    cost_pico=row["cost"] or 0,
                    unpriced=row["unpriced"],
                )
                for row in plans
            )


def _conversations(span: Q) -> dict[str, _Standing]:
    rows = RouteOutcome.objects.filter(span, purpose__in=MANAGED, conversation_id__isnull=False)
    ordered = rows.order_by("purpose", "conversation_id", "ended_at")
    found: dict[str, _Standing] = {}
    silent = _silent_routes()
    for (purpose, _), replies in groupby(
        ordered.iterator(CHUNK), key=lambda row: (row.purpose, row.conversation_id)
    ):
        standing = found.setdefault(purpose, _Standing())
        each = list(replies)
        standing.conversations += 1
        standing.cost_pico += sum(reply.cost_pico or 0 for reply in each)
        standing.words[_word(each, silent)] += 1
    return found


def _word(replies: Collection[RouteOutcome], silent: Collection[str]) -> str:
    if any(reply.handed_off for reply in replies):
        return "handed_off"
    spoken = [reply for reply in replies if reply.route not in silent] or list(replies)
    return resolution(spoken[-1])


def _silent_routes() -> set[str]:
    try:
        routes = publishing.current().routes
    except ConfigError:
        return set()
    return {slug for slug, route in routes.items() if route.kind == "fixed"}

"""The replies behind a figure: the same conditions that count them, on rows, a page at a time."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from routing.evidence import KINDS
from routing.models import RouteOutcome
from routing.periods import read_moment
from routing.tally import CUT_BY_VISITOR, GROUNDED, OUT_OF_BUDGET, RESOLUTIONS

PAGE = 50
CHUNK = 2000  # rows of an export that are in memory at once

_STANDS = {
    "handed_off": Q(handed_off=True),
    "confirmed": Q(resolved=True),
    "escalated": Q(escalated_after=True),
    "re_asked": Q(re_asked=True) | ~Q(escalated_by=""),
    "unsolved": Q(resolved=False) | Q(feedback=-1),
    "no_answer": ~Q(state__in=("completed", "truncated")),
    "assumed": Q(assumed=True),
    "open": Q(),
}


def _left(name: str) -> Q:
    """Return the condition of one resolution: its own, and none of those that outweigh it."""
    condition = _STANDS[name]
    for outweighing in RESOLUTIONS[: RESOLUTIONS.index(name)]:
        condition &= ~_STANDS[outweighing]
    return condition


def _by(kind: str) -> Q:
    unsaid = Q(escalated_by="", escalated_after=True) if kind == "visitor" else Q(pk__in=())
    return Q(escalated_by=kind) | unsaid


_JUDGED = Q(support__isnull=False) & ~Q(judged_by="")

# By the names under which `routing.tally` counts the same.
KINDS_OF_REPLIES = {
    "errors": Q(state="failed") & ~Q(ended_by=OUT_OF_BUDGET),
    "out_of_budget": Q(state="failed", ended_by=OUT_OF_BUDGET),
    "truncations": (Q(truncated=True) | Q(state="truncated")) & ~Q(ended_by__in=CUT_BY_VISITOR),
    "fallbacks": Q(fallbacks__gt=0),
    "cached": Q(cached=True),
    "escalated_before": Q(escalated_before=True),
    "escalated_after": Q(escalated_after=True),
    "handoffs_failed": Q(handoff_failed=True),
    "thumbs_up": Q(feedback=1),
    "thumbs_down": Q(feedback=-1),
    "support_judged": _JUDGED,
    "grounded": _JUDGED & Q(support__gte=GROUNDED),
    **{f"escalated_by_{kind}": _by(kind) for kind in KINDS},
    **{f"left_{name}": _left(name) for name in RESOLUTIONS},
}
STATES = ("completed", "truncated", "failed", "refused", "cancelled")
SLOW = ("first_text", "total", "queue", "match")


@dataclass(frozen=True)
class Wanted:
    """Which replies are asked for; empty names and None ask for all."""

    start: datetime
    end: datetime
    purposes: Collection[str]
    route: str = ""
    model: str = ""
    plan: str = ""
    state: str = ""
    kind: str = ""
    slow: str = ""
    over_ms: int = 0


def _slower(name: str, ms: int) -> Q:
    """Return the condition of a time beyond `ms`; without a first text, the whole wait is that time."""
    if name == "first_text":
        return Q(first_text_ms__gt=ms) | Q(first_text_ms=None, total_ms__gt=ms)
    return Q(**{f"{name}_ms__gt": ms})


def replies(wanted: Wanted) -> QuerySet[RouteOutcome]:
    """Return the replies asked for, the newest first."""
    found = RouteOutcome.objects.filter(
        ended_at__gte=wanted.start, ended_at__lt=wanted.end, purpose__in=list(wanted.purposes)
    )
    for column, value in (
        ("route", wanted.route),
        ("answering_model", wanted.model),
        ("plan", wanted.plan),
        ("state", wanted.state),
    ):
        if value:
            found = found.filter(**{column: value})
    if wanted.kind:
        found = found.filter(KINDS_OF_REPLIES[wanted.kind])
    if wanted.slow:
        found = found.filter(_slower(wanted.slow, wanted.over_ms))
    return found.order_by("-ended_at", "-reply_id")


@dataclass(frozen=True)
class Key:
    """Where a page ends: no offset is counted, and a reply that comes meanwhile moves nothing."""

    ended_at: datetime
    reply_id: UUID

    @classmethod
    def read(cls, text: str) -> "Key | None":
        """Return the key of a query string, None for one that is none."""
        at, _, reply = text.partition("_")
        moment = read_moment(at)
        try:
            return cls(moment, UUID(reply)) if moment else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.ended_at.isoformat()}_{self.reply_id}"


def after(found: QuerySet[RouteOutcome], key: Key | None) -> QuerySet[RouteOutcome]:
    """Return the replies that stand behind `key` in the list."""
    if key is None:
        return found
    behind = Q(ended_at__lt=key.ended_at) | Q(reply_id__lt=key.reply_id)
    return found.filter(behind, ended_at__lte=key.ended_at)


def page(wanted: Wanted, key: Key | None) -> tuple[list[RouteOutcome], Key | None]:
    """Return PAGE replies behind `key`, and the key of the next page if there is one."""
    rows = list(after(replies(wanted), key)[: PAGE + 1])
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    return rows, Key(rows[-1].ended_at, rows[-1].reply_id) if more else None


def chunks(wanted: Wanted) -> Iterator[list[RouteOutcome]]:
    """Yield all replies asked for, at most CHUNK at once; each chunk is a query of its own by key."""
    key, size = None, CHUNK
    while rows := list(after(replies(wanted), key)[:size]):
        yield rows
        if len(rows) < size:
            return
        key = Key(rows[-1].ended_at, rows[-1].reply_id)

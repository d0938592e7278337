"""What the team's inbox lists, and the cheap signs by which a page learns that something is new.

Asked every second or two by each open inbox, so a look is a handful of small queries by index and renders
nothing: only what its sign says is new is read whole.
"""

import zlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from assistant.models import LiveState, Message, Reply, Request, StaffPresence, Turn, Visitor
from assistant.person.live_shown import GONE_AFTER
from common.text import shorten
from routing import desk

RUNNING = (LiveState.OFFERED, LiveState.WAITING, LiveState.WITH_STAFF)
HERE = timedelta(seconds=60)  # a chat that was open so lately counts as open
MAILS, CLOSED = 50, 20  # listed; the page of requests has them all
SECTIONS = (
    ("waiting", "Waiting for a person"),
    ("mine", "With you"),
    ("others", "With colleagues"),
    ("mail", "To be answered by e-mail"),
    ("closed", "Ended today"),
)


@dataclass(frozen=True)
class Line:
    """A request in the list. `mark` is a word that asks for attention, `since` the moment it counts from."""

    pk: UUID
    number: int
    section: str
    who: str
    words: str
    since: datetime | None
    mark: str = ""
    kind: str = "plain"
    owner: str = ""


def name_of(user: User | None) -> str:
    """Return how a colleague is called."""
    return (user.get_short_name() or user.get_username()) if user else ""


def visitor_name(visitor: Visitor) -> str:
    """Return how staff call a visitor: by the name that a site vouched for, else by the plan."""
    named = shorten(visitor.name, 60) if visitor.external_id else ""
    return named or (f"Visitor, {visitor.plan} plan" if visitor.plan else "Guest")


def lines(user: User, at: datetime) -> list[Line]:
    """Return the inbox of a colleague: section by section, what waits longest first."""
    there = set(_there(at))
    running = [_running(row, user, there) for row in _listed(Request.objects.filter(live__in=RUNNING))]
    mails = _listed(_by_mail()).order_by(F("answer_by").asc(nulls_last=True), "number")[:MAILS]
    ended = _listed(_ended(at)).order_by("-over_at")[:CLOSED]
    found = [*running, *(_mail(row, at) for row in mails), *(_over(row) for row in ended)]
    order = {name: place for place, (name, _) in enumerate(SECTIONS)}
    return sorted(found, key=lambda line: order[line.section])


def _there(at: datetime) -> QuerySet[StaffPresence, int]:
    """Return who of the team may be expected to look: whose conversations are not to be taken over."""
    rows = StaffPresence.objects.filter(seen_at__gt=at - GONE_AFTER, user__is_active=True)
    return rows.values_list("pk", flat=True)


def waiting() -> int:
    """Return how many visitors wait for a person at this moment."""
    return Request.objects.filter(live=LiveState.WAITING).count()


def _listed(rows: QuerySet[Request]) -> QuerySet[Any]:
    """Add what a line shows: the visitor's last words, and who wrote last."""
    turns = Turn.objects.filter(conversation=OuterRef("conversation")).order_by("-ordinal")
    staff = Message.objects.filter(request=OuterRef("pk"), author=Message.Author.STAFF).order_by(
        "-created_at"
    )
    return (
        rows.select_related("visitor", "live_user")
        .annotate(
            last_words=Subquery(turns.values("text")[:1]),
            last_asked=Subquery(turns.values("created_at")[:1]),
            last_answered=Subquery(staff.values("created_at")[:1]),
        )
        .order_by("live_since", "number")
    )


def _by_mail() -> QuerySet[Request]:
    return Request.objects.filter(state=Request.State.NEW).exclude(live__in=RUNNING)


def _ended(at: datetime) -> QuerySet[Any]:
    """Return what was closed, answered or handed back since midnight by the desk's clock."""
    zone = desk.zone(desk.settings())
    midnight = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    over = Q(live_ended_at__gte=midnight) | Q(closed_at__gte=midnight) | Q(answered_at__gte=midnight)
    rows = Request.objects.filter(over).exclude(state=Request.State.NEW).exclude(live__in=RUNNING)
    return rows.annotate(over_at=_latest("live_ended_at", "closed_at", "answered_at"))


def _latest(*names: str) -> Any:
    # Greatest of SQLite is null when any part is: each falls back on when the request was stored.
    return Greatest(*(Coalesce(F(name), F("created_at")) for name in names))


def _running(row: Any, user: User, there: Collection[int]) -> Line:
    # What they want of the team, until they have written something since.
    later = row.last_asked is not None and row.last_asked > row.created_at
    words = shorten(row.last_words if later and row.live != LiveState.WAITING else row.text, 110)
    who, since = visitor_name(row.visitor), row.live_since or row.created_at
    if row.live == LiveState.WAITING:
        return Line(row.pk, row.number, "waiting", who, words, since, "Waiting", "warn")
    mine = row.live_user_id == user.pk
    section, owner = ("mine", "") if mine else ("others", name_of(row.live_user))
    if row.live == LiveState.OFFERED:
        return Line(row.pk, row.number, section, who, words, since, "Offered", "info", owner)
    if not mine and row.live_user_id not in there:
        return Line(row.pk, row.number, section, who, words, since, "Left alone", "bad", owner)
    asked = row.last_asked is not None and row.last_asked > (row.last_answered or row.live_taken_at or since)
    if asked:
        return Line(row.pk, row.number, section, who, words, row.last_asked, "Wrote", "warn", owner)
    return Line(row.pk, row.number, section, who, words, None, "", "plain", owner)


def _mail(row: Any, at: datetime) -> Line:
    overdue = row.answer_by is not None and row.answer_by < at
    mark, kind = ("Overdue", "bad") if overdue else ("New", "plain")
    if row.live == LiveState.FAILED and not overdue:
        mark, kind = "Nobody came", "warn"
    who = row.email or visitor_name(row.visitor)
    return Line(row.pk, row.number, "mail", who, shorten(row.text, 110), row.created_at, mark, kind)


def _over(row: Any) -> Line:
    mark = "Back with the assistant" if row.live == LiveState.BACK else row.get_state_display()
    if row.person_rating:
        mark += f", {row.person_rating} of 5"
    who = visitor_name(row.visitor) if row.live_taken_at else row.email or visitor_name(row.visitor)
    return Line(row.pk, row.number, "closed", who, shorten(row.text, 110), row.over_at, mark)


# ---- signs of news -------------------------------------------------------------------------------


def sign_of_list(found: list[Line]) -> str:
    """Return a sign that changes whenever the list would show something else."""
    return f"{zlib.crc32(repr(found).encode()):08x}"


def sign_of(request: Request, at: datetime) -> str:
    """Return a sign that changes whenever the page of a request would show something else."""
    mine = Q(conversation=request.conversation_id) if request.conversation_id else Q(pk=None)
    turns = Turn.objects.filter(mine).aggregate(count=Count("pk"))
    replies = Reply.objects.filter(mine).aggregate(count=Count("pk"), ended=Max("ended_at"), seq=Max("seq"))
    messages = Message.objects.filter(mine | Q(request=request)).aggregate(count=Count("pk"))
    events = request.events.aggregate(count=Count("pk"))
    mails = request.messages.exclude(mail_state=Message.MailState.PENDING).count()
    sent = (
        request.conversation.transcripts.values_list("mail_state", flat=True) if request.conversation else ()
    )
    parts = (
        turns["count"], *replies.values(), messages["count"], events["count"], mails, *sent, request.live,
        request.state, request.live_user_id, request.live_since, request.person_rating,
        is_here(request, at), is_writing(request, at),
    )  # fmt: skip
    return "|".join(str(part) for part in parts)


def is_here(request: Request, at: datetime) -> bool:
    """Return whether the visitor's chat is open."""
    return request.visitor_seen_at is not None and request.visitor_seen_at > at - HERE


WRITING = timedelta(seconds=6)  # the page of the one who writes says so every few seconds


def is_writing(request: Request, at: datetime) -> bool:
    """Return whether the visitor is writing."""
    return request.visitor_writing_at is not None and request.visitor_writing_at > at - WRITING

"""What a live chat looks like: to its visitor, in the frames, and to the team, in their inbox.

Reads only. The view of a visitor is the same for every tab and process, as it is made of the stored rows.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from assistant import live_states, opening_hours, words
from assistant.models import Conversation, LiveState, Message, Reply, Request, StaffPresence, Turn
from assistant.unasked import is_quiet
from common.clock import now
from routing import publishing

THERE_FOR = timedelta(seconds=60)  # the inbox says so every 20 s; a phone's browser may miss two of them
GONE_AFTER = timedelta(minutes=2)  # a laptop that changes its network is back by then
WRITING_FOR = timedelta(seconds=6)  # both sides say it again every 3 s
THREAD_LINES = 200  # of each side: more than anybody scrolls through while somebody waits
OVERLAP = timedelta(seconds=10)  # processes' clocks differ by less, and transactions end in any order


def settings() -> Mapping[str, Any]:
    """Return the settings in force in this process, empty before the first publication."""
    try:
        return publishing.current().settings
    except publishing.NotPublished:
        return {}


def shown_name(user: User | None) -> str:
    """Return the first name that visitors read, "" for "the team"."""
    return user.first_name if user is not None and settings().get("live_shows_name", True) else ""


def wait_for() -> timedelta:
    """Return how long a visitor waits until they are told that nobody can come."""
    return timedelta(minutes=int(settings().get("live_wait_minutes") or 3))


def there() -> QuerySet[StaffPresence]:
    """Return who of the team has the inbox open."""
    return StaffPresence.objects.filter(seen_at__gt=now() - THERE_FOR, user__is_active=True)


def is_open(at: datetime) -> bool:
    """Return whether the desk is open at a moment; without opening hours it always is."""
    values = settings()
    hours, closed = words.hours_of(values), words.closed_days_of(values)
    return not hours.ever or opening_hours.is_open(hours, closed, words.zone_of(values), at)


def available() -> bool:
    """Return whether a live chat is to be offered: switched on, within opening hours, somebody there."""
    return bool(settings().get("live_chat", True)) and is_open(now()) and there().exists()


# ---- to the visitor ------------------------------------------------------------------------------


def views(conversations: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the newest live chat of each of these conversations that has one, as frames show it."""
    rows = Request.objects.filter(conversation_id__in=list(conversations)).exclude(live=LiveState.NONE)
    newest = {row.conversation_id: row for row in rows.select_related("live_user").order_by("number")}
    # One that runs stands before one that is over, whichever is newer.
    newest |= {row.conversation_id: row for row in newest.values() if row.live in live_states.RUNNING}
    places = _places() if any(row.live == LiveState.WAITING for row in newest.values()) else {}
    here = _here(row.live_user_id for row in newest.values() if row.live == LiveState.WITH_STAFF)
    return {key: _view(row, places, here) for key, row in newest.items() if key is not None}


@dataclass(frozen=True)
class Lively:
    """A live chat that runs, or that was touched of late."""

    conversation_id: UUID
    visitor_id: UUID
    live: str


def lively(since: datetime) -> list[Lively]:
    """Return the live chats that run, behind those that have ended since a moment or were touched."""
    # Two questions and no OR, as each has an index of its own; the conversations here may be thousands.
    running = Request.objects.filter(live__in=live_states.RUNNING)
    touched = Request.objects.filter(conversation__updated_at__gt=since).exclude(live__in=live_states.RUNNING)
    return [
        Lively(*row)
        for rows in (touched.exclude(live=LiveState.NONE), running)
        for row in rows.exclude(conversation=None).values_list("conversation_id", "visitor_id", "live")
    ]


def news(found: Iterable[Lively], conversations: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the live chats of these conversations as `views` does, as far as they are among those found."""
    here = {chat.conversation_id for chat in found}.intersection(conversations)
    return views(here) if here else {}


def standing(conversation_id: UUID) -> dict[str, Any]:
    """Return what a `conversation` frame says: its state, its live chat, and whether somebody is there."""
    row = Conversation.objects.filter(pk=conversation_id).values_list("state", flat=True).first()
    return {
        "state": row or Conversation.State.OPEN.value,
        "live": views([conversation_id]).get(conversation_id),
        "person_there": available(),
    }


def _view(row: Request, places: Mapping[UUID, int], here: frozenset[int]) -> dict[str, Any]:
    with_staff = row.live == LiveState.WITH_STAFF
    away = with_staff and row.live_user_id not in here
    return {
        "request_id": str(row.pk),
        "state": row.live,
        "since": row.live_since.isoformat() if row.live_since else "",
        "position": places.get(row.pk),
        "until": row.live_until.isoformat() if row.live_until else None,
        "by": shown_name(row.live_user),
        "away": away,
        "writing": with_staff and not away and _of_late(row.staff_writing_at),
        "taken": row.live_taken_at is not None,
        "email": bool(row.email),
        "rating": row.person_rating,
        "transcript": row.transcript_asked_at is not None,
        "ended_at": row.live_ended_at.isoformat() if row.live_ended_at else None,
    }


def _places() -> dict[UUID, int]:
    """Return the place in the queue, from 1, of everybody who waits."""
    waiting = Request.objects.filter(live=LiveState.WAITING).order_by("live_asked_at", "number")
    return {pk: place for place, pk in enumerate(waiting.values_list("pk", flat=True), start=1)}


def _here(users: Iterable[int | None]) -> frozenset[int]:
    """Return which of these members of the team have had the inbox open within two minutes."""
    wanted = [user for user in users if user is not None]
    rows = StaffPresence.objects.filter(pk__in=wanted, seen_at__gt=now() - GONE_AFTER, user__is_active=True)
    return frozenset(rows.values_list("pk", flat=True)) if wanted else frozenset()


def _of_late(moment: datetime | None) -> bool:
    return moment is not None and moment > now() - WRITING_FOR


# ---- to the team ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class LiveRow:
    """A live chat in the list of the inbox."""

    request_id: UUID
    conversation_id: UUID | None
    number: int
    live: str
    text: str
    language: str
    since: datetime | None
    asked_at: datetime | None
    until: datetime | None
    mine: bool
    user: str
    user_away: bool
    visitor_there: bool
    visitor_writing: bool
    email: str
    last_text: str
    last_at: datetime | None
    last_by_visitor: bool


def waiting_and_mine(user: User) -> list[LiveRow]:
    """Return who waits, the longest waiting first, behind what this member of the team has and has offered.

    Then those whom a colleague left alone: they may be taken as well.
    """
    running = Request.objects.filter(live__in=live_states.RUNNING).select_related("live_user")
    rows = list(running.order_by("live_asked_at", "number"))
    here = _here(row.live_user_id for row in rows)
    mine = [row for row in rows if row.live_user_id == user.pk and row.live != LiveState.WAITING]
    waiting = [row for row in rows if row.live == LiveState.WAITING]
    alone = [
        row
        for row in rows
        if row.live == LiveState.WITH_STAFF and row.live_user_id not in here and row not in mine
    ]
    return [live_row(row, user, here) for row in (*mine, *waiting, *alone)]


def live_row(row: Request, user: User | None, here: frozenset[int] | None = None) -> LiveRow:
    """Return a request's live chat as a member of the team sees it in a list."""
    here = _here([row.live_user_id]) if here is None else here
    last_text, last_at, by_visitor = _last(row)
    return LiveRow(
        request_id=row.pk,
        conversation_id=row.conversation_id,
        number=row.number,
        live=row.live,
        text=row.text,
        language=row.language,
        since=row.live_since,
        asked_at=row.live_asked_at,
        until=row.live_until,
        mine=user is not None and row.live_user_id == user.pk,
        user=row.live_user.get_username() if row.live_user else "",
        user_away=row.live_user_id is not None and row.live_user_id not in here,
        visitor_there=row.visitor_seen_at is not None and row.visitor_seen_at > now() - THERE_FOR,
        visitor_writing=_of_late(row.visitor_writing_at),
        email=row.email,
        last_text=last_text,
        last_at=last_at,
        last_by_visitor=by_visitor,
    )


def _last(row: Request) -> tuple[str, datetime | None, bool]:
    turn = Turn.objects.filter(conversation__requests=row).order_by("-ordinal").first()
    said = Message.objects.filter(conversation__requests=row, author=Message.Author.STAFF)
    message = said.order_by("-created_at").first()
    if message is not None and (turn is None or message.created_at > turn.created_at):
        return message.text, message.created_at, False
    return (turn.text, turn.created_at, True) if turn is not None else (row.text, row.created_at, True)


@dataclass(frozen=True)
class Line:
    """One thing that was said: by the visitor, the assistant, staff or the desk ("system").

    `key` stays the same; `html` is safe to be shown, and empty for the visitor's plain text.
    """

    key: str
    author: str
    name: str
    text: str
    html: str
    at: datetime


@dataclass(frozen=True)
class Thread:
    """What was said in a live chat's conversation; hand `cursor` in again for what comes next."""

    row: LiveRow
    lines: list[Line]
    cursor: str


def thread(request_id: UUID, after: str = "", user: User | None = None) -> Thread:
    """Return both sides' messages, oldest first: the last 200 of each, or those since a cursor.

    What came shortly before a cursor is given again, so put each line in by its key. Raises
    Request.DoesNotExist.
    """
    row = Request.objects.select_related("live_user").get(pk=request_id)
    since = datetime.fromisoformat(after) - OVERLAP if after else None
    moment = now()
    lines = [*_turns(row, since), *_replies(row, since), *_messages(row, since)]
    return Thread(live_row(row, user), sorted(lines, key=lambda line: line.at), moment.isoformat())


def _turns(row: Request, since: datetime | None) -> list[Line]:
    rows = Turn.objects.filter(conversation__requests=row)
    rows = rows.filter(created_at__gt=since) if since else rows
    found = rows.order_by("-ordinal")[:THREAD_LINES]
    return [Line(f"turn-{turn.pk}", "visitor", "", turn.text, "", turn.created_at) for turn in found]


def _replies(row: Request, since: datetime | None) -> list[Line]:
    rows = Reply.objects.filter(conversation__requests=row, ended_at__isnull=False).exclude(text="")
    rows = rows.filter(ended_at__gt=since) if since else rows
    found = [reply for reply in rows.order_by("-ended_at")[:THREAD_LINES] if not is_quiet(reply)]
    return [
        Line(f"reply-{reply.pk}", "assistant", reply.label, reply.text, reply.html, reply.ended_at)
        for reply in found
        if reply.ended_at is not None
    ]


def _messages(row: Request, since: datetime | None) -> list[Line]:
    mine = Q(conversation_id=row.conversation_id) if row.conversation_id else Q(request=row)
    rows = Message.objects.filter(mine).select_related("user")
    rows = rows.filter(created_at__gt=since) if since else rows
    return [
        Line(
            f"message-{message.pk}",
            message.author,
            message.user.get_username() if message.user else "",
            message.text,
            message.html,
            message.created_at,
        )
        for message in rows.order_by("-created_at")[:THREAD_LINES]
    ]

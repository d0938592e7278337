"""Reads for the socket side: conversations as pages see them, and the facts a decision needs."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from assistant import frames, told, unasked
from assistant.models import Conversation, Message, Reply, Turn, Visitor
from assistant.own_words import with_own_words
from assistant.pipeline import PREVIOUS_TEXTS, ConversationFacts
from assistant.signed_in import PREFIX, signed_in
from assistant.who import Who
from common.clock import now
from routing.signals import claims_of
from routing.sticking import Answered

Row = TypeVar("Row", bound=Model)

TRANSCRIPT_TURNS = 30  # what `opened` and each `history` carry
HISTORY_TURNS = 12  # the prompt budget decides how many of them stay
APPROVED = "faq"  # the route that shows an approved answer
JUST_BEGUN = timedelta(seconds=10)  # processes look every second; clocks of machines differ by less
NOT_STORED = 0  # in place of a turn's number: nothing of the conversation is stored yet


class NotFound(LookupError):
    """No such thing for this visitor; a foreign one looks exactly the same."""


def conversation_of(who: Who, conversation_id: UUID) -> Conversation | None:
    """Return the visitor's conversation, None while it has no row yet; NotFound for another's."""
    conversation = Conversation.objects.filter(pk=conversation_id).first()
    if conversation is not None and conversation.visitor_id != who.visitor_id:
        raise NotFound("conversation")
    return conversation


def reply_of(who: Who, reply_id: UUID) -> Reply:
    """Return the visitor's reply with its turn. Raises NotFound for an unknown or foreign one."""
    reply = (
        Reply.objects.select_related("turn", "conversation")
        .filter(pk=reply_id, conversation__visitor_id=who.visitor_id)
        .first()
    )
    if reply is None:
        raise NotFound("reply")
    return reply


def plans() -> set[str]:
    """Return every plan that a visitor or a user of this site has."""
    visitors = Visitor.objects.exclude(plan="").order_by().values_list("plan", flat=True).distinct()
    groups = Group.objects.filter(name__startswith=PREFIX, user__isnull=False).values_list("name", flat=True)
    return {*visitors, *(name.removeprefix(PREFIX) for name in groups)}


def plan_of(who: Who) -> str:
    """Return the visitor's plan: of the signed-in user, else of the row, else as the cookie has it."""
    return _standing(who)[0]


def _standing(who: Who) -> tuple[str, dict[str, Any]]:
    """Return the visitor's plan, and what their site says of them."""
    user = signed_in(who.session_key)
    row = Visitor.objects.filter(pk=who.visitor_id).values_list("plan", "claims").first()
    plan, claims = (who.plan, {}) if row is None else row
    return (user.plan if user is not None and user.plan else plan), claims


def greet(who: Who) -> str:
    """Return the visitor's plan as `plan_of` does, and note on their row which language they read now."""
    row = Visitor.objects.filter(pk=who.visitor_id).values_list("plan", "language").first()
    if row is not None and who.language not in ("", row[1]):
        Visitor.objects.filter(pk=who.visitor_id).update(language=who.language)
    user = signed_in(who.session_key)
    if user is not None and user.plan:
        return user.plan
    return who.plan if row is None else row[0]


def facts(who: Who, conversation_id: UUID, before: int | None = None) -> ConversationFacts:
    """Return what the decision on a new message (or on turn number `before`) may know.

    Nothing is read of a conversation that begins with this message (`before` is NOT_STORED).
    """
    turns = Turn.objects.filter(conversation_id=conversation_id)
    if before is not None:
        turns = turns.filter(ordinal__lt=before)
    written = Message.objects.filter(conversation_id=OuterRef("conversation_id"))
    newest = turns.annotate(written=Exists(written)).order_by("-ordinal")
    newest = newest.prefetch_related("replies")[:HISTORY_TURNS]
    recent = [] if before in (NOT_STORED, 1) else list(newest)[::-1]
    past = [(turn, list(turn.replies.all())) for turn in recent]
    # A person can be asked before anything else is.
    beside = recent[0].written if recent else before != NOT_STORED
    history = tuple(told.told(past, told.beside(conversation_id) if beside else {}))
    plan, claims = _standing(who)
    shown = [reply for reply in past[-1][1] if not unasked.is_quiet(reply)] if past else []
    last = shown[-1] if shown else None
    return ConversationFacts(
        plan=plan,
        claims=claims_of(claims),
        language=who.language,
        history=history,
        previous_texts=tuple(turn.text for turn, _ in past)[-PREVIOUS_TEXTS:],
        depth=recent[-1].ordinal if recent else 0,
        last_rating=last.rating if last else None,
        read_entries=frozenset(_entries_read(past)),
        answered=tuple(one for _, replies in past if (one := _answered(replies)) is not None),
        conversation=str(conversation_id),
    )


def _answered(replies: Sequence[Reply]) -> Answered | None:
    """Return the route that a turn was answered on at last; None without one."""
    # The rest of a cut answer is written on the route for long ones, whatever the conversation's tier.
    decided = [reply for reply in replies if reply.route and reply.cause != Reply.Cause.CONTINUE]
    decided = [reply for reply in decided if not unasked.is_silent(reply)]
    if not decided:
        return None
    first, last = decided[0], decided[-1]
    if last.state == Reply.State.FAILED:
        # A tier that could not answer keeps nobody.
        return Answered(str(first.decision.get("wanted") or first.route))
    moved = last.route != first.route
    return Answered(last.route, 0 if moved else int(first.decision.get("stayed") or 0))


def _entries_read(past: Iterable[tuple[Turn, list[Reply]]]) -> Iterator[str]:
    """Yield the entries whose approved answers stand in the conversation already."""
    for _, replies in past:
        for reply in replies:
            if reply.route == APPROVED and reply.sources:
                yield str(reply.sources[0]["entry_id"])


def transcript(conversation_id: UUID, before: UUID | None = None) -> tuple[list[dict[str, Any]], list[Reply]]:
    """Return the last turns as frames show them, oldest first, and those replies that still run.

    `before` is a turn id: the turns older than it.
    """
    turns = Turn.objects.filter(conversation_id=conversation_id)
    if before is not None:
        edge = turns.filter(pk=before).values_list("ordinal", flat=True).first()
        if edge is None:
            raise NotFound("turn")
        turns = turns.filter(ordinal__lt=edge)
    page = list(turns.order_by("-ordinal").prefetch_related("replies")[:TRANSCRIPT_TURNS])[::-1]
    running: list[Reply] = []
    views = []
    for turn in page:
        replies = list(turn.replies.all())
        running.extend(reply for reply in replies if reply.state in ("queued", "streaming"))
        views.append(turn_view(turn, replies))
    return views, running


def turn_view(turn: Turn, replies: Sequence[Reply]) -> dict[str, Any]:
    """Return one turn as `opened` and `history` show it."""
    return {
        "turn_id": str(turn.pk),
        "client_message_id": turn.client_message_id,
        "text": turn.text,
        "created_at": turn.created_at.isoformat(),
        "replies": frames.reply_views(replies),
    }


MESSAGES = 100  # of staff and the desk: more than any one conversation has had


def messages(conversation_id: UUID) -> list[dict[str, Any]]:
    """Return what staff and the desk wrote into a conversation, oldest first."""
    rows = with_own_words(Message.objects.filter(conversation_id=conversation_id))
    return [_message(row) for row in rows.order_by("-created_at")[:MESSAGES]][::-1]


def _message(row: Any) -> dict[str, Any]:
    return frames.message_view(row, row.request, row.own_words or "")


@dataclass(frozen=True)
class StaffNews:
    """What was written into conversations, and which states they have, by conversation."""

    messages: list[tuple[UUID, dict[str, Any]]]
    states: list[tuple[UUID, str]]


def staff_news(conversations: Sequence[UUID], since: datetime) -> StaffNews:
    """Return messages stored, and states of conversations touched, since a moment."""
    wanted = frozenset(conversations)
    fresh = _among(Message.objects.filter(created_at__gt=since), "conversation_id", wanted)
    touched = _among(Conversation.objects.filter(updated_at__gt=since), "pk", wanted)
    views = [
        (row.conversation_id, _message(row))
        for row in with_own_words(fresh).order_by("created_at")
        if row.conversation_id in wanted
    ]
    states = [row for row in touched.values_list("pk", "state") if row[0] in wanted]
    return StaffNews(views, states)


def owners(conversations: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the visitors of these conversations, as far as they are stored."""
    parts = (conversations[at : at + NAMED_AT_MOST] for at in range(0, len(conversations), NAMED_AT_MOST))
    rows = (Conversation.objects.filter(pk__in=part).values_list("pk", "visitor_id") for part in parts)
    return {conversation: visitor for part in rows for conversation, visitor in part}


NAMED_AT_MOST = 200  # ids in one statement; with more, what is new is read whole, as it is little


def _among(rows: QuerySet[Row], field: str, wanted: Collection[UUID]) -> QuerySet[Row]:
    """Narrow rows to those of some conversations, unless there are so many that naming them costs more.

    The caller still has to pass over the others.
    """
    return rows.filter(**{f"{field}__in": list(wanted)}) if len(wanted) <= NAMED_AT_MOST else rows


def replies_by_id(ids: Iterable[UUID]) -> dict[UUID, Reply]:
    """Return the replies with these ids."""
    return {reply.pk: reply for reply in Reply.objects.filter(pk__in=list(ids))}


@dataclass(frozen=True)
class StillThere:
    """Those of some conversations and visitors that have a row."""

    conversations: frozenset[UUID]
    visitors: frozenset[UUID]


def still_there(conversations: Collection[UUID], visitors: Collection[UUID]) -> StillThere:
    """Return which of these an erasure or the retention has left."""

    def left(model: type[Model], ids: Collection[UUID]) -> frozenset[UUID]:
        wanted = list(ids)
        found: set[UUID] = set()
        for at in range(0, len(wanted), NAMED_AT_MOST):
            rows = model._default_manager.filter(pk__in=wanted[at : at + NAMED_AT_MOST])
            found.update(rows.values_list("pk", flat=True))
        return frozenset(found)

    return StillThere(left(Conversation, conversations), left(Visitor, visitors))


def open_replies(conversations: Iterable[UUID]) -> list[Reply]:
    """Return queued, running and just begun replies of these conversations, oldest first, for sockets.

    An approved answer, or a short one, begins and ends between two looks; without Redis nothing else
    tells another process of it.
    """
    wanted = frozenset(conversations)
    followed = Q(state__in=("queued", "streaming")) | Q(created_at__gt=now() - JUST_BEGUN)
    rows = _among(Reply.objects.filter(followed), "conversation_id", wanted)
    ordered = rows.select_related("turn").order_by("turn__ordinal", "ordinal")
    return [row for row in ordered if row.conversation_id in wanted]

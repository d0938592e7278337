"""A person, live: what the team does with a conversation, each as one conditional UPDATE.

Sync, one hop through the database door each. Every function may be called twice: the second time changes
nothing. What is refused raises LiveRefused with plain words for staff; live_visitor.py is the visitor's side,
live_shown.py what both see, docs/person.md the whole story.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from assistant import live_states, mail_queue
from assistant.models import (
    Conversation,
    LiveState,
    Mailed,
    Message,
    Request,
    RequestEvent,
    StaffPresence,
)
from assistant.person import help_desk, transcripts
from assistant.person.live_shown import (
    GONE_AFTER,
    THERE_FOR,
    shown_name,
    there,
    thread,
    wait_for,
    waiting_and_mine,
)
from assistant.person.live_turns import silence
from assistant.person.requests import TakenMeanwhile, paragraphs, place
from assistant.person.requests import close as close_request
from assistant.words.live import LiveWords, live_words
from common.clock import now
from common.text import clean

__all__ = [
    "LiveRefused",
    "LiveState",
    "TakenMeanwhile",
    "absent",
    "anybody_there",
    "close",
    "end",
    "give_back",
    "looking",
    "offer",
    "present",
    "release",
    "request_transcript",
    "say",
    "take",
    "thread",
    "waiting_and_mine",
    "writing",
]

SAY_LIMIT = 4_000  # code points, as for a visitor's request: a page of text
SEEN_EVERY = timedelta(seconds=5)  # each inbox looks every 1.5 s: most looks are to write nothing
OFFER_STANDS = timedelta(minutes=3)  # as long as a visitor is asked to wait, as shipped


class LiveRefused(Exception):
    """The move does not fit the state any more; `message` says in plain words why, for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


# ---- who is there --------------------------------------------------------------------------------


def present(user: User) -> None:
    """Note that a member of the team has the inbox open and is available; counts as there for 60 s."""
    _seen(user, now())


def looking(user: User) -> None:
    """Note that a member of the team has the inbox open, available or not: what they have is not left alone.

    As old as somebody can be seen without being there, so no visitor is offered to talk to them; whoever is
    there by another page stays so.
    """
    _seen(user, now() - THERE_FOR)


def _seen(user: User, at: datetime) -> None:
    """Move the moment at which somebody was seen forward to `at`, or to some seconds before."""
    if StaffPresence.objects.filter(pk=user.pk, seen_at__gt=at - SEEN_EVERY).exists():
        return
    if not StaffPresence.objects.filter(pk=user.pk).update(seen_at=at):
        StaffPresence.objects.bulk_create([StaffPresence(user=user, seen_at=at)], ignore_conflicts=True)


def absent(user: User) -> None:
    """Note that a member of the team is not available: nobody is offered to talk to them from now on."""
    StaffPresence.objects.filter(pk=user.pk).update(seen_at=now() - THERE_FOR)


def anybody_there() -> bool:
    """Return whether somebody of the team has the inbox open."""
    return there().exists()


def is_there(user: User | None) -> bool:
    """Return whether a member of the team has had the inbox open within two minutes."""
    return (
        user is not None and StaffPresence.objects.filter(pk=user.pk, seen_at__gt=now() - GONE_AFTER).exists()
    )


# ---- taking and giving back ----------------------------------------------------------------------


def take(request_id: UUID, user: User) -> Request:
    """Give a conversation to a member of the team: the assistant is silent from now on.

    Its running and queued answers are stopped. Takes it from a colleague only whose inbox has been closed for
    two minutes. Raises TakenMeanwhile when a colleague has it, LiveRefused when there is nothing to take.
    """
    with transaction.atomic():
        ours = Request.objects.filter(pk=request_id)
        free = Q(live__in=live_states.MOVES["take"].froms)
        here = StaffPresence.objects.filter(seen_at__gt=now() - GONE_AFTER, user__is_active=True)
        # Whose account was deleted has no inbox either; NULL is in no list, and not outside of one.
        alone = Q(live_user=None) | ~Q(live_user__in=here.values("pk"))
        left_alone = Q(live=LiveState.WITH_STAFF) & alone & ~Q(live_user=user)
        try:
            taken = ours.filter(free | left_alone).update(
                live=LiveState.WITH_STAFF,
                live_user=user,
                live_since=now(),
                live_until=None,
                live_ended_at=None,
            )
        except IntegrityError:
            raise LiveRefused("Another live chat of this conversation is running.") from None
        request = Request.objects.get(pk=request_id)
        if not taken:
            _refuse_taking(request, user)
            return request
        ours.filter(live_taken_at=None).update(live_taken_at=now())
        begin_with(request, user)
        help_desk.note(request, RequestEvent.Kind.TAKEN, user)
    return Request.objects.get(pk=request_id)


def _refuse_taking(request: Request, user: User) -> None:
    if request.live != LiveState.WITH_STAFF:
        raise LiveRefused(live_states.refusal(request.live))
    if request.live_user_id != user.pk:
        raise TakenMeanwhile


def begin_with(request: Request, user: User | None) -> None:
    """Let a member of the team have the conversation: say so in it, and stop what the assistant writes."""
    name, said = shown_name(user), words_of(request)
    set_state(request, Conversation.State.WITH_STAFF)
    tell(request, said.joined_by.format(name=name) if name else said.joined)
    conversation_id = request.conversation_id
    if conversation_id is not None:
        transaction.on_commit(lambda: silence(conversation_id))


def give_back(request_id: UUID, user: User) -> Request:
    """Hand a conversation back to the assistant, which answers again. Raises LiveRefused."""
    return _finish(request_id, user, "give_back")


def close(request_id: UUID, user: User, note: str = "") -> Request:
    """End a live chat; `note` is for the team. Raises LiveRefused for one that a colleague has."""
    return _finish(request_id, user, "close", note)


def _finish(request_id: UUID, user: User, move: str, note: str = "") -> Request:
    with transaction.atomic():
        mine = Request.objects.filter(pk=request_id).exclude(
            Q(live=LiveState.WITH_STAFF) & ~Q(live_user=user)
        )
        extra = {"live_note": clean(note).strip()[:400]} if note.strip() else {}
        moved = change(mine, move, **extra)
        request = Request.objects.get(pk=request_id)
        if not moved:
            if request.live != live_states.MOVES[move].to:
                raise LiveRefused(live_states.refusal(request.live))
            return request
        said = words_of(request)
        settle(request)
        tell(request, said.back if move == "give_back" else said.closed)
        kind = RequestEvent.Kind.BACK if move == "give_back" else RequestEvent.Kind.CLOSED
        help_desk.note(request, kind, user, clean(note).strip())
    return Request.objects.get(pk=request_id)


def end(request: Request, user: User, note: str = "") -> None:
    """Close a request whatever it is: a live chat is ended for its visitor too. Raises LiveRefused."""
    if request.live in live_states.MOVES["close"].froms:
        close(request.pk, user, note)
    else:
        close_request(request, user, note)


def release(request_id: UUID, user: User) -> Request:
    """Leave a conversation to the colleagues: its visitor waits again. Raises LiveRefused."""
    with transaction.atomic():
        mine = Request.objects.filter(pk=request_id, live_user=user)
        moved = change(mine, "release", live_user=None, live_until=now() + wait_for(), staff_writing_at=None)
        request = Request.objects.get(pk=request_id)
        if not moved:
            if request.live == LiveState.WAITING:
                return request
            raise LiveRefused(live_states.refusal(request.live))
        set_state(request, Conversation.State.WAITING)
        tell(request, words_of(request).released)
        help_desk.note(request, RequestEvent.Kind.RELEASED, user)
    return request


def offer(request_id: UUID, user: User) -> Request:
    """Offer a live chat to whom has left a request, or nobody took before. Raises LiveRefused."""
    with transaction.atomic():
        mine = Request.objects.filter(pk=request_id, conversation__isnull=False)
        until = now() + OFFER_STANDS
        try:
            moved = change(mine, "offer", live_user=user, live_offered_at=now(), live_until=until)
        except IntegrityError:
            raise LiveRefused("Another live chat of this conversation is running.") from None
        request = Request.objects.get(pk=request_id)
        if not moved:
            if request.live == LiveState.OFFERED and request.live_user_id == user.pk:
                return request
            raise LiveRefused(live_states.refusal(request.live))
        touch(request)
        tell(request, words_of(request).offered)
        help_desk.note(request, RequestEvent.Kind.OFFERED, user)
    return request


# ---- talking -------------------------------------------------------------------------------------


def say(request_id: UUID, user: User, text: str, client_message_id: str) -> Message:
    """Store what a member of the team writes; the visitor sees it within a second.

    The same `client_message_id` is stored once. Mailed as well to a visitor who has gone and left an address.
    Raises LiveRefused for an empty or too long text and for a conversation that is not this member's.
    """
    text = clean(text).strip()
    if not text:
        raise LiveRefused("Write something first.")
    if len(text) > SAY_LIMIT:
        raise LiveRefused(f"This is too long: {len(text):,} of {SAY_LIMIT:,} characters.")
    try:
        with transaction.atomic():
            return _said(request_id, user, text, client_message_id[:64])
    except IntegrityError:
        return Message.objects.get(request_id=request_id, client_message_id=client_message_id[:64])


def _said(request_id: UUID, user: User, text: str, client_message_id: str) -> Message:
    earlier = Message.objects.filter(request_id=request_id, client_message_id=client_message_id).first()
    if earlier is not None and client_message_id:
        return earlier
    ours = Request.objects.filter(pk=request_id, live=LiveState.WITH_STAFF, live_user=user)
    if not ours.update(
        answers=F("answers") + 1, state=Request.State.ANSWERED, answered_at=now(), staff_writing_at=None
    ):
        raise LiveRefused(live_states.refusal(Request.objects.get(pk=request_id).live))
    request = Request.objects.get(pk=request_id)
    message = Message(
        request=request,
        author=Message.Author.STAFF,
        user=user,
        client_message_id=client_message_id,
        text=text,
        html=paragraphs(text),
        mail_state=Mailed.MailState.NONE,
        mail_reason="Said in the live chat.",
    )
    if request.email and not visitor_there(request):
        message.mail_state, message.mail_reason = Mailed.MailState.PENDING, ""
    place(message)
    touch(request)
    help_desk.note_written(request, message.pk, user)
    mail_queue.send_soon(message)
    return message


def writing(request_id: UUID, user: User) -> None:
    """Note that a member of the team is writing; the visitor sees it for some seconds."""
    Request.objects.filter(pk=request_id, live=LiveState.WITH_STAFF, live_user=user).update(
        staff_writing_at=now()
    )


def visitor_there(request: Request) -> bool:
    """Return whether the visitor has the chat open."""
    return request.visitor_seen_at is not None and request.visitor_seen_at > now() - THERE_FOR


# ---- the transcript ------------------------------------------------------------------------------


def request_transcript(request_id: UUID, email: str) -> None:
    """Have the conversation sent to its visitor; `transcript_sent_at` says when it went out.

    The address has been checked. Asked again with another address it is sent there as well.
    """
    rows = Request.objects.filter(pk=request_id).exclude(
        transcript_to=email, transcript_asked_at__isnull=False
    )
    with transaction.atomic():
        if rows.update(transcript_to=email, transcript_asked_at=now(), transcript_sent_at=None):
            transcripts.at_a_wish(Request.objects.select_related("conversation").get(pk=request_id))


# ---- shared with the visitor's side and the clock ------------------------------------------------


def change(rows: Any, move: str, **values: Any) -> bool:
    """Make a move by one conditional UPDATE; False when the rows are not in a state that it leaves."""
    wanted, moment = live_states.MOVES[move], now()
    if wanted.to not in (LiveState.WAITING, LiveState.OFFERED):
        values.setdefault("live_until", None)
    if wanted.to in live_states.OVER:
        values |= {"live_ended_at": moment, "staff_writing_at": None, "visitor_writing_at": None}
    if wanted.to == LiveState.FAILED:
        # To be answered by mail now, whatever was said before.
        values |= {"live_failed_at": moment, "state": Request.State.NEW, "closed_at": None}
    return bool(rows.filter(live__in=wanted.froms).update(live=wanted.to, live_since=moment, **values))


def words_of(request: Request) -> LiveWords:
    """Return our sentences in the language of a request."""
    return live_words(request.language)


def tell(request: Request, text: str) -> Message:
    """Write a sentence of our own into the conversation of a request."""
    message = Message(
        request=request,
        author=Message.Author.SYSTEM,
        text=text,
        html=paragraphs(text),
        mail_state=Mailed.MailState.NONE,
        mail_reason="Said in the live chat.",
    )
    place(message)
    return message


def set_state(request: Request, state: str) -> None:
    """Set the conversation's state, so that every process tells its sockets."""
    Conversation.objects.filter(requests=request).update(state=state, updated_at=now())


def touch(request: Request) -> None:
    """Have every process look at the conversation again."""
    Conversation.objects.filter(requests=request).update(updated_at=now())


def settle(request: Request) -> None:
    """Let the request be done, unless it is still to be answered by mail, and the conversation go on."""
    done = (
        Request.State.ANSWERED if request.live == LiveState.BACK and request.answers else Request.State.CLOSED
    )
    if request.live in (LiveState.BACK, LiveState.CLOSED):
        closed_at: datetime | None = now() if done == Request.State.CLOSED else None
        Request.objects.filter(pk=request.pk).update(state=done, closed_at=closed_at)
    new = Request.objects.filter(conversation__requests=request, state=Request.State.NEW)
    set_state(request, Conversation.State.WAITING if new.exists() else Conversation.State.OPEN)

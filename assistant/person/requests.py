"""Requests for a person: stored first and in any case, then mailed, and answered by staff.

Sync, one hop through the database door each. Needs the database alone: no model, no Redis, no mail server.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.html import linebreaks, urlize

from assistant import frames, live_states, mail_queue, words
from assistant.languages import note_language
from assistant.limits import RateLimited, request_limiter
from assistant.models import Conversation, LiveState, Mailed, Message, Reply, Request, RequestEvent, Turn
from assistant.own_words import with_own_words
from assistant.person import help_desk
from assistant.reserved import is_reserved
from assistant.selectors import NotFound, conversation_of, reply_of
from assistant.services import stored_visitor
from assistant.who import Who
from assistant.words.live import live_words
from common.clock import now
from common.text import clean, shorten
from routing import desk, recorder

TEXT_LIMIT = 4_000  # code points: a page of text; the transcript goes along anyway
EMAIL_LIMIT = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
NUMBER_TRIES = 5  # two requests may want the same number at the same moment on PostgreSQL
# Anybody may type any address: a stranger's mailbox gets at most so many receipts from us.
RECEIPTS_AN_HOUR = 3
IN_THE_CHAT = "Not sent: a live chat of this request is running. Write to the visitor there, in the inbox."
LIVE_WAIT_MINUTES = 3  # of a configuration from before the setting: as it is shipped


class RequestRefused(Exception):
    """The request cannot be stored as it is; `field` (email, text) is what to mend, `message` says how.

    `code` is that of the socket's error frame. The message is in the visitor's language.
    """

    def __init__(self, field: str, message: str, code: str) -> None:
        super().__init__(message)
        self.field, self.message, self.code = field, message, code


class TakenMeanwhile(Exception):
    """A colleague has answered since this page was opened; nothing was stored or sent."""


@dataclass(frozen=True)
class PersonFacts:
    """What the form says; whole sentences in the visitor's language, `hours_text` may be empty.

    `available` is False where a request would reach nobody: no contact, no staff e-mail, no staff account.
    """

    contact: str
    hours_text: str
    answer_by_text: str
    available: bool


def facts(language: str, at: datetime, values: Mapping[str, Any] | None = None) -> PersonFacts:
    """Return what a visitor is told about people, at a moment, in a language (English if unknown).

    `values` are the settings of a configuration; by default those of the newest one.
    """
    values = desk.settings() if values is None else values
    return PersonFacts(
        contact=str(values.get("contact") or ""),
        hours_text=words.hours_text(values, language),
        answer_by_text=words.write_now(values, language, at),
        available=bool(values.get("contact") or values.get("staff_email")) or _has_staff(),
    )


def _has_staff() -> bool:
    return get_user_model().objects.filter(is_active=True, is_staff=True).exists()


# ---- asking for a person -------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """What a visitor asks of a person, as it came; an empty `text` stands for the question of `reply_id`."""

    reason: str
    email: str
    text: str
    client_request_id: str
    conversation_id: UUID | None = None
    reply_id: UUID | None = None


def create(who: Who, wish: Wish, *, live: bool = False) -> Request:
    """Return the stored request, new or, for a `client_request_id` seen before, the one it made then.

    With `live` the visitor waits for somebody in the chat, and an e-mail address is not needed. Raises
    RequestRefused, RateLimited, and NotFound for a conversation or reply that is not this visitor's.
    """
    earlier = earlier_request(who, wish.client_request_id)
    if earlier is not None:
        return earlier
    reply = reply_of(who, wish.reply_id) if wish.reply_id else None
    conversation_id = wish.conversation_id or (reply.conversation_id if reply else None)
    text = clean(wish.text).strip() or (reply.turn.text[:TEXT_LIMIT] if reply else "")
    language = note_language(text, who.language)
    email = checked(clean(wish.email).strip(), text, language, needed=not live)
    existing = _owned(who, conversation_id)
    _take(who, language)
    request = Request(
        client_request_id=wish.client_request_id,
        reason=wish.reason if wish.reason in Request.Reason.values else Request.Reason.ASKED,
        email=email,
        text=text,
        language=language,
        reply=reply,
        conversation_id=conversation_id,
        live=LiveState.WAITING if live else LiveState.NONE,
    )
    return _store(who, request, new_conversation=conversation_id is not None and existing is None)


@dataclass(frozen=True)
class HandedOver:
    """What the sockets of a conversation are told once a request is stored, and whether it was before."""

    conversation_id: UUID | None
    message: dict[str, Any]
    state: str
    repeated: bool = False


def hand_over(who: Who, wish: Wish) -> HandedOver:
    """Store a request as `create` does, and return its receipt and the conversation's state."""
    repeated = earlier_request(who, wish.client_request_id) is not None
    return handed_over(create(who, wish), repeated)


def handed_over(request: Request, repeated: bool) -> HandedOver:
    """Return what the sockets are told of a stored request."""
    of_desk = request.messages.filter(author=Message.Author.SYSTEM).order_by("created_at")
    receipt = with_own_words(of_desk)[0]
    row = request.conversation
    state = row.state if row else Conversation.State.OPEN.value
    message = frames.message_view(receipt, request, receipt.own_words or "")
    return HandedOver(request.conversation_id, message, state, repeated)


def _take(who: Who, language: str) -> None:
    """Count a request. Raises RateLimited with words for the visitor."""
    try:
        request_limiter().take(who)
    except RateLimited as limited:
        minutes = max(1, round(limited.retry_after / 60))
        text = words.words(language).too_many.format(minutes=minutes)
        raise RateLimited(limited.retry_after, text) from None


def earlier_request(who: Who, client_request_id: str) -> Request | None:
    return Request.objects.filter(visitor_id=who.visitor_id, client_request_id=client_request_id).first()


def checked(email: str, text: str, language: str, needed: bool = True) -> str:
    """Return the e-mail address. Raises RequestRefused for what nobody could answer."""
    said = words.words(language)
    if email or needed:
        _check_address(email, said.bad_email)
    if not text:
        raise RequestRefused("text", said.no_text, "empty")
    if len(text) > TEXT_LIMIT:
        raise RequestRefused("text", said.too_long.format(limit=f"{TEXT_LIMIT:,}"), "too_long")
    return email


def _check_address(email: str, bad_email: str) -> None:
    try:
        if len(email) > EMAIL_LIMIT:
            raise ValidationError("too long")
        validate_email(email)
        # Django lets names through that no mail can be addressed to, and the staff's mail names it too.
        email.rpartition("@")[2].encode("idna")
    except (ValidationError, UnicodeError):
        raise RequestRefused("email", bad_email, "bad_email") from None


def _owned(who: Who, conversation_id: UUID | None) -> Conversation | None:
    """Return the visitor's conversation, None while it has no row. Raises NotFound for another's."""
    if conversation_id is None:
        return None
    existing = conversation_of(who, conversation_id)
    if existing is None and not is_reserved(conversation_id, who.visitor_id):
        raise NotFound("conversation")
    return existing


def _store(who: Who, request: Request, new_conversation: bool) -> Request:
    for _ in range(NUMBER_TRIES):
        try:
            with transaction.atomic():
                return _insert(who, request, new_conversation)
        except IntegrityError:
            # The same request came twice at once, or another one took this number.
            earlier = earlier_request(who, request.client_request_id)
            if earlier is not None:
                return earlier
    raise IntegrityError("no free number for a request")


def _insert(who: Who, request: Request, new_conversation: bool) -> Request:
    values, moment = desk.settings(), now()
    request.visitor = stored_visitor(who)
    if new_conversation and request.conversation_id:
        Conversation.objects.get_or_create(
            pk=request.conversation_id,
            defaults={"visitor": request.visitor, "title": shorten(request.text, 80)},
        )
    highest = Request.objects.aggregate(highest=Max("number"))["highest"]
    request.number = (highest or 0) + 1
    request.answer_by = words.answer_by(values, moment)
    if request.live:
        _wait_live(request, values, moment)
    request.save(force_insert=True)
    _note_handoff(request)
    receipt = _receipt(request, values)
    place(receipt)
    _wait(request.conversation_id)
    help_desk.note(request, RequestEvent.Kind.CREATED)
    mail_queue.send_soon(request, receipt)
    return request


def _wait_live(request: Request, values: Mapping[str, Any], moment: datetime) -> None:
    """Have a request wait in the chat: its mail to the team goes out only when nobody comes."""
    wait = timedelta(minutes=int(values.get("live_wait_minutes") or LIVE_WAIT_MINUTES))
    request.live_since = request.live_asked_at = request.visitor_seen_at = moment
    request.live_until = moment + wait
    request.mail_state, request.mail_reason = Mailed.MailState.NONE, "Asked in the live chat."


def _receipt(request: Request, values: Mapping[str, Any]) -> Message:
    """Return the message that says what becomes of a request; not stored yet."""
    by, receipt = request.answer_by, Message(request=request, author=Message.Author.SYSTEM)
    if request.live:
        receipt.text = live_words(request.language).asked
        receipt.mail_state, receipt.mail_reason = Mailed.MailState.NONE, "Asked in the live chat."
    else:
        receipt.text = words.received(values, request.language, request.number, request.email, by)
        receipt.mail_state, receipt.mail_reason = receipt_mail(values, request)
    receipt.html = paragraphs(receipt.text)
    return receipt


def _answer_before(request: Request) -> UUID | None:
    """Return the answer that did not do: the one that a request names, else the last one before it."""
    if request.reply_id is not None or request.conversation_id is None:
        return request.reply_id
    ended = Reply.objects.filter(
        conversation_id=request.conversation_id, ended_at__lte=request.created_at
    ).order_by("-turn__ordinal", "-ordinal")
    return ended.values_list("pk", flat=True).first()


def _note_handoff(request: Request) -> None:
    """Have the answer before a request counted as handed off."""
    reply_id = _answer_before(request)
    if reply_id is not None:
        recorder.amend_outcome(reply_id, handed_off=True)


def note_nobody_came(request: Request) -> None:
    """Have the answer before a request counted as one whose handoff failed, once."""
    reply_id = _answer_before(request)
    if reply_id is not None:
        recorder.amend_outcome(reply_id, handoff_failed=True)


def receipt_mail(values: Any, request: Request) -> tuple[str, str]:
    """Return the first state of the visitor's receipt mail, with the reason when there is to be none."""
    recent = Request.objects.filter(email__iexact=request.email, created_at__gt=now() - timedelta(hours=1))
    if not values.get("confirm_requests", True):
        return Mailed.MailState.NONE, "Receipts by e-mail are switched off in the settings."
    if request.email.lower() == str(values.get("staff_email") or "").lower():
        return Mailed.MailState.NONE, "The address is the team's own."
    if recent.count() > RECEIPTS_AN_HOUR:
        return Mailed.MailState.NONE, f"This address got {RECEIPTS_AN_HOUR} receipts within an hour."
    return Mailed.MailState.PENDING, ""


def place(message: Message) -> None:
    """Store a message behind what its conversation holds by now."""
    request = message.request
    if request is not None:
        message.conversation_id = request.conversation_id
    if message.conversation_id:
        turns = Turn.objects.filter(conversation_id=message.conversation_id)
        message.after_turn = turns.order_by("-ordinal").first()
    message.save(force_insert=True)


def _wait(conversation_id: UUID | None) -> None:
    """Let the conversation wait for a person; the assistant goes on answering in it."""
    if conversation_id:
        ours = Conversation.objects.filter(pk=conversation_id).exclude(state=Conversation.State.WITH_STAFF)
        ours.update(state=Conversation.State.WAITING, updated_at=now())


def paragraphs(text: str) -> str:
    """Return plain text as HTML: escaped, with its lines, its links made to be followed."""
    return linebreaks(urlize(text, nofollow=True, autoescape=True))


# ---- answering -----------------------------------------------------------------------------------


def answer(request_id: UUID, user: User, text: str, seen_answers: int) -> Message:
    """Store staff's answer, mail it to the visitor and show it in the chat; the request is answered.

    `seen_answers` is how many answers the page showed. Raises TakenMeanwhile when there are more by now,
    and RequestRefused for an empty text, and while a live chat runs.
    """
    text = clean(text).strip()
    if not text:
        raise RequestRefused("text", "Write an answer first.", "empty")
    with transaction.atomic():
        ours = Request.objects.filter(pk=request_id, answers=seen_answers)
        if not ours.exclude(live__in=live_states.RUNNING).update(
            answers=F("answers") + 1, state=Request.State.ANSWERED, answered_at=now(), closed_at=None
        ):
            if Request.objects.filter(pk=request_id, live__in=live_states.RUNNING).exists():
                raise RequestRefused("text", IN_THE_CHAT, "live")
            raise TakenMeanwhile
        request = Request.objects.get(pk=request_id)
        message = Message(
            request=request, author=Message.Author.STAFF, user=user, text=text, html=paragraphs(text)
        )
        if not request.email:
            message.mail_state = Mailed.MailState.NONE
            message.mail_reason = "The visitor left no address; it stands in the chat."
        place(message)
        _go_on(request)
        help_desk.note_answered(request, message.pk, user)
        mail_queue.send_soon(message)
    return message


def close(request: Request, user: User | None = None, note: str = "") -> None:
    """Close a request: nothing more is to be done about it; `note` says why, for the team."""
    with transaction.atomic():
        Request.objects.filter(pk=request.pk).update(state=Request.State.CLOSED, closed_at=now())
        _go_on(request)
        help_desk.note(request, RequestEvent.Kind.CLOSED, user, clean(note).strip())


def reopen(request: Request, user: User | None = None) -> None:
    """Make a request new again, as something is still to be done."""
    with transaction.atomic():
        Request.objects.filter(pk=request.pk).update(state=Request.State.NEW, closed_at=None)
        _wait(request.conversation_id)
        help_desk.note(request, RequestEvent.Kind.REOPENED, user)


def _go_on(request: Request) -> None:
    """Take the conversation out of waiting once no request in it is new any more."""
    if not request.conversation_id:
        return
    new = Request.objects.filter(conversation_id=request.conversation_id, state=Request.State.NEW)
    if not new.exists():
        Conversation.objects.filter(pk=request.conversation_id, state=Conversation.State.WAITING).update(
            state=Conversation.State.OPEN, updated_at=now()
        )


def overdue(request: Request, at: datetime) -> bool:
    """Return whether a promise was broken: still new after the moment it was promised for."""
    return request.state == Request.State.NEW and request.answer_by is not None and request.answer_by < at

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

from assistant import frames, mail_queue, words
from assistant.languages import reply_language
from assistant.limits import RateLimited, request_limiter
from assistant.models import Conversation, Mailed, Message, Reply, Request, Turn
from assistant.reserved import is_reserved
from assistant.selectors import NotFound, conversation_of, reply_of
from assistant.services import stored_visitor
from assistant.who import Who
from common.clock import now
from common.text import clean, shorten
from routing import desk, recorder

TEXT_LIMIT = 4_000  # code points: a page of text; the transcript goes along anyway
EMAIL_LIMIT = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
NUMBER_TRIES = 5  # two requests may want the same number at the same moment on PostgreSQL
# Anybody may type any address: a stranger's mailbox gets at most so many receipts from us.
RECEIPTS_AN_HOUR = 3


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


def create(
    who: Who,
    reason: str,
    email: str,
    text: str,
    client_request_id: str,
    conversation_id: UUID | None = None,
    reply_id: UUID | None = None,
) -> Request:
    """Return the stored request, new or, for a `client_request_id` seen before, the one it made then.

    An empty `text` stands for the question that `reply_id` answers. Raises RequestRefused, RateLimited,
    and NotFound for a conversation or reply that is not this visitor's.
    """
    earlier = _earlier(who, client_request_id)
    if earlier is not None:
        return earlier
    reply = reply_of(who, reply_id) if reply_id else None
    conversation_id = conversation_id or (reply.conversation_id if reply else None)
    text = clean(text).strip() or (reply.turn.text[:TEXT_LIMIT] if reply else "")
    language = reply_language(text, who.language)
    email = _checked(clean(email).strip(), text, language)
    existing = _owned(who, conversation_id)
    _take(who, language)
    request = Request(
        client_request_id=client_request_id,
        reason=reason if reason in Request.Reason.values else Request.Reason.ASKED,
        email=email,
        text=text,
        language=language,
        reply=reply,
        conversation_id=conversation_id,
    )
    return _store(who, request, new_conversation=conversation_id is not None and existing is None)


@dataclass(frozen=True)
class HandedOver:
    """What the sockets of a conversation are told once a request is stored, and whether it was before."""

    conversation_id: UUID | None
    message: dict[str, Any]
    state: str
    repeated: bool = False


def hand_over(
    who: Who,
    reason: str,
    email: str,
    text: str,
    client_request_id: str,
    conversation_id: UUID,
    reply_id: UUID | None = None,
) -> HandedOver:
    """Store a request as `create` does, and return its receipt and the conversation's state."""
    repeated = _earlier(who, client_request_id) is not None
    request = create(who, reason, email, text, client_request_id, conversation_id, reply_id)
    receipt = request.messages.filter(author=Message.Author.SYSTEM).order_by("created_at")[0]
    row = request.conversation
    state = row.state if row else Conversation.State.OPEN.value
    return HandedOver(request.conversation_id, frames.message_view(receipt, request), state, repeated)


def _take(who: Who, language: str) -> None:
    """Count a request. Raises RateLimited with words for the visitor."""
    try:
        request_limiter().take(who)
    except RateLimited as limited:
        minutes = max(1, round(limited.retry_after / 60))
        text = words.words(language).too_many.format(minutes=minutes)
        raise RateLimited(limited.retry_after, text) from None


def _earlier(who: Who, client_request_id: str) -> Request | None:
    return Request.objects.filter(visitor_id=who.visitor_id, client_request_id=client_request_id).first()


def _checked(email: str, text: str, language: str) -> str:
    """Return the e-mail address. Raises RequestRefused for what nobody could answer."""
    said = words.words(language)
    try:
        if len(email) > EMAIL_LIMIT:
            raise ValidationError("too long")
        validate_email(email)
        # Django lets names through that no mail can be addressed to, and the staff's mail names it too.
        email.rpartition("@")[2].encode("idna")
    except (ValidationError, UnicodeError):
        raise RequestRefused("email", said.bad_email, "bad_email") from None
    if not text:
        raise RequestRefused("text", said.no_text, "empty")
    if len(text) > TEXT_LIMIT:
        raise RequestRefused("text", said.too_long.format(limit=f"{TEXT_LIMIT:,}"), "too_long")
    return email


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
            earlier = _earlier(who, request.client_request_id)
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
    request.save(force_insert=True)
    _note_handoff(request)
    by = request.answer_by
    text = words.received(values, request.language, request.number, request.email, by)
    receipt = Message(request=request, author=Message.Author.SYSTEM, text=text, html=_paragraphs(text))
    receipt.mail_state, receipt.mail_reason = _receipt_mail(values, request)
    _place(receipt)
    _wait(request.conversation_id)
    mail_queue.send_soon(request, receipt)
    return request


def _note_handoff(request: Request) -> None:
    """Have the answer that did not do counted as handed off: the one that is named, else the last."""
    reply_id = request.reply_id
    if reply_id is None and request.conversation_id:
        ended = Reply.objects.filter(conversation_id=request.conversation_id, ended_at__isnull=False)
        reply_id = ended.order_by("-turn__ordinal", "-ordinal").values_list("pk", flat=True).first()
    if reply_id is not None:
        recorder.amend_outcome(reply_id, handed_off=True)


def _receipt_mail(values: Any, request: Request) -> tuple[str, str]:
    """Return the first state of the visitor's receipt mail, with the reason when there is to be none."""
    recent = Request.objects.filter(email__iexact=request.email, created_at__gt=now() - timedelta(hours=1))
    if not values.get("confirm_requests", True):
        return Mailed.MailState.NONE, "Receipts by e-mail are switched off in the settings."
    if request.email.lower() == str(values.get("staff_email") or "").lower():
        return Mailed.MailState.NONE, "The address is the team's own."
    if recent.count() > RECEIPTS_AN_HOUR:
        return Mailed.MailState.NONE, f"This address got {RECEIPTS_AN_HOUR} receipts within an hour."
    return Mailed.MailState.PENDING, ""


def _place(message: Message) -> None:
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


def _paragraphs(text: str) -> str:
    """Return plain text as HTML: escaped, with its lines, its links made to be followed."""
    return linebreaks(urlize(text, nofollow=True, autoescape=True))


# ---- answering -----------------------------------------------------------------------------------


def answer(request_id: UUID, user: User, text: str, seen_answers: int) -> Message:
    """Store staff's answer, mail it to the visitor and show it in the chat; the request is answered.

    `seen_answers` is how many answers the page showed. Raises TakenMeanwhile when there are more by now,
    and RequestRefused for an empty text.
    """
    text = clean(text).strip()
    if not text:
        raise RequestRefused("text", "Write an answer first.", "empty")
    with transaction.atomic():
        ours = Request.objects.filter(pk=request_id, answers=seen_answers)
        if not ours.update(
            answers=F("answers") + 1, state=Request.State.ANSWERED, answered_at=now(), closed_at=None
        ):
            raise TakenMeanwhile
        request = Request.objects.get(pk=request_id)
        message = Message(
            request=request, author=Message.Author.STAFF, user=user, text=text, html=_paragraphs(text)
        )
        _place(message)
        _go_on(request)
        mail_queue.send_soon(message)
    return message


def close(request: Request) -> None:
    """Close a request: nothing more is to be done about it."""
    with transaction.atomic():
        Request.objects.filter(pk=request.pk).update(state=Request.State.CLOSED, closed_at=now())
        _go_on(request)


def reopen(request: Request) -> None:
    """Make a request new again, as something is still to be done."""
    with transaction.atomic():
        Request.objects.filter(pk=request.pk).update(state=Request.State.NEW, closed_at=None)
        _wait(request.conversation_id)


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

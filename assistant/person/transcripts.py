"""A conversation sent by e-mail: at its visitor's wish, or by staff to the address they were given."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from assistant import mail_queue, mailing, unasked, words
from assistant.languages import DEFAULT
from assistant.limits import RateLimited
from assistant.models import Conversation, Message, Request, Transcript, Turn
from assistant.own_words import with_own_words
from assistant.person.letters import AUTOMATIC
from assistant.person.requests import EMAIL_LIMIT, RequestRefused
from assistant.selectors import NotFound, conversation_of
from assistant.who import Who
from common.clock import now
from common.text import clean
from routing import desk

TURNS = 200  # the last ones; 500 words each are a mail of a few hundred kilobytes at the most
# Anybody may type any address: a stranger's mailbox gets at most so many transcripts from us.
AN_HOUR_TO_AN_ADDRESS = 3
A_DAY_OF_A_CONVERSATION = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ask(who: Who, conversation_id: UUID, email: str) -> Transcript:
    """Have a visitor's conversation sent to an address.

    Raises NotFound, RequestRefused for an address nobody could be mailed at, and RateLimited with words.
    """
    conversation = conversation_of(who, conversation_id)
    if conversation is None:
        raise NotFound("conversation")
    return _order(conversation, email, who.language or DEFAULT, None)


def send(conversation: Conversation, email: str, language: str, user: User) -> Transcript:
    """Have a conversation sent to the address its visitor gave, by staff. Raises as `ask` does."""
    return _order(conversation, email, language or DEFAULT, user)


def at_a_wish(request: Request) -> Transcript | None:
    """Have the conversation of a request sent where its visitor wants it.

    Over the limit nothing is sent, and a row says why to the team: the visitor has one already.
    """
    conversation, email = request.conversation, request.transcript_to
    if conversation is None:
        return None
    try:
        return _order(conversation, email, request.language or DEFAULT, None)
    except RateLimited:
        return Transcript.objects.create(
            conversation=conversation,
            email=email,
            language=request.language,
            mail_state=Transcript.MailState.NONE,
            mail_reason="This address or conversation has had its share of transcripts.",
        )


def _order(conversation: Conversation, email: str, language: str, user: User | None) -> Transcript:
    address = clean(email).strip()
    try:
        validate_email(address)
        address.rpartition("@")[2].encode("idna")
    except (ValidationError, UnicodeError):
        raise RequestRefused("email", words.words(language).bad_email, "bad_email") from None
    if len(address) > EMAIL_LIMIT:
        raise RequestRefused("email", words.words(language).bad_email, "bad_email")
    with transaction.atomic():
        # One after the other, so that two at once do not both find room; SQLite has one writer anyway.
        list(Conversation.objects.select_for_update(no_key=True).filter(pk=conversation.pk))
        _check(conversation, address, language)
        row = Transcript.objects.create(
            conversation=conversation, email=address, language=language, user=user
        )
        mail_queue.send_soon(row)
    return row


def _check(conversation: Conversation, email: str, language: str) -> None:
    """Raise RateLimited when an address or a conversation has had its share."""
    at = now()
    sent = Transcript.objects.exclude(mail_state=Transcript.MailState.NONE)
    to = sent.filter(email__iexact=email, created_at__gt=at - HOUR)
    of = sent.filter(conversation=conversation, created_at__gt=at - DAY)
    for rows, most, span in ((to, AN_HOUR_TO_AN_ADDRESS, HOUR), (of, A_DAY_OF_A_CONVERSATION, DAY)):
        last = list(rows.order_by("-created_at").values_list("created_at", flat=True)[:most])
        if len(last) == most:
            wait = max(60, int((last[-1] + span - at).total_seconds()))
            text = words.words(language).too_many.format(minutes=max(1, round(wait / 60)))
            raise RateLimited(wait, text)


def deliver(pk: UUID) -> None:
    """Send a transcript, if it is still to be sent and no other worker is at it."""
    row = Transcript.objects.select_related("conversation").filter(pk=pk).first()
    if row is None or row.mail_state != row.MailState.PENDING or not mail_queue.claim(row):
        return
    host = urlsplit(settings.ENV.origins[0]).hostname
    headers = {**AUTOMATIC, "Auto-Submitted": "auto-replied", "Message-ID": f"<transcript-{row.pk}@{host}>"}
    values = desk.settings()
    staff = str(values.get("staff_email") or "")
    subject = words.words(row.language).transcript_subject.format(name=str(values.get("name") or "us"))

    def post() -> None:
        mailing.send([row.email], subject, text_of(row), [staff] if staff else [], headers)

    mail_queue.deliver(row, post)
    if row.mail_state == row.MailState.SENT:
        wished = Request.objects.filter(conversation=row.conversation, transcript_to=row.email)
        wished.filter(transcript_sent_at=None).update(transcript_sent_at=now())


def text_of(row: Transcript) -> str:
    """Return the mail: what visitor, assistant and staff said until it was ordered, oldest first."""
    said = words.words(row.language)
    turns = Turn.objects.filter(conversation=row.conversation_id, created_at__lte=row.created_at)
    count = turns.count()
    shown = list(turns.prefetch_related("replies").order_by("-ordinal")[:TURNS])[::-1]
    head = [said.hello, "", said.transcript]
    if count > len(shown):
        head += ["", said.transcript_cut.format(count=len(shown))]
    return "\n".join([*head, "", *_lines(row, shown), said.automatic]) + "\n"


def _lines(row: Transcript, turns: list[Turn]) -> list[str]:
    said, zone = words.words(row.language), words.zone_of(desk.settings())
    after: defaultdict[UUID | None, list[Any]] = defaultdict(list)
    messages = Message.objects.filter(conversation=row.conversation_id, created_at__lte=row.created_at)
    for message in with_own_words(messages).order_by("created_at"):
        after[message.after_turn_id].append(message)
    lines = _written(after[None], row.language, zone)
    for turn in turns:
        lines += [f"{said.visitor} ({_clock(turn.created_at, zone)}):", turn.text, ""]
        for reply in turn.replies.all():
            words_of_it = reply.text or reply.notice
            # A reply without a word was none: a person answered, or nothing that was new came of it.
            if words_of_it and not unasked.is_quiet(reply) and reply.created_at <= row.created_at:
                lines += [f"{said.assistant}:", words_of_it, ""]
        lines += _written(after[turn.pk], row.language, zone)
    return lines


def _written(messages: list[Any], language: str, zone: ZoneInfo) -> list[str]:
    said = words.words(language)
    lines: list[str] = []
    for message in messages:
        if message.own_words:
            lines += [f"{said.visitor} ({_clock(message.created_at, zone)}):", message.own_words, ""]
        who = said.staff if message.author == Message.Author.STAFF else said.assistant
        lines += [f"{who} ({_clock(message.created_at, zone)}):", message.text, ""]
    return lines


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"

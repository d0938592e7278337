"""The three mails about a request: to the staff, the visitor's receipt, and the staff's answer.

Plain text. Their Message-IDs are made of the rows' ids, so that an answer threads under its receipt.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from assistant import mail_queue, mailing, unasked, words
from assistant.models import Message, Reply, Request, Turn
from common.text import shorten
from routing import desk
from routing.models import ModelCall, Route

TRANSCRIPT_TURNS = 20  # the last ones; the admin has them all
LINE = "-" * 60
# RFC 3834: no machine answers these, so two that answer automatically cannot keep each other busy.
AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def deliver(kind: str, pk: UUID) -> None:
    """Send the mail of a row, if it is still to be sent and no other worker is at it."""
    row = (Request if kind == "request" else Message)._default_manager.filter(pk=pk).first()
    if row is None or row.mail_state != row.MailState.PENDING or not mail_queue.claim(row):
        return
    if isinstance(row, Request):
        to_staff(row)
    elif row.author == Message.Author.STAFF:
        to_visitor(row)
    else:
        receipt(row)


# ---- the three mails -----------------------------------------------------------------------------


def to_staff(request: Request) -> None:
    """Tell the staff about a request: what was asked, what was said, and why the assistant could not help."""
    to = str(desk.settings().get("staff_email") or "")
    lacking = "" if to else "No staff e-mail is set in the assistant settings."
    headers = {**AUTOMATIC, "Message-ID": _id_of("request", request.pk)}

    def send() -> None:
        subject = f"[Request {request.number}] {shorten(request.text, 80)}"
        mailing.send([to], subject, staff_text(request), reply_to=[request.email], headers=headers)

    mail_queue.deliver(request, send, lacking)


def receipt(message: Message) -> None:
    """Confirm a request to its visitor, with what was said so far."""
    request = _request_of(message)
    headers = {**AUTOMATIC, "Auto-Submitted": "auto-replied", "Message-ID": _id_of("message", message.pk)}

    def send() -> None:
        mailing.send(
            [request.email], _subject(request), receipt_text(request, message), _team(), headers=headers
        )

    mail_queue.deliver(message, send)


def to_visitor(message: Message) -> None:
    """Send what staff wrote, in the thread of the receipt."""
    request = _request_of(message)
    before = request.messages.filter(created_at__lt=message.created_at).order_by("created_at")
    thread = [_id_of("message", pk) for pk in before.values_list("pk", flat=True)]
    headers = {"Message-ID": _id_of("message", message.pk)}
    if thread:
        headers |= {"In-Reply-To": thread[-1], "References": " ".join(thread)}

    def send() -> None:
        mailing.send(
            [request.email], f"Re: {_subject(request)}", answer_text(request, message), _team(), headers
        )

    mail_queue.deliver(message, send)


def _request_of(message: Message) -> Request:
    if message.request is None:
        raise ValueError(f"message {message.pk} belongs to no request and cannot be mailed")
    return message.request


def _id_of(kind: str, pk: UUID) -> str:
    """Return the Message-ID of a row's mail: the same at every try, so that a mail sent twice is one."""
    return f"<{kind}-{pk}@{urlsplit(settings.ENV.origins[0]).hostname}>"


def _subject(request: Request) -> str:
    name = str(desk.settings().get("name") or "us")
    return words.words(request.language).subject.format(number=request.number, name=name)


def _team() -> list[str]:
    """Return where a visitor's answer goes: the staff's address; without one, the sender's."""
    staff = str(desk.settings().get("staff_email") or "")
    return [staff] if staff else []


# ---- their texts ---------------------------------------------------------------------------------


def staff_text(request: Request) -> str:
    """Return the mail to the staff: the request, the transcript, and the receipt in plain words."""
    values = desk.settings()
    promise = "nothing was promised"
    if request.answer_by is not None:
        promise = f"by {words.moment_text(request.answer_by, words.zone_of(values), 'en')}"
    address = mailing.address_of(reverse("admin:assistant_request_change", args=[request.pk]))
    parts = [
        f"Request no. {request.number} from {request.email}",
        f"Why: {request.get_reason_display()}. Answer: {promise}.",
        "",
        request.text,
        "",
        f"Answer it here: {address}",
        "Or answer this mail: it goes to the visitor, but the desk will not know and the request stays new.",
    ]
    if turns := _turns(request.conversation_id):
        parts += ["", LINE, "What was said", "", *_transcript(turns, "en", "Visitor")]
        parts += ["", LINE, "What the assistant did", "", *plain_receipt(turns)]
    return "\n".join(parts) + "\n"


def receipt_text(request: Request, message: Message) -> str:
    """Return the receipt in the visitor's language."""
    said = words.words(request.language)
    parts = [said.hello, "", message.text, "", said.you_wrote, "", *_quoted(request.text)]
    if turns := _turns(request.conversation_id):
        parts += ["", said.conversation, "", *_transcript(turns, request.language, said.visitor)]
    parts += ["", *([said.answer_here] if _team() else []), said.automatic]
    return "\n".join(parts) + "\n"


def answer_text(request: Request, message: Message) -> str:
    """Return the staff's answer with the request below it."""
    said = words.words(request.language)
    name = str(desk.settings().get("name") or "")
    sign = [said.staff, *([name] if name else [])]
    return "\n".join([message.text, "", "-- ", *sign, "", said.you_wrote, "", *_quoted(request.text)]) + "\n"


def _quoted(text: str) -> list[str]:
    return [f"> {line}" for line in text.splitlines()]


def _turns(conversation_id: UUID | None) -> list[Turn]:
    """Return what was said; nothing for a conversation that began with the request."""
    if conversation_id is None:
        return []
    turns = Turn.objects.filter(conversation_id=conversation_id).prefetch_related("replies")
    return list(turns.order_by("-ordinal")[:TRANSCRIPT_TURNS])[::-1]


def _transcript(turns: Iterable[Turn], language: str, visitor: str) -> list[str]:
    said, zone = words.words(language), words.zone_of(desk.settings())
    lines: list[str] = []
    for turn in turns:
        lines += [f"{visitor} ({_clock(turn.created_at, zone)}):", turn.text, ""]
        for reply in turn.replies.all():
            if unasked.is_quiet(reply):
                continue  # nobody has read it; its receipt is in the team's mail
            lines += [f"{said.assistant}:", reply.text or reply.notice or "-", ""]
    return lines[:-1]


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def plain_receipt(turns: Sequence[Turn]) -> list[str]:
    """Return, in words, each reply's route, its reason, the models that were tried, and their errors."""
    replies = [reply for turn in turns for reply in turn.replies.all()]
    names = dict(Route.objects.values_list("slug", "name"))
    calls: dict[UUID, list[ModelCall]] = {}
    for call in ModelCall.objects.filter(reply_id__in=[reply.pk for reply in replies]).order_by("attempt"):
        if call.reply_id is not None:
            calls.setdefault(call.reply_id, []).append(call)
    lines: list[str] = []
    for reply in replies:
        lines += _reply_lines(reply, names.get(reply.route, reply.route), calls.get(reply.pk, []))
    return lines


def _reply_lines(reply: Reply, route: str, calls: Iterable[ModelCall]) -> list[str]:
    record = reply.decision if isinstance(reply.decision, dict) else {}
    reason = str(record.get("reason") or "no reason was recorded").rstrip(".")
    lines = [f"“{shorten(reply.turn.text, 70)}”", f"  Route: {route or 'undecided'}, because: {reason}."]
    lines += [f"  Asked {call.asked_model}: {_outcome(call)}" for call in calls] or ["  No model was asked."]
    ended = f", ended by {reply.ended_by}" if reply.ended_by not in ("", "finish") else ""
    return [*lines, f"  Result: {reply.get_state_display().lower()}{ended}.", ""]


def _outcome(call: ModelCall) -> str:
    if not call.error_class:
        return f"answered ({call.finish_reason or 'no finish reason'})."
    status = f", HTTP {call.http_status}" if call.http_status else ""
    return f"failed, {call.error_class}{status}. {shorten(call.error_detail, 160)}".rstrip()

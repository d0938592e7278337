"""What happens to requests, noted for the team and told to a help desk by webhook, if one is set up.

The row of an event is the queue (common/tries.py); the message to Celery only makes it quicker. The events
of one request go out in order: one waits while an older one is to be told, until that is given up.
"""

import json
import logging
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from kombu.exceptions import OperationalError as BrokerGone

from assistant import mailing, webhook
from assistant.models import LiveState, Message, Request, RequestEvent, Turn, Visitor
from common.clock import now, ticks
from common.tries import Queue

logger = logging.getLogger(__name__)

FORMAT = 1  # of the JSON; it grows by names, and a name keeps its meaning
TASK = "assistant.tell_help_desk"
SPEND_S = 10.0  # of one run; mails wait behind it, and the rest comes with the next run
AT_ONCE = 50  # events read at once; the next ones are looked for when these are through
QUEUE = Queue(state="told", done="told")
Kind, Told = RequestEvent.Kind, RequestEvent.Told
# What only this desk's own pages show: a help desk follows the conversation, not our paperwork.
OURS = frozenset({Kind.OFFERED, Kind.DECLINED, Kind.RELEASED, Kind.REOPENED})


def set_up() -> bool:
    """Return whether a help desk is told."""
    return bool(settings.ENV.help_desk_url)


def where() -> str:
    """Return the host that is told, without a path or password that may be secret; "" for none."""
    return urlsplit(settings.ENV.help_desk_url).netloc.rpartition("@")[2] if set_up() else ""


def note(request: Request | None, kind: str, user: User | None = None, words: str = "") -> RequestEvent:
    """Store what happened to a request, in the caller's transaction, and have the help desk told."""
    return _store(RequestEvent(request=request, kind=kind, user=user, note=words[:1000], created_at=now()))


def note_written(request: Request, about: UUID, user: User | None = None) -> None:
    """Have the help desk told what a visitor (`about` is the turn) or staff (the message) wrote live.

    Nothing is stored without a help desk: the transcript says it already.
    """
    if set_up():
        _store(RequestEvent(request=request, kind=Kind.MESSAGE, user=user, about=about, created_at=now()))


def note_asked(turn: Turn) -> None:
    """Have the help desk told what a visitor wrote while a person has the conversation."""
    if set_up():
        rows = Request.objects.filter(conversation=turn.conversation_id, live=LiveState.WITH_STAFF)
        for request in rows:
            note_written(request, turn.pk)


def note_answered(request: Request, about: UUID, user: User) -> None:
    """Note an answer by e-mail (`about` is its message), and have the help desk told."""
    kind = Kind.ANSWERED
    _store(RequestEvent(request=request, kind=kind, user=user, about=about, created_at=now()))


def _store(event: RequestEvent) -> RequestEvent:
    if set_up() and event.kind not in OURS:
        event.told = Told.PENDING
        transaction.on_commit(_hand_over)
    event.save(force_insert=True)
    return event


def _hand_over() -> None:
    try:
        # No retry: a visitor may be waiting, and beat comes by anyway.
        current_app.send_task(TASK, retry=False)
    except (BrokerGone, OSError) as error:
        logger.warning("no broker, the help desk is told by beat: %s", error)


# ---- telling -------------------------------------------------------------------------------------


def deliver_due(at: datetime) -> None:
    """Tell what is due, the oldest first and each request's in order, for SPEND_S at most."""
    until, tried = ticks() + SPEND_S, set[UUID]()
    # What was told makes way for the next event of its request, which the next look finds.
    while rows := [row for row in _due(at) if row.pk not in tried]:
        for row in rows:
            if ticks() > until:
                return
            tried.add(row.pk)
            deliver(row)


def _due(at: datetime) -> list[RequestEvent]:
    before = Q(created_at__lt=OuterRef("created_at")) | Q(
        created_at=OuterRef("created_at"), pk__lt=OuterRef("pk")
    )
    older = RequestEvent.objects.filter(before, request=OuterRef("request"), told=Told.PENDING)
    rows = QUEUE.due(RequestEvent.objects.filter(~Exists(older)), at).order_by("created_at", "pk")
    return list(rows.select_related("request__visitor", "user")[:AT_ONCE])


def deliver(row: RequestEvent) -> None:
    """Post one event, unless another worker is at it, and store what became of it."""
    if QUEUE.take(row) and not QUEUE.attempt(row, lambda: _post(row), (webhook.WebhookFailed,)):
        # Without the reason, which may name an address; the page shows it.
        logger.warning("event %s not told to the help desk, try %d", row.pk, row.attempts)


def _post(row: RequestEvent) -> None:
    url, secret = settings.ENV.help_desk_url, settings.ENV.help_desk_secret
    if not url:
        raise webhook.WebhookFailed("HELP_DESK_WEBHOOK_URL is empty now")
    body = json.dumps(payload(row), ensure_ascii=False).encode()
    webhook.post(url, secret, body, str(row.pk), int(now().timestamp()))


def test() -> RequestEvent:
    """Post a test event at once, and return it with what became of it."""
    row = RequestEvent.objects.create(kind=Kind.TEST, told=Told.PENDING, created_at=now())
    deliver(row)
    if row.told == Told.PENDING:  # somebody looks at the page now: it is not tried again
        QUEUE.note(row, Told.FAILED, row.reason)
    return row


def send_again() -> int:
    """Start over with the events that were given up, and return how many they are; tests are left alone."""
    with transaction.atomic():
        rows = RequestEvent.objects.filter(told=Told.FAILED).exclude(kind=Kind.TEST)
        count = rows.update(**QUEUE.anew())
        transaction.on_commit(_hand_over)
    return count


def said(row: RequestEvent, at: datetime) -> str:
    """Return in words, for staff, what became of telling an event."""
    return "not for the help desk" if row.told == Told.NONE else QUEUE.said(row, at)


# ---- what is told --------------------------------------------------------------------------------


def payload(row: RequestEvent) -> dict[str, Any]:
    """Return the JSON of an event; docs/inbox.md names every field."""
    name = "test" if row.kind == Kind.TEST else f"request.{row.kind}"
    return {
        "format": FORMAT,
        "event": name,
        "delivery": str(row.pk),
        "at": row.created_at.isoformat(),
        "by": row.user.get_username() if row.user else None,
        "note": row.note or None,
        "message": _message(row),
        "rating": row.request.person_rating if row.request and row.kind == Kind.RATED else None,
        "request": _request(row.request) if row.request else None,
    }


def _message(row: RequestEvent) -> dict[str, Any] | None:
    """Return what was written, None for another kind of event, or when it has been deleted since."""
    if row.about is None:
        return None
    said_by_staff = Message.objects.filter(pk=row.about).first()
    if said_by_staff is not None:
        author, text, at = said_by_staff.author, said_by_staff.text, said_by_staff.created_at
    else:
        turn = Turn.objects.filter(pk=row.about).first()
        if turn is None:
            return None
        author, text, at = "visitor", turn.text, turn.created_at
    return {"id": str(row.about), "author": author, "text": text, "at": at.isoformat()}


def _request(request: Request) -> dict[str, Any]:
    path = reverse("admin:assistant_request_change", args=[request.pk])
    return {
        "id": str(request.pk),
        "number": request.number,
        "state": request.state,
        "live": request.live or None,
        "reason": request.reason,
        "email": request.email or None,
        "text": request.text,
        "language": request.language,
        "plan": request.visitor.plan or None,
        "identity": _identity(request.visitor),
        "site": request.visitor.site,
        "conversation": str(request.conversation_id) if request.conversation_id else None,
        "created_at": request.created_at.isoformat(),
        "answer_by": request.answer_by.isoformat() if request.answer_by else None,
        "link": mailing.address_of(path),
    }


def _identity(visitor: Visitor) -> dict[str, str] | None:
    """Return who a site has vouched for, None for somebody whom nobody knows."""
    if not visitor.external_id:
        return None
    return {"id": visitor.external_id, "name": visitor.name, "email": visitor.email}

"""Which mails are to be sent, when again after a failure, and what became of them.

A row's mail state is the queue (common/tries.py): the message to Celery only makes it quicker, and beat
sends what no worker heard of.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerGone

from assistant import mailing
from assistant.models import Mailed, Message, Request, Transcript
from common.tries import Queue

logger = logging.getLogger(__name__)

TASK = "assistant.send_mail"
QUEUE = Queue(state="mail_state", reason="mail_reason", attempts="mail_attempts", tried_at="mail_tried_at")
DUE_AT_ONCE = 50  # so many a run of beat; the rest comes with the next run

KINDS: dict[str, type[Request] | type[Message] | type[Transcript]] = {
    "request": Request,
    "message": Message,
    "transcript": Transcript,
}


def kind_of(row: Mailed) -> str:
    """Return the name by which a task finds a row's table."""
    return next(name for name, table in KINDS.items() if isinstance(row, table))


def send_soon(*rows: Mailed) -> None:
    """Have the mails of rows sent once this transaction is stored; without a broker beat sends them."""
    waiting = [(kind_of(row), str(row.pk)) for row in rows if row.mail_state == Mailed.MailState.PENDING]
    if waiting:
        transaction.on_commit(lambda: _hand_over(waiting))


def _hand_over(waiting: Iterable[tuple[str, str]]) -> None:
    try:
        for kind, pk in waiting:
            # No retry: the visitor is waiting for the receipt, and beat comes by anyway.
            current_app.send_task(TASK, args=(kind, pk), retry=False)
    except (BrokerGone, OSError) as error:
        logger.warning("no broker, the mail waits for beat: %s", error)


def due(at: datetime) -> list[tuple[str, UUID]]:
    """Return kind and id of the mails that are to be sent by now, the longest waiting first."""
    found: list[tuple[str, UUID]] = []
    for kind, table in KINDS.items():
        rows = QUEUE.due(table._default_manager.all(), at)
        ids = rows.order_by("created_at").values_list("pk", flat=True)[:DUE_AT_ONCE]
        found.extend((kind, pk) for pk in ids)
    return found


def claim(row: Mailed) -> bool:
    """Count a try of a row's mail as this worker's; False when another one was first."""
    return QUEUE.take(row)


def deliver(row: Mailed, send: Callable[[], None], lacking: str = "") -> None:
    """Send a claimed row's mail and store what became of it.

    `lacking` says which setting is missing, "" for none. After the last try a mail counts as failed.
    """
    if not lacking and not mailing.configured():
        lacking = "No mail server is set: EMAIL_URL is empty."
    if lacking:
        QUEUE.note(row, Mailed.MailState.NOT_CONFIGURED, lacking)
    elif not QUEUE.attempt(row, send, (mailing.MailFailed,)):
        logger.warning("mail of %s %s not sent, try %d", kind_of(row), row.pk, row.mail_attempts)


def send_again(row: Mailed) -> None:
    """Start over with a row's mail, as staff asked; also one whose mail server was not set before."""
    with transaction.atomic():
        for name, value in QUEUE.anew().items():
            setattr(row, name, value)
        row.save(update_fields=list(QUEUE.anew()))
        send_soon(row)


def said(row: Mailed, at: datetime) -> str:
    """Return in words, for staff, what became of a mail and what happens next; "" when it was sent."""
    states, reason = Mailed.MailState, row.mail_reason.rstrip(".")
    if row.mail_state == states.SENT:
        return ""
    if row.mail_state == states.NOT_CONFIGURED:
        return f"Not sent: {reason}."
    if row.mail_state == states.NONE:
        return f"No mail: {reason}." if reason else ""
    words = QUEUE.said(row, at)
    return f"{words[0].upper()}{words[1:]}."

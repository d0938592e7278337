"""Which mails are to be sent, when again after a failure, and what became of them.

A row's mail state is the queue: the message to Celery only makes it quicker, and beat sends what no
worker heard of. A row is claimed by a conditional update, so that two workers do not send it twice.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import Q
from kombu.exceptions import OperationalError as BrokerGone

from assistant import mailing
from assistant.models import Mailed, Message, Request
from common.clock import now

logger = logging.getLogger(__name__)

TASK = "assistant.send_mail"
# Minutes until the next try: a restarted mail server, a longer fault, a night. Then people are asked.
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
MOST_TRIES = len(BACKOFF) + 1
DUE_AT_ONCE = 50  # so many a run of beat; the rest comes with the next run

KINDS: dict[str, type[Request] | type[Message]] = {"request": Request, "message": Message}


def kind_of(row: Mailed) -> str:
    """Return the name by which a task finds a row's table."""
    return "request" if isinstance(row, Request) else "message"


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
    ready = Q(mail_attempts=0)
    for attempts, pause in enumerate(BACKOFF, start=1):
        ready |= Q(mail_attempts=attempts, mail_tried_at__lt=at - pause)
    # A worker that was killed in the last try left no word of it: once more, so that it ends in words.
    ready |= Q(mail_attempts__gte=MOST_TRIES, mail_tried_at__lt=at - BACKOFF[-1])
    found: list[tuple[str, UUID]] = []
    for kind, table in KINDS.items():
        rows = table._default_manager.filter(ready, mail_state=Mailed.MailState.PENDING)
        ids = rows.order_by("created_at").values_list("pk", flat=True)[:DUE_AT_ONCE]
        found.extend((kind, pk) for pk in ids)
    return found


def claim(row: Mailed) -> bool:
    """Count a try of a row's mail as this worker's; False when another one was first."""
    ours = type(row)._default_manager.filter(
        pk=row.pk, mail_state=Mailed.MailState.PENDING, mail_attempts=row.mail_attempts
    )
    moment = now()
    if not ours.update(mail_attempts=row.mail_attempts + 1, mail_tried_at=moment):
        return False
    row.mail_attempts, row.mail_tried_at = row.mail_attempts + 1, moment
    return True


def deliver(row: Mailed, send: Callable[[], None], lacking: str = "") -> None:
    """Send a claimed row's mail and store what became of it.

    `lacking` says which setting is missing, "" for none. After MOST_TRIES a mail counts as failed.
    """
    states = Mailed.MailState
    if not lacking and not mailing.configured():
        lacking = "No mail server is set: EMAIL_URL is empty."
    if lacking:
        _note(row, states.NOT_CONFIGURED, lacking)
        return
    try:
        send()
    except mailing.MailFailed as error:
        gave_up = row.mail_attempts >= MOST_TRIES
        logger.warning("mail of %s %s not sent, try %d", kind_of(row), row.pk, row.mail_attempts)
        _note(row, states.FAILED if gave_up else states.PENDING, str(error))
        return
    _note(row, states.SENT, "")


def _note(row: Mailed, state: str, reason: str) -> None:
    row.mail_state, row.mail_reason = state, reason[:400]
    row.save(update_fields=["mail_state", "mail_reason"])


def send_again(row: Mailed) -> None:
    """Start over with a row's mail, as staff asked; also one whose mail server was not set before."""
    with transaction.atomic():
        row.mail_state, row.mail_reason, row.mail_attempts = Mailed.MailState.PENDING, "", 0
        row.mail_tried_at = None
        row.save(update_fields=["mail_state", "mail_reason", "mail_attempts", "mail_tried_at"])
        send_soon(row)


def said(row: Mailed, at: datetime) -> str:
    """Return in words, for staff, what became of a mail and what happens next; "" when it was sent."""
    states, reason = Mailed.MailState, row.mail_reason.rstrip(".")
    if row.mail_state == states.FAILED:
        return f"Not sent after {row.mail_attempts} tries: {reason}."
    if row.mail_state == states.NOT_CONFIGURED:
        return f"Not sent: {reason}."
    if row.mail_state == states.NONE:
        return f"No mail: {reason}." if reason else ""
    if row.mail_state != states.PENDING:
        return ""
    if not row.mail_reason or row.mail_tried_at is None:
        return "About to be sent."
    again = row.mail_tried_at + BACKOFF[min(row.mail_attempts, len(BACKOFF)) - 1]
    minutes = max(0, round((again - at).total_seconds() / 60))
    return f"Not sent yet: {reason}. The next try comes in {minutes} min."

"""Who is told about an incident, and the queue of what is still to be told.

A row is one message on one channel. It is stored with the incident and is the queue (common/tries.py); so a
message is neither lost nor, as far as its receiver answers, sent twice.
"""

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from assistant import alert_letters, mailing, webhook
from assistant.person.letters import AUTOMATIC
from common.clock import now, ticks
from common.tries import Queue
from routing import desk
from routing.models import AlertMessage, Incident

logger = logging.getLogger(__name__)

Channel = AlertMessage.Channel
QUEUE = Queue()
SPEND_S = 10.0  # of one run; the roll-up waits behind it, and the rest comes with the next run


def recipients(values: Mapping[str, Any]) -> list[str]:
    """Return who is mailed about incidents: the list of its own, else the staff's address."""
    own = str(values.get("alert_emails") or "").split()
    staff = str(values.get("staff_email") or "")
    return own or ([staff] if staff else [])


def channels() -> list[tuple[str, str]]:
    """Return the channels that are set up, each with where it leads to, in words that hold no secret."""
    found: list[tuple[str, str]] = []
    to = recipients(desk.settings())
    if to and mailing.configured():
        found.append((Channel.MAIL, ", ".join(to)))
    if settings.ENV.webhook_url:
        found.append((Channel.WEBHOOK, urlsplit(settings.ENV.webhook_url).netloc.rpartition("@")[2]))
    return found


def tell(incident: Incident, event: str) -> None:
    """Queue the messages about an incident's opening, or about its end to whoever was told of the opening."""
    if event == AlertMessage.Event.OPENED:
        told = channels()
    else:
        opened = incident.messages.filter(event=AlertMessage.Event.OPENED)
        told = list(opened.values_list("channel", "to"))
    AlertMessage.objects.bulk_create(
        (
            AlertMessage(incident=incident, event=event, channel=channel, to=to, created_at=now())
            for channel, to in told
        ),
        ignore_conflicts=True,
    )


# ---- sending -------------------------------------------------------------------------------------


def deliver_due(at: datetime) -> None:
    """Send what is due, the oldest first, for SPEND_S at most."""
    until = ticks() + SPEND_S
    for row in list(QUEUE.due(AlertMessage.objects.all(), at).select_related("incident")):
        if ticks() > until:
            return
        if QUEUE.take(row) and not QUEUE.attempt(row, partial(_send, row), FAILURES):
            # Without the reason, which may name an address; the page shows it.
            logger.warning("alert %s by %s not sent, try %d", row.pk, row.channel, row.attempts)


FAILURES = (mailing.MailFailed, webhook.WebhookFailed)


def _send(row: AlertMessage) -> None:
    if row.channel == Channel.MAIL:
        _mail(row)
    else:
        _post(row)


def _mail(row: AlertMessage) -> None:
    incident, host = row.incident, urlsplit(settings.ENV.origins[0]).hostname
    headers = {**AUTOMATIC, "Message-ID": f"<{alert_letters.delivery(incident, row.event)}@{host}>"}
    if row.event == AlertMessage.Event.CLOSED:
        opened = f"<{alert_letters.delivery(incident, AlertMessage.Event.OPENED)}@{host}>"
        headers |= {"In-Reply-To": opened, "References": opened}
    mailing.send(
        row.to.split(", "),
        alert_letters.subject(incident, row.event),
        alert_letters.text(incident, row.event),
        headers=headers,
    )


def _post(row: AlertMessage) -> None:
    url, secret = settings.ENV.webhook_url, settings.ENV.webhook_secret
    if not url:
        raise webhook.WebhookFailed("ALERT_WEBHOOK_URL is empty now")
    body = json.dumps(alert_letters.payload(row.incident, row.event), ensure_ascii=False).encode()
    moment = int(now().timestamp())
    webhook.post(url, secret, body, alert_letters.delivery(row.incident, row.event), moment)


def said(row: AlertMessage, at: datetime) -> str:
    """Return in words, for staff, what became of a message."""
    return QUEUE.said(row, at)

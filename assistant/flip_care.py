"""The minute's look at changes, and the one mail that staff get where a limit broke."""

import logging
from datetime import datetime

from django.urls import reverse

from assistant import alerts, mailing
from routing import desk, flip_watch
from routing.flip_watch import Said

logger = logging.getLogger(__name__)


def run(now: datetime) -> list[Said]:
    """Count what follows the changes, roll back what broke a limit, and write to staff about it."""
    found = flip_watch.watch(now)
    for said in found:
        mail(said)
    return found


def mail(said: Said) -> None:
    """Write once about a limit that broke, where there is a mail server and somebody to write to."""
    to = alerts.recipients(desk.settings())
    if not to or not mailing.configured():
        return
    try:
        mailing.send(to, subject_of(said), text_of(said))
    except mailing.MailFailed as error:
        logger.warning("the mail about a change of %s was not sent: %s", said.record.route_slug, error)


def subject_of(said: Said) -> str:
    """Return the subject of the mail."""
    done = "rolled back by itself" if said.rolled_back else "broke a limit and was not rolled back"
    return f"[Changes] {said.record.route_slug}: a change {done}"


def text_of(said: Said) -> str:
    """Return the mail's text: what broke, what was done, and where the figures are."""
    path = reverse("admin:routing_fliprecord_change", args=[said.record.pk])
    return "\n\n".join(
        [
            said.text,
            f"Before and after: {mailing.address_of(path)}",
            "This is written once about each change.",
        ]
    )

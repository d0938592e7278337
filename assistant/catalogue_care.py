"""The daily check of the catalogue, and the one mail that staff get about each thing it finds."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse

from assistant import mailing
from routing import caring, desk
from routing.models import CatalogueNotice

logger = logging.getLogger(__name__)


def run(now: datetime) -> list[CatalogueNotice]:
    """Check the catalogue and write to staff about what is new; return the open notices."""
    found = caring.check(now)
    _mail(caring.unmailed(), now)
    return found


def _mail(rows: Sequence[CatalogueNotice], now: datetime) -> None:
    to = str(desk.settings().get("staff_email") or "")
    if not rows or not to or not mailing.configured():
        return
    try:
        mailing.send([to], subject_of(rows), text_of(rows))
    except mailing.MailFailed as error:
        logger.warning("the mail about %d models was not sent: %s", len(rows), error)
        return  # tomorrow's check tries again
    caring.mark_mailed(rows, now)


def subject_of(rows: Sequence[CatalogueNotice]) -> str:
    """Return the subject of the mail about some notices."""
    models = sorted({row.model for row in rows})
    more = f" and {len(models) - 1} more" if len(models) > 1 else ""
    return f"[Models] {models[0]}{more}: {rows[0].get_kind_display().lower()}"


def text_of(rows: Sequence[CatalogueNotice]) -> str:
    """Return the mail's text: what was seen, what to do, and where."""
    lines = [f"{row.model}: {row.get_kind_display().lower()}\n{row.detail}" for row in rows]
    address = mailing.address_of(reverse("admin:routing_cataloguemodel_changelist"))
    return "\n\n".join([*lines, f"Models: {address}", "This is written once about each of them."])

"""Mails the reports that readers of the metrics page have ordered, each once, to who still may see them."""

import logging
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from assistant import mailing
from assistant.person.letters import AUTOMATIC
from routing import desk, kept_views
from routing.admin.report import compose
from routing.models import MailedReport

logger = logging.getLogger(__name__)


def send_due(now: datetime) -> int:
    """Send the reports that are due and return how many went out; those that fail are tried again."""
    return sum(_deliver(report, now) for report in kept_views.due(now))


def _deliver(report: MailedReport, now: datetime) -> bool:
    if reason := kept_views.stopped_by(report):
        kept_views.stop(report, reason)
        return False
    tz = desk.zone(desk.settings())
    seen = kept_views.figures_for(report, now, tz)
    if not kept_views.complete(seen, report, now) or not kept_views.claim(report, now):
        return False
    path = f"{reverse('admin:metrics')}?{seen.choice.query()}"
    link = mailing.address_of(path) if settings.ENV.origins else ""
    try:
        if not report.user.email:
            raise mailing.MailFailed("The account has no e-mail address.")
        made = compose(report.name, seen, link, now)
        mailing.send([report.user.email], made.subject, made.text, headers=_headers(report), html=made.html)
    except mailing.MailFailed as error:
        logger.warning("report %s not sent, try %d", report.pk, report.attempts)
        kept_views.failed(report, str(error), now, tz)
        return False
    kept_views.sent(report, now, tz)
    return True


def _headers(report: MailedReport) -> dict[str, str]:
    """Return the same Message-ID for each try, so that a mail that did go out is not shown twice."""
    host = urlsplit(settings.ENV.origins[0]).hostname if settings.ENV.origins else "desk"
    return {**AUTOMATIC, "Message-ID": f"<report-{report.pk}-{report.next_at:%Y%m%d%H%M}@{host}>"}

"""Saved views and mailed reports on the metrics page: what a person has, and the buttons that change it."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from common import clock
from routing import desk, kept_views
from routing.admin.replies import allowed
from routing.choice import Choice
from routing.kept_views import Order, Refused
from routing.models import MailedReport, SavedView
from routing.report_times import WEEKDAYS


@dataclass(frozen=True)
class ViewLine:
    """One saved view as its line says it."""

    view: SavedView
    own: bool
    by: str
    current: bool


@dataclass(frozen=True)
class ReportLine:
    """One mailed report: when it goes out, when it last did, and what went wrong."""

    report: MailedReport
    when: str
    following: str
    last: str


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def kept(request: HttpRequest, choice: Choice, tz: ZoneInfo) -> dict[str, object]:
    """Return what the section of saved views and reports reads."""
    user, here = _user(request), choice.query()
    return {
        "saved": [
            ViewLine(view, view.owner_id == user.pk, view.owner.get_username(), view.query == here)
            for view in kept_views.views_of(user)
        ],
        "reports": [_report(report, tz) for report in MailedReport.objects.filter(user=user)],
        "weekdays": list(enumerate(WEEKDAYS)),
        "mail_to": user.email,
    }


def _report(report: MailedReport, tz: ZoneInfo) -> ReportLine:
    day = kept_views.weekday_of(report)
    when = f"every {'day' if day is None else WEEKDAYS[day]} at {report.at_time:%H:%M}"
    return ReportLine(report, when, _at(report.next_at, tz), _at(report.sent_at, tz))


def _at(moment: datetime | None, tz: ZoneInfo) -> str:
    return f"{moment.astimezone(tz):%a %d %b %Y, %H:%M}" if moment else ""


def _back(request: HttpRequest) -> HttpResponse:
    """Return to the page as it was chosen; only a choice is taken from the form, never an address."""
    query = Choice.of(dict(parse_qsl(request.POST.get("query", "")))).query()
    return HttpResponseRedirect(f"{reverse('admin:metrics')}?{query}#views")


def save(request: HttpRequest) -> HttpResponse:
    """Keep the page as it is chosen under a name."""
    allowed(request)
    wish = request.POST
    query = dict(parse_qsl(wish.get("query", "")))
    try:
        view = kept_views.save_view(_user(request), wish.get("name", ""), query, bool(wish.get("shared")))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Saved as “{view.name}”.")
    return _back(request)


def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a view of one's own."""
    allowed(request)
    if kept_views.delete_view(_user(request), pk):
        messages.success(request, "The view is deleted.")
    else:
        messages.error(request, "That is not a view of yours.")
    return _back(request)


def order(request: HttpRequest) -> HttpResponse:
    """Have a report mailed to the signed-in person."""
    allowed(request)
    wish = request.POST
    pk = wish.get("view", "")[:18]  # digits of what a key can be
    view = kept_views.views_of(_user(request)).filter(pk=int(pk)).first() if pk.isdecimal() else None
    query = view.query if view else wish.get("query", "")
    name = view.name if view else "Metrics"
    tz = desk.zone(desk.settings())
    try:
        wanted = Order.read(wish.get("every", ""), wish.get("weekday", ""), wish.get("at", ""))
        report = kept_views.order_report(
            _user(request), name, dict(parse_qsl(query)), wanted, clock.now(), tz
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        line = _report(report, tz)
        messages.success(request, f"“{report.name}” is mailed to {_user(request).email} {line.when}.")
    return _back(request)


def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a report of one's own."""
    allowed(request)
    if kept_views.cancel_report(_user(request), pk):
        messages.success(request, "The report is stopped.")
    else:
        messages.error(request, "That is not a report of yours.")
    return _back(request)

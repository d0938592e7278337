"""The managers' page on people: figures only, nothing that a visitor wrote."""

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from assistant.person import inbox, inbox_figures
from common.clock import now
from routing import desk

PERMISSION = "assistant.view_inbox_figures"
PERIODS = (7, 30, 90)


def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the figures of a period."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, PERIODS) else PERIODS[0]
    zone, at = desk.zone(desk.settings()), now()
    found = inbox_figures.read(days, at, zone)
    context = {
        **site.each_context(request),
        "title": "People",
        "days": days,
        "periods": PERIODS,
        "figures": found,
        "tiles": tiles(found),
        "waiting": inbox.waiting(),
        "most": max((count for _, count in found.ratings), default=0),
        "zone": zone,
        "at": at,
    }
    return TemplateResponse(request, "admin/desk/inbox_figures.html", context)


def tiles(found: inbox_figures.Figures) -> list[tuple[str, str, str]]:
    """Return the figures with their names and what they mean."""
    share = f"{found.taken / found.live:.0%} of them" if found.live else "nobody asked in the chat"
    p90 = (
        f"nine of ten within {wait(found.wait_p90_s)}" if found.wait_p90_s is not None else "too few for more"
    )
    mean = f"{found.rating_mean:.1f} of 5" if found.rating_mean is not None else "none"
    median = found.answer_median_h
    hours = f"median {median:.1f} h from request to answer" if median is not None else "none so far"
    return [
        ("Asked for a person", f"{found.asked:,}", "requests stored in the period"),
        ("In the chat", f"{found.live:,}", "wanted to talk at once"),
        ("Taken", f"{found.taken:,}", share),
        ("Nobody came", f"{found.failed:,}", "waited in vain, and were asked for an e-mail address"),
        ("Median wait", wait(found.wait_median_s), p90),
        ("Answered by e-mail", f"{found.answered:,}", hours),
        ("Later than promised", f"{found.late:,}", "answered late, or overdue now"),
        ("Rating", mean, f"{found.rated} rated" if found.rated else "nobody has rated yet"),
    ]


def wait(seconds: float | None) -> str:
    """Return a wait in words, a dash for none."""
    if seconds is None:
        return "–"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the address of the page, for the admin site's own list."""
    view = require_GET(lambda request: page(site, request))
    return [path("inbox-figures/", site.admin_view(view), name="inbox_figures")]

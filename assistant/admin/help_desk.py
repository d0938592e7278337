"""The page of the help desk's webhook: where events go, what became of the last ones, and a test."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from assistant.models import RequestEvent
from assistant.person import help_desk
from common.clock import now

PERMISSION = "assistant.use_help_desk"
SHOWN = 50
BADGES = {"none": "plain", "pending": "info", "sent": "good", "failed": "bad"}
Told = RequestEvent.Told


def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the last events; a POST sends a test, or a given-up one again."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    if request.method == "POST":
        _act(request)
        return redirect("admin:help_desk")
    told = RequestEvent.objects.exclude(told=Told.NONE)
    at = now()
    rows = list(told.select_related("request").order_by("-created_at", "-pk")[:SHOWN])
    context = {
        **site.each_context(request),
        "title": "Help desk",
        "where": help_desk.where(),
        "pending": told.filter(told=Told.PENDING).count(),
        "failed": told.filter(told=Told.FAILED).exclude(kind=RequestEvent.Kind.TEST).count(),
        "rows": [(row, BADGES[row.told], help_desk.said(row, at)) for row in rows],
    }
    return TemplateResponse(request, "admin/desk/help_desk.html", context)


def _act(request: HttpRequest) -> None:
    if not help_desk.set_up():
        messages.error(request, "No help desk is set up: HELP_DESK_WEBHOOK_URL is empty.")
    elif request.POST.get("do") == "again":
        count = help_desk.send_again()
        messages.success(
            request, f"{count} given-up {'event is' if count == 1 else 'events are'} sent again."
        )
    else:
        row = help_desk.test()
        if row.told == Told.SENT:
            messages.success(request, "The help desk took the test event.")
        else:
            messages.error(request, f"The help desk did not take the test event: {row.reason}.")


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the address of the page, for the admin site's own list."""
    view = require_http_methods(["GET", "HEAD", "POST"])(lambda request: page(site, request))
    return [path("help-desk/", site.admin_view(view), name="help_desk")]

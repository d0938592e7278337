"""The page of service levels: what each route promises, what is left of its error budgets, who is told."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

from assistant import alerts, mailing
from assistant.admin.levels_shown import cards, demotions, incidents, moment
from common.clock import now
from routing import demoting, desk, publishing
from routing.config import Config, ConfigError
from routing.models import AlertMessage, Demotion, Incident, LevelState, Route

PERMISSION = "routing.view_servicelevels"
DEMOTION_PERMISSION = "routing.end_demotion"
HISTORY = 30  # incidents; all of them stay in the table
LATE = timedelta(minutes=2)  # four runs of the worker


def told_to() -> tuple[list[str], list[str]]:
    """Return who is told about incidents, and which channels are not set up, a sentence each."""
    to = alerts.recipients(desk.settings())
    set_up = dict(alerts.channels())
    told, lacking = [], []
    if AlertMessage.Channel.MAIL in set_up:
        told.append(f"By e-mail: {set_up[AlertMessage.Channel.MAIL]}.")
    elif not to:
        lacking.append(
            "No e-mail: the assistant settings have neither an address for alerts nor a staff one."
        )
    elif not mailing.configured():
        lacking.append("No e-mail: no mail server is set, EMAIL_URL is empty.")
    if settings.ENV.webhook_url:
        told.append(f"By webhook: {set_up[AlertMessage.Channel.WEBHOOK]}, signed.")
    else:
        lacking.append("No webhook: ALERT_WEBHOOK_URL is empty.")
    return told, lacking


def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show every route with targets, what lasts and what was."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    try:
        config = publishing.current()
    except ConfigError:
        config = Config(0, "")
    zone = desk.zone(desk.settings())
    judged = LevelState.objects.order_by("-judged_at").values_list("judged_at", flat=True).first()
    shown = cards(config, zone)
    told, lacking = told_to()
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": "Service levels",
        "cards": [card for card in shown if not card.silent],
        "silent": [card for card in shown if card.silent],
        "judged": moment(judged, zone),
        "late": bool(shown) and (judged is None or now() - judged > LATE),
        "zone": zone,
        "open": sum(len(card.incidents) for card in shown),
        "history": incidents(Incident.objects.all()[:HISTORY], config, zone),
        "past_demotions": demotions(Demotion.objects.exclude(ended_at=None)[:HISTORY], config, zone),
        "told": told,
        "lacking": lacking,
        "may_end": request.user.has_perm(DEMOTION_PERMISSION),
        "may_edit": request.user.has_perm("routing.change_route"),
        "may_set": request.user.has_perm("assistant.change_assistantsettings"),
    }
    return TemplateResponse(request, "admin/desk/service_levels.html", context)


def first_again(request: HttpRequest) -> HttpResponse:
    """Use a route's first model again, and note who said so."""
    user = request.user
    if isinstance(user, AnonymousUser) or not user.has_perm(DEMOTION_PERMISSION):
        raise PermissionDenied
    route = Route.objects.filter(pk=request.POST.get("route", "")[:40]).first()
    if route is None:
        raise Http404
    if demoting.use_first_again(route.pk, user.get_username(), now()):
        LogEntry.objects.create(
            user_id=user.pk,
            content_type=ContentType.objects.get_for_model(Route),
            object_id=route.pk,
            object_repr=route.name,
            action_flag=CHANGE,
            change_message="The first model is used again.",
        )
        messages.success(request, f"“{route.name}” asks its first model again, from the next message on.")
    else:
        messages.info(request, f"The first model of “{route.name}” was in use already.")
    return HttpResponseRedirect(reverse("admin:service_levels"))


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of the page, for the admin site's own list."""
    return [
        path(
            "service-levels/",
            site.admin_view(require_GET(lambda request: page(site, request))),
            name="service_levels",
        ),
        path(
            "service-levels/first-model/",
            site.admin_view(require_POST(first_again)),
            name="service_levels_first_again",
        ),
    ]

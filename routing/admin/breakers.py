"""Which models and providers are left alone just now, why and until when; and a way to close one by hand."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

from common.clock import now
from routing import breaker, desk, publishing
from routing.breakers import BreakerView, State
from routing.config import ModelSpec
from routing.models import CatalogueModel
from routing.providers import registry

PERMISSION = "routing.view_cataloguemodel"
RESET_PERMISSION = "routing.change_cataloguemodel"
SAID = "Breaker reset"
RESETS_SHOWN = 5

STATES: dict[State, tuple[str, str]] = {
    "closed": ("Asked as usual", "good"),
    "open": ("Left alone", "bad"),
    "half-open": ("Waits for a probe", "warn"),
}
WITH_PROVIDER = "Left alone with its provider"


@dataclass(frozen=True)
class Row:
    """One breaker as the template reads it; times in words, in the desk's time zone."""

    provider: str
    model: str
    label: str
    state: str
    kind: str
    reason: str = ""
    since: str = ""
    until: str = ""
    calls: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    usual: bool = True
    untouched: bool = True


@dataclass(frozen=True)
class Group:
    """A provider with its models."""

    name: str
    whole: Row
    rows: tuple[Row, ...]


def _time(moment: datetime | None, zone: tzinfo) -> str:
    if moment is None:
        return ""
    local = moment.astimezone(zone)
    today = local.date() == now().astimezone(zone).date()
    return f"{local:%H:%M:%S}" if today else f"{local:%-d %b, %H:%M:%S}"


def _row(view: BreakerView, label: str, zone: tzinfo) -> Row:
    state, kind = STATES[view.state]
    if view.state == "closed" and not view.calls and not view.errors:
        state, kind = "Nothing known", "plain"
    calls = f"{view.failed} of {view.calls} failed" if view.calls else "none"
    if view.errors and not view.calls:
        calls = "none, or none since it was closed"
    return Row(
        provider=view.provider,
        model=view.model,
        label=label,
        state=state,
        kind=kind,
        reason=view.reason[:1].upper() + view.reason[1:],
        since=_time(view.since, zone),
        until=_time(view.until, zone) if view.state == "open" else "",
        calls=calls,
        errors=tuple((_time(at, zone), words) for at, words in reversed(view.errors)),
        usual=view.state == "closed",
        untouched=not view.failed and view.state == "closed",
    )


def groups(views: Iterable[BreakerView], models: Iterable[ModelSpec], zone: tzinfo) -> tuple[Group, ...]:
    """Return every provider with its models on the ladders, and whatever else has been asked."""
    known = {(view.provider, view.model): view for view in views}
    labels = {(model.provider, model.id): model.label for model in models}
    keys = {*known, *labels, *((provider, "") for provider, _ in labels)}
    rows = {
        key: _row(known.get(key, BreakerView(*key, "closed")), labels.get(key, key[1]), zone) for key in keys
    }
    return tuple(
        _group(rows[name, ""], [rows[key] for key in sorted(keys) if key[0] == name and key[1]])
        for name in sorted({provider for provider, _ in keys})
    )


def _group(whole: Row, rows: Iterable[Row]) -> Group:
    """Return a provider with its models; what is open as a whole leaves all of them alone."""
    if not whole.usual:
        rows = [replace(row, state=WITH_PROVIDER, kind="warn") if row.usual else row for row in rows]
    return Group(whole.provider, whole, tuple(rows))


def _models() -> list[ModelSpec]:
    """Return the models that can be asked and stand on a ladder."""
    try:
        config = publishing.current()
    except publishing.NotPublished:
        return []
    wanted = dict.fromkeys(model for route in config.routes.values() for model in route.ladder)
    found = [config.models[model] for model in wanted if model in config.models]
    return [model for model in found if registry.configured(model) is None]


def _resets(zone: tzinfo) -> list[tuple[str, str, str]]:
    entries = LogEntry.objects.select_related("user").filter(change_message__startswith=SAID)
    return [
        (_time(entry.action_time, zone), str(entry.user), entry.object_repr)
        for entry in entries.order_by("-action_time")[:RESETS_SHOWN]
    ]


def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show every breaker as this process knows it."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    zone = desk.zone(desk.settings())
    shown = groups(breaker.snapshot(), _models(), zone)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": "Breakers",
        "groups": shown,
        "open": sum(not row.usual for group in shown for row in (group.whole, *group.rows)),
        "zone": zone,
        "asked_at": _time(now(), zone),
        "resets": _resets(zone),
        "may_reset": request.user.has_perm(RESET_PERMISSION),
    }
    return TemplateResponse(request, "admin/desk/breakers.html", context)


def reset(request: HttpRequest) -> HttpResponse:
    """Close one breaker, or all of them when none is named, and note who did it."""
    user = request.user
    if isinstance(user, AnonymousUser) or not user.has_perm(RESET_PERMISSION):
        raise PermissionDenied
    provider, model = request.POST.get("provider", "")[:40], request.POST.get("model", "")[:120]
    name = " / ".join(filter(None, (provider, model))) or "all breakers"
    breaker.reset(provider, model, user.get_username())
    LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(CatalogueModel),
        object_id=model or provider or "all",
        object_repr=name,
        action_flag=CHANGE,
        change_message=f"{SAID}.",
    )
    messages.success(request, f"Reset: {name}. The next question may go there again.")
    return HttpResponseRedirect(reverse("admin:breakers"))


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of the page, for the admin site's own list."""
    return [
        path("breakers/", site.admin_view(require_GET(lambda request: page(site, request))), name="breakers"),
        path("breakers/reset/", site.admin_view(require_POST(reset)), name="breakers_reset"),
    ]

"""Changes of models, prompts and rules: how a route did before and after, and the way back."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.sites import UnfoldAdminSite

from routing import desk, flip_figures, flip_rollback
from routing.admin.base import ReadOnlyAdmin, badge, muted
from routing.admin.filters import ChangedRouteFilter
from routing.admin.flip_cells import FEW, lines, span
from routing.admin.rule_sets import NoteForm
from routing.flip_records import following, is_of_rules, previous
from routing.flip_watch import gates_of
from routing.flip_windows import Window
from routing.flips import EVERYWHERE
from routing.models import ConfigVersion, FlipRecord, Route
from routing.publishing import CannotPublish
from routing.rule_words import Change

ROLL_BACK = "routing.roll_back_flip"
CHIPS = 3  # verdicts that the list names of each change
STATES = {"watching": "info", "settled": "plain", "rolled_back": "warn"}
GATES = {"few": "plain", "held": "good", "failed": "bad", "refused": "bad"}


@admin.register(FlipRecord)
class FlipRecordAdmin(ReadOnlyAdmin[FlipRecord]):
    list_display = ("changed_at", "route", "what", "who", "why", "verdict", "state_mark")
    list_filter = (ChangedRouteFilter, "kind", "state")
    search_fields = ("changed_by", "why", "route_slug")
    date_hierarchy = "changed_at"
    list_per_page = 25

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlipRecord]:
        name = Route.objects.filter(slug=OuterRef("route_slug")).values("name")
        return super().get_queryset(request).annotate(route_name=Subquery(name)).defer("before", "after")

    @admin.display(description="Route", ordering="route_slug")
    def route(self, obj: FlipRecord) -> SafeString:
        return format_html("{}<small class='desk-sub'>{}</small>", _name(obj), obj.get_kind_display())

    @admin.display(description="What")
    def what(self, obj: FlipRecord) -> SafeString:
        sentences = [change.sentence for change in changes_of(obj)] or ["Nothing that is told in words"]
        more = f"and {len(sentences) - 1} more" if len(sentences) > 1 else ""
        return format_html("{}<small class='desk-sub'>{}</small>", sentences[0], more)

    @admin.display(description="By", ordering="changed_by")
    def who(self, obj: FlipRecord) -> str:
        return obj.changed_by or "the system"

    @admin.display(description="Since then")
    def verdict(self, obj: FlipRecord) -> SafeString:
        return verdict_marks(obj, CHIPS)

    @admin.display(description="State", ordering="state")
    def state_mark(self, obj: FlipRecord) -> SafeString:
        return badge(obj.get_state_display(), STATES[obj.state])

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the record with its figures; nobody changes one."""
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        context = {**self.admin_site.each_context(request), **_context(request, row)}
        return TemplateResponse(request, "admin/desk/flip.html", context)


def changes_of(row: FlipRecord) -> list[Change]:
    """Return what a record changed, in words."""
    return [Change(**change) for change in row.changes]


def verdict_marks(row: FlipRecord, limit: int) -> SafeString:
    """Return up to `limit` figures that are better or worse, the worse first."""
    if row.counted_at is None:
        return muted("Not counted")
    found = [
        *((f"{label} worse", "bad") for label in row.worse),
        *((f"{label} better", "good") for label in row.better),
    ]
    if not found:
        return muted("No difference shown" if row.judged else "Too few replies")
    marks = format_html_join(" ", "{}", ((badge(*each),) for each in found[:limit]))
    return format_html("{} {}", marks, f"and {len(found) - limit} more" if len(found) > limit else "")


def _name(row: FlipRecord) -> str:
    if is_of_rules(row):
        return EVERYWHERE
    return getattr(row, "route_name", None) or f"{row.route_slug} (deleted since)"


def _context(request: HttpRequest, row: FlipRecord) -> dict[str, Any]:
    tz = desk.zone(desk.settings())
    names = dict(Route.objects.values_list("slug", "name"))
    reason = flip_rollback.obstacle(row)
    route = Route.objects.filter(pk=row.route_slug).first()
    windows = [
        Window(first, last) if first and last else None
        for first, last in ((row.before_from, row.before_until), (row.after_from, row.after_until))
    ]
    return {
        "title": f"{_name(row)}: {row.get_kind_display().lower()}, version {row.config_number or 'unknown'}",
        "row": row,
        "who": row.changed_by or "the system",
        "state": badge(row.get_state_display(), STATES[row.state]),
        "verdicts": verdict_marks(row, 12),
        "changes": changes_of(row),
        "lines": lines(flip_figures.rows(row)),
        "shares": lines(flip_figures.share_rows(row), names),
        "spans": [span(window, tz) if window else "–" for window in windows],
        "few": FEW,
        "gates": _gate_words(route),
        "gate": badge(row.get_gate_display(), GATES[row.gate]) if row.gate in GATES else "",
        "undone_by": row.undone_by.first(),
        "next": following(row),
        "previous": previous(row),
        "version": ConfigVersion.objects.filter(number=row.config_number or 0).exists(),
        "of_rules": is_of_rules(row),
        "obstacle": reason,
        "may_roll_back": request.user.has_perm(ROLL_BACK) and not reason,
        "may_see_rules": request.user.has_perm("routing.view_rule"),
    }


def _gate_words(route: Route | None) -> str:
    """Return a route's limits in a sentence, "" for none."""
    if route is None:
        return ""
    gates = gates_of(route)
    rates = (
        ("errors", gates.error_rate),
        ("truncations", gates.truncation_rate),
        ("refusals", gates.refusal_rate),
    )
    told = [f"{name} by more than {100 * limit:g} in a hundred" for name, limit in rates if limit is not None]
    if gates.first_text_share is not None:
        told.append(f"the first text's p95 by more than {gates.first_text_share:.0%}")
    return ", or ".join(told)


def show_rollback(site: UnfoldAdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Show what rolling a change back would do; do it when that is sent."""
    if not request.user.has_perm(ROLL_BACK):
        raise PermissionDenied
    name = Route.objects.filter(slug=OuterRef("route_slug")).values("name")
    row = get_object_or_404(FlipRecord.objects.annotate(route_name=Subquery(name)), pk=pk)
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            config = flip_rollback.roll_back(
                row, request.user.get_username(), form.cleaned_data["note"], request.POST.get("seen", "")
            )
        except CannotPublish as refusal:
            messages.error(request, f"Nothing was changed. {refusal}")
        else:
            messages.success(
                request,
                f"Rolled back as version {config.number}. The next message follows it, in every process.",
            )
            return redirect(_address(row))
    try:
        shown = flip_rollback.review(row)
    except CannotPublish as refusal:
        if request.method != "POST":
            messages.error(request, str(refusal))
        return redirect(_address(row))
    context = {
        **site.each_context(request),
        "title": f"Roll back: {_name(row)}",
        "row": row,
        "name": _name(row),
        "form": form,
        "review": shown.review,
        "left_in_draft": shown.left_in_draft,
        "settings_stay": any(change.name == EVERYWHERE for change in changes_of(row)),
    }
    return TemplateResponse(request, "admin/desk/flip_back.html", context)


def _address(row: FlipRecord) -> str:
    return reverse("admin:routing_fliprecord_change", args=[row.pk])


def urls(site: UnfoldAdminSite) -> list[URLPattern]:
    """Return the addresses beside the list and the record."""

    def view(request: HttpRequest, pk: int) -> HttpResponse:
        return show_rollback(site, request, pk)

    return [path("changes/<int:pk>/back/", site.admin_view(view), name="flip_back")]

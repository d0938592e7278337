"""List and form of the FAQ's entries. Every change goes through `faq.services`."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.clock import now
from faq import services
from faq.admin import editing, exports, guard, health, imports, pages, proposals
from faq.admin.base import TabularInline, action, badge
from faq.admin.bulk import BulkActions
from faq.admin.filters import FEW_PHRASINGS, PhrasingsFilter, RecognisedFilter, ReviewFilter, UsageFilter
from faq.admin.forms import EntryForm, PhrasingForm, PhrasingFormSet
from faq.admin.guard import PUBLISH
from faq.admin.health import MeasuredList
from faq.admin.history import HistoryAdmin
from faq.admin.negatives import NegativeInline
from faq.admin.review_entry import FromReview, further_rows
from faq.models import Entry, Phrasing


class PhrasingInline(TabularInline[Phrasing, Entry]):
    model = Phrasing
    form = PhrasingForm
    formset = PhrasingFormSet
    fields = ("text",)
    hide_title = True
    verbose_name = "phrasing"
    verbose_name_plural = "Other ways to ask"

    def get_extra(self, request: HttpRequest, obj: Entry | None = None, **kwargs: Any) -> int:
        return 1 + further_rows(request, obj)


@admin.register(Entry)
class EntryAdmin(HistoryAdmin, BulkActions, MeasuredList, FromReview):
    """The FAQ as staff work on it."""

    form = EntryForm
    inlines = (PhrasingInline, NegativeInline)
    list_display = (
        "title", "state", "recognised", "category", "language", "phrasings_shown", "review", "shown_times",
    )  # fmt: skip
    list_filter = (
        "status", RecognisedFilter, ReviewFilter, PhrasingsFilter, UsageFilter,
        "kind", "category", "language",
    )  # fmt: skip
    list_filter_submit = False
    search_fields = ("question", "answer", "phrasings__text")
    search_help_text = "Search questions, phrasings and answers"
    list_per_page = 50
    ordering = ("category", "question")
    actions = ("publish_selected", "review_selected", "archive_selected")
    actions_list = ("faq_health", "import_faq", "export_faq", "propose_phrasings")
    actions_submit_line = ("save_and_publish",)
    warn_unsaved_form = True
    list_before_template = "faq/list_notices.html"
    change_form_before_template = "faq/entry_seen.html"
    change_form_outer_after_template = "faq/entry_panels.html"
    history_list_display = ("content_version", "state")
    fieldsets = (
        (None, {"fields": ("question", "answer")}),
        (
            "Where it belongs",
            {"fields": (("kind", "status"), ("category", "language"), "featured")},
        ),
        ("Review", {"fields": (("reviewed_on", "review_by"),)}),
    )

    class Media:
        css = {"all": ("faq/admin.css", "faq/proposals.css", "faq/health.css")}
        js = ("faq/proposals.js",)

    # --- list -------------------------------------------------------------------------------------

    @admin.display(description="Question", ordering="question")
    def title(self, entry: Entry) -> SafeString:
        kind = "Article" if entry.kind == Entry.Kind.ARTICLE else ""
        place = f"Starter {entry.featured}" if entry.featured else ""
        small = ", ".join(part for part in (kind, place) if part)
        return format_html('<span class="faq-title">{}</span><span class="desk-sub">{}</span>', entry, small)

    @admin.display(description="Status", ordering="status")
    def state(self, entry: Entry) -> SafeString:
        kinds = {Entry.Status.PUBLISHED: "good", Entry.Status.DRAFT: "info"}
        return badge(entry.get_status_display(), kinds.get(Entry.Status(entry.status), "plain"))

    @admin.display(description="Version")
    def content_version(self, entry: Entry) -> int:
        return entry.version

    @admin.display(description="Phrasings", ordering="phrasing_count")
    def phrasings_shown(self, entry: Entry) -> SafeString | str:
        count = int(getattr(entry, "phrasing_count", 0))
        if entry.kind == Entry.Kind.ANSWER and count < FEW_PHRASINGS:
            return badge(f"{count}, add more", "warn", "With so few, an entry is rarely recognised.")
        return str(count)

    @admin.display(description="Review by", ordering="review_by")
    def review(self, entry: Entry) -> SafeString | str:
        if entry.review_by is None:
            return "–"
        day = f"{entry.review_by:%-d %b %Y}"
        overdue = entry.status == Entry.Status.PUBLISHED and entry.overdue(now().date())
        return badge(f"{day}, overdue", "bad") if overdue else day

    # --- form -------------------------------------------------------------------------------------

    @action(description="Save and publish", permissions=["change"])
    def save_and_publish(self, request: HttpRequest, obj: Entry) -> None:
        """Say what the button has done: the form has set the status already, so that it was checked."""
        messages.success(request, "Published. Visitors may be shown it within a second.")

    def save_model(self, request: HttpRequest, obj: Entry, form: Any, change: bool) -> None:
        obj._history_user = request.user  # type: ignore[attr-defined]
        obj._change_reason = form.checked.reason if form.checked else ""  # type: ignore[attr-defined]
        services.stage(obj)
        if PUBLISH in request.POST:
            self.save_and_publish(request, obj)

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer "Save and publish" for what is not published; for the rest, Save is the same."""
        known = isinstance(object_id, int) or str(object_id or "").isdecimal()
        if known and Entry.objects.filter(pk=object_id, status=Entry.Status.PUBLISHED).exists():
            return []
        actions: list[Any] = super().get_actions_submit_line(request, object_id)
        return actions

    def save_related(
        self, request: HttpRequest, form: forms.ModelForm[Entry], formsets: Iterable[Any], change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        services.seal(form.instance)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self._guard(request, object_id)
        # Unfold shows the buttons of the submit line on existing rows only.
        extra_context = {
            "actions_submit_line": self.get_actions_submit_line(request, object_id),
            **self._panels(request, object_id),
            **(extra_context or {}),
        }
        return self._undone_when_refused(
            request,
            lambda: super(EntryAdmin, self).changeform_view(request, object_id, form_url, extra_context),
        )

    def _guard(self, request: HttpRequest, object_id: str | None) -> None:
        """Compare the posted form with its neighbours, before the transaction in which it is stored."""
        known = object_id is not None and object_id.isdecimal()
        entry = Entry.objects.filter(pk=int(object_id or 0)).first() if known else None
        may = self.has_change_permission(request, entry) if entry else self.has_add_permission(request)
        checked = guard.of_form(request.POST, entry) if request.method == "POST" and may else None
        request.faq_checked = checked  # type: ignore[attr-defined]

    def get_form(
        self, request: HttpRequest, obj: Entry | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.checked = getattr(request, "faq_checked", None)
        return form

    def _panels(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        entry = self.get_object(request, object_id) if object_id and request.method == "GET" else None
        if entry is None:
            return {}
        proposed = proposals.panel(entry) if self.has_change_permission(request, entry) else {}
        return {**health.panel(entry), **proposed}

    def _undone_when_refused(self, request: HttpRequest, view: Any) -> HttpResponse:
        """Return what `view` returns; when somebody else's edit came between, undo and say so."""
        try:
            with transaction.atomic():
                response: HttpResponse = view()
                return response
        except ValidationError as error:
            list(messages.get_messages(request))  # drops "was changed successfully", which is not true
            messages.error(request, f"Nothing was saved. {' '.join(error.messages)}")
            return redirect(request.get_full_path())

    def delete_model(self, request: HttpRequest, obj: Entry) -> None:
        services.delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        services.delete(self.fresh(queryset))

    # --- further pages ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(lambda request: pages.preview(self, request))
        urls: list[URLPattern] = super().get_urls()
        own = [
            path("preview/", preview, name="faq_entry_preview"),
            *imports.urls(self),
            *exports.urls(self),
            *proposals.urls(self),
            *editing.urls(self),
        ]
        return [*own, *urls]

    @action(description="Health", url_path="faq-health", icon="monitor_heart", permissions=["view"])
    def faq_health(self, request: HttpRequest) -> HttpResponse:
        """Go to the page on how well the FAQ is recognised."""
        return redirect("admin:faq_health")

    @action(description="Import", url_path="import-faq", icon="upload", permissions=["add"])
    def import_faq(self, request: HttpRequest) -> HttpResponse:
        """Go to the page that takes a file."""
        return redirect("admin:faq_entry_import")

    @action(description="Export", url_path="export-faq", icon="download", permissions=["view"])
    def export_faq(self, request: HttpRequest) -> HttpResponse:
        """Go to the page that writes a file."""
        return redirect("admin:faq_entry_export")

    @action(
        description="Propose phrasings", url_path="propose-phrasings", icon="forum", permissions=["change"]
    )
    def propose_phrasings(self, request: HttpRequest) -> HttpResponse:
        """Go to the page that proposes phrasings for the entries with too few."""
        return redirect("admin:faq_proposals")

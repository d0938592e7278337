"""List and form of the FAQ's entries. Every change goes through `faq.services`."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import CharField, Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.clock import now
from faq import services
from faq.admin import editing, exports, imports, pages, proposals
from faq.admin.base import TabularInline, action, badge
from faq.admin.filters import FEW_PHRASINGS, PhrasingsFilter, ReviewFilter
from faq.admin.forms import PUBLISH, EntryForm, PhrasingForm, PhrasingFormSet
from faq.admin.history import HistoryAdmin
from faq.admin.negatives import NegativeInline
from faq.admin.review_entry import FromReview, further_rows
from faq.models import AskedQuestion, Entry, Phrasing

USAGE_DAYS = 30
MOST_PUBLISHED = 500  # at once: some seconds of one request
REFUSALS_TOLD = 10


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
class EntryAdmin(HistoryAdmin, FromReview):
    """The FAQ as staff work on it."""

    form = EntryForm
    inlines = (PhrasingInline, NegativeInline)
    list_display = ("title", "state", "category", "language", "phrasings_shown", "review", "shown_times")
    list_filter = ("status", ReviewFilter, PhrasingsFilter, "kind", "category", "language")
    list_filter_submit = False
    search_fields = ("question", "answer", "phrasings__text")
    search_help_text = "Search questions, phrasings and answers"
    list_per_page = 50
    ordering = ("category", "question")
    actions = ("publish_selected", "archive_selected")
    actions_list = ("import_faq", "export_faq", "propose_phrasings")
    actions_submit_line = ("save_and_publish",)
    warn_unsaved_form = True
    change_form_before_template = "faq/entry_seen.html"
    change_form_outer_after_template = "faq/proposals_panel.html"
    readonly_fields = ("usage",)
    history_list_display = ("content_version", "state")
    fieldsets = (
        (None, {"fields": ("question", "answer")}),
        (
            "Where it belongs",
            {"fields": (("kind", "status"), ("category", "language"), "featured")},
        ),
        ("Review", {"fields": (("reviewed_on", "review_by"), "usage")}),
    )

    class Media:
        css = {"all": ("faq/admin.css", "faq/proposals.css")}
        js = ("faq/proposals.js",)

    # --- list -------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        since = now() - timedelta(days=USAGE_DAYS)
        shown = (
            AskedQuestion.objects.filter(created_at__gte=since, shown_entry=OuterRef("as_text"))
            .values("shown_entry")
            .annotate(times=Count("uuid"))
            .values("times")
        )
        return (
            super()
            .get_queryset(request)
            .annotate(as_text=Cast("pk", CharField(max_length=40)))
            .annotate(
                phrasing_count=Count("phrasings", distinct=True),
                times=Coalesce(Subquery(shown, output_field=IntegerField()), 0),
            )
        )

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

    @admin.display(description="Shown lately", ordering="times")
    def shown_times(self, entry: Entry) -> int:
        return int(getattr(entry, "times", 0))

    @admin.action(description="Publish selected entries", permissions=("change",))
    def publish_selected(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        entries = self._fresh(queryset[: MOST_PUBLISHED + 1])
        if len(entries) > MOST_PUBLISHED:
            messages.error(
                request,
                f"At most {MOST_PUBLISHED} entries are published at once, so that the page answers. "
                "Narrow the list by a filter, such as the category, and publish part by part.",
            )
            return
        for entry in entries:
            entry._history_user = request.user  # type: ignore[attr-defined]
        done, refused = services.publish_many(entries)
        for entry, error in refused[:REFUSALS_TOLD]:
            messages.error(request, f"“{entry.question}” was not published. {' '.join(error.messages)}")
        if len(refused) > REFUSALS_TOLD:
            messages.error(request, f"{len(refused) - REFUSALS_TOLD} more were not published.")
        if done:
            messages.success(request, f"{done} published. Visitors may be shown them within a second.")

    @admin.action(description="Archive selected entries", permissions=("change",))
    def archive_selected(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        entries = self._fresh(queryset)
        for entry in entries:
            entry._history_user = request.user  # type: ignore[attr-defined]
            services.archive(entry)
        messages.success(
            request, f"{len(entries)} archived. Nobody is shown them any more; their history stays."
        )

    def _fresh(self, queryset: QuerySet[Entry]) -> list[Entry]:
        """Return plain rows: those of the list carry counts that are not for saving."""
        return list(Entry.objects.filter(pk__in=[row.pk for row in queryset]).prefetch_related("phrasings"))

    # --- form -------------------------------------------------------------------------------------

    @admin.display(description=f"Use in the last {USAGE_DAYS} days")
    def usage(self, entry: Entry) -> str:
        since = now() - timedelta(days=USAGE_DAYS)
        asked = AskedQuestion.objects.filter(shown_entry=str(entry.pk), created_at__gte=since)
        labels = list(asked.values_list("label", flat=True))
        right, wrong = labels.count(AskedQuestion.Label.RIGHT), labels.count(AskedQuestion.Label.WRONG)
        return f"Shown {len(labels)} times, found right {right} times and wrong {wrong} times."

    @action(description="Save and publish", permissions=["change"])
    def save_and_publish(self, request: HttpRequest, obj: Entry) -> None:
        """Say what the button has done: the form has set the status already, so that it was checked."""
        messages.success(request, "Published. Visitors may be shown it within a second.")

    def save_model(self, request: HttpRequest, obj: Entry, form: Any, change: bool) -> None:
        obj._history_user = request.user  # type: ignore[attr-defined]
        services.stage(obj)
        if PUBLISH in request.POST:
            self.save_and_publish(request, obj)

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer "Save and publish" for what is not published; for the rest, Save is the same."""
        if object_id and Entry.objects.filter(pk=object_id, status=Entry.Status.PUBLISHED).exists():
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
        # Unfold shows the buttons of the submit line on existing rows only.
        extra_context = {
            "actions_submit_line": self.get_actions_submit_line(request, object_id),
            **self._proposed(request, object_id),
            **(extra_context or {}),
        }
        return self._undone_when_refused(
            request,
            lambda: super(EntryAdmin, self).changeform_view(request, object_id, form_url, extra_context),
        )

    def _proposed(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        entry = self.get_object(request, object_id) if object_id and request.method == "GET" else None
        return proposals.panel(entry) if entry and self.has_change_permission(request, entry) else {}

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show an earlier state; a POST brings it back as a new version, checked as any edit is."""

        def revert() -> HttpResponse:
            view = super(EntryAdmin, self).history_form_view
            response: HttpResponse = view(request, object_id, version_id, extra_context)
            if request.method == "POST":
                services.seal(Entry.objects.get(pk=object_id))
            return response

        return self._undone_when_refused(request, revert)

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
        services.delete(self._fresh(queryset))

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

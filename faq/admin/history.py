"""The history of an entry in words: what changed in each version, and bringing one back."""

from dataclasses import replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Field
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper

from faq import guarding, reverting
from faq.admin import guard
from faq.admin.guard import CONSENT, Checked
from faq.guard import Entry as Seen
from faq.models import Entry
from faq.reverting import Preview, Version

# What staff write; the other columns follow from these.
SHOWN = (
    "question",
    "answer",
    "kind",
    "status",
    "category",
    "language",
    "featured",
    "reviewed_on",
    "review_by",
)


class Words(HistoricalRecordContextHelper):  # type: ignore[misc]
    """Tells the changes of staff's own fields, with choices and dates as the form shows them."""

    def context_for_delta_changes(self, delta: Any) -> list[dict[str, Any]]:
        mine = replace(delta, changes=[change for change in delta.changes if change.field in SHOWN])
        told: list[dict[str, Any]] = super().context_for_delta_changes(mine)
        return told

    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        field = Entry._meta.get_field(change.field)
        choices = dict(field.flatchoices) if isinstance(field, Field) else {}
        if value is None or value == "":
            return "nothing"
        if isinstance(value, date):
            return f"{value:%-d %b %Y}"
        return choices.get(value, value)


class HistoryAdmin(SimpleHistoryAdmin):  # type: ignore[misc]
    """The pages on an entry's earlier versions."""

    object_history_template: Any = "faq/history.html"

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show the versions; an address that names no number is no entry's."""
        if not object_id.isdecimal():
            raise Http404
        response: HttpResponse = super().history_view(request, object_id, extra_context)
        return response

    def set_history_delta_changes(
        self, request: HttpRequest, historical_records: Any, foreign_keys_are_objs: bool = True
    ) -> None:
        """Tell beside the entry's own fields which of its texts came and went with each version."""
        super().set_history_delta_changes(request, historical_records, foreign_keys_are_objs)
        for record in historical_records:
            record.texts = reverting.texts_changed(record)

    def get_historical_record_context_helper(self, request: HttpRequest, historical_record: Any) -> Words:
        return Words(self.model, historical_record)

    def render_history_view(
        self, request: HttpRequest, template: str, context: dict[str, Any], **kwargs: Any
    ) -> HttpResponse:
        # Unfold's button to the history would be without an address here, and its script fails then.
        shown = {**context, "show_history": False}
        response: HttpResponse = super().render_history_view(request, template, shown, **kwargs)
        return response

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what bringing an earlier version back would change; a POST does it, as a new version."""
        if not (object_id.isdecimal() and version_id.isdecimal()):
            raise Http404
        entry = get_object_or_404(Entry, pk=object_id)
        if not self.has_view_permission(request, entry):
            raise PermissionDenied
        wanted = reverting.version(entry, int(version_id))
        preview = reverting.preview(entry, wanted)
        free = preview.changes and not preview.problems
        checked = _checked(request, entry, wanted) if free else None
        if request.method == "POST" and free and not (checked and checked.stops):
            return self._brought_back(request, entry, wanted, checked)
        return self._shown(request, entry, wanted, preview, checked)

    def _shown(
        self,
        request: HttpRequest,
        entry: Entry,
        wanted: Version,
        preview: Preview,
        checked: Checked | None,
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            "faq/revert.html",
            {
                **self.admin_site.each_context(request),
                "title": "An earlier version",
                "opts": Entry._meta,
                "entry": entry,
                "wanted": wanted,
                "preview": preview,
                "checked": checked,
                "lists": [
                    ("Other ways to ask", preview.phrasings),
                    ("Must not be answered by this entry", preview.negatives),
                ],
                "may_revert": self.has_change_permission(request, entry),
                "history_url": reverse("admin:faq_entry_history", args=[entry.pk]),
            },
        )

    def _brought_back(
        self, request: HttpRequest, entry: Entry, wanted: Version, checked: Checked | None
    ) -> HttpResponse:
        if not self.has_change_permission(request, entry):
            raise PermissionDenied
        try:
            reverting.restore(entry, wanted, request.user, checked.reason if checked else "")
        except ValidationError as error:
            messages.error(request, f"Nothing was brought back. {' '.join(error.messages)}")
            return redirect(request.path)
        self.log_change(request, entry, "Brought an earlier version back.")
        messages.success(request, f"Brought back as version {entry.version}, with its phrasings.")
        return redirect("admin:faq_entry_change", entry.pk)


def _checked(request: HttpRequest, entry: Entry, wanted: Version) -> Checked | None:
    """Return what the earlier version would clash with today, None where nobody is shown it."""
    if entry.status != Entry.Status.PUBLISHED or wanted.values["kind"] != Entry.Kind.ANSWER:
        return None
    mine = Seen(str(entry.pk), (wanted.values["question"], *wanted.phrasings), wanted.values["answer"])
    found = guarding.fresh(mine, wanted.values["language"])
    return guard.checked(found, request.POST.get(CONSENT, ""))

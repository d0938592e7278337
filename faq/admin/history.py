"""The history of an entry in words: what changed in each version, for those who cannot read columns."""

from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Field
from django.http import HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper

from faq.models import Entry

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

    def get_historical_record_context_helper(self, request: HttpRequest, historical_record: Any) -> Words:
        return Words(self.model, historical_record)

    def render_history_view(
        self, request: HttpRequest, template: str, context: dict[str, Any], **kwargs: Any
    ) -> HttpResponse:
        # Unfold's button to the history would be without an address here, and its script fails then.
        shown = {**context, "show_history": False}
        response: HttpResponse = super().render_history_view(request, template, shown, **kwargs)
        return response

"""What visitors asked and what the matcher made of it, to read."""

from django.conf import settings
from django.contrib import admin
from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.contrib.filters.admin import DropdownFilter

from common.big_tables import newest_with_words
from common.keyset import Keyset
from common.text import shorten
from faq import index
from faq.admin.base import ModelAdmin, badge
from faq.models import AskedQuestion

NEWEST = 100  # messages that a search shows on PostgreSQL; a common word would find a hundred thousand


class AskedRouteFilter(DropdownFilter):  # type: ignore[misc]
    """By route, as the settings name them: the distinct values of millions of rows would take seconds."""

    title = "route"
    parameter_name = "route"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        names: dict[str, str] = import_string(settings.FAQ_ROUTE_NAMES)()
        return list(names.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[AskedQuestion]) -> QuerySet[AskedQuestion]:
        return queryset.filter(route=self.value()) if self.value() else queryset


class AskedByFilter(DropdownFilter):  # type: ignore[misc]
    title = "asked by"
    parameter_name = "purpose"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("visitor", "Visitors"), ("demo", "Example traffic"), ("staff_test", "Staff, to test")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AskedQuestion]) -> QuerySet[AskedQuestion]:
        return queryset.filter(purpose=self.value()) if self.value() else queryset


@admin.register(AskedQuestion)
class AskedQuestionAdmin(Keyset, ModelAdmin[AskedQuestion]):
    """A list of questions with the entry that came nearest; nobody edits it."""

    list_display = ("shown_text", "nearest", "shown_confidence", "route", "verdict", "created_at")
    list_filter = ("label", AskedRouteFilter, AskedByFilter, "created_at")
    search_fields = ("text",)
    list_per_page = 50
    keyset_columns = ("created_at",)
    actions = None
    fields = (
        "text",
        "found",
        "route",
        "verdict",
        "reviewed",
        "purpose",
        "language",
        "matcher_version",
        "created_at",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AskedQuestion], search_term: str
    ) -> tuple[QuerySet[AskedQuestion], bool]:
        """Find words: on PostgreSQL the newest that have them, by their index."""
        if not search_term.strip() or connections[queryset.db].vendor != "postgresql":
            return super().get_search_results(request, queryset, search_term)
        rows = AskedQuestion.objects.all()
        newest = newest_with_words(rows, "text", "created_at", "uuid", search_term, NEWEST)
        return queryset.filter(pk__in=newest), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AskedQuestion | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AskedQuestion | None = None) -> bool:
        return False

    @admin.display(description="Question")
    def shown_text(self, asked: AskedQuestion) -> str:
        return shorten(asked.text, 90)

    @admin.display(description="Nearest entry")
    def nearest(self, asked: AskedQuestion) -> str:
        if not asked.candidates:
            return "none"
        return _title(str(asked.candidates[0]["entry_id"]))

    @admin.display(description="Confidence", ordering="confidence")
    def shown_confidence(self, asked: AskedQuestion) -> SafeString:
        sure = asked.confidence >= asked.threshold
        return badge(
            f"{asked.confidence:.2f}", "good" if sure else "plain", f"answered from {asked.threshold:.2f}"
        )

    @admin.display(description="Judged", ordering="label")
    def verdict(self, asked: AskedQuestion) -> SafeString | str:
        kinds = {AskedQuestion.Label.RIGHT: "good", AskedQuestion.Label.WRONG: "bad"}
        kind = kinds.get(AskedQuestion.Label(asked.label))
        return badge(asked.get_label_display(), kind) if kind else "–"

    @admin.display(description="Reviewed")
    def reviewed(self, asked: AskedQuestion) -> str:
        if not asked.judged_by or asked.judged_at is None:
            return "not yet"
        what = "judged" if asked.labelled_by == AskedQuestion.By.STAFF else "set aside"
        right = f", right is {_title(asked.right_entry)}" if asked.right_entry else ""
        return f"{what} by {asked.judged_by}, {localtime(asked.judged_at):%-d %b %Y, %H:%M}{right}"

    @admin.display(description="Candidates")
    def found(self, asked: AskedQuestion) -> SafeString:
        rows = (
            (
                _title(str(each["entry_id"])),
                each["phrasing"],
                f"{each['confidence']:.2f}",
                f"{each['score']:.2f}",
            )
            for each in asked.candidates
        )
        return format_html(
            '<div class="desk-scroll"><table class="desk-table"><thead><tr><th>Entry</th>'
            "<th>Nearest phrasing</th><th>Confidence</th>"
            "<th>Score</th></tr></thead><tbody>{}</tbody></table></div>",
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows),
        )


def _title(entry_id: str) -> str:
    view = index.entry(entry_id)
    return shorten(view.question, 60) if view else f"no. {entry_id}, not published now"

"""The audit trail: versions of the configuration, and probes. Nobody edits it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import JSONField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from routing import rule_words
from routing.admin.base import ReadOnlyAdmin, badge, muted
from routing.admin.differences import differences
from routing.models import ConfigVersion, ProbeRun
from routing.probe_words import lines
from routing.snapshot import RULE_SET

DIFFERENCES_SHOWN = 200
SUMMARY = 3  # changes that the list names of each version


def as_table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> SafeString:
    """Return a small table of plain text cells."""
    cells = "<tr>" + "<td>{}</td>" * len(headings) + "</tr>"
    return format_html(
        "<div class='desk-scroll'><table class='desk-table'>"
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        format_html_join("", "<th scope='col'>{}</th>", ((heading,) for heading in headings)),
        format_html_join("", cells, rows),
    )


@admin.register(ConfigVersion)
class ConfigVersionAdmin(ReadOnlyAdmin[ConfigVersion]):
    list_display = ("version", "created_at", "who", "note", "summary", "back")
    list_per_page = 20  # a summary compares two whole snapshots
    search_fields = ("number", "created_by", "note")
    date_hierarchy = "created_at"
    fields = ("number", "created_at", "who", "note", "fingerprint", "changes", "back")
    readonly_fields = ("who", "fingerprint", "changes", "back")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConfigVersion]:
        earlier = ConfigVersion.objects.filter(number__lt=OuterRef("number")).order_by("-number")
        newest = ConfigVersion.objects.order_by("-number").values("number")[:1]
        rows = super().get_queryset(request)
        return rows.annotate(
            previous=Subquery(earlier.values("snapshot")[:1], output_field=JSONField()),
            previous_number=Subquery(earlier.values("number")[:1]),
            newest=Subquery(newest),
        )

    @admin.display(description="Version", ordering="number")
    def version(self, obj: ConfigVersion) -> SafeString:
        mark = badge("In force", "good") if obj.number == getattr(obj, "newest", None) else ""
        return format_html("Version {} {}", obj.number, mark)

    @admin.display(description="By", ordering="created_by")
    def who(self, obj: ConfigVersion) -> str:
        return obj.created_by or "the system"

    @admin.display(description="Fingerprint")
    def fingerprint(self, obj: ConfigVersion) -> SafeString:
        return format_html('<span title="{}">{}</span>', obj.sha, obj.sha[:12])

    @admin.display(description="Changes")
    def summary(self, obj: ConfigVersion) -> SafeString:
        previous = getattr(obj, "previous", None)
        if previous is None:
            return muted("The first version")
        found = [change.sentence for change in rule_words.changes(previous, obj.snapshot)]
        others = len(differences(_beside(previous), _beside(obj.snapshot)))
        found += [f"{others} in models, prices or settings"] if others else []
        more = [f"and {len(found) - SUMMARY} more"] if len(found) > SUMMARY else []
        shown = [*found[:SUMMARY], *more]
        return format_html(
            "<ul class='desk-conditions desk-plain-list'>{}</ul>",
            format_html_join("", "<li>{}</li>", ((text,) for text in shown)),
        )

    @admin.display(description="Go back")
    def back(self, obj: ConfigVersion) -> SafeString:
        if obj.number == getattr(obj, "newest", None):
            return muted("–")
        return format_html(
            "<a class='desk-link' href='{}'>Back to {}</a>",
            reverse("admin:rule_set_back", args=[obj.number]),
            obj.number,
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        """Offer the way back, as in `get_fields`."""
        allowed = request.user.has_perm("routing.view_rule")
        return [name for name in self.list_display if allowed or name != "back"]

    def get_fields(self, request: HttpRequest, obj: ConfigVersion | None = None) -> Any:
        """Offer the way back to those who may look at the draft."""
        allowed = request.user.has_perm("routing.view_rule")
        return [name for name in self.fields if allowed or name != "back"]

    @admin.display(description="What changed")
    def changes(self, obj: ConfigVersion) -> SafeString:
        previous, number = getattr(obj, "previous", None), getattr(obj, "previous_number", None)
        if previous is None:
            return format_html("{}", "This is the first version.")
        words = rule_words.changes(previous, obj.snapshot)
        found = differences(_beside(previous), _beside(obj.snapshot))
        if not found and not words:
            return format_html("Nothing, compared with version {}.", number)
        rows = [(item.where, item.before or "–", item.after or "–") for item in found[:DIFFERENCES_SHOWN]]
        more = len(found) - len(rows)
        listed = render_to_string("admin/desk/_rule_changes.html", {"changes": words}) if words else ""
        table = as_table(("Where", f"Version {number}", f"Version {obj.number}"), rows) if rows else ""
        return format_html("{}{}{}", SafeString(listed), table, f"and {more} more" if more else "")


def _beside(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a snapshot without the rules and routes, which are told in words."""
    return {name: part for name, part in content.items() if name not in RULE_SET}


@admin.register(ProbeRun)
class ProbeRunAdmin(ReadOnlyAdmin[ProbeRun]):
    list_display = ("created_at", "target", "asked", "prompts", "concurrency", "created_by")
    search_fields = ("target", "created_by")
    date_hierarchy = "created_at"
    fields = ("target", "created_at", "created_by", "asked", "prompts", "concurrency", "source", "measured")
    readonly_fields = ("asked", "measured")

    @admin.display(description="Models asked")
    def asked(self, obj: ProbeRun) -> str:
        return ", ".join(str(name) for name in obj.models_asked) or "–"

    @admin.display(description="Figures")
    def measured(self, obj: ProbeRun) -> SafeString:
        rows = [(heading[:1].upper() + heading[1:], value) for heading, value in lines(obj.figures)]
        return as_table(("Figure", "Value"), rows) if obj.figures else format_html("{}", "–")

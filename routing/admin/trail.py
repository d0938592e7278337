"""The audit trail: versions of the configuration, changes of ladders, probes. Nobody edits it."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from routing.admin.base import ReadOnlyAdmin, muted
from routing.admin.differences import differences
from routing.admin.filters import LadderRouteFilter
from routing.models import ConfigVersion, LadderChange, ProbeRun, Route
from routing.probe_words import lines

DIFFERENCES_SHOWN = 200


def as_table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> SafeString:
    """Return a small table of plain text cells."""
    cells = "<tr>" + "<td>{}</td>" * len(headings) + "</tr>"
    return format_html(
        "<div class='desk-scroll'><table class='desk-table'>"
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        format_html_join("", "<th scope='col'>{}</th>", ((heading,) for heading in headings)),
        format_html_join("", cells, rows),
    )


def ladder_words(steps: list[str]) -> SafeString:
    """Return a ladder as its models in order."""
    if not steps:
        return muted("nothing")
    return format_html(
        "<ol class='desk-ladder'>{}</ol>", format_html_join("", "<li>{}</li>", ((s,) for s in steps))
    )


@admin.register(ConfigVersion)
class ConfigVersionAdmin(ReadOnlyAdmin[ConfigVersion]):
    list_display = ("version", "created_at", "who", "note")
    search_fields = ("number", "created_by", "note")
    date_hierarchy = "created_at"
    fields = ("number", "created_at", "who", "note", "fingerprint", "changes")
    readonly_fields = ("who", "fingerprint", "changes")

    @admin.display(description="Version", ordering="number")
    def version(self, obj: ConfigVersion) -> str:
        return f"Version {obj.number}"

    @admin.display(description="By", ordering="created_by")
    def who(self, obj: ConfigVersion) -> str:
        return obj.created_by or "the system"

    @admin.display(description="Fingerprint")
    def fingerprint(self, obj: ConfigVersion) -> SafeString:
        return format_html('<span title="{}">{}</span>', obj.sha, obj.sha[:12])

    @admin.display(description="What changed")
    def changes(self, obj: ConfigVersion) -> SafeString:
        previous = ConfigVersion.objects.filter(number__lt=obj.number).order_by("-number").first()
        if previous is None:
            return format_html("{}", "This is the first version.")
        found = differences(previous.snapshot, obj.snapshot)
        if not found:
            return format_html("Nothing, compared with version {}.", previous.number)
        rows = [(item.where, item.before or "–", item.after or "–") for item in found[:DIFFERENCES_SHOWN]]
        more = len(found) - len(rows)
        return format_html(
            "{}{}",
            as_table(("Where", f"Version {previous.number}", f"Version {obj.number}"), rows),
            f"and {more} more" if more else "",
        )


@admin.register(LadderChange)
class LadderChangeAdmin(ReadOnlyAdmin[LadderChange]):
    list_display = ("changed_at", "route", "was", "became", "who", "version")
    list_filter = (LadderRouteFilter,)
    date_hierarchy = "changed_at"
    fields = ("route", "changed_at", "who", "version", "was", "became")
    readonly_fields = ("route", "who", "version", "was", "became")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LadderChange]:
        name = Route.objects.filter(slug=OuterRef("route_slug")).values("name")
        return super().get_queryset(request).annotate(route_name=Subquery(name))

    @admin.display(description="Route", ordering="route_slug")
    def route(self, obj: LadderChange) -> SafeString:
        name = getattr(obj, "route_name", None) or "deleted since"
        return format_html("{}<small class='desk-sub'>{}</small>", name, obj.route_slug)

    @admin.display(description="By", ordering="changed_by")
    def who(self, obj: LadderChange) -> str:
        return obj.changed_by or "the system"

    @admin.display(description="Configuration", ordering="config_number")
    def version(self, obj: LadderChange) -> str:
        return f"Version {obj.config_number}" if obj.config_number else "–"

    @admin.display(description="Was")
    def was(self, obj: LadderChange) -> SafeString:
        return ladder_words(obj.old)

    @admin.display(description="Became")
    def became(self, obj: LadderChange) -> SafeString:
        return ladder_words(obj.new)


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

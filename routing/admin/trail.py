"""The audit trail: versions of the configuration, changes of ladders, probes, spend. Nobody edits it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.money import usd
from routing.admin.base import ReadOnlyAdmin, badge, muted
from routing.admin.differences import differences
from routing.models import Budget, ConfigVersion, LadderChange, ProbeRun

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
    fields = ("number", "created_at", "who", "note", "sha", "changes")
    readonly_fields = ("who", "changes")

    @admin.display(description="Version", ordering="number")
    def version(self, obj: ConfigVersion) -> str:
        return f"Version {obj.number}"

    @admin.display(description="By", ordering="created_by")
    def who(self, obj: ConfigVersion) -> str:
        return obj.created_by or "the system"

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
    list_display = ("changed_at", "route_slug", "was", "became", "changed_by", "config_number")
    list_filter = ("route_slug",)
    date_hierarchy = "changed_at"
    fields = ("route_slug", "changed_at", "changed_by", "config_number", "was", "became")
    readonly_fields = ("was", "became")

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
        return (
            as_table(("Figure", "Value"), figure_rows(obj.figures)) if obj.figures else format_html("{}", "–")
        )


def figure_rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return stored figures as (name, value), nested ones with their path, money in dollars."""
    rows: list[tuple[str, str]] = []
    for name, value in figures.items():
        words = name.removesuffix("_pico").replace("_", " ")
        if isinstance(value, Mapping):
            rows += [(f"{words}, {inner}", shown) for inner, shown in figure_rows(value)]
        elif name.endswith("_pico"):
            rows.append((words, usd(value)))
        elif isinstance(value, list):
            rows.append((words, ", ".join(str(part) for part in value)))
        else:
            rows.append((words, "unknown" if value is None else f"{value}"))
    return rows


@admin.register(Budget)
class BudgetAdmin(ReadOnlyAdmin[Budget]):
    list_display = ("scope", "period_start", "spent", "reserved", "cap", "share")
    list_filter = ("scope",)
    ordering = ("-period_start", "scope")
    fields = ("scope", "period_start", "spent", "reserved", "cap", "share")
    readonly_fields = ("spent", "reserved", "cap", "share")

    @admin.display(description="Spent", ordering="spent_pico")
    def spent(self, obj: Budget) -> str:
        return usd(obj.spent_pico)

    @admin.display(description="Reserved for running calls", ordering="reserved_pico")
    def reserved(self, obj: Budget) -> str:
        return usd(obj.reserved_pico)

    @admin.display(description="Cap", ordering="cap_pico")
    def cap(self, obj: Budget) -> str:
        return usd(obj.cap_pico)

    @admin.display(description="Used")
    def share(self, obj: Budget) -> SafeString:
        if obj.cap_pico <= 0:
            return badge("No budget", "warn")
        used = (obj.spent_pico + obj.reserved_pico) / obj.cap_pico
        return badge(f"{used:.0%}", "bad" if used >= 1 else "warn" if used >= 0.8 else "good")

"""The ledger: one row for each request to a provider, to be read and never edited."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from common.keyset import Keyset
from common.money import usd
from routing.admin.base import ReadOnlyAdmin, badge
from routing.admin.filters import DayFilter
from routing.models import CatalogueModel, ModelCall, Route

NEWEST_FAILED = 2_000  # looked through for words; some days of a desk at ten million calls a month


def milliseconds(value: int | None) -> str:
    """Return a duration as people read it; an unknown one is a dash."""
    if value is None:
        return "–"
    return f"{value:,} ms" if value < 10_000 else f"{value / 1000:.1f} s"


def tokens(value: int | None) -> str:
    """Return a count of tokens, or that it is not known."""
    return "unknown" if value is None else f"{value:,}"


def ending(call: ModelCall) -> SafeString:
    """Return how a call ended, as a badge: finished, cut, failed, or still running."""
    if call.ended_at is None:
        return badge("Running", "info")
    if call.error_class:
        return badge(call.error_class, "bad", call.error_detail)
    if call.truncated or call.finish_reason == "length":
        return badge("Cut short", "warn", call.finish_raw)
    if call.finish_reason == "complete":
        return badge("Complete", "good", call.finish_raw)
    return badge(call.finish_reason.replace("_", " ").capitalize() or "Ended", "plain", call.finish_raw)


class CallRouteFilter(DropdownFilter):  # type: ignore[misc]
    """By route, offered from the small table: the ledger's own distinct values would take a full scan."""

    title = "route"
    parameter_name = "route"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return list(Route.objects.values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModelCall]) -> QuerySet[ModelCall]:
        return queryset.filter(route=self.value()) if self.value() else queryset


class CallModelFilter(DropdownFilter):  # type: ignore[misc]
    """By the model that was asked, offered from the catalogue."""

    title = "model"
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return list(CatalogueModel.objects.values_list("id", "label"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModelCall]) -> QuerySet[ModelCall]:
        return queryset.filter(asked_model=self.value()) if self.value() else queryset


class FailedFilter(DropdownFilter):  # type: ignore[misc]
    title = "ending"
    parameter_name = "ending"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [
            ("failed", "Failed"),
            ("truncated", "Cut short"),
            ("complete", "Complete"),
            ("running", "Running"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModelCall]) -> QuerySet[ModelCall]:
        if self.value() == "failed":
            return queryset.exclude(error_class="")
        if self.value() == "truncated":
            return queryset.filter(truncated=True)
        if self.value() == "complete":
            return queryset.filter(finish_reason="complete")
        if self.value() == "running":
            return queryset.filter(ended_at=None)
        return queryset


@admin.register(ModelCall)
class ModelCallAdmin(Keyset, ReadOnlyAdmin[ModelCall]):
    list_display = ("started_at", "asked", "way", "ended", "used", "cost", "first_text", "took")
    list_filter = (
        ("started_at", DayFilter),
        FailedFilter,
        CallRouteFilter,
        CallModelFilter,
        ("cause", ChoicesDropdownFilter),
        ("purpose", ChoicesDropdownFilter),
    )
    list_filter_submit = True
    keyset_columns = ("started_at",)
    search_fields = ("asked_model", "answering_model", "error_class", "error_detail", "finish_raw")
    search_help_text = f"A model, or words of an error (of the newest {NEWEST_FAILED:,} that failed)"
    readonly_fields = (
        "asked",
        "reply",
        "used",
        "counting",
        "cost",
        "reserved",
        "first_text",
        "took",
        "ended",
    )
    fieldsets = (
        (None, {"fields": (("asked", "ended"), ("route", "tier"), ("cause", "attempt"), "reply")}),
        ("Time", {"fields": (("started_at", "ended_at"), ("first_text", "took"))}),
        (
            "Tokens and cost",
            {
                "fields": (
                    ("input_tokens", "cached_tokens", "output_tokens"),
                    ("cost", "reserved", "counting"),
                )
            },
        ),
        (
            "How it ended",
            {"fields": (("finish_reason", "finish_raw"), ("error_class", "http_status"), "error_detail")},
        ),
        ("What came out before it failed", {"fields": ("partial_output",)}),
        (
            "Versions",
            {
                "fields": (
                    ("provider", "asked_model", "answering_model"),
                    ("config_number", "prompt_version"),
                    "purpose",
                )
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ModelCall], search_term: str
    ) -> tuple[QuerySet[ModelCall], bool]:
        """Find by model, by index, and by error among the newest that failed: never in all rows."""
        term = search_term.strip()
        if not term:
            return queryset, False
        models = CatalogueModel.objects.filter(pk__icontains=term).values_list("pk", flat=True)
        failed = ModelCall.objects.exclude(error_class="").order_by("-started_at")
        newest = failed.values_list("pk", "error_class", "error_detail", "finish_raw")[:NEWEST_FAILED]
        folded = term.casefold()
        found = [pk for pk, *words in newest if any(folded in each.casefold() for each in words)]
        return queryset.filter(Q(asked_model__in=list(models)) | Q(pk__in=found)), False

    @admin.display(description="Model", ordering="asked_model")
    def asked(self, obj: ModelCall) -> SafeString:
        other = obj.answering_model and obj.answering_model != obj.asked_model
        return format_html(
            "{}{}",
            obj.asked_model,
            format_html("<small class='desk-sub'>answered as {}</small>", obj.answering_model)
            if other
            else "",
        )

    @admin.display(description="Route and attempt", ordering="route")
    def way(self, obj: ModelCall) -> SafeString:
        return format_html(
            "{}<small class='desk-sub'>{}, attempt {}</small>",
            obj.route,
            obj.get_cause_display().lower(),
            obj.attempt,
        )

    @admin.display(description="Ended")
    def ended(self, obj: ModelCall) -> SafeString:
        return ending(obj)

    @admin.display(description="Tokens in / out")
    def used(self, obj: ModelCall) -> SafeString:
        note = format_html("<small class='desk-sub'>{}</small>", "estimated") if obj.usage_estimated else ""
        return format_html("{} / {}{}", tokens(obj.input_tokens), tokens(obj.output_tokens), note)

    @admin.display(description="Token counts")
    def counting(self, obj: ModelCall) -> str:
        if obj.input_tokens is None and obj.output_tokens is None:
            return "not known"
        return "estimated" if obj.usage_estimated else "reported"

    @admin.display(description="Cost", ordering="cost_pico")
    def cost(self, obj: ModelCall) -> str:
        return usd(obj.cost_pico)

    @admin.display(description="Reserved before the call")
    def reserved(self, obj: ModelCall) -> str:
        return usd(obj.reserved_pico)

    @admin.display(description="First text", ordering="first_text_ms")
    def first_text(self, obj: ModelCall) -> str:
        return milliseconds(obj.first_text_ms)

    @admin.display(description="Took", ordering="duration_ms")
    def took(self, obj: ModelCall) -> str:
        return milliseconds(obj.duration_ms)

    @admin.display(description="Answer")
    def reply(self, obj: ModelCall) -> SafeString:
        if obj.reply_id is None:
            return format_html("{}", "Not made for a conversation")
        return format_html(
            "<a class='desk-link' href='{}'>{}</a>",
            reverse("admin:reply", args=[obj.reply_id]),
            "Open the conversation",
        )

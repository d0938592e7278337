"""The catalogue: which models exist, what they hold and cost, and whether they can be asked."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.widgets import UnfoldAdminTextareaWidget

from common.clock import now
from routing import caring
from routing.admin.base import PublishingAdmin, TabularInline, badge, muted
from routing.admin.marks import RETIRES_SOON_DAYS, current_price, dollars, key_status, retirement
from routing.admin.meanwhile import SeenForm
from routing.models import CatalogueModel, CatalogueNotice, ModelPrice
from routing.price_check import known


class PriceForm(forms.ModelForm[ModelPrice]):
    """A price; a proposed one counts as entered as soon as the page is saved with it."""

    def has_changed(self) -> bool:
        proposed = bool(self.initial) and not self.instance.pk
        return bool(self["input"].data) if proposed and self.is_bound else super().has_changed()


class PriceInline(TabularInline[ModelPrice, CatalogueModel]):
    model = ModelPrice
    form = PriceForm
    extra = 0
    hide_title = True
    verbose_name = "price"
    verbose_name_plural = "prices, USD for a million tokens"
    fields = ("effective_from", "input_above", "input", "output", "cached_input", "cache_write")

    def get_extra(self, request: HttpRequest, obj: CatalogueModel | None = None, **kwargs: Any) -> int:
        """Return as many empty rows as there are lines to propose."""
        return len(proposed_prices(obj))

    def get_formset(self, request: HttpRequest, obj: CatalogueModel | None = None, **kwargs: Any) -> Any:
        """Return the rows with what is proposed filled in."""
        formset = super().get_formset(request, obj, **kwargs)
        lines = proposed_prices(obj)

        class Proposing(formset):  # type: ignore[misc,valid-type]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **{"initial": lines, **kwargs})

        return Proposing


def proposed_prices(obj: CatalogueModel | None) -> list[dict[str, Any]]:
    """Return price rows to propose for a model that has none, by what genai-prices knows."""
    if obj is None or obj.prices.exists():
        return []
    found = known(obj, now())
    if found is None:
        return []
    return [
        {
            "effective_from": now().date(),
            "input_above": line.above,
            "input": line.input,
            "output": line.output,
            "cached_input": line.cached_input,
            "cache_write": line.cache_write,
        }
        for line in found.amounts
    ]


class RetirementFilter(DropdownFilter):  # type: ignore[misc]
    title = "life"
    parameter_name = "life"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("soon", "Retired or retiring soon"),
            ("care", "Needs care"),
            ("living", "Living"),
            ("used", "On a ladder"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CatalogueModel]) -> QuerySet[CatalogueModel]:
        today = now().date()
        soon = [
            row.pk
            for row in CatalogueModel.objects.only("id", "retires_on")
            if retirement(row.retires_on, today)
        ]
        if self.value() == "soon":
            return queryset.filter(pk__in=soon)
        if self.value() == "care":
            return queryset.filter(pk__in=[notice.model for notice in caring.notices()])
        if self.value() == "living":
            return queryset.exclude(pk__in=soon)
        if self.value() == "used":
            return queryset.filter(pk__in=list(caring.ladders_by_model()))
        return queryset


class CatalogueForm(SeenForm[CatalogueModel]):
    """A catalogue row in words."""

    class Meta:
        model = CatalogueModel
        fields = ("label",)
        labels = {
            "context_tokens": "Window, tokens",
            "max_output_tokens": "Answers up to, tokens",
            "replaced_by": "Successor's id",
            "api_version": "API version",
            "answers_as": "Other names",
            "asked_as": "Asked as",
            "allows_prefill": "Can go on from a cut answer",
            "sends_sampling": "Takes sampling settings",
            "max_tokens_field": "Name of the length field",
        }
        widgets = {
            "note": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "answers_as": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        }

    def inlines_in_words(self) -> dict[str, str]:
        """Return the prices as they are stored."""
        return {"prices": "; ".join(map(_in_words, self.instance.prices.all())) or "none"}


def _in_words(price: ModelPrice) -> str:
    amounts = (
        (price.input, "in"),
        (price.output, "out"),
        (price.cached_input, "cached"),
        (price.cache_write, "to write the cache"),
    )
    told = ", ".join(f"{dollars(amount)} {what}" for amount, what in amounts if amount is not None)
    above = f" above {price.input_above:,} tokens" if price.input_above else ""
    return f"from {price.effective_from}{above} {told}"


def _noticed(notice: CatalogueNotice) -> tuple[SafeString, str]:
    kind = "bad" if caring.pressing(notice, now()) else "warn"
    return badge(notice.get_kind_display(), kind, notice.detail), notice.detail


@admin.register(CatalogueModel)
class CatalogueAdmin(PublishingAdmin[CatalogueModel]):
    form = CatalogueForm
    change_form_before_template = "admin/desk/_seen.html"
    list_before_template = "admin/desk/models_before.html"
    list_display = ("name", "life", "status", "tier", "window", "price", "ladders")
    list_filter = ("provider", "tier", RetirementFilter)
    list_filter_submit = True
    search_fields = ("id", "label", "provider")
    search_help_text = "Model id, name or provider"
    inlines = (PriceInline,)
    fieldsets = (
        (None, {"fields": ("id", ("label", "tier"), ("provider", "wire"), "note")}),
        ("Size", {"fields": (("context_tokens", "max_output_tokens"), "token_factor")}),
        ("Life", {"fields": (("released_on", "retires_on"), "replaced_by")}),
        (
            "How it is asked",
            {
                "fields": (
                    ("allows_prefill", "sends_sampling"),
                    ("thinking", "max_tokens_field"),
                    ("api_version", "asked_as"),
                    "answers_as",
                ),
                "description": "Facts of the provider's interface. A wrong one makes every call fail.",
            },
        ),
    )

    _notices: Mapping[str, list[CatalogueNotice]] = {}
    _ladders: Mapping[str, list[str]] = {}

    def get_queryset(self, request: HttpRequest) -> QuerySet[CatalogueModel]:
        return super().get_queryset(request).prefetch_related("prices")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Read what the daily check found, once for the whole list."""
        found: defaultdict[str, list[CatalogueNotice]] = defaultdict(list)
        for notice in caring.notices():
            if notice.kind not in (CatalogueNotice.Kind.RETIRED, CatalogueNotice.Kind.RETIRES):
                found[notice.model].append(notice)
        self._ladders = caring.ladders_by_model()
        self._notices = found  # the same for everybody who looks at the list just now
        return super().changelist_view(request, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = kwargs.get("obj")
        if request.method == "GET" and obj is not None:
            self._tell(request, obj)
        return super().render_change_form(request, context, *args, **kwargs)

    def _tell(self, request: HttpRequest, obj: CatalogueModel) -> None:
        """Say what the daily check found of a model, and whose price is proposed."""
        for notice in caring.notices():
            if notice.model == obj.pk:
                messages.warning(request, f"{notice.get_kind_display()}: {notice.detail}")
        if proposed_prices(obj):
            found = known(obj, now())
            messages.info(
                request,
                f"This model has no price. The one below is proposed by {found.source if found else ''}: "
                "check it, then save the page to take it, or empty its fields to leave the price unknown.",
            )

    def get_readonly_fields(self, request: HttpRequest, obj: CatalogueModel | None = None) -> list[str]:
        return ["id"] if obj else []

    def save_model(
        self, request: HttpRequest, obj: CatalogueModel, form: forms.ModelForm[CatalogueModel], change: bool
    ) -> None:
        # An upgrade of the release's catalogue leaves these fields alone from now on.
        obj.staff_edited = sorted({*obj.staff_edited, *form.changed_data})
        super().save_model(request, obj, form, change)

    def save_related(
        self, request: HttpRequest, form: forms.ModelForm[CatalogueModel], formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        row = form.instance
        if any(formset.has_changed() for formset in formsets) and "prices" not in row.staff_edited:
            row.staff_edited = sorted({*row.staff_edited, "prices"})
            row.save(update_fields=["staff_edited"])

    @admin.display(description="Model", ordering="label")
    def name(self, obj: CatalogueModel) -> SafeString:
        return format_html("{}<small class='desk-sub'>{}</small>", obj.label, obj.id)

    @admin.display(description="Life", ordering="retires_on")
    def life(self, obj: CatalogueModel) -> SafeString:
        mark = retirement(obj.retires_on, now().date())
        if mark is not None:
            return format_html(
                "{}{}",
                badge(mark.text, mark.kind, f"Retired, or retiring within {RETIRES_SOON_DAYS} days"),
                format_html("<small class='desk-sub'>use {}</small>", obj.replaced_by)
                if obj.replaced_by
                else "",
            )
        found = self._notices.get(obj.pk, [])
        if found:
            return format_html_join("", "{}<small class='desk-sub'>{}</small>", map(_noticed, found))
        if obj.retires_on is None:
            return muted("No date known")
        return muted(f"until {obj.retires_on:%-d %b %Y}")

    @admin.display(description="Can be asked")
    def status(self, obj: CatalogueModel) -> SafeString:
        mark = key_status(obj)
        return badge(mark.text, mark.kind)

    @admin.display(description="Tokens", ordering="context_tokens")
    def window(self, obj: CatalogueModel) -> SafeString:
        return format_html(
            "{} in<small class='desk-sub'>{} out</small>",
            f"{obj.context_tokens:,}",
            f"{obj.max_output_tokens:,}",
        )

    @admin.display(description="USD for 1M")
    def price(self, obj: CatalogueModel) -> SafeString:
        price = current_price(list(obj.prices.all()), now().date())
        if price is None:
            return badge("No price", "warn", "Its cost and the daily cap cannot be reckoned")
        return format_html(
            "{} in<small class='desk-sub'>{} out</small>", dollars(price.input), dollars(price.output)
        )

    @admin.display(description="On ladders")
    def ladders(self, obj: CatalogueModel) -> SafeString | str:
        routes = sorted(self._ladders.get(obj.pk, ()))
        return format_html_join(", ", "{}", ((name,) for name in routes)) or "–"

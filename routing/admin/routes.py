"""The routes: their ladders, instructions, budgets, deadlines and targets."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from common.clock import now
from routing.admin.base import DraftAdmin, LinesField, TabularInline, badge, muted
from routing.admin.marks import current_price, key_status, ladder_warnings, price_words, step_marks
from routing.admin.meanwhile import SeenForm
from routing.checks import wider
from routing.models import CatalogueModel, Demotion, LadderStep, Route
from routing.providers import registry
from routing.publishing import route_spec


def step_badges(step: LadderStep) -> SafeString:
    """Return what stands in the way of a step as badges, or that nothing does."""
    marks = step_marks(step.model, now().date(), step.route.allowed_providers) or [key_status(step.model)]
    return format_html_join(" ", "{}", ((badge(mark.text, mark.kind),) for mark in marks))


class StepFormSet(BaseInlineFormSet[LadderStep, Route, forms.ModelForm[LadderStep]]):
    """The ladder of a route; refuses one of which the route allows no step."""

    def clean(self) -> None:
        """Check the steps that stay against the providers ticked on the same form."""
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form not in self.deleted_forms]
        providers = {row["model"].provider for row in kept if row.get("model")}
        allowed = self.instance.allowed_providers
        if allowed and providers and not providers.intersection(allowed):
            raise forms.ValidationError(
                f"No step could be asked: this route allows {', '.join(allowed)} only, and its models are of "
                f"{', '.join(sorted(providers))}."
            )

    def save_existing_objects(self, commit: bool = True) -> list[LadderStep]:
        """Save the steps; two may change places, although a model stands once on a ladder at any moment.

        Rows are written one after the other, so those that leave their model go first, and come again.
        """
        if commit:
            leaving = [
                form.instance.pk
                for form in self.initial_forms
                if "model" in form.changed_data or form in self.deleted_forms
            ]
            LadderStep.objects.filter(pk__in=leaving).delete()
        return super().save_existing_objects(commit)


class StepInline(TabularInline[LadderStep, Route]):
    model = LadderStep
    formset = StepFormSet
    extra = 0
    ordering_field = "position"
    hide_ordering_field = True
    hide_title = True
    verbose_name = "step"
    verbose_name_plural = "ladder, in the order it is asked"
    fields = ("model", "position", "step_status", "step_price")
    readonly_fields = ("step_status", "step_price")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LadderStep]:
        rows = super().get_queryset(request).select_related("model", "route")
        return rows.prefetch_related("model__prices")

    @admin.display(description="Can be asked")
    def step_status(self, obj: LadderStep) -> SafeString | str:
        return step_badges(obj) if obj.pk else "–"

    @admin.display(description="Price for 1M tokens")
    def step_price(self, obj: LadderStep) -> str:
        if not obj.pk:
            return "–"
        return price_words(current_price(list(obj.model.prices.all()), now().date()))


def known_providers(ticked: Iterable[str]) -> list[str]:
    """Return the providers of the environment and of the catalogue, and those that a route has ticked."""
    listed = CatalogueModel.objects.order_by().values_list("provider", flat=True).distinct()
    return sorted({*listed, *(provider.name for provider in registry.environment().providers), *ticked})


class RouteForm(SeenForm[Route]):
    """A route; refuses what would leave a message without a way to go."""

    allowed_providers = forms.MultipleChoiceField(
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="A message on this route is sent to these only, also when none of them answers. "
        "None ticked: all.",
    )

    class Meta:
        model = Route
        fields = ("enabled", "escalates_to", "allowed_providers")
        labels = {
            "slug": "Short name",
            "max_message_tokens": "Message, up to",
            "max_prompt_tokens": "Prompt, up to",
            "max_output_tokens": "Answer, up to",
            "daily_budget_usd": "Daily budget, USD",
            "monthly_budget_usd": "Monthly budget, USD",
            "target_error_rate": "Error rate, at most",
            "target_truncation_rate": "Truncation rate, at most",
            "target_escalation_rate": "Escalation rate, at most",
            "target_availability": "Availability, at least",
        }
        help_texts = {
            "target_escalation_rate": "Share of this route's answers after which a larger tier was asked.",
            "target_availability": "Share of replies that gave an answer, where somebody waited for one.",
            "target_period_days": "All targets of the route count over these days.",
        }
        widgets = {"instructions": UnfoldAdminTextareaWidget(attrs={"rows": 8})}
        field_classes = {"instructions": LinesField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("allowed_providers")
        if isinstance(field, forms.MultipleChoiceField):
            names = known_providers(self.instance.allowed_providers)
            field.choices = [(name, name) for name in names]

    def inlines_in_words(self) -> dict[str, str]:
        """Return the ladder as it is stored."""
        return {"ladder": ", then ".join(str(step.model) for step in self.instance.steps.all()) or "empty"}

    def clean_enabled(self) -> bool:
        """Keep the route of the last rule on."""
        enabled = bool(self.cleaned_data["enabled"])
        if not enabled and self.instance.pk and self.instance.rules.filter(locked=True).exists():
            raise forms.ValidationError("The last rule leads here, so this route stays on.")
        return enabled

    def clean_escalates_to(self) -> Route | None:
        """Refuse a chain of escalations that comes back to this route."""
        target: Route | None = self.cleaned_data["escalates_to"]
        seen: set[str] = set()
        step = target
        while step is not None and step.pk not in seen:
            if step.pk == self.instance.pk:
                raise forms.ValidationError("This would escalate in a circle.")
            seen.add(step.pk)
            step = step.escalates_to
        return target


@admin.register(Route)
class RouteAdmin(DraftAdmin[Route]):
    form = RouteForm
    list_display = ("title", "level", "ladder", "targets", "higher", "enabled_mark")
    list_filter = ("kind", "tier")
    search_fields = ("slug", "name", "meaning")
    inlines = (StepInline,)
    ordering = ("position", "slug")
    actions = None
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": (("name", "slug"), "meaning", ("kind", "tier"), ("escalates_to", "enabled"))}),
        ("Instructions", {"classes": ("tab",), "fields": ("instructions",)}),
        (
            "Privacy",
            {
                "classes": ("tab",),
                "fields": ("redact", "allowed_providers"),
                "description": "What a provider gets to read of a visitor's words, and which provider.",
            },
        ),
        (
            "Budgets",
            {
                "classes": ("tab",),
                "fields": (
                    ("max_message_tokens", "max_prompt_tokens", "max_output_tokens"),
                    ("daily_budget_usd", "monthly_budget_usd", "when_spent"),
                ),
                "description": "In tokens, estimated. A longer message goes to the route for long ones. "
                "Money: empty is no budget of its own; the desk's own cap always holds.",
            },
        ),
        (
            "Deadlines",
            {
                "classes": ("tab",),
                "fields": (
                    ("connect_s", "first_text_s"),
                    ("stall_s", "total_s"),
                    ("hedge", "promises_fallback"),
                ),
                "description": "Seconds. When one passes, the next model on the ladder is asked.",
            },
        ),
        (
            "Answers",
            {
                "classes": ("tab",),
                "fields": (
                    ("escalate_on_evidence", "min_support"),
                    ("sticky_turns",),
                    ("cache", "cache_hours"),
                    ("needs_transfer_test",),
                ),
                "description": "When an answer goes to the next tier, when a conversation stays on this "
                "one, whether an answer may be given again, and what a new model has to pass first.",
            },
        ),
        (
            "Targets",
            {
                "classes": ("tab",),
                "fields": (
                    ("target_first_text_p95_ms", "target_total_p95_ms"),
                    ("target_total_p99_ms", "target_period_days"),
                    ("target_error_rate", "target_truncation_rate"),
                    ("target_escalation_rate", "target_availability"),
                    ("demotes_itself", "first_model"),
                ),
                "description": "What the route promises; Service levels says whether it keeps it and how "
                "much of its error budget is left. Rates are shares: 0.01 is one in a hundred, and an "
                "availability of 0.99 is 99 of a hundred. Empty is no promise.",
            },
        ),
        (
            "Changes",
            {
                "classes": ("tab",),
                "fields": (
                    ("gate_error_rate", "gate_truncation_rate"),
                    ("gate_refusal_rate", "gate_first_text_share"),
                ),
                "description": "When the models or the prompt are changed: bring the ones before back, by "
                "itself, if one of these is surely exceeded. Rates are shares: 0.05 is five more in a "
                "hundred. Empty is no limit. In force as soon as saved, and no part of the draft.",
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Route]:
        return (
            super()
            .get_queryset(request)
            .select_related("escalates_to")
            .prefetch_related("steps__model__prices", "steps__route", "rules")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Route | None = None) -> list[str]:
        return ["slug", "kind", "first_model"] if obj else ["first_model"]

    def get_fieldsets(self, request: HttpRequest, obj: Route | None = None) -> Any:
        # A route without a model sends nothing to anybody, and has none to change.
        shown = super().get_fieldsets(request, obj)
        keeps = obj is None or obj.kind == Route.Kind.MODEL
        return shown if keeps else [part for part in shown if part[0] not in ("Privacy", "Changes")]

    def get_inlines(self, request: HttpRequest, obj: Route | None) -> Any:
        return () if obj is not None and obj.kind != Route.Kind.MODEL else self.inlines

    def has_delete_permission(self, request: HttpRequest, obj: Route | None = None) -> bool:
        # The product itself answers on the routes without a model, so these always exist.
        if obj is not None and obj.kind != Route.Kind.MODEL:
            return False
        return super().has_delete_permission(request, obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Name the rules that lead here as what stands in the way of deleting a route.

        Nobody may delete the last rule, and Django would call that a right that the account lacks.
        """
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return found, counts, set() if protected else lacking, protected

    def save_related(
        self, request: HttpRequest, form: forms.ModelForm[Route], formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        self._number_steps(form.instance, formsets)
        if form.instance.kind == Route.Kind.MODEL:
            steps = form.instance.steps.select_related("model").prefetch_related("model__prices")
            models = [step.model for step in steps.order_by("position")]
            allowed, promises = form.instance.allowed_providers, form.instance.promises_fallback
            for warning in ladder_warnings(models, now().date(), allowed, promises):
                messages.warning(request, warning)
            self._warn_of_escalation(request, form.instance)

    def _warn_of_escalation(self, request: HttpRequest, route: Route) -> None:
        if route.escalates_to is None:
            return
        words = wider(route_spec(route), route_spec(route.escalates_to))
        if words:
            messages.warning(request, f"Escalates to “{route.escalates_to}”, which {words}.")

    def _number_steps(self, route: Route, formsets: Any) -> None:
        """Number the ladder from 0; new steps, which cannot be dragged yet, go to its end."""
        new = {step.pk for formset in formsets for step in getattr(formset, "new_objects", [])}
        rows = LadderStep.objects.filter(route=route)  # not route.steps: read before the inlines were saved
        steps = sorted(rows, key=lambda step: (step.pk in new, step.position, step.pk))
        for place, step in enumerate(steps):
            if step.position != place:
                step.position = place
                step.save(update_fields=["position"])

    @admin.display(description="Route", ordering="name")
    def title(self, obj: Route) -> SafeString:
        return format_html("{}<small class='desk-sub'>{}</small>", obj.name, obj.meaning)

    @admin.display(description="First model")
    def first_model(self, obj: Route) -> SafeString | str:
        row = Demotion.objects.filter(route=obj.pk, ended_at=None).first() if obj.pk else None
        if row is None:
            return "not set aside"
        # No button here: as the form's first one, it is what the Enter key in any field would press.
        return format_html(
            "{} since {}, because {}. <a class='desk-link' href='{}#route-{}'>Use it again</a>",
            badge("Set aside", "warn"),
            localize(timezone.localtime(row.since)),
            row.reason,
            reverse("admin:service_levels"),
            obj.pk,
        )

    @admin.display(description="Tier", ordering="tier")
    def level(self, obj: Route) -> str:
        return obj.get_tier_display()

    @admin.display(description="Ladder")
    def ladder(self, obj: Route) -> SafeString:
        if obj.kind != Route.Kind.MODEL:
            return muted("No model")
        steps = list(obj.steps.all())
        if not steps:
            return badge("No model on the ladder", "bad")
        return format_html(
            "<ol class='desk-ladder'>{}</ol>",
            format_html_join("", "<li>{} {}</li>", ((str(step.model), step_badges(step)) for step in steps)),
        )

    @admin.display(description="Targets, p95")
    def targets(self, obj: Route) -> SafeString:
        parts = [
            ("first text", obj.target_first_text_p95_ms),
            ("all", obj.target_total_p95_ms),
        ]
        shown = [(f"{name} {value / 1000:g} s",) for name, value in parts if value is not None]
        return format_html_join(", ", "{}", shown) or muted("none")

    @admin.display(description="Escalates to")
    def higher(self, obj: Route) -> str:
        return obj.escalates_to.name if obj.escalates_to else "–"

    @admin.display(description="In use")
    def enabled_mark(self, obj: Route) -> SafeString:
        if not obj.enabled:
            return badge("Switched off", "warn")
        count = len(obj.rules.all())
        return badge(f"{count} rule{'' if count == 1 else 's'}", "good" if count else "plain")

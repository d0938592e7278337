"""What may be spent, by the desk, its routes and plans, what is spent of it, and where it is set."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.clock import now
from common.money import usd
from routing import desk
from routing.admin.base import PublishingAdmin, ReadOnlyAdmin, badge, muted
from routing.admin.meanwhile import SeenForm
from routing.caps import ALL, DRAFTS, EXAMPLE, HEALTH, PLAN, PROBES, ROUTE, SHADOW, TESTS
from routing.models import Budget, PlanBudget, Route, WhenSpent
from routing.standing import Standing, standing

WARN_SHARE = 0.8  # from here on somebody should look: a fifth of a day's money is a few busy hours

_NAMES = {
    ALL: ("The desk", "all answers to visitors"),
    EXAMPLE: ("Example traffic", "made by the button on the metrics page"),
    DRAFTS: ("Drafts for staff", "phrasings and answers that models write for the FAQ"),
    PROBES: ("Probes", "what manage.py probe and the doctor measure"),
    TESTS: ("Transfer tests", "cases that models are tried with before visitors get them"),
    SHADOW: ("Shadow", "answers and judgements that no visitor sees"),
    HEALTH: ("Health checks", "whether a provider that failed works again"),
}


def kind_of(share: float) -> str:
    """Return the colour of a used share: over, near, or well within."""
    return "bad" if share >= 1 else "warn" if share >= WARN_SHARE else "good"


def percent(share: float) -> str:
    """Return a used share for people: what is little is not nothing."""
    return "under 1 %" if 0 < share < 0.01 else f"{share:.0%}".replace("%", " %")


def names_of(scope: str, routes: Mapping[str, str]) -> tuple[str, str]:
    """Return what a budget is called and what it is for."""
    if scope.startswith(ROUTE):
        slug = scope.removeprefix(ROUTE)
        return f"Route: {routes.get(slug, slug)}", "answers on this route"
    if scope.startswith(PLAN):
        return f"Plan: {scope.removeprefix(PLAN)}", "answers to visitors on this plan"
    return _NAMES.get(scope, (scope, ""))


@dataclass(frozen=True)
class Row:
    """One budget as the page shows it now."""

    scope: str
    period: str
    name: str
    about: str
    lasts: str
    spent: str
    reserved: str
    cap: str
    used: str
    meter: float  # of 1, at most
    kind: str
    warning: str = ""
    why: str = ""


def warning_of(each: Standing) -> tuple[str, str]:
    """Return what is to be said of a budget that one answer does not fit into, and why; "" of others."""
    if each.needs is None or not each.tight:
        return "", ""
    least, most = usd(each.needs.least), usd(each.needs.most)
    why = f"One answer reserves {least}, and up to {most} with the longest prompt."
    return ("Too small for one answer" if each.too_small else "Too small for the longest prompts"), why


def row_of(each: Standing, routes: Mapping[str, str], tz: ZoneInfo) -> Row:
    """Return a budget in words; the moment of its end is of the desk's clock."""
    name, about = names_of(each.pot.scope, routes)
    last = each.pot.ends_at.astimezone(tz) - timedelta(seconds=1)
    month = each.pot.period == "month"
    warning, why = warning_of(each)
    return Row(
        scope=each.pot.scope,
        period=each.pot.period,
        name=name,
        about=about,
        lasts=f"This month, to {last:%-d %B}" if month else f"Today, {last:%-d %B}",
        spent=usd(each.spent),
        reserved=usd(each.reserved),
        cap=usd(each.pot.cap),
        used=percent(each.share),
        meter=min(1.0, each.share),
        kind="bad" if each.too_small else kind_of(each.share),
        warning=warning,
        why=why,
    )


@admin.register(Budget)
class BudgetAdmin(ReadOnlyAdmin[Budget]):
    list_before_template = "admin/desk/budgets_before.html"
    list_display = ("budget", "lasts", "spent", "reserved", "cap", "share")
    list_filter = ("period", "scope")
    ordering = ("-period_start", "scope", "period")
    fields = ("budget", "lasts", "spent", "carried", "reserved", "cap", "share")
    readonly_fields = ("budget", "lasts", "spent", "carried", "reserved", "cap", "share")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show every budget as it stands now above the list of all periods."""
        routes, tz = _routes(), desk.caps().tz
        context = {
            "standings": [row_of(each, routes, tz) for each in standing(now())],
            "desk_zone": tz.key.replace("_", " "),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    @admin.display(description="Budget", ordering="scope")
    def budget(self, obj: Budget) -> SafeString:
        name, about = names_of(obj.scope, _routes())
        return format_html("{}<small class='desk-sub'>{}</small>", name, about)

    @admin.display(description="Period", ordering="period_start")
    def lasts(self, obj: Budget) -> str:
        month = obj.period == Budget.Period.MONTH
        return f"{obj.period_start:%B %Y}" if month else f"{obj.period_start:%-d %B %Y}"

    @admin.display(description="Spent", ordering="spent_pico")
    def spent(self, obj: Budget) -> str:
        return usd(obj.spent_pico)

    @admin.display(description="Spent before it was set")
    def carried(self, obj: Budget) -> str:
        return usd(obj.carried_pico)

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
        return badge(percent(used), kind_of(used))


def _routes() -> dict[str, str]:
    return dict(Route.objects.values_list("slug", "name"))


# Who knows which plans visitors have had: the apps above this one, which it may not import, add themselves.
PLAN_SOURCES: list[Callable[[], Collection[str]]] = []


def plans_seen() -> set[str]:
    """Return every plan that a visitor has had, as far as anybody knows."""
    return {plan for source in PLAN_SOURCES for plan in source()}


class PlanBudgetForm(SeenForm[PlanBudget]):
    """A plan's budget; an empty amount is no budget, and nothing is a budget of nothing."""

    class Meta:
        model = PlanBudget
        fields = ("plan", "daily_budget_usd", "monthly_budget_usd", "when_spent")
        error_messages = {"plan": {"invalid": "Letters, digits, hyphens and underscores only."}}
        help_texts = {
            "daily_budget_usd": "Empty: none. 0: no model at all.",
            "monthly_budget_usd": "Empty: none. 0: no model at all.",
        }

    def clean(self) -> dict[str, Any]:
        """Refuse amounts below nothing."""
        cleaned = super().clean()
        for name in ("daily_budget_usd", "monthly_budget_usd"):
            amount = cleaned.get(name)
            if amount is not None and amount < 0:
                self.add_error(name, ValidationError("A budget cannot be negative."))
        return cleaned


@admin.register(PlanBudget)
class PlanBudgetAdmin(PublishingAdmin[PlanBudget]):
    form = PlanBudgetForm
    change_form_before_template = "admin/desk/_seen.html"
    list_before_template = "admin/desk/plan_budgets_before.html"
    list_display = ("name", "daily", "monthly", "then")
    search_fields = ("plan",)
    actions = None
    warn_unsaved_form = True
    fieldsets = ((None, {"fields": ("plan", ("daily_budget_usd", "monthly_budget_usd"), "when_spent")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: PlanBudget | None = None) -> list[str]:
        return ["plan"] if obj else []

    @admin.display(description="Plan", ordering="plan")
    def name(self, obj: PlanBudget) -> SafeString | str:
        if obj.plan in self._seen:
            return obj.plan
        return format_html("{}<small class='desk-sub'>{}</small>", obj.plan, "no visitor with this plan yet")

    _seen: Collection[str] = ()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Look up once which plans there are."""
        self._seen = plans_seen()  # the same for everybody who looks at the list just now
        return super().changelist_view(request, extra_context)

    @admin.display(description="Daily budget", ordering="daily_budget_usd")
    def daily(self, obj: PlanBudget) -> SafeString | str:
        return muted("none") if obj.daily_budget_usd is None else f"${obj.daily_budget_usd.normalize():f}"

    @admin.display(description="Monthly budget", ordering="monthly_budget_usd")
    def monthly(self, obj: PlanBudget) -> SafeString | str:
        return muted("none") if obj.monthly_budget_usd is None else f"${obj.monthly_budget_usd.normalize():f}"

    @admin.display(description="When it is spent", ordering="when_spent")
    def then(self, obj: PlanBudget) -> str:
        return WhenSpent(obj.when_spent).label.capitalize()

"""Rows to values: what the runtime sees of the tables that staff edit."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from routing.config import ConditionSpec, Deadlines, ModelSpec, PlanSpec, Price, RouteSpec, RuleSpec, Sla
from routing.models import CatalogueModel, ModelPrice, PlanBudget, Route, Rule

MILLION = Decimal(1_000_000)


def model_spec(row: CatalogueModel) -> ModelSpec:
    """Return the runtime's view of a catalogue row; its prices are per token there."""
    return ModelSpec(
        id=row.id,
        provider=row.provider,
        wire=row.wire,
        label=row.label,
        tier=row.tier,  # type: ignore[arg-type]  # the choices of the field are those of the type
        context_tokens=row.context_tokens,
        max_output_tokens=row.max_output_tokens,
        prices=tuple(_price(price) for price in sorted(row.prices.all(), key=_price_order)),
        answers_as=tuple(row.answers_as.split()),
        allows_prefill=row.allows_prefill,
        sends_sampling=row.sends_sampling,
        thinking=row.thinking,
        max_tokens_field=row.max_tokens_field,
        api_version=row.api_version,
        token_factor=row.token_factor,
        released_on=row.released_on,
        retires_on=row.retires_on,
        replaced_by=row.replaced_by,
        asked_as=row.asked_as,
    )


def _price_order(price: ModelPrice) -> tuple[Any, int]:
    return price.effective_from, price.input_above


def _price(price: ModelPrice) -> Price:
    return Price(
        effective_from=price.effective_from,
        input_above=price.input_above,
        input=price.input / MILLION,
        output=price.output / MILLION,
        cached_input=None if price.cached_input is None else price.cached_input / MILLION,
        cache_write=None if price.cache_write is None else price.cache_write / MILLION,
    )


def route_spec(row: Route) -> RouteSpec:
    """Return the runtime's view of a route, with its ladder."""
    return RouteSpec(
        slug=row.slug,
        name=row.name,
        kind=row.kind,  # type: ignore[arg-type]  # the choices of the field are those of the type
        tier=row.tier,  # type: ignore[arg-type]
        ladder=tuple(step.model_id for step in row.steps.all()),
        instructions=row.instructions,
        max_message_tokens=row.max_message_tokens,
        max_prompt_tokens=row.max_prompt_tokens,
        max_output_tokens=row.max_output_tokens,
        deadlines=Deadlines(row.connect_s, row.first_text_s, row.stall_s, row.total_s),
        sla=Sla(
            row.target_first_text_p95_ms,
            row.target_total_p95_ms,
            row.target_error_rate,
            row.target_truncation_rate,
            row.target_total_p99_ms,
            row.target_escalation_rate,
            row.target_availability,
            row.target_period_days,
        ),
        escalates_to=row.escalates_to_id or "",
        enabled=row.enabled,
        redact=row.redact,
        allowed_providers=tuple(row.allowed_providers),
        daily_budget_usd=row.daily_budget_usd,
        monthly_budget_usd=row.monthly_budget_usd,
        when_spent=row.when_spent,  # type: ignore[arg-type]
        hedge=row.hedge,
        promises_fallback=row.promises_fallback,
        sticky_turns=row.sticky_turns,
        cache=row.cache,  # type: ignore[arg-type]
        cache_hours=row.cache_hours,
        escalate_on_evidence=row.escalate_on_evidence,
        min_support=row.min_support,
        demotes_itself=row.demotes_itself,
        needs_transfer_test=row.needs_transfer_test,
    )


def rule_spec(row: Rule) -> RuleSpec:
    """Return the runtime's view of a rule, its conditions in groups."""
    cells = sorted(row.conditions.all(), key=lambda cell: (cell.group, cell.pk))
    groups = tuple(
        tuple(ConditionSpec(cell.signal, cell.operator, cell.value) for cell in group)
        for _, group in groupby(cells, key=lambda cell: cell.group)
    )
    return RuleSpec(row.pk, row.position, row.name, row.route_id, row.reason, groups)


@dataclass(frozen=True)
class RuleSet:
    """The draft that the tables hold: routes, the rules that can fire, and what only staff see of both.

    `kept` is what a snapshot stores so that its rows can be made again: the rules that are off, and a
    route's place and meaning.
    """

    routes: tuple[RouteSpec, ...]
    rules: tuple[RuleSpec, ...]
    kept: dict[str, Any]


def rule_set() -> RuleSet:
    """Return the rules and routes as the tables hold them now."""
    routes = list(Route.objects.prefetch_related("steps"))
    on = {row.pk for row in routes if row.enabled}
    rules = list(Rule.objects.prefetch_related("conditions"))
    off = [row for row in rules if not (row.enabled and row.route_id in on)]
    return RuleSet(
        tuple(route_spec(row) for row in routes),
        tuple(rule_spec(row) for row in rules if row not in off),
        {
            "routes": {row.slug: {"meaning": row.meaning, "position": row.position} for row in routes},
            "rules": [{**asdict(rule_spec(row)), "enabled": row.enabled} for row in off],
        },
    )


def model_specs() -> list[ModelSpec]:
    """Return the catalogue as the tables hold it now."""
    return [model_spec(row) for row in CatalogueModel.objects.prefetch_related("prices")]


def plan_specs() -> list[PlanSpec]:
    """Return the budgets of plans as the tables hold them now."""
    return [
        PlanSpec(row.plan, row.daily_budget_usd, row.monthly_budget_usd, row.when_spent)  # type: ignore[arg-type]
        for row in PlanBudget.objects.all()
    ]

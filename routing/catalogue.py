"""Write the release's model facts, and the routes and rules of a new desk, into the tables."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from routing.defaults import ROUTES, RULES, RouteDefault, RuleDefault
from routing.models import CatalogueModel, Condition, LadderStep, ModelPrice, Route, Rule

FILE = Path(__file__).with_name("catalogue.json")
PRICES = "prices"  # its name in `staff_edited`: a row's price list is kept or replaced as a whole

_PLAIN = (
    "provider",
    "wire",
    "label",
    "tier",
    "context_tokens",
    "max_output_tokens",
    "max_tokens_field",
    "api_version",
    "token_factor",
    "allows_prefill",
    "sends_sampling",
    "thinking",
    "replaced_by",
    "note",
)
_DAYS = ("released_on", "retires_on")


def read_file(path: Path = FILE) -> list[dict[str, Any]]:
    """Return the models of the release's dated catalogue file."""
    models: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["models"]
    return models


@transaction.atomic
def load_catalogue(models: Sequence[Mapping[str, Any]] | None = None) -> tuple[int, int]:
    """Bring the rows up to the file and return how many were added and changed.

    A field that staff changed stays as they left it; a model that is not in the file stays as well.
    """
    added = changed = 0
    for facts in read_file() if models is None else models:
        row = CatalogueModel.objects.filter(pk=facts["id"]).first()
        if row is None:
            row = CatalogueModel.objects.create(id=facts["id"], **_fields(facts))
            _replace_prices(row, facts)
            added += 1
        else:
            changed += _update(row, facts)
    return added, changed


def _fields(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the file's values for all fields; what the file leaves out is the field's default."""
    blank = CatalogueModel()
    fields = {name: facts.get(name, getattr(blank, name)) for name in _PLAIN}
    days = {name: date.fromisoformat(facts[name]) if name in facts else None for name in _DAYS}
    return {**fields, **days, "answers_as": "\n".join(facts.get("answers_as", ()))}


def _update(row: CatalogueModel, facts: Mapping[str, Any]) -> bool:
    news = {
        name: value
        for name, value in _fields(facts).items()
        if name not in row.staff_edited and getattr(row, name) != value
    }
    for name, value in news.items():
        setattr(row, name, value)
    if news:
        row.save(update_fields=list(news))
    repriced = PRICES not in row.staff_edited and _prices(facts) != _stored(row)
    if repriced:
        _replace_prices(row, facts)
    return bool(news) or repriced


_PriceKey = tuple[date, int]
_PriceList = dict[_PriceKey, tuple[Decimal | None, ...]]
_AMOUNTS = ("input", "output", "cached_input", "cache_write")


def _prices(facts: Mapping[str, Any]) -> _PriceList:
    return {
        (date.fromisoformat(price["effective_from"]), int(price.get("input_above", 0))): tuple(
            Decimal(price[name]) if name in price else None for name in _AMOUNTS
        )
        for price in facts.get(PRICES, ())
    }


def _stored(row: CatalogueModel) -> _PriceList:
    return {
        (price.effective_from, price.input_above): tuple(getattr(price, name) for name in _AMOUNTS)
        for price in row.prices.all()
    }


def _replace_prices(row: CatalogueModel, facts: Mapping[str, Any]) -> None:
    row.prices.all().delete()
    ModelPrice.objects.bulk_create(
        ModelPrice(
            model=row, effective_from=day, input_above=above, **dict(zip(_AMOUNTS, amounts, strict=True))
        )
        for (day, above), amounts in _prices(facts).items()
    )


@transaction.atomic
def seed_routing() -> bool:
    """Load the catalogue, and make routes and rules where there are none; return whether any were made.

    Routes and rules belong to staff once they exist, so a second run leaves them alone, deleted ones
    included.
    """
    load_catalogue()
    if Route.objects.exists() or Rule.objects.exists():
        return False
    for position, default in enumerate(ROUTES):
        _make_route(default, position)
    for default in ROUTES:
        Route.objects.filter(pk=default.slug).update(escalates_to=default.escalates_to or None)
    for position, rule in enumerate(RULES, start=1):
        _make_rule(rule, position, locked=rule is RULES[-1])
    return True


def _make_route(default: RouteDefault, position: int) -> None:
    deadlines, sla = default.deadlines, default.sla
    route = Route.objects.create(
        slug=default.slug,
        name=default.name,
        meaning=default.meaning,
        kind=default.kind,
        tier=default.tier,
        position=position,
        instructions=default.instructions,
        max_message_tokens=default.max_message_tokens,
        max_prompt_tokens=default.max_prompt_tokens,
        max_output_tokens=default.max_output_tokens,
        connect_s=deadlines.connect_s,
        first_text_s=deadlines.first_text_s,
        stall_s=deadlines.stall_s,
        total_s=deadlines.total_s,
        target_first_text_p95_ms=sla.first_text_p95_ms,
        target_total_p95_ms=sla.total_p95_ms,
        target_error_rate=sla.error_rate,
        target_truncation_rate=sla.truncation_rate,
        target_total_p99_ms=sla.total_p99_ms,
        target_escalation_rate=sla.escalation_rate,
        target_availability=sla.availability,
        target_period_days=sla.period_days,
        escalate_on_evidence=default.escalate_on_evidence,
        min_support=default.min_support,
    )
    LadderStep.objects.bulk_create(
        LadderStep(route=route, position=place, model_id=model) for place, model in enumerate(default.ladder)
    )


def _make_rule(default: RuleDefault, position: int, locked: bool) -> None:
    rule = Rule.objects.create(
        position=position, name=default.name, route_id=default.route, reason=default.reason, locked=locked
    )
    Condition.objects.bulk_create(
        Condition(rule=rule, group=group, signal=cell.signal, operator=cell.operator, value=cell.value)
        for group, cells in enumerate(default.groups, start=1)
        for cell in cells
    )

"""A configuration as JSON and back: what a `ConfigVersion` holds.

Pure. Prices are decimal strings and days ISO dates, so that a snapshot is the same bytes on every
machine and its hash says whether anything changed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from routing.config import (
    ConditionSpec,
    Config,
    ConfigError,
    Deadlines,
    ModelSpec,
    PlanSpec,
    Price,
    RouteSpec,
    RuleSpec,
    Sla,
)

FORMAT = 1
KEPT = "kept"  # the part that only staff see; snapshots of the first releases do not have it
RULE_SET = ("routes", "rules", KEPT)


def dump(
    models: Sequence[ModelSpec],
    routes: Sequence[RouteSpec],
    rules: Sequence[RuleSpec],
    settings: Mapping[str, Any],
    kept: Mapping[str, Any] | None = None,
    plans: Sequence[PlanSpec] = (),
) -> dict[str, Any]:
    """Return the parts of a configuration as JSON values; `load` is the inverse.

    `kept` is what the runtime does not read: see `routing.specs.RuleSet`. Without budgets for plans it is
    what releases that knew none would have written.
    """
    parts = {
        "format": FORMAT,
        "models": [asdict(model) for model in models],
        "routes": [asdict(route) for route in routes],
        "rules": [asdict(rule) for rule in rules],
        "settings": dict(settings),
        **({"plans": [asdict(plan) for plan in plans]} if plans else {}),
        **({KEPT: dict(kept)} if kept is not None else {}),
    }
    plain: dict[str, Any] = json.loads(json.dumps(parts, default=_plain, sort_keys=True))
    return plain


def sha_of(snapshot: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a snapshot, the same for the same configuration."""
    canonical = json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def load(number: int, sha: str, snapshot: Mapping[str, Any]) -> Config:
    """Return the configuration that a snapshot holds; raise ConfigError naming the part that is broken."""
    if snapshot.get("format") != FORMAT:
        raise ConfigError(
            f"configuration {number} has format {snapshot.get('format')!r}, this release reads {FORMAT}"
        )
    part = "models"
    try:
        models = {row["id"]: _model(row) for row in snapshot["models"]}
        part = "routes"
        routes = {row["slug"]: _route(row) for row in snapshot["routes"]}
        part = "rules"
        rules = tuple(_rule(row) for row in snapshot["rules"])
        part = "settings"
        settings = dict(snapshot["settings"])
        part = "plans"
        plans = {row["plan"]: _plan(row) for row in snapshot.get("plans", ())}
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ConfigError(f"configuration {number}: {part} cannot be read ({error!r})") from error
    return Config(number, sha, models, routes, rules, settings, plans)


def ladders(snapshot: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the ladder of each route of a snapshot."""
    return {route["slug"]: list(route["ladder"]) for route in snapshot["routes"]}


def carry(content: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return `content` with the rules and routes of `before` in place of its own."""
    others = {name: part for name, part in content.items() if name not in RULE_SET}
    return {**others, **{name: before[name] for name in RULE_SET if name in before}}


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a configuration")


def _model(row: Mapping[str, Any]) -> ModelSpec:
    fields = {
        **row,
        "prices": tuple(_price(price) for price in row["prices"]),
        "answers_as": tuple(row["answers_as"]),
        # Snapshots of the first release do not have it.
        "released_on": _day(row.get("released_on")),
        "retires_on": _day(row["retires_on"]),
    }
    return ModelSpec(**fields)


def _price(row: Mapping[str, Any]) -> Price:
    return Price(
        effective_from=date.fromisoformat(row["effective_from"]),
        input_above=row["input_above"],
        input=Decimal(row["input"]),
        output=Decimal(row["output"]),
        cached_input=_decimal(row["cached_input"]),
        cache_write=_decimal(row["cache_write"]),
    )


def _route(row: Mapping[str, Any]) -> RouteSpec:
    fields = {
        **row,
        "ladder": tuple(row["ladder"]),
        "deadlines": Deadlines(**row["deadlines"]),
        "sla": Sla(**row["sla"]),
        # Snapshots of the first release have neither this nor `redact`.
        "allowed_providers": tuple(row.get("allowed_providers", ())),
        "daily_budget_usd": _decimal(row.get("daily_budget_usd")),
        "monthly_budget_usd": _decimal(row.get("monthly_budget_usd")),
    }
    return RouteSpec(**fields)


def _plan(row: Mapping[str, Any]) -> PlanSpec:
    budgets = {name: _decimal(row[name]) for name in ("daily_budget_usd", "monthly_budget_usd")}
    return PlanSpec(**{**row, **budgets})


def _rule(row: Mapping[str, Any]) -> RuleSpec:
    groups = tuple(tuple(ConditionSpec(**cell) for cell in group) for group in row["groups"])
    return RuleSpec(**{**row, "groups": groups})


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)

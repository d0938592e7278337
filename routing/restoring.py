"""Make the rows of rules and routes what a snapshot says: discarding a draft, and going back.

A snapshot of an older release does not say which rules were off; those it does not name are switched
off then, and not deleted, so that nobody's work is lost.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F

from routing import snapshot
from routing.config import RouteSpec, Sla
from routing.models import CatalogueModel, Condition, LadderStep, Route, Rule
from routing.rule_words import all_rules
from routing.snapshot import KEPT

Content = Mapping[str, Any]

_SAME_NAME = (
    "name", "kind", "tier", "instructions", "max_message_tokens", "max_prompt_tokens", "max_output_tokens",
    "enabled", "redact", "daily_budget_usd", "monthly_budget_usd", "when_spent", "hedge", "promises_fallback",
    "sticky_turns", "cache", "cache_hours", "escalate_on_evidence", "min_support",
    "demotes_itself",
    "needs_transfer_test",
)  # fmt: skip
_TARGETS = tuple(each.name for each in dataclasses.fields(Sla))
_DEADLINES = ("connect_s", "first_text_s", "stall_s", "total_s")


class CannotRestore(ValueError):
    """The rows cannot become what the snapshot says; the message says what is missing."""


def restore(content: Content) -> None:
    """Write the rules and routes of a snapshot into the tables. Raises CannotRestore.

    Rules and routes keep their ids, so a rule on a share of the conversations goes on with the same ones.
    """
    config = snapshot.load(0, "", content)
    _check_models(config.routes.values())
    rules = all_rules(content)
    locked = Rule.objects.filter(locked=True).values_list("pk", flat=True).first()
    if locked is not None and locked not in {rule["id"] for rule in rules}:
        raise CannotRestore("The last rule of that version is not the last rule of today.")
    _write_routes(content, list(config.routes.values()))
    _write_rules(content, rules)
    Route.objects.exclude(pk__in=config.routes).exclude(rules__isnull=False).delete()


def _check_models(routes: Iterable[RouteSpec]) -> None:
    known = set(CatalogueModel.objects.values_list("pk", flat=True))
    for route in routes:
        for model in route.ladder:
            if model not in known:
                raise CannotRestore(f"{model}, on the ladder of {route.name}, is no longer in the catalogue.")


def _write_routes(content: Content, routes: Sequence[RouteSpec]) -> None:
    kept = content.get(KEPT, {}).get("routes", {})
    stored = {route["slug"]: route for route in content["routes"]}
    for route in routes:
        # What an older release did not know of a route stays as it is today.
        fields = {name: getattr(route, name) for name in _SAME_NAME if name in stored[route.slug]}
        fields |= {name: getattr(route.deadlines, name) for name in _DEADLINES}
        known = stored[route.slug]["sla"]
        fields |= {f"target_{name}": getattr(route.sla, name) for name in _TARGETS if name in known}
        fields |= kept.get(route.slug, {})
        if "allowed_providers" in stored[route.slug]:
            fields["allowed_providers"] = list(route.allowed_providers)
        Route.objects.update_or_create(slug=route.slug, defaults=fields)
        LadderStep.objects.filter(route_id=route.slug).delete()
        LadderStep.objects.bulk_create(
            LadderStep(route_id=route.slug, position=place, model_id=model)
            for place, model in enumerate(route.ladder)
        )
    for route in routes:
        above = route.escalates_to if route.escalates_to in stored else None
        Route.objects.filter(pk=route.slug).update(escalates_to=above)


def _write_rules(content: Content, rules: Sequence[Mapping[str, Any]]) -> None:
    others = Rule.objects.exclude(pk__in=[rule["id"] for rule in rules])
    if KEPT in content:
        others.delete()
    else:
        others.update(enabled=False, position=F("position") + len(rules))
    for place, rule in enumerate(rules, start=1):
        fields = {name: rule[name] for name in ("name", "reason", "enabled")}
        row, _ = Rule.objects.update_or_create(
            pk=rule["id"], defaults={**fields, "route_id": rule["route"], "position": place}
        )
        row.conditions.all().delete()
        Condition.objects.bulk_create(
            Condition(rule=row, group=group, **cell)
            for group, cells in enumerate(rule["groups"], start=1)
            for cell in cells
        )
    last = Rule.objects.filter(locked=True).first()
    if last is not None:
        Rule.objects.filter(pk=last.pk).update(position=Rule.objects.count())

"""How every budget stands now: what it holds, what is spent, what running calls have set aside."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from routing import desk, publishing
from routing.budget import name_of
from routing.caps import ALL, DRAFTS, EXAMPLE, HEALTH, PLAN, PROBES, ROUTE, SHADOW, TESTS, Caps, Pot, pots_of
from routing.config import Config, ConfigError, ModelSpec, RouteSpec
from routing.cost import reserve_of
from routing.ladder import output_cap, usable_steps
from routing.models import Budget
from routing.providers import registry


@dataclass(frozen=True, slots=True)
class Needs:
    """What one answer reserves, in pico-USD: on an empty prompt, and on the longest that its route allows."""

    least: int
    most: int


@dataclass(frozen=True)
class Standing:
    """One budget in its present period; amounts in pico-USD, `needs` None where unknown."""

    pot: Pot
    spent: int = 0
    reserved: int = 0
    needs: Needs | None = None

    @property
    def too_small(self) -> bool:
        """Return whether the cap cannot hold any answer, however little of it is used."""
        return self.needs is not None and 0 < self.pot.cap < self.needs.least

    @property
    def tight(self) -> bool:
        """Return whether the cap cannot hold an answer to the longest prompt."""
        return self.needs is not None and 0 < self.pot.cap < self.needs.most

    @property
    def name(self) -> str:
        """Return what staff call it."""
        return name_of(self.pot.scope)

    @property
    def share(self) -> float:
        """Return the used share of the cap, reservations included; a cap of nothing is used up."""
        return (self.spent + self.reserved) / self.pot.cap if self.pot.cap > 0 else 1.0


def one_answer(route: RouteSpec, models: Iterable[ModelSpec], on: date) -> Needs | None:
    """Return what an answer reserves on the first of a ladder's usable models; None at an unknown price."""
    first = next(iter(models), None)
    if first is None:
        return None
    cap = output_cap(first, route.max_output_tokens)
    least = reserve_of(first, 0, cap, on)
    most = reserve_of(first, math.ceil(route.max_prompt_tokens * first.token_factor), cap, on)
    return None if least is None or most is None else Needs(least, most)


def _needs(config: Config, on: date) -> dict[str, Needs]:
    """Return what one answer reserves by scope; the desk's and a plan's budget must hold the cheapest."""
    found: dict[str, Needs] = {}
    for route in config.routes.values():
        if route.kind != "model" or not route.enabled:
            continue
        ladder = usable_steps(route, config.models, registry.usable, (), on)
        needs = one_answer(route, [step.model for step in ladder if step.usable], on)
        if needs is not None:
            found[ROUTE + route.slug] = needs
    if found:
        cheapest = min(found.values(), key=lambda needs: needs.least)
        found |= dict.fromkeys((ALL, EXAMPLE, *(PLAN + plan for plan in config.plans)), cheapest)
    return found


def _published() -> Config:
    try:
        return publishing.current()
    except ConfigError:
        return Config(0, "")


def scopes(caps: Caps) -> list[str]:
    """Return every scope that may have a budget, the desk's own first."""
    plans, routes = sorted(caps.plans), sorted(caps.routes)
    own = [ALL, *(PLAN + plan for plan in plans), *(ROUTE + route for route in routes)]
    return [*own, EXAMPLE, DRAFTS, PROBES, TESTS, SHADOW, HEALTH]


def standing(at: datetime) -> list[Standing]:
    """Return every budget that is set, as it stands in the day and month around `at`."""
    caps = desk.caps()
    wanted = [pot for scope in scopes(caps) for pot in pots_of(caps, scope, at)]
    starts = {pot.starts for pot in wanted}
    rows = {
        (row.scope, row.period, row.period_start): row
        for row in Budget.objects.filter(period_start__in=starts)
    }
    needs = _needs(_published(), at.date())
    found = []
    for pot in wanted:
        row = rows.get((pot.scope, pot.period, pot.starts))
        spent, reserved = (row.spent_pico, row.reserved_pico) if row else (0, 0)
        found.append(Standing(pot, spent, reserved, needs.get(pot.scope)))
    return found

"""From what the providers offer to a proposal of ladders: one good model, two tiers, or all routes.

Pure. A proposal says everything before anything is changed: each route's ladder now and then, the routes
that cannot be served and why, the catalogue rows to make, and what staff should know.
"""

import difflib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, get_args

from routing.config import ModelSpec, RouteSpec
from routing.defaults import ROUTES
from routing.offers import Candidate, default_pair, retired

Preset = Literal["one", "two", "all"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
PRESET_WORDS: Mapping[str, str] = {
    "one": "One good model on every route",
    "two": "Two tiers: a light model for everyday questions, a heavy one for the rest",
    "all": "All routes as in the default set-up, with what your providers offer",
}
# As in routing.checks: time to try a successor and change the ladders.
RETIRES_SOON = timedelta(days=45)


class CannotPropose(ValueError):
    """There is nothing to put on a ladder, or a choice that is not on offer; the message says what to do."""


@dataclass(frozen=True)
class Choice:
    """What staff chose: names as offered or as in the catalogue, empty for the proposal's own choice.

    `prices` are USD per million tokens (input, output) by model, under "" for every model without one.
    `window` replaces the cautious one of models that the catalogue does not know.
    """

    preset: Preset
    light: str = ""
    heavy: str = ""
    prices: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    window: int | None = None


@dataclass(frozen=True)
class RoutePlan:
    """One route's ladder now and then; `problem` says why it cannot be served, and it then stays as it is."""

    slug: str
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    problem: str = ""

    @property
    def changes(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Priced:
    """A price to note for a model, USD per million tokens."""

    model: str
    input: Decimal
    output: Decimal


@dataclass(frozen=True)
class Proposal:
    """What would be published. `light` and `heavy` are catalogue ids; they are equal in preset `one`."""

    preset: Preset
    light: str
    heavy: str
    routes: tuple[RoutePlan, ...]
    new_models: tuple[ModelSpec, ...] = ()
    prices: tuple[Priced, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Return whether publishing would change anything."""
        return bool(self.new_models or self.prices) or any(route.changes for route in self.routes)

    @property
    def unserved(self) -> tuple[RoutePlan, ...]:
        """Return the routes that no chosen model can serve."""
        return tuple(route for route in self.routes if route.problem)

    @property
    def serves_nothing(self) -> bool:
        return len(self.unserved) == len(self.routes)


def propose(found: Sequence[Candidate], choice: Choice, routes: Sequence[RouteSpec], today: date) -> Proposal:
    """Return the ladders that `choice` means for the model routes among `routes`. Raises CannotPropose."""
    found = [_sized(one, choice.window) for one in found]
    light, heavy = _pair(found, choice, today)
    wanted = [route for route in routes if route.kind == "model"]
    if not wanted:
        raise CannotPropose("There is no route with a model: run manage.py seed.")
    usual = {one.spec.id for one in default_pair(found, today) or ()}
    plans = tuple(
        _plan(route, _steps(route, found, choice.preset, (light, heavy), usual, today), found)
        for route in wanted
    )
    used = {model for plan in plans if not plan.problem for model in plan.after}
    chosen = [one for one in found if one.spec.id in used]
    prices = tuple(priced for one in chosen if (priced := _priced(one.spec, choice)) is not None)
    return Proposal(
        choice.preset,
        light.spec.id,
        heavy.spec.id,
        plans,
        tuple(one.spec for one in chosen if one.new),
        prices,
        tuple(_warnings(chosen, plans, wanted, choice, prices, today)),
    )


def recommended(found: Sequence[Candidate], today: date) -> Preset:
    """Return the preset to begin with: all routes where the release's own ladders hold, else by number."""
    pair = default_pair(found, today)
    if pair is None or pair[0].spec.id == pair[1].spec.id:
        return "one"
    defaults = {model for route in ROUTES for model in route.ladder}
    return "all" if all(one.spec.id in defaults for one in pair) else "two"


def _sized(one: Candidate, window: int | None) -> Candidate:
    return replace(one, spec=replace(one.spec, context_tokens=window)) if one.new and window else one


# ---- which models ---------------------------------------------------------------------------------


def _pair(found: Sequence[Candidate], choice: Choice, today: date) -> tuple[Candidate, Candidate]:
    defaults = default_pair(found, today)
    if defaults is None:
        raise CannotPropose("No configured provider offers a chat model, so no route can be served.")
    if choice.preset == "one":
        if choice.light and choice.heavy and choice.light != choice.heavy:
            raise CannotPropose("The preset one takes a single model: name it as light or as heavy.")
        name = choice.heavy or choice.light
        single = find(found, name) if name else defaults[1]
        return single, single
    light = find(found, choice.light) if choice.light else defaults[0]
    heavy = find(found, choice.heavy) if choice.heavy else defaults[1]
    return light, heavy


def find(found: Sequence[Candidate], name: str) -> Candidate:
    """Return the candidate called `name`, by catalogue id, offered id or provider/id; raise CannotPropose."""
    for names in (_ids, _offered, _qualified):
        matches = [one for one in found if names(one) == name]
        if len(matches) == 1:
            return matches[0]
        if matches:
            several = ", ".join(_qualified(one) for one in matches)
            raise CannotPropose(f"{name} is offered more than once; say which: {several}.")
    near = difflib.get_close_matches(name, [one.spec.id for one in found], n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise CannotPropose(f"No configured provider offers {name}.{hint}")


def _ids(one: Candidate) -> str:
    return one.spec.id


def _offered(one: Candidate) -> str:
    return one.offered


def _qualified(one: Candidate) -> str:
    return f"{one.spec.provider}/{one.offered}"


# ---- which ladder ---------------------------------------------------------------------------------


def _steps(
    route: RouteSpec,
    found: Sequence[Candidate],
    preset: Preset,
    pair: tuple[Candidate, Candidate],
    usual: Container[str],
    today: date,
) -> list[Candidate]:
    """Return the route's ladder before it is known what fits the route.

    In the preset `all` a model that is not among the `usual` was chosen, and stands first on its routes.
    """
    mine, other = reversed(pair) if route.tier == "heavy" else pair
    if preset != "all":
        return [mine] if mine.spec.id == other.spec.id else [mine, other]
    named = mine.spec.id not in usual
    default = next((default.ladder for default in ROUTES if default.slug == route.slug), ())
    living = {
        one.spec.id: one for one in found if not retired(one.spec, today) and route.allows(one.spec.provider)
    }
    steps = [living[model] for model in default if model in living]
    if named or not steps:
        steps = [mine, *(step for step in steps if step.spec.id != mine.spec.id)]
    return steps


def _holds(route: RouteSpec, spec: ModelSpec) -> bool:
    """Return whether a message of the allowed length and its answer fit at all, without any history."""
    return spec.context_tokens >= route.max_message_tokens + route.max_output_tokens


def _plan(route: RouteSpec, steps: Sequence[Candidate], found: Sequence[Candidate]) -> RoutePlan:
    allowed = [step for step in steps if route.allows(step.spec.provider)]
    if not allowed:
        allowed = [one for one in found if route.allows(one.spec.provider)][:1]
    fitting = [step for step in allowed if _holds(route, step.spec)]
    problem = ""
    if not allowed:
        problem = f"it may only ask {', '.join(route.allowed_providers)}, which offers nothing here"
    elif not fitting:
        largest = max(step.spec.context_tokens for step in allowed)
        needed = route.max_message_tokens + route.max_output_tokens
        problem = (
            f"a message and its answer take up to {needed:,} tokens, the window holds {largest:,}: choose a "
            "larger model, say its real window, or lower the route's budgets"
        )
    after = tuple(step.spec.id for step in fitting)
    return RoutePlan(route.slug, route.name, route.ladder, route.ladder if problem else after, problem)


# ---- what staff should know -----------------------------------------------------------------------


def _priced(spec: ModelSpec, choice: Choice) -> Priced | None:
    """Return the price to note for a model that has none, None when none was said."""
    if spec.prices:
        return None
    said = choice.prices
    amounts = said.get(spec.id) or said.get(spec.sent_id) or said.get("")
    return Priced(spec.id, *amounts) if amounts else None


def _warnings(
    chosen: Sequence[Candidate],
    plans: Sequence[RoutePlan],
    routes: Sequence[RouteSpec],
    choice: Choice,
    prices: Sequence[Priced],
    today: date,
) -> list[str]:
    said: list[str] = []
    for one in chosen:
        said += _about(one, choice, {priced.model for priced in prices}, today)
    specs = {one.spec.id: one.spec for one in chosen}
    by_slug = {route.slug: route for route in routes}
    tight: dict[str, list[str]] = {}
    for plan in (plan for plan in plans if not plan.problem):
        route = by_slug[plan.slug]
        for model in plan.after:
            if specs[model].context_tokens < route.max_prompt_tokens + route.max_output_tokens:
                tight.setdefault(model, []).append(plan.name)
    for model, names in tight.items():
        said.append(
            f"{model} has a window of {specs[model].context_tokens:,} tokens, smaller than prompt and answer "
            f"of: {', '.join(names)}. Long conversations there may not fit."
        )
    return said + _alone(plans, specs)


def _about(one: Candidate, choice: Choice, priced: set[str], today: date) -> list[str]:
    """Return what is to be said of one model that goes on a ladder."""
    spec, said = one.spec, []
    successor = f" Its successor is {spec.replaced_by}." if spec.replaced_by else ""
    if spec.retires_on is not None and spec.retires_on - today <= RETIRES_SOON:
        verb = "was retired" if spec.retires_on <= today else "retires"
        said.append(f"{spec.id} {verb} on {spec.retires_on}.{successor}")
    if not one.listed:
        said.append(f"{spec.provider} does not list {one.offered}; the environment names it.")
    if not spec.prices and spec.id not in priced:
        said.append(f"{spec.id} has no price, so its cost is unknown and the daily cap cannot hold it.")
    if spec.prices and (spec.id in choice.prices or spec.sent_id in choice.prices):
        said.append(f"{spec.id} has a price in the catalogue already, and keeps it.")
    return said


def _alone(plans: Sequence[RoutePlan], specs: Mapping[str, ModelSpec]) -> list[str]:
    """Return which ladders rest on one provider: when that one is down, they have no way out."""
    served = [plan for plan in plans if not plan.problem]
    by_route = {plan.name: {specs[model].provider for model in plan.after} for plan in served}
    single = {name: next(iter(names)) for name, names in by_route.items() if len(names) == 1}
    if not single:
        return []
    if len(single) == len(served) and len(set(single.values())) == 1:
        only = next(iter(single.values()))
        return [f"Every ladder rests on {only} alone: while it is down, only approved answers are given."]
    return [f"{name} rests on {provider} alone." for name, provider in single.items()]

"""Say what is wrong with a configuration or soon will be: ladders, prices, escalations, unused routes.

An error refuses a publication, with one exception: what the published version has already is no worse
afterwards. A retired model and a missing price refuse all the same, since they fail or cost unseen with
every message; going back to an older version is refused by neither if they stand there today.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from routing.config import Config, ModelSpec, RouteSpec
from routing.ladder import NOT_ALLOWED
from routing.policy import flaw, pointless
from routing.ranges import flaws, values_of

# Time to try a successor, compare the two and change the ladders.
RETIRES_SOON = timedelta(days=45)
# Windows of "1M" are 1,000,000 tokens with one maker and 1,048,576 with another; that is no difference.
SMALLER = 0.9

Usable = Callable[[ModelSpec], str | None]


@dataclass(frozen=True)
class Finding:
    """One thing to mend: an `error` now, a `warning` before it costs or surprises."""

    level: Literal["error", "warning"]
    route: str
    text: str
    kind: str = field(default="", compare=False)

    @property
    def sentence(self) -> str:
        """Return the finding with its route, to stand by itself."""
        return f"{self.route}: {self.text}" if self.route else self.text


ALWAYS = ("price", "retired")  # kinds that refuse even where the published version has them too


def refusals(found: Iterable[Finding], before: Iterable[Finding], back: bool = False) -> list[Finding]:
    """Return the errors of `found` that refuse it, where `before` are the findings of what is published."""
    known = [finding for finding in before if finding.level == "error"]
    return [
        finding
        for finding in found
        if finding.level == "error" and (finding not in known or (finding.kind in ALWAYS and not back))
    ]


def lint(config: Config, today: date, usable: Usable) -> Iterator[Finding]:
    """Yield what is wrong with each route that is on; `usable` says why a model cannot be asked."""
    reached = {rule.route for rule in config.rules}
    for rule in config.rules:
        for row in (row for group in rule.groups for row in group if flaw(row) is None):
            words = pointless(row)
            if words is not None:
                yield Finding("error", "", f"Rule “{rule.name}”: {words}.", "condition")
    for route in config.routes.values():
        if not route.enabled:
            continue
        if route.kind == "model":
            yield from _lint_ladder(config, route, today, usable)
        # What an older release let in is told, and refuses no more: see `refusals`.
        yield from (Finding("error", route.slug, text, "range") for _, text in flaws(values_of(route)))
        yield from _lint_escalation(config, route)
        raised = any(other.escalates_to == route.slug for other in config.routes.values())
        if route.slug not in reached and not raised:
            yield Finding("warning", route.slug, "No rule leads here, so it is never used.")


def _lint_ladder(config: Config, route: RouteSpec, today: date, usable: Usable) -> Iterator[Finding]:
    steps = [config.models[model] for model in route.ladder if model in config.models]
    for missing in (model for model in route.ladder if model not in config.models):
        yield Finding("warning", route.slug, f"{missing} is on the ladder but not in the catalogue.")
    if not steps:
        yield Finding("error", route.slug, "The ladder is empty, so the route cannot answer.")
        return
    reasons = {model.id: usable(model) if route.allows(model.provider) else NOT_ALLOWED for model in steps}
    if not any(route.allows(model.provider) for model in steps):
        yield Finding("error", route.slug, "No model of the ladder is of a provider allowed on this route.")
    elif all(reasons.values()):
        # A key may come later; until then the desk answers from its FAQ.
        yield Finding("warning", route.slug, f"No model can be asked: {'; '.join(_unique(reasons))}.")
    if route.promises_fallback:
        yield from _lint_promise(route, steps)
    for model in steps:
        if reasons[model.id] is not None:
            yield Finding("warning", route.slug, f"{model.label} is skipped: {reasons[model.id]}.")
        yield from _lint_step(route, model, steps[0], today)


def _lint_promise(route: RouteSpec, steps: list[ModelSpec]) -> Iterator[Finding]:
    providers = sorted({model.provider for model in steps if route.allows(model.provider)})
    if len(providers) == 1:
        yield Finding(
            "error",
            route.slug,
            f"The route promises a second provider, and its ladder has models of {providers[0]} only: add a "
            "model of another one, or take the promise back.",
        )


def _unique(reasons: dict[str, str | None]) -> list[str]:
    return list(dict.fromkeys(reason for reason in reasons.values() if reason))


def _lint_step(route: RouteSpec, model: ModelSpec, primary: ModelSpec, today: date) -> Iterator[Finding]:
    successor = f" Its successor is {model.replaced_by}." if model.replaced_by else ""
    if model.retires_on is not None and model.retires_on <= today:
        text = f"{model.label} was retired on {model.retires_on}.{successor}"
        yield Finding("error", route.slug, text, "retired")
    elif model.retires_on is not None and model.retires_on - today <= RETIRES_SOON:
        yield Finding("warning", route.slug, f"{model.label} retires on {model.retires_on}.{successor}")
    if not any(price.effective_from <= today and price.input_above == 0 for price in model.prices):
        yield Finding(
            "error",
            route.slug,
            f"{model.label} has no price, so no cost and no cap can be kept: enter one under Models, 0 for a "
            "model that costs nothing.",
            "price",
        )
    if model.context_tokens < SMALLER * primary.context_tokens:
        yield Finding(
            "error",
            route.slug,
            f"{model.label} takes {model.context_tokens:,} tokens, {primary.label} before it "
            f"{primary.context_tokens:,}: a long conversation may not fit. Put the smaller one first, or "
            "take it off.",
            "window",
        )
    if route.max_prompt_tokens + route.max_output_tokens > model.context_tokens:
        yield Finding(
            "error", route.slug, f"{model.label} cannot hold the route's prompt and answer budgets together."
        )
    elif route.max_output_tokens > model.max_output_tokens:
        yield Finding(
            "warning",
            route.slug,
            f"{model.label} writes {model.max_output_tokens:,} tokens at most, the route asks for "
            f"{route.max_output_tokens:,}.",
        )


def _lint_escalation(config: Config, route: RouteSpec) -> Iterator[Finding]:
    seen = [route.slug]
    above = route.escalates_to
    while above:
        if above in seen:
            yield Finding(
                "error", route.slug, f"Escalations go round in a circle: {' > '.join([*seen, above])}."
            )
            return
        seen.append(above)
        target = config.routes.get(above)
        if target is None or not target.enabled:
            yield Finding("warning", route.slug, f"Escalates to “{above}”, which is switched off.")
            return
        words = wider(route, target)
        if words:
            yield Finding("warning", route.slug, f"Escalates to “{above}”, which {words}.")
        above = target.escalates_to


def wider(route: RouteSpec, target: RouteSpec) -> str:
    """Return what an escalation lets out that the route below keeps in, "" for nothing."""
    if target.kind != "model" or route.kind != "model":
        return ""
    allowed = set(route.allowed_providers)
    if allowed and not (target.allowed_providers and set(target.allowed_providers) <= allowed):
        return "may ask providers that are not allowed here"
    return "does not take personal details out, as this route does" if route.redact > target.redact else ""

"""Which models may come onto a route that asks for a passing transfer test. Pure.

A model has passed for exactly what it was asked: `cover` is a mark of the route's cases, of what the prompt
says there, and of how the model is asked. When one of them changes, the mark is another one, and what was
passed before does not count any more.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from routing.config import Config, ModelSpec, RouteSpec
from routing.transfer_checks import CaseSpec

# Says whether `model` has passed on a route what a mark stands for.
Passing = Callable[[str, str, str], bool]
# The mark of what a prompt says on a route, under some settings.
Wording = Callable[[RouteSpec, Config], str]


def cases_of(route: str, cases: Sequence[CaseSpec]) -> tuple[CaseSpec, ...]:
    """Return the cases that a route's models are tested with."""
    return tuple(case for case in cases if route in case.of_routes)


def cover(cases: Sequence[CaseSpec], model: ModelSpec, wording: str) -> str:
    """Return the mark of what a model passes when it passes these cases; their titles do not count."""
    asked = [{**asdict(case), "title": ""} for case in sorted(cases, key=lambda case: case.id)]
    parts = [asked, wording, model.provider, model.sent_id, model.thinking]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def unmet(
    config: Config, cases: Sequence[CaseSpec], wording: Wording, passing: Passing
) -> Iterator[tuple[str, str]]:
    """Yield each route that asks for a passing test with what is missing on it, in words."""
    for route in config.routes.values():
        if not (route.needs_transfer_test and route.enabled and route.kind == "model"):
            continue
        own = cases_of(route.slug, cases)
        if not own:
            yield (
                route.slug,
                (
                    "The route needs a passing transfer test, and no case in use is for it: write one under "
                    "Transfer cases."
                ),
            )
            continue
        for model in (config.models[step] for step in route.ladder if step in config.models):
            if not passing(route.slug, model.id, cover(own, model, wording(route, config))):
                yield route.slug, missing(model, route)


def missing(model: ModelSpec, route: RouteSpec) -> str:
    """Return that a model has not passed a route's test, and where to have it run."""
    return (
        f"{model.label or model.id} has passed no transfer test on {route.name} as its cases and prompt are "
        f"now. Run one on the page Transfer tests: the model {model.id} on {route.name}, on the draft."
    )

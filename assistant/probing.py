"""The prompts of a probe: what visitors asked last, with the passages and history they would carry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from assistant import selectors
from assistant.example import traffic
from assistant.models import Turn
from assistant.pipeline import ConversationFacts, plan_route
from assistant.prompts import PastTurn
from assistant.who import Who
from common.text import redact
from faq import index
from faq.models import AskedQuestion
from routing.config import Config, RouteSpec
from routing.models import Purpose
from routing.probe import Asked, Target
from routing.providers import registry

VISITORS = "last visitor questions"
EXAMPLE = "example questions"
GIVEN = "given prompt"


class NothingToProbe(Exception):
    """The target is no model and no route with a usable model; the message says which it could be."""


@dataclass(frozen=True)
class Question:
    """One text to ask, with the turns before it; both without personal data."""

    text: str
    history: tuple[PastTurn, ...] = ()


def target(name: str, config: Config, route_slug: str = "") -> Target:
    """Return what `name` means: a route's usable ladder, or one model under a route's limits.

    `route_slug` chooses that route; else it is the first one whose ladder holds the model. Raises
    NothingToProbe.
    """
    route = config.routes.get(name)
    if route is not None and route.kind == "model":
        steps = tuple(view.model for view in registry.ladder(route, config.models) if view.usable)
        if not steps:
            raise NothingToProbe(f"No model of the route {name} can be asked: is a key missing?")
        return Target(name, route, steps, config)
    model = config.models.get(name)
    if model is None:
        raise NothingToProbe(f"{name!r} is neither {_names(config)}.")
    why = registry.usable(model)
    if why is not None:
        raise NothingToProbe(f"{name} cannot be asked: {why}.")
    return Target(name, _route_for(name, config, route_slug), (model,), config)


def _names(config: Config) -> str:
    routes = ", ".join(route.slug for route in config.routes.values() if route.kind == "model")
    return f"a route ({routes}) nor a model ({', '.join(sorted(config.models))})"


def _route_for(model_id: str, config: Config, slug: str) -> RouteSpec:
    routes = [route for route in config.routes.values() if route.kind == "model"]
    chosen = [route for route in routes if route.slug == slug] if slug else []
    if slug and not chosen:
        raise NothingToProbe(f"{slug!r} is no route with a model.")
    holding = [route for route in routes if model_id in route.ladder]
    return (chosen or holding or [route for route in routes if route.slug == "common"] or routes)[0]


def questions(count: int, prompt: str = "") -> tuple[str, list[Question]]:
    """Return where the questions come from and `count` of them, repeated when there are fewer."""
    if prompt:
        return GIVEN, [Question(prompt)] * count
    asked = _asked(count)
    source = VISITORS if asked else EXAMPLE
    found: Sequence[Question] = asked or _example(count)
    return source, list(islice(cycle(found), count))


def _asked(count: int) -> list[Question]:
    """Return the last questions of visitors that went to a model, redacted, newest first."""
    rows = AskedQuestion.objects.filter(purpose=Purpose.VISITOR).exclude(
        route__in=("faq", "small_talk", "person", "")
    )
    newest = list(rows.order_by("-created_at")[:count])
    turns = Turn.objects.select_related("visitor").in_bulk([row.uuid for row in newest])
    return [Question(row.text, _history(turns.get(row.uuid))) for row in newest]


def _history(turn: Turn | None) -> tuple[PastTurn, ...]:
    if turn is None:
        return ()
    facts = selectors.facts(Who.of(turn.visitor), turn.conversation_id, before=turn.ordinal)
    return tuple(PastTurn(redact(past.text), redact(past.answer)) for past in facts.history)


def _example(count: int) -> list[Question]:
    """Return the example's questions, each after one approved answer, as a second message would be."""
    texts = traffic.first_questions(count)
    before = tuple(PastTurn(entry.question, entry.answer) for entry in index.starters(limit=5))
    if not before:
        return [Question(text) for text in texts]
    return [Question(text, (before[number % len(before)],)) for number, text in enumerate(texts)]


def prompts(chosen: Sequence[Question], route: RouteSpec, config: Config) -> Iterator[Asked]:
    """Yield the prompts of production for these questions on `route`."""
    for question in chosen:
        facts = ConversationFacts(history=question.history, depth=len(question.history))
        prompt, _, _ = plan_route(question.text, facts, config, route)
        yield Asked(prompt.request, prompt.tokens, prompt.version)

"""What a transfer case is asked of, and at most for how much: decided as production decides a message."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant import considering, pipeline
from assistant.languages import reply_language
from assistant.pipeline import ConversationFacts
from assistant.prompts import PastTurn, Prompt
from assistant.transfer_judge import JUDGE_TOKENS, judge_tokens
from common.clock import now
from faq import index
from routing import publishing, rule_sets, transfer_runs
from routing.config import Config, ConfigError, ModelSpec, RouteSpec
from routing.cost import reserve_of
from routing.ladder import output_cap, steps_of
from routing.models import TransferRun
from routing.providers import registry
from routing.transfer_checks import CaseSpec
from routing.transfer_gate import cases_of
from routing.transfer_runs import Order

# A task has to end within 60 s; production's own deadlines hold where they are shorter.
CALL_S = 50.0
MOST_TIMES = 20  # repetitions of a case: a share of passes is told within 5 % then

DESK, ROUTE, MODEL = TransferRun.Kind.DESK, TransferRun.Kind.ROUTE, TransferRun.Kind.MODEL


class CannotTest(Exception):
    """The order makes no transfer test; the message says why, for staff."""


@dataclass(frozen=True)
class Plan:
    """How one case is answered: the route that the rules chose, the one that is asked, and its models.

    Without a prompt the desk answers by itself, with `text`. `most_pico` is what one asking costs at most.
    """

    decided: str
    route: RouteSpec
    steps: tuple[ModelSpec, ...] = ()
    prompt: Prompt | None = None
    text: str = ""
    most_pico: int = 0


def facts_of(case: CaseSpec) -> ConversationFacts:
    """Return the conversation that a case stands in."""
    return ConversationFacts(
        plan=case.plan,
        language=case.language,
        history=tuple(PastTurn(turn.visitor, turn.assistant) for turn in case.turns if turn.assistant),
        previous_texts=tuple(turn.visitor for turn in case.turns),
        depth=len(case.turns),
        conversation=f"transfer case {case.id}",
    )


def plan(case: CaseSpec, kind: str, model: str, route: str, config: Config) -> Plan:
    """Return how a case is answered under `config`; `route` and `model` are asked whatever the rules say."""
    facts = facts_of(case)
    found = pipeline.consider(case.question, facts, config)
    asked = config.routes[route] if route else found.route
    if asked.kind != "model":
        language = reply_language(case.question, found.signals.language)
        return Plan(found.route.slug, asked, text=considering.instant_text(found, config, language))
    prompt, ladder = found.prompt, found.ladder
    if prompt is None or asked.slug != found.route.slug:
        prompt, ladder, _ = pipeline.plan_route(case.question, facts, config, asked)
    steps = (config.models[model],) if kind == MODEL else steps_of(ladder)
    most = _most(steps[0], prompt.tokens, asked.max_output_tokens) if steps else 0
    return Plan(found.route.slug, asked, steps, prompt, most_pico=most)


def _most(model: ModelSpec, tokens: int, wanted: int) -> int:
    counted = round(tokens * model.token_factor)
    return reserve_of(model, counted, output_cap(model, wanted), now().date()) or 0


def estimate(order: Order) -> int:
    """Return what a run costs at most when every case is asked once a repetition, in pico-USD."""
    judge = order.config.models.get(order.judge)
    plans = [(case, plan(case, order.kind, order.model, order.route, order.config)) for case in order.cases]
    once = sum(found.most_pico for _, found in plans)
    if judge is not None:
        judged = [found for case, found in plans if case.judge_question and found.steps]
        once += sum(
            _most(judge, judge_tokens(found.route.max_output_tokens), JUDGE_TOKENS) for found in judged
        )
    return once * order.n


# ---- ordering ---------------------------------------------------------------------------------------


def build(
    kind: str,
    *,
    n: int,
    cap_pico: int,
    model: str = "",
    route: str = "",
    judge: str = "",
    draft: bool = False,
    only: Sequence[int] = (),
) -> Order:
    """Return an order with its estimate. Raises CannotTest, and ConfigError for a draft that cannot route."""
    publishing.refresh()
    index.refresh()
    config, content = _config(draft)
    _check_target(kind, config, model, route)
    if judge:
        _check_model(config, judge)
    cases = _chosen(kind, route, only)
    order = Order(kind, config, cases, n, cap_pico, model, route, judge, content)
    return replace(order, estimate_pico=estimate(order))


def _config(draft: bool) -> tuple[Config, dict[str, Any] | None]:
    if not draft:
        return publishing.current(), None
    content = publishing.draft_content()
    return rule_sets.load_draft(content), content


def _check_target(kind: str, config: Config, model: str, route: str) -> None:
    if route:
        spec = config.routes.get(route)
        if spec is None or spec.kind != "model":
            raise CannotTest(f"“{route}” is no route with a model.")
        if kind == ROUTE and not steps_of(registry.ladder(spec, config.models)):
            raise CannotTest(f"No model of the route {spec.name} can be asked: is a key missing?")
    if kind == ROUTE and not route:
        raise CannotTest("Say which route's ladder is to be tested.")
    if kind == MODEL:
        _check_model(config, model)
        if route and not config.routes[route].allows(config.models[model].provider):
            raise CannotTest(f"{config.routes[route].name} may not ask {config.models[model].provider}.")


def _check_model(config: Config, model: str) -> None:
    spec = config.models.get(model)
    if spec is None:
        raise CannotTest(f"“{model}” is not in the catalogue.")
    why = registry.usable(spec)
    if why is not None:
        raise CannotTest(f"{spec.label or spec.id} cannot be asked: {why}.")
    if reserve_of(spec, 1, 1, now().date()) is None:
        raise CannotTest(
            f"{spec.label or spec.id} has no price, so no cap can be kept: enter one under Models."
        )


def _chosen(kind: str, route: str, only: Iterable[int]) -> tuple[CaseSpec, ...]:
    cases = transfer_runs.cases_in_use()
    if wanted := set(only):
        missing = wanted - {case.id for case in cases}
        if missing:
            raise CannotTest(f"There is no case {min(missing)} in use.")
        return tuple(case for case in cases if case.id in wanted)
    chosen = cases_of(route, cases) if route else cases
    if not chosen:
        where = f" for the route “{route}”" if route else ""
        raise CannotTest(f"No case is in use{where}: write one under Transfer cases.")
    return chosen


def config_of(run: TransferRun) -> Config:
    """Return the configuration that a run was ordered under. Raises ConfigError."""
    if run.draft is None:
        return publishing.config(run.config_number)
    found = rule_sets.load_draft(run.draft)
    if found.sha != run.config_sha:
        raise ConfigError("The draft of this run cannot be read any more.")
    return found

"""Asking the models for staff: prices before, one booked call for each prompt, and the real cost after.

The compact model is the first usable step of the route `common`, the stronger one that of `complex`;
what follows on the ladder steps in when it fails. Calls go the way of every other one, through
`routing.dispatch` and the ledger, under the purpose `staff_draft`, which has a budget of its own.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from assistant import watched_call
from assistant.reply_ledger import DatabaseLedger
from common.clock import now
from faq.drafter import Call, Offer, Role
from routing import dispatch, publishing
from routing.config import Config, ConfigError, ModelSpec, RouteSpec
from routing.cost import price_of, reserve_of
from routing.events import ChatMessage, ModelRequest, UsageReport
from routing.ladder import output_cap, steps_of
from routing.models import Purpose
from routing.once import Answered
from routing.providers import registry
from routing.signals import estimate_tokens

ROUTES: dict[Role, str] = {"light": "common", "strong": "complex"}

# A task has to end within 60 s: one call, with all its fallbacks, has this long.
CALL_S = 40.0
# Nobody waits at a chat bubble here; a heavy model may think before its first word.
FIRST_TEXT_S = 20.0

NO_MODEL = (
    "No model can be asked: {why}. Set a provider's key in the environment and start the desk again "
    "(docs/providers.md)."
)
NO_PROVIDER = "no provider is configured"


class NoModel(Exception):
    """Nothing can be asked; the message says why and what to do, for staff."""


@dataclass(frozen=True)
class Written:
    """How a call ended: its text when it is whole, else in words why there is none."""

    text: str
    model: str
    problem: str = ""


def steps(role: Role) -> tuple[Config, RouteSpec, tuple[ModelSpec, ...]]:
    """Return the configuration, the route and the models of a role, the first to be asked in front.

    Raises NoModel.
    """
    try:
        publishing.refresh()
        config = publishing.current()
    except (publishing.NotPublished, ConfigError) as error:
        raise NoModel(str(error)) from error
    route = config.routes.get(ROUTES[role])
    if route is None:
        raise NoModel(f"No model can be asked: there is no route “{ROUTES[role]}”.")
    views = registry.ladder(route, config.models)
    found = steps_of(views)
    if not found:
        why = "; ".join(f"{view.model.label}: {view.status}" for view in views) or NO_PROVIDER
        raise NoModel(NO_MODEL.format(why=why))
    return config, route, found


class DeskDrafter:
    """What the FAQ's pages are told of models and prices."""

    def offer(self, role: Role, calls: Sequence[Call]) -> Offer:
        """Return what asking all `calls` is expected to cost, and costs at most, with the first model."""
        try:
            _, _, (model, *_) = steps(role)
        except NoModel as error:
            return Offer(problem=str(error))
        return Offer(
            model=model.label,
            about_pico=_sum(_about(model, call) for call in calls),
            most_pico=_sum(_most(model, call) for call in calls),
            sandbox=registry.sandbox_active(),
        )


desk = DeskDrafter()


def _sum(costs: Iterable[int | None]) -> int | None:
    listed = list(costs)
    known = [cost for cost in listed if cost is not None]
    return sum(known) if len(known) == len(listed) else None


def _tokens(model: ModelSpec, call: Call) -> int:
    return round(estimate_tokens(call.system + call.user) * model.token_factor)


def _about(model: ModelSpec, call: Call) -> int | None:
    return price_of(model, UsageReport(_tokens(model, call), call.expected_tokens), now().date())


def _most(model: ModelSpec, call: Call) -> int | None:
    cap = output_cap(model, call.most_tokens)
    return reserve_of(model, _tokens(model, call), cap, now().date())


def ask(role: Role, call: Call, order_id: UUID, alive: Callable[[], bool]) -> Written | None:
    """Ask the model of `role` and return what it wrote; None when `alive` came to say no.

    The calls are booked under the order's id as their turn. Raises NoModel and DatabaseGone.
    """
    config, route, models = steps(role)
    deadlines = replace(
        route.deadlines,
        first_text_s=max(route.deadlines.first_text_s, FIRST_TEXT_S),
        total_s=min(CALL_S, max(route.deadlines.total_s, FIRST_TEXT_S)),
    )
    job = dispatch.Job(
        reply_id=uuid4(),
        turn_id=order_id,
        purpose=Purpose.STAFF_DRAFT.value,
        route=replace(route, deadlines=deadlines),
        config=config,
        steps=models,
        request=ModelRequest(call.system, (ChatMessage("user", call.user),), call.most_tokens),
        prompt_tokens=estimate_tokens(call.system + call.user),
        prompt_version="",
    )
    ended = watched_call.answer(job, DatabaseLedger(), alive)
    return None if ended is None else _ended(ended, job.steps)


def _ended(ended: Answered, asked: Sequence[ModelSpec]) -> Written:
    """Return the text of a whole answer, else what staff are told: nothing that was cut is used."""
    names = {name: each.label for each in asked for name in (each.id, *each.answers_as)}
    model = names.get(ended.answering_model, ended.answering_model)  # the ledger has what it answered as
    if ended.state == "completed":
        return Written(ended.text, model)
    if ended.ended_by == "budget":
        return Written("", model, f"{ended.detail} Nothing more is asked today unless the cap is raised.")
    if ended.state == "refused":
        return Written("", model, f"{model} declined to answer.")
    if ended.state == "truncated":
        return Written("", model, f"The answer of {model} was cut off, so it was not used.")
    return Written("", model, f"No model answered: {ended.detail or 'no reason was given'}"[:480])


def spent(order_id: UUID) -> int | None:
    """Return what an order's calls have cost in pico-USD, None when that of any is unknown."""
    return watched_call.spent(order_id, Purpose.STAFF_DRAFT)

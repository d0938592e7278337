"""Rehearse an outage: a fault on a private sandbox, asked by the way of a visitor's question.

In a process of its own, since breakers, retry budgets and clients are a process's: what is rehearsed must
not open a real breaker. There every model is answered by a sandbox that only this process knows, whatever
keys are set, and what is tried is kept in memory: no ledger, no budget, no figure.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from uuid import uuid4

from django.conf import settings

from assistant import fixed_replies
from assistant.languages import reply_language
from assistant.pipeline import ConversationFacts, consider, plan_route
from assistant.runner import label_of_stage
from common.clock import ms_since, now, ticks
from faq import index
from routing import dispatch, publishing
from routing.attempts import AttemptResult, AttemptStart
from routing.config import Config, RouteSpec
from routing.ladder import steps_of
from routing.models import Purpose
from routing.providers.transport import transport
from routing.rehearsal import SEAM, Moment, Order, Rehearsal, Tried, Watched
from routing.sandbox import server
from routing.sandbox.control import Control
from routing.sandbox.faults import KINDS

# Both runs together: longer than any route takes to give up on its lite models, shorter than the 60 s after
# which proxies cut an idle request.
LIMIT_S = 40.0
QUESTION = "How do I sync with an Outlook calendar?"
OFTEN = 1000  # times that a fault waits for its model: whatever is tried again meets it again


class CannotRehearse(ValueError):
    """The order names what is not there; the message says what is."""


@dataclass
class _Kept:
    """The ledger of a rehearsal: in memory, with the times of each attempt."""

    began: float
    started: dict[str, tuple[AttemptStart, int]] = field(default_factory=dict)
    tried: dict[str, Tried] = field(default_factory=dict)

    async def start(self, attempt: AttemptStart) -> None:
        self.started[str(attempt.call_id)] = (attempt, ms_since(self.began))
        self.tried[str(attempt.call_id)] = _tried(attempt, ms_since(self.began), None, None)

    async def settle(self, attempt: AttemptStart, result: AttemptResult) -> None:
        _, at = self.started[str(attempt.call_id)]
        self.tried[str(attempt.call_id)] = _tried(attempt, at, ms_since(self.began), result)


def _tried(attempt: AttemptStart, at: int, ended: int | None, result: AttemptResult | None) -> Tried:
    return Tried(
        at_ms=at,
        ended_ms=ended,
        model=attempt.asked_model,
        cause=attempt.cause,
        finish=result.finish.value if result else "",
        error=result.error_class if result else "",
        detail=result.error_detail if result else "",
        first_text_ms=result.first_text_ms if result else None,
    )


def rehearse(order: Order, pace: Mapping[str, int] | None = None) -> Rehearsal:
    """Ask the order's question twice, undisturbed and with the fault. Raises CannotRehearse.

    For a process of its own: while it runs, all models of this process are the private sandbox's. `pace` is
    that of the sandbox's control; its models' own by default.
    """
    config = publishing.current()
    route = _route(order, config)
    index.current()  # loaded here: no database from within the event loop
    return asyncio.run(_rehearse(order, route, config, dict(pace or {})))


def _route(order: Order, config: Config) -> RouteSpec:
    routes = {slug: route for slug, route in config.routes.items() if route.kind == "model"}
    if order.route not in routes:
        raise CannotRehearse(f"{order.route!r} is no route with a model: {', '.join(routes)}.")
    if order.fault not in KINDS:
        raise CannotRehearse(f"{order.fault!r} is no fault of the sandbox: {', '.join(sorted(KINDS))}.")
    return routes[order.route]


async def _rehearse(order: Order, route: RouteSpec, config: Config, pace: dict[str, int]) -> Rehearsal:
    ends_at = ticks() + LIMIT_S
    async with server.private() as (port, control):
        control.set_pace(pace)
        with _answered_by(port):
            facts = ConversationFacts()
            usual = consider(order.question, facts, config).route.name
            prompt, ladder, _ = plan_route(order.question, facts, config, route)
            steps = steps_of(ladder)
            if not steps:
                raise CannotRehearse(f"The ladder of {route.name} has no model that could be asked.")
            job = dispatch.Job(
                reply_id=uuid4(),
                turn_id=uuid4(),
                purpose=Purpose.STAFF_TEST.value,
                route=route,
                config=config,
                steps=steps,
                request=prompt.request,
                prompt_tokens=prompt.tokens,
                prompt_version=prompt.version,
            )
            try:
                calm = await _watch(job, order.question, ends_at)
                _disturb(control, order, steps[0].sent_id)
                struck = await _watch(replace(job, reply_id=uuid4()), order.question, ends_at)
            finally:
                await transport().aclose()
    return Rehearsal(order, route.name, tuple(step.label for step in steps), usual, calm, struck)


def _disturb(control: Control, order: Order, first: str) -> None:
    after = {} if order.after_tokens is None else {"after_tokens": order.after_tokens}
    control.add_fault(
        {
            "model": first if order.on == "first" else "*",
            "fault": order.fault,
            "times": OFTEN,
            "status": order.status,
            **after,
        }
    )


@contextmanager
def _answered_by(port: int) -> Iterator[None]:
    """Let the sandbox on this port answer for every provider of this process."""
    before = settings.ENV
    settings.ENV = replace(before, sandbox=True, sandbox_port=port)
    try:
        yield
    finally:
        settings.ENV = before


@dataclass
class _Watch:
    """Turns a run's events into the moments that a visitor sees."""

    began: float
    moments: list[Moment] = field(default_factory=list)
    first_text_ms: int | None = None

    def see(self, event: dispatch.Event) -> None:
        at = ms_since(self.began)
        match event:
            case dispatch.Stage(stage=stage, model=model):
                self.moments.append(Moment(at, "status", label_of_stage(stage, model), at))
            case dispatch.Seam():
                self.moments.append(Moment(at, "seam", SEAM, at))
            case dispatch.Text(text=text):
                if self.first_text_ms is None:
                    self.first_text_ms = at
                self._grow(text, at)

    def _grow(self, text: str, at: int) -> None:
        last = self.moments[-1] if self.moments else None
        if last is not None and last.kind == "text":
            self.moments[-1] = replace(last, text=last.text + text, until_ms=at)
        else:
            self.moments.append(Moment(at, "text", text, at))


async def _watch(job: dispatch.Job, question: str, ends_at: float) -> Watched:
    began = ticks()
    kept, watch = _Kept(began), _Watch(began)
    ended: dispatch.Ended | None = None
    try:
        async with asyncio.timeout(max(0.0, ends_at - began)), _events(job, kept) as events:
            async for event in events:
                watch.see(event)
                if isinstance(event, dispatch.Ended):
                    ended = event
    except TimeoutError:
        pass  # told as `ran_out`: what was seen until then is what the visitor would still be looking at
    if ended is not None:
        if ended.last is not None:
            await kept.settle(*ended.last)
        watch.moments += _ending(ended, job.config, question, ms_since(began))
    return Watched(
        tuple(watch.moments),
        tuple(kept.tried.values()),
        ended.state if ended else "streaming",
        ended.ended_by if ended else "",
        watch.first_text_ms,
        ms_since(began),
        ran_out=ended is None,
    )


@asynccontextmanager
async def _events(job: dispatch.Job, kept: _Kept) -> AsyncIterator[AsyncIterator[dispatch.Event]]:
    async with aclosing(dispatch.run(job, kept, transport())) as events:
        yield events


def _ending(ended: dispatch.Ended, config: Config, question: str, at: int) -> list[Moment]:
    """Return the notice under the answer, as a visitor reads it, and that it has ended."""
    notice = ended.notice
    if not notice and ended.continued and ended.state == "completed":
        notice = fixed_replies.CONTINUED_NOTICE
    said = fixed_replies.closing_notice(
        notice or fixed_replies.notice_of(ended.state, ended.ended_by),
        ended.state,
        ended.ended_by,
        config.settings,
        reply_language(question, ""),
        now(),
    )
    shown = [Moment(at, "notice", said, at)] if said else []
    return [*shown, Moment(at, "end", ended.state, at)]

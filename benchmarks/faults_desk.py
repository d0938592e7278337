"""This product against the sandbox: `routing.dispatch` itself, with a ledger that only counts.

Every call has models of its own providers, so that what one fault taught the process (a model that rests, an
open breaker) changes nothing for the next; Django must have been set up.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import uuid4

from benchmarks.faults_outcome import MAX_TOKENS, QUESTION, SYSTEM, Outcome, Told
from routing import breaker, dispatch
from routing.attempts import AttemptResult, AttemptStart
from routing.config import Config, Deadlines, ModelSpec, Price, RouteSpec
from routing.events import ChatMessage, ModelRequest
from routing.providers.transport import Transport
from routing.retry_budget import HEDGES, RETRIES

PRICES = (Price(date(2026, 1, 1), 0, Decimal("0.0000003"), Decimal("0.0000025")),)
_numbers = itertools.count(1)


@dataclass
class CountingLedger:
    """A ledger without a database or a budget: it remembers what was asked of it."""

    started: list[AttemptStart] = field(default_factory=list)
    settled: list[AttemptResult] = field(default_factory=list)

    async def start(self, attempt: AttemptStart) -> None:
        """Let an attempt begin."""
        self.started.append(attempt)

    async def settle(self, attempt: AttemptStart, result: AttemptResult) -> None:
        """Note how an attempt ended."""
        self.settled.append(result)


def model(wire: str, provider: str = "") -> ModelSpec:
    """Return a model on a wire; of a provider of its own unless one is named."""
    name = f"{wire}-{next(_numbers)}-lite"  # the sandbox answers as a light model then, on each wire alike
    own = provider or f"provider-{name}"
    return ModelSpec(
        name, own, wire, name, "lite", 200_000, 8_192, PRICES, allows_prefill=wire == "anthropic"
    )


def job(steps: Sequence[ModelSpec], deadlines: Deadlines) -> dispatch.Job:
    """Return one visitor's reply on a route with these models."""
    route = RouteSpec(
        "common", "Common", "model", "lite", tuple(step.id for step in steps), deadlines=deadlines,
        max_output_tokens=MAX_TOKENS,
    )  # fmt: skip
    return dispatch.Job(
        reply_id=uuid4(),
        turn_id=uuid4(),
        purpose="visitor",
        route=route,
        config=Config(1, "bench", {step.id: step for step in steps}, {"common": route}),
        steps=tuple(steps),
        request=ModelRequest(SYSTEM, (ChatMessage("user", QUESTION),), MAX_TOKENS),
        prompt_tokens=150,
        prompt_version="bench",
    )


async def seen(
    fault: str, bound_s: float, steps: Sequence[ModelSpec], deadlines: Deadlines, http: Transport
) -> Outcome:
    """Return what the caller of `dispatch.run` sees within `bound_s`."""
    text: list[str] = []
    ends: list[dispatch.Ended] = []
    began = time.monotonic()

    async def read() -> None:
        async with aclosing(dispatch.run(job(steps, deadlines), CountingLedger(), http)) as events:
            async for event in events:
                if isinstance(event, dispatch.Text):
                    text.append(event.text)
                elif isinstance(event, dispatch.Ended):
                    ends.append(event)

    try:
        await asyncio.wait_for(read(), bound_s)
    except TimeoutError:
        return Outcome(fault, "hang", "".join(text), "", time.monotonic() - began)
    told, error = _told(ends[0])
    return Outcome(fault, told, "".join(text), error, time.monotonic() - began)


def _told(ended: dispatch.Ended) -> tuple[Told, str]:
    error = ended.last[1].error_class if ended.last else ""
    if ended.state == "completed":
        return "completed", ""
    if ended.state == "truncated":
        return "truncated", error
    return ("refused", "") if ended.state == "refused" else ("error", error or ended.ended_by)


def forget_calls() -> None:
    """Close all breakers of this process and let its budgets of retries and hedges begin anew."""
    breaker.clear()
    RETRIES.clear()
    HEDGES.clear()


async def first_text_s(steps: Sequence[ModelSpec], deadlines: Deadlines, http: Transport) -> float | None:
    """Return the seconds to the first text of one reply, None when none comes; reads it to its end."""
    began = time.perf_counter()
    first: float | None = None
    async with aclosing(dispatch.run(job(steps, deadlines), CountingLedger(), http)) as events:
        async for event in events:
            if first is None and isinstance(event, dispatch.Text):
                first = time.perf_counter() - began
    return first


async def attempts(steps: Sequence[ModelSpec], deadlines: Deadlines, http: Transport) -> int:
    """Return how many attempts one reply began."""
    ledger = CountingLedger()
    async with aclosing(dispatch.run(job(steps, deadlines), ledger, http)) as events:
        async for _ in events:
            pass
    return len(ledger.started)

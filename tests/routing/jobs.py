"""Jobs for the dispatcher: one route, models of each wire, a prompt with help texts."""

from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from routing import dispatch
from routing.config import Config, Deadlines, ModelSpec, Price, RouteSpec
from routing.events import ChatMessage, ModelRequest
from routing.providers.transport import Transport
from tests.routing.conftest import MemoryLedger

PRICES = (Price(date(2026, 1, 1), 0, Decimal("0.0000003"), Decimal("0.0000025")),)


def model(wire: str, model_id: str = "", **more: Any) -> ModelSpec:
    """Return a light model of `wire`, served by the provider of the same name."""
    base = ModelSpec(model_id or f"{wire}-lite", wire, wire, model_id or wire, "lite", 200_000, 8_192, PRICES)
    return replace(base, **more)


OPENAI, GEMINI, ANTHROPIC = model("openai"), model("gemini"), model("anthropic", allows_prefill=True)
WIRES = {"openai": OPENAI, "gemini": GEMINI, "anthropic": ANTHROPIC}

SYSTEM = """You are Ada. If they do not hold the answer, say so and name the contact: help@larkfield.example
<help_texts>
<passage id="e1" title="How do I reset my password?">Open **Sign in** and choose *Forgot password*. \
We send you a link that works for an hour. Look into the spam folder if it does not arrive. \
The word of the day is quokkaberry, and nothing else on this page mentions it.</passage>
<passage id="e2" title="Do reminders cost extra?">E-mail reminders are free &amp; text reminders are \
part of Pro and Studio.</passage>
</help_texts>"""

ORDINARY = Deadlines()
QUESTION = "How can I reset my password?"


def job(
    *steps: ModelSpec, deadlines: Deadlines = ORDINARY, max_output: int = 1024, **more: Any
) -> dispatch.Job:
    """Return a job on a route with the ladder `steps`."""
    route = RouteSpec(
        "common",
        "Common",
        "model",
        "lite",
        tuple(step.id for step in steps),
        deadlines=deadlines,
        max_output_tokens=max_output,
    )
    base = dispatch.Job(
        reply_id=uuid4(),
        turn_id=uuid4(),
        purpose="visitor",
        route=route,
        config=Config(7, "sha", {step.id: step for step in steps}, {"common": route}),
        steps=steps,
        request=ModelRequest(SYSTEM, (ChatMessage("user", QUESTION),), max_output),
        prompt_tokens=150,
        prompt_version="p1",
    )
    return replace(base, **more)


@dataclass
class Told:
    """What a run gave out, in order."""

    events: list[dispatch.Event] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, dispatch.Text))

    @property
    def ended(self) -> dispatch.Ended:
        last = self.events[-1]
        assert isinstance(last, dispatch.Ended)
        assert sum(isinstance(event, dispatch.Ended) for event in self.events) == 1
        return last

    @property
    def seams(self) -> int:
        return sum(isinstance(event, dispatch.Seam) for event in self.events)


async def play(asked: dispatch.Job, ledger: MemoryLedger) -> Told:
    """Run a job to its end on a transport of its own."""
    http, told = Transport(), Told()
    try:
        async with aclosing(dispatch.run(asked, ledger, http)) as events:
            async for event in events:
                told.events.append(event)
    finally:
        await http.aclose()
    return told

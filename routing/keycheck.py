"""One tiny call with one key: does it work, what did it cost, when did the first text come.

It goes through the ledger that it is given, so it is booked and capped like any call: as a probe, or as
the synthetic one that may close a breaker.
"""

from dataclasses import dataclass, replace
from uuid import uuid4

from common.clock import ticks
from routing.attempt import Attempt
from routing.config import Config, Deadlines, ModelSpec, RouteSpec
from routing.errors import BudgetExhausted, CallFailed
from routing.events import ChatMessage, FinishReason, ModelRequest
from routing.job import Job, Ledger
from routing.ladder import Next, answers_for, output_cap
from routing.models import Purpose
from routing.providers.transport import Target, Transport
from routing.signals import estimate_tokens
from routing.walk import start_of

PROMPT = "Reply with the one word: ok"
# One word and what a tokenizer may make of it; thinking gets its own room on top (`output_cap`).
OUTPUT_TOKENS = 16
ROOM = 4096  # characters; whoever writes more does not do what is asked, and the call ends
# Together under ten seconds: slower than this is as good as unreachable for a visitor.
DEADLINES = Deadlines(connect_s=3.0, first_text_s=7.0, stall_s=3.0, total_s=9.0)


@dataclass(frozen=True)
class KeyCheck:
    """How the call went. `failure` is what went wrong; `unpaid` says that the day's cap left no room."""

    model: ModelSpec
    failure: CallFailed | None = None
    answering: str = ""
    first_text_ms: int | None = None
    cost_pico: int | None = None
    unpaid: str = ""
    finish: FinishReason = FinishReason.CANCELLED

    @property
    def other_model(self) -> str:
        """Return the model that answered in place of the asked one, nothing when it was the right one."""
        return "" if answers_for(self.model, self.answering) else self.answering


async def check_key(
    model: ModelSpec, target: Target, route: RouteSpec, config: Config, ledger: Ledger, http: Transport,
    purpose: Purpose = Purpose.PROBE,
) -> KeyCheck:  # fmt: skip
    """Ask `model` at `target` for one word; booked on `route` under `purpose`."""
    cap = output_cap(model, OUTPUT_TOKENS)
    request = ModelRequest("", (ChatMessage("user", PROMPT),), cap)
    tokens = estimate_tokens(PROMPT)
    short = replace(route, deadlines=DEADLINES, max_output_tokens=cap)
    job = Job(
        uuid4(), uuid4(), purpose.value, short, config, (model,), request, tokens, "one word",
    )  # fmt: skip
    start = start_of(job, Next(model, "first", OUTPUT_TOKENS), 1, tokens)
    try:
        await ledger.start(start)
    except BudgetExhausted as error:
        return KeyCheck(model, unpaid=str(error))
    attempt = Attempt(
        start, model, request, DEADLINES,
        ends_at=ticks() + DEADLINES.total_s, room=ROOM, prompt_tokens=tokens, may_be_empty=True,
    )  # fmt: skip
    try:
        async for _ in attempt.texts(http, lambda _: target):
            pass
    finally:
        result = attempt.result()
        await ledger.settle(start, result)
    said = (attempt.answering, result.first_text_ms, result.cost_pico)
    return KeyCheck(model, attempt.failure, *said, finish=attempt.finish)

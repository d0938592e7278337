"""One peer, asked with one fault after the other: a job as JSON in, an outcome a line out.

Runs in the environment of the peers, where nothing of the product is installed.
"""

import asyncio
import importlib
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.faults_outcome import FRESH_S, MAX_TOKENS, QUESTION, SYSTEM, Outcome, Told
from benchmarks.faults_sandbox import ROOTS, Control

TUNED_S = 1.0  # the timeout of a caller who sets one; the desk is given the same deadlines
WARM_S = 60.0  # for the first answer, before which the peer is imported
MESSAGES = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
FINISHES: dict[str | None, Told] = {
    "stop": "completed",
    "end_turn": "completed",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refused",
    "refusal": "refused",
}
Says = AsyncIterator[tuple[str, str | None]]  # text, and the finish when it is said


@dataclass(frozen=True)
class Job:
    """Which peer with which settings, and the faults it is asked with."""

    peer: str
    tuned: bool
    port: int
    model: str
    faults: list[str]
    bound_s: float
    times: int  # how many calls meet the fault


async def openai(job: Job) -> Says:
    """Ask by the openai SDK, as its README streams."""
    library = importlib.import_module("openai")
    tuned = {"timeout": TUNED_S, "max_retries": 0} if job.tuned else {}
    async with library.AsyncOpenAI(base_url=_base(job, "openai"), api_key="sandbox", **tuned) as client:
        stream = await client.chat.completions.create(
            model=job.model, messages=MESSAGES, max_tokens=MAX_TOKENS, stream=True
        )
        async for chunk in stream:
            for choice in chunk.choices:
                yield choice.delta.content or "", choice.finish_reason


async def anthropic(job: Job) -> Says:
    """Ask by the anthropic SDK, with its helper for streams."""
    library = importlib.import_module("anthropic")
    tuned = {"timeout": TUNED_S, "max_retries": 0} if job.tuned else {}
    async with library.AsyncAnthropic(base_url=_base(job, "anthropic"), api_key="sandbox", **tuned) as client:
        question = [{"role": "user", "content": QUESTION}]
        async with client.messages.stream(
            model=job.model, system=SYSTEM, messages=question, max_tokens=MAX_TOKENS
        ) as stream:
            async for text in stream.text_stream:
                yield text, None
            yield "", (await stream.get_final_message()).stop_reason


async def litellm(job: Job) -> Says:
    """Ask by litellm over the openai wire."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it fetches prices from the network
    library: Any = importlib.import_module("litellm")
    library.suppress_debug_info = True
    tuned = {"timeout": TUNED_S, "max_retries": 0, "num_retries": 0} if job.tuned else {}
    stream = await library.acompletion(
        model=f"openai/{job.model}", api_base=_base(job, "openai"), api_key="sandbox",
        messages=MESSAGES, max_tokens=MAX_TOKENS, stream=True, **tuned,
    )  # fmt: skip
    async for chunk in stream:
        for choice in chunk.choices:
            yield choice.delta.content or "", choice.finish_reason


PEERS: dict[str, Callable[[Job], Says]] = {"openai": openai, "anthropic": anthropic, "litellm": litellm}


def _base(job: Job, wire: str) -> str:
    return f"http://127.0.0.1:{job.port}{ROOTS[wire]}"


class Reader:
    """Reads one stream to its end and keeps what its caller has seen so far."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.finishes: list[str] = []
        self.began = self.moved = time.monotonic()

    async def read(self, says: Says) -> None:
        """Take text and finishes as they come."""
        async for piece, reason in says:
            if piece:
                self.text.append(piece)
                self.moved = time.monotonic()
            if reason:
                self.finishes.append(reason)

    def outcome(self, fault: str, told: Told, error: str = "") -> Outcome:
        """Return what was seen, and how it ended."""
        return Outcome(fault, told, "".join(self.text), error, time.monotonic() - self.began)


async def seen(fault: str, bound_s: float, says: Says) -> Outcome:
    """Return what a caller sees who reads the stream to its end, for at most `bound_s`."""
    reader = Reader()
    try:
        await asyncio.wait_for(reader.read(says), bound_s)
    except TimeoutError as error:
        if time.monotonic() - reader.began < bound_s:
            return reader.outcome(fault, "error", type(error).__name__)
        return reader.outcome(fault, "writing" if time.monotonic() - reader.moved < FRESH_S else "hang")
    except Exception as error:  # noqa: BLE001 - whatever a client raises is what its caller sees
        return reader.outcome(fault, "error", type(error).__name__)
    finish = reader.finishes[0] if reader.finishes else None
    return reader.outcome(fault, FINISHES.get(finish, "ended"))


async def run(job: Job, tell: Callable[[Outcome], Awaitable[None]]) -> None:
    """Ask once without a fault ("") and once with each."""
    control = Control(job.port)
    await seen("", WARM_S, PEERS[job.peer](job))  # what is done once is not part of any answer
    for fault in job.faults:
        control.clear()
        if fault:
            control.order(fault, job.model, times=job.times)
        bound_s = job.bound_s if fault else WARM_S
        await tell(await seen(fault, bound_s, PEERS[job.peer](job)))


async def _print(outcome: Outcome) -> None:
    print(json.dumps(outcome.as_row()), flush=True)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(run(Job(**json.load(sys.stdin)), _print))

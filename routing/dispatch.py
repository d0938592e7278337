"""Walk a route's ladder: reserve, call, watch, fall back, continue, settle.

`run` is the whole story of one reply's model calls. What it must have done (ledger rows) goes through
the `Ledger` it is given, what it shows comes out as events; it stores and prints nothing itself.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing

from common.clock import now, ticks
from routing.attempt import Attempt
from routing.attempts import AttemptResult, AttemptStart
from routing.delta_text import RepeatFilter
from routing.errors import BudgetExhausted
from routing.events import FinishReason
from routing.job import Ended, Event, Job, Ledger, Seam, Stage, Text
from routing.ladder import Next
from routing.providers import registry
from routing.providers.transport import Transport
from routing.walk import Walk, start_of

__all__ = ["Ended", "Event", "Job", "Ledger", "Seam", "Stage", "Text", "first_attempt", "run", "unsent"]


def first_attempt(job: Job) -> AttemptStart:
    """Return the first attempt of `job`, for the transaction that stores the reply."""
    return start_of(job, Next(job.steps[0], "first", job.request.max_output_tokens), 1, job.prompt_tokens)


def unsent(start: AttemptStart) -> AttemptResult:
    """Return the result of an attempt that was committed and then never sent."""
    return AttemptResult(
        ended_at=now(),
        first_text_ms=None,
        duration_ms=0,
        answering_model="",
        usage=None,
        usage_estimated=False,
        cost_pico=0,
        finish=FinishReason.CANCELLED,
    )


async def run(job: Job, ledger: Ledger, http: Transport) -> AsyncGenerator[Event, None]:
    """Answer `job` and give out what the visitor sees, ending in exactly one Ended.

    Before the first text a failure is invisible; after it the answer is continued once. Closing the
    generator or cancelling its task closes the upstream at once and settles the attempt as cancelled.
    """
    walk = Walk(job, ticks())
    step = Next(job.steps[0], "first", job.request.max_output_tokens)
    committed = job.first
    while True:
        attempt = walk.begin(step, committed)
        if committed is None:
            try:
                await ledger.start(attempt.start)
            except BudgetExhausted as error:
                yield walk.out_of_budget(error)
                return
        committed = None
        try:
            async with aclosing(_attempted(walk, step, attempt, http)) as events:
                async for event in events:
                    yield event
        finally:
            if not attempt.over:
                await _surely(ledger.settle(attempt.start, attempt.result()))
        following = walk.close(step, attempt)
        if not isinstance(following, Next):
            yield walk.ended(following, attempt)
            return
        await _surely(ledger.settle(attempt.start, attempt.result()))
        await asyncio.sleep(following.wait_s)
        step = following


async def _attempted(
    walk: Walk, step: Next, attempt: Attempt, http: Transport
) -> AsyncGenerator[Event, None]:
    """Give out one attempt; what it repeats of the text that it goes on with is taken away."""
    goes_on = step.cause == "continuation"
    yield Stage("continuing" if goes_on else "waiting", step.model)
    before = walk.before
    repeats = RepeatFilter(before) if before else None
    marked = not goes_on
    async with aclosing(attempt.texts(http, registry.target)) as texts:
        async for text in texts:
            text = repeats.feed(text) if repeats else text
            if text and not marked:
                marked = True
                yield Seam()
            if text:
                yield walk.show(text, attempt)
    rest = repeats.flush() if repeats else ""
    if rest:
        if not marked:
            yield Seam()
        yield walk.show(rest, attempt)
    walk.require_news(attempt)


async def _surely(settling: Awaitable[None]) -> None:
    """Await `settling` to its end although this task may be cancelled meanwhile."""
    task = asyncio.ensure_future(settling)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled

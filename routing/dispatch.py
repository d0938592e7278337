"""Walk a route's ladder: reserve, call, watch, fall back, hedge, continue, settle.

`run` is the whole story of one reply's model calls. What it must have done (ledger rows) goes through
the `Ledger` it is given, what it shows comes out as events; it stores and prints nothing itself.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from common.clock import now, ticks
from routing.attempts import AttemptResult, AttemptStart
from routing.delta_text import RepeatFilter
from routing.errors import BudgetExhausted
from routing.events import FinishReason
from routing.job import Ended, Event, Hedged, Job, Ledger, Seam, Stage, Text
from routing.ladder import Next
from routing.providers.transport import Transport
from routing.racing import Lane, Race
from routing.walk import Walk, start_of, tokens_of

__all__ = [
    "Ended",
    "Event",
    "Hedged",
    "Job",
    "Ledger",
    "Seam",
    "Stage",
    "Text",
    "first_attempt",
    "run",
    "unsent",
]


def first_attempt(job: Job) -> AttemptStart:
    """Return the first attempt of `job`, for the transaction that stores the reply."""
    step = first_step(job)
    return start_of(job, step, job.begun + 1, tokens_of(job, step, job.stands))


def first_step(job: Job) -> Next:
    """Return the step that `job` begins with: a continuation where text of it stands already."""
    return Next(job.steps[0], "continuation" if job.stands else "first", job.request.max_output_tokens)


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
    generator or cancelling its task closes every upstream at once and settles its attempt as cancelled.
    """
    walk = Walk(job, ticks())
    step, committed = first_step(job), job.first
    while True:
        race = Race(walk, ledger, http)
        try:
            lane = await race.enter(step, committed)
        except BudgetExhausted as error:
            yield walk.out_of_budget(error)
            return
        committed = None
        try:
            yield Stage("continuing" if step.cause == "continuation" else "waiting", step.model)
            beside = await race.hedge(lane)
            if beside is not None:
                yield Hedged(beside.step.model)
            lane = await race.winner()
            async with aclosing(_shown(walk, lane)) as events:
                async for event in events:
                    yield event
        finally:
            await race.leave()
        following = walk.close(lane.step, lane.attempt)
        if not isinstance(following, Next):
            yield walk.ended(following, lane.attempt)
            return
        await race.settle(lane)
        await asyncio.sleep(following.wait_s)
        step = following


async def _shown(walk: Walk, lane: Lane) -> AsyncGenerator[Event, None]:
    """Give out one attempt; what it repeats of the text that it goes on with is taken away."""
    before, attempt = walk.before, lane.attempt
    repeats = RepeatFilter(before) if before else None
    marked = lane.step.cause != "continuation"
    async with aclosing(lane.texts()) as texts:
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

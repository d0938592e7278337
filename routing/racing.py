"""The attempts of one step: one, or a late one and its hedge side by side until one of them speaks.

Whoever speaks first goes on with the reply; the other is closed at once, settled and priced.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass

from common.clock import ticks
from routing import hedging
from routing.attempt import Attempt
from routing.attempts import AttemptStart
from routing.errors import BudgetExhausted
from routing.events import FinishReason
from routing.job import Ledger
from routing.ladder import Next, hedge
from routing.providers import registry
from routing.providers.transport import Transport
from routing.retry_budget import HEDGES
from routing.walk import Walk


@dataclass(eq=False)
class Lane:
    """One attempt that runs; `head` waits for its first text while two of them race."""

    step: Next
    attempt: Attempt
    stream: AsyncGenerator[str, None]
    head: asyncio.Task[str | None] | None = None
    settled: bool = False

    def listen(self) -> asyncio.Task[str | None]:
        """Return the task that waits for this lane's first text; it gives None at the end of the stream."""
        if self.head is None:
            self.head = asyncio.ensure_future(anext(self.stream, None))
        return self.head

    def texts(self) -> AsyncGenerator[str, None]:
        """Return the attempt's text, what was heard during a race first."""
        return self.stream if self.head is None else self._after_race(self.head)

    async def _after_race(self, head: asyncio.Task[str | None]) -> AsyncGenerator[str, None]:
        heard = await head
        if heard is None:
            return
        yield heard
        async for text in self.stream:
            yield text

    async def close(self) -> None:
        """Hang up at once, whatever this lane waits for."""
        if self.head is not None:
            self.head.cancel()
            await asyncio.gather(self.head, return_exceptions=True)
        await self.stream.aclose()


class Race:
    """What one step of a reply's ladder has running."""

    def __init__(self, walk: Walk, ledger: Ledger, http: Transport) -> None:
        self._walk, self._ledger, self._http = walk, ledger, http
        self._lanes: list[Lane] = []

    async def enter(self, step: Next, committed: AttemptStart | None = None) -> Lane:
        """Begin an attempt, committed before it is sent. Raises BudgetExhausted, having begun nothing."""
        attempt = self._walk.begin(step, committed)
        if committed is None:
            await self._ledger.start(attempt.start)
        lane = Lane(step, attempt, attempt.texts(self._http, registry.target))
        self._lanes.append(lane)
        return lane

    async def hedge(self, first: Lane) -> Lane | None:
        """Wait until `first` speaks, ends or is late; return the hedge that was begun beside it, if any."""
        late_s = hedging.late_after(self._walk.job.route.slug) if self._walk.job.route.hedge else None
        if late_s is None or self._step(first) is None:
            return None
        left = late_s - (ticks() - self._walk.began)
        done, _ = await asyncio.wait({first.listen()}, timeout=max(0.0, left))
        step = self._step(first)
        if done or step is None or not HEDGES.take(self._walk.job.route.slug, ticks()):
            return None
        try:
            return await self.enter(step)
        except BudgetExhausted:
            return None  # what is late may still come; a hedge is no reason to end a reply

    def _step(self, first: Lane) -> Next | None:
        return hedge(self._walk.standing(), first.step.model, first.step.cap)

    async def winner(self) -> Lane:
        """Return the lane that speaks first, or the last one to end; the others are closed and settled."""
        running = list(self._lanes)
        while len(running) > 1:
            heads = {lane.listen(): lane for lane in running}
            await asyncio.wait(heads, return_when=asyncio.FIRST_COMPLETED)
            spoken = [lane for lane in running if lane.listen().done() and self._decides(lane)]
            chosen = spoken[0] if spoken else None
            for lane in list(running):
                over = lane.listen().done() and not spoken and len(running) > 1
                if (chosen is not None and lane is not chosen) or over:
                    running.remove(lane)
                    await self._drop(lane)
        return running[0]

    @staticmethod
    def _decides(lane: Lane) -> bool:
        """Return whether a lane has text, or an end that is final: nobody is asked after a refusal."""
        return lane.listen().result() is not None or lane.attempt.finish is FinishReason.BLOCKED

    async def _drop(self, lane: Lane) -> None:
        try:
            await surely(lane.close())
        finally:
            self._walk.note(lane.step, lane.attempt)
            await self.settle(lane)

    async def settle(self, lane: Lane) -> None:
        """Book how a lane ended, once, even if this task is cancelled meanwhile."""
        if not lane.settled:
            lane.settled = True
            await surely(self._ledger.settle(lane.attempt.start, lane.attempt.result()))

    async def leave(self) -> None:
        """Close what still runs and settle it as cancelled; what has ended by itself is left as it is."""
        running = [lane for lane in self._lanes if not (lane.settled or lane.attempt.over)]
        for lane in running:
            await surely(lane.close())
            await self.settle(lane)


async def surely(work: Awaitable[None]) -> None:
    """Await `work` to its end although this task may be cancelled meanwhile."""
    task = asyncio.ensure_future(work)
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

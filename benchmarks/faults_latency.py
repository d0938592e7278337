"""What a fault costs the visitor in time, and what a storm of refusals costs the provider."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.faq_job import percentile
from benchmarks.faults_desk import attempts, first_text_s, forget_calls, model
from benchmarks.faults_sandbox import Control
from routing.config import Deadlines, ModelSpec
from routing.providers.transport import Transport

STREAMS = 50  # at once
ADDED_MS = 250.0  # most that a failover may add at p99
HANG_MS = 100.0  # most that it may add to the first-text deadline
ASKED = 1.1  # most requests a message when all are answered 429
PACE = {"first_text_ms": 40, "gap_ms": 5, "tokens": 20}  # so that an undisturbed answer takes a while too
DEADLINES = Deadlines(connect_s=2, first_text_s=0.8, stall_s=2, total_s=15)
UNDISTURBED = "undisturbed"
# What happens to the first model of each, and the orders for it; no_headers is the hang.
SCENES: dict[str, tuple[str, dict[str, Any]]] = {
    "connection refused": ("refuse", {}),
    "500": ("status", {"status": 500}),
    "429, retry after 30 s": ("status", {"status": 429, "retry_after": "30"}),
    "hang before headers": ("no_headers", {}),
}
HANGS = "hang before headers"
PROVIDERS = ("first", "second")


@dataclass(frozen=True)
class Added:
    """First-text times of one scene, in ms, beside those of the same rounds without a fault."""

    scene: str
    replies: int
    without_text: int
    p50_ms: float
    p99_ms: float
    added_p50_ms: float
    added_p99_ms: float
    most_ms: float

    @property
    def met(self) -> bool:
        """Return whether the goal of the scene was kept; a reply without text breaks any."""
        return not self.without_text and self.added_p99_ms <= self.most_ms


@dataclass(frozen=True)
class Storm:
    """How often a provider that answers 429 was asked for how many messages."""

    retry_after: str
    messages: int
    requests: int
    attempts: int

    @property
    def each(self) -> float:
        """Return the requests that a message cost."""
        return self.requests / self.messages


async def added(control: Control, rounds: int) -> list[Added]:
    """Measure all scenes in turn, `rounds` times, so that other load meets each of them."""
    control.pace(**PACE)
    known = set(control.faults())
    scenes = [UNDISTURBED, *(scene for scene, (fault, _) in SCENES.items() if fault in known)]
    times: dict[str, list[float | None]] = {scene: [] for scene in scenes}
    http = Transport()
    try:
        for provider in PROVIDERS:  # connections are open then, as they are in a desk that runs
            await _replies([model("openai", provider)], http)
        for _ in range(rounds):
            for scene in scenes:
                times[scene] += await _round(control, scene, http)
    finally:
        await http.aclose()
        control.clear()
    return list(_compared(times))


async def _round(control: Control, scene: str, http: Transport) -> list[float | None]:
    forget_calls()  # the breaker of the first provider would spare a later round its failures
    control.clear()
    steps = [model("openai", provider) for provider in PROVIDERS]
    if scene != UNDISTURBED:
        fault, more = SCENES[scene]
        control.order(fault, steps[0].id, times=10 * STREAMS, **more)
    return await _replies(steps, http)


async def _replies(steps: list[ModelSpec], http: Transport) -> list[float | None]:
    return await asyncio.gather(*(first_text_s(steps, DEADLINES, http) for _ in range(STREAMS)))


def _compared(times: dict[str, list[float | None]]) -> Iterator[Added]:
    def at(scene: str, share: float) -> float:
        return 1000 * percentile([each for each in times[scene] if each is not None] or [float("inf")], share)

    for scene, each in times.items():
        p50, p99 = at(scene, 0.5), at(scene, 0.99)
        most = 1000 * DEADLINES.first_text_s + HANG_MS if scene == HANGS else ADDED_MS
        yield Added(
            scene, len(each), each.count(None), p50, p99,
            p50 - at(UNDISTURBED, 0.5), p99 - at(UNDISTURBED, 0.99), most if scene != UNDISTURBED else 0.0,
        )  # fmt: skip


async def storm(control: Control, messages: int, retry_after: str) -> Storm:
    """Send messages to one model that answers 429 to all, `STREAMS` at once."""
    target = model("openai")
    control.clear()
    control.order("status", target.id, times=10 * messages, status=429, retry_after=retry_after)
    http, gate = Transport(), asyncio.Semaphore(STREAMS)

    async def one() -> int:
        async with gate:
            return await attempts([target], DEADLINES, http)

    try:
        began = await asyncio.gather(*(one() for _ in range(messages)))
    finally:
        await http.aclose()
        control.clear()
    return Storm(retry_after or "none", messages, control.asked(target.id), sum(began))

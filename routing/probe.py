"""Measure a model or a route: the same prompts, sent as production sends them, timed and priced.

What a probe asks is handed in; what it does to the ledger goes through the ledger it is given, so a
probe's calls are booked and capped like any other, under the purpose `probe`.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from routing.config import Config, ModelSpec, RouteSpec
from routing.dispatch import Job, Ledger
from routing.events import ModelRequest
from routing.histogram import NEEDED
from routing.models import ModelCall, Purpose
from routing.once import Answered, ask
from routing.providers.transport import Transport

QUANTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True)
class Asked:
    """One prompt of a probe, built by the function that builds production's."""

    request: ModelRequest
    tokens: int
    version: str


@dataclass(frozen=True)
class Target:
    """What is measured: a name for the record, the route whose limits hold, and the models in order."""

    name: str
    route: RouteSpec
    steps: tuple[ModelSpec, ...]
    config: Config


@dataclass(frozen=True)
class Spent:
    """What the ledger says of a probe's calls: sums of what is known, and how many are not."""

    calls: int
    input_tokens: int
    output_tokens: int
    estimated: int
    cost_pico: int
    unpriced: int
    writing_ms: int
    written: int


async def measure(
    target: Target,
    prompts: Iterable[Asked],
    concurrency: int,
    ledger: Ledger,
    http: Transport,
    heard: Callable[[Answered], object],
) -> list[Answered]:
    """Ask all `prompts`, `concurrency` at a time, and return how each was answered."""
    left: Iterator[Asked] = iter(prompts)
    found: list[Answered] = []

    async def worker() -> None:
        for asked in left:
            one = await _ask(target, asked, ledger, http)
            found.append(one)
            heard(one)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(worker())
    return found


async def _ask(target: Target, asked: Asked, ledger: Ledger, http: Transport) -> Answered:
    job = Job(
        reply_id=uuid4(),
        turn_id=uuid4(),
        purpose=Purpose.PROBE.value,
        route=target.route,
        config=target.config,
        steps=target.steps,
        request=asked.request,
        prompt_tokens=asked.tokens,
        prompt_version=asked.version,
    )
    return await ask(job, ledger, http)


def spent_on(replies: Sequence[UUID]) -> Spent:
    """Return what the ledger holds of these replies' calls."""
    calls = list(ModelCall.objects.filter(reply_id__in=replies).defer("partial_output"))
    writing = [call for call in calls if call.first_text_ms is not None and call.output_tokens]
    return Spent(
        calls=len(calls),
        input_tokens=sum(call.input_tokens or 0 for call in calls),
        output_tokens=sum(call.output_tokens or 0 for call in calls),
        estimated=sum(call.usage_estimated for call in calls),
        cost_pico=sum(call.cost_pico or 0 for call in calls),
        unpriced=sum(call.cost_pico is None for call in calls),
        writing_ms=sum((call.duration_ms or 0) - (call.first_text_ms or 0) for call in writing),
        written=sum(call.output_tokens or 0 for call in writing),
    )


def percentile(values: Sequence[int], q: float) -> int | None:
    """Return the exact percentile by nearest rank, None for too few values (20 for p95, 100 for p99)."""
    if len(values) < NEEDED.get(q, 1):
        return None
    return sorted(values)[max(1, math.ceil(q * len(values))) - 1]


def figures(found: Sequence[Answered], spent: Spent) -> dict[str, Any]:
    """Return the figures of a run, as they are stored and compared; unknown ones are None.

    A prompt that got no text counts with its whole wait, so that failing fast is no advantage.
    """
    first = [one.total_ms if one.first_text_ms is None else one.first_text_ms for one in found]
    total = [one.total_ms for one in found]
    count = len(found)
    return {
        "prompts": count,
        **{f"first_text_p{round(q * 100)}_ms": percentile(first, q) for q in QUANTILES},
        **{f"total_p{round(q * 100)}_ms": percentile(total, q) for q in QUANTILES},
        "tokens_per_s": round(spent.written * 1000 / spent.writing_ms, 1) if spent.writing_ms else None,
        "errors": sum(one.state == "failed" for one in found),
        "truncated": sum(one.state == "truncated" for one in found),
        "refused": sum(one.state == "refused" for one in found),
        "fallbacks": sum(one.fallbacks > 0 for one in found),
        "calls": spent.calls,
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "usage_estimated": spent.estimated,
        "cost_pico": spent.cost_pico if not spent.unpriced or spent.cost_pico else None,
        "unpriced": spent.unpriced,
        "cost_per_1000_pico": None if spent.unpriced or not count else round(spent.cost_pico * 1000 / count),
        "answered_by": dict(Counter(one.answering_model or "nobody" for one in found)),
        "problems": dict(Counter(one.detail for one in found if one.detail).most_common(5)),
    }


def ratio(one: Mapping[str, Any], other: Mapping[str, Any], name: str) -> float | None:
    """Return the second run's figure as a multiple of the first's, None where it cannot be said."""
    first, second = one.get(name), other.get(name)
    if not isinstance(first, int | float) or not isinstance(second, int | float) or not first:
        return None
    return second / first

"""A worker's calls to a model, watched: it says that it is at one, ends it on a stop, closes its books."""

import asyncio
import contextlib
from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, Sum

from assistant import db
from common.clock import now
from faq.claims import SAY_EVERY_S
from routing import recorder
from routing.job import Job, Ledger
from routing.models import ModelCall, Purpose
from routing.once import Answered, ask
from routing.providers.transport import transport


async def watched(job: Job, ledger: Ledger, alive: Callable[[], bool]) -> Answered | None:
    """Have `job` answered; None when `alive`, asked every SAY_EVERY_S in the database, said no.

    The upstream is closed at once then. The caller closes the transport after its last call.
    """
    task = asyncio.create_task(ask(job, ledger, transport()))
    try:
        while True:
            await asyncio.wait({task}, timeout=SAY_EVERY_S)
            if task.done():
                return task.result()
            if not await db.run(alive):
                return None
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task})


def answer(job: Job, ledger: Ledger, alive: Callable[[], bool]) -> Answered | None:
    """Do the same from a worker without a running event loop, and close the transport."""
    return asyncio.run(_and_close(job, ledger, alive))


async def _and_close(job: Job, ledger: Ledger, alive: Callable[[], bool]) -> Answered | None:
    try:
        return await watched(job, ledger, alive)
    finally:
        await transport().aclose()


def settle_lost(order: UUID) -> None:
    """Close the books of the calls that a dead or stopped worker left open, at their reservation."""
    open_calls = ModelCall.objects.filter(turn_id=order, ended_at=None)
    for reply_id in {call.reply_id for call in open_calls if call.reply_id is not None}:
        with transaction.atomic():
            recorder.settle_calls(reply_id, now())


def spent(order: UUID, purpose: Purpose) -> int | None:
    """Return what an order's calls have cost in pico-USD, None when that of any is unknown."""
    calls = ModelCall.objects.filter(turn_id=order, purpose=purpose, ended_at__isnull=False)
    sums = calls.aggregate(cost=Sum("cost_pico"), unknown=Count("pk", filter=Q(cost_pico=None)))
    return None if sums["unknown"] else (sums["cost"] or 0)

"""One call of the worker's to a model, watched: the worker says that it is at it, and ends it on a stop."""

import asyncio
import contextlib
from collections.abc import Callable

from assistant import db
from faq.claims import SAY_EVERY_S
from routing.job import Job, Ledger
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

"""The tasks of one web process that run for as long as it does, each with its pause."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from assistant import db

logger = logging.getLogger(__name__)

AGAIN_S = 0.5  # a task that was cancelled and still runs then has lost the word of it


class Background:
    """Tasks that are started once and cancelled together."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in a task, in a context of its own."""
        task = asyncio.create_task(work, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task ended: %r", error, exc_info=error)

    def every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` again and again, with a pause of `seconds` between."""
        self.spawn(repeated(seconds, work))

    def once(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` beside, once; a database that is away is told and leaves it to the next round."""
        self.spawn(_told(work))

    async def stop(self) -> None:
        """Cancel all tasks and wait for their end."""
        # Again and again: what a task waits for may swallow one cancellation, as `asyncio.wait_for` of Python
        # 3.11 does when its result comes in the same moment, and these tasks would then run for ever.
        while tasks := set(self._tasks):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=AGAIN_S)


async def _told(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except db.DatabaseGone as error:
        logger.error("%s: the database is away: %s", work.__name__, error)


async def repeated(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever; a database that is away is logged once and waited out."""
    gone = False
    while True:
        try:
            await work()
            gone = False
        except db.DatabaseGone as error:
            if not gone:
                logger.error("%s: the database is away: %s", work.__name__, error)
            gone = True
        await asyncio.sleep(seconds)

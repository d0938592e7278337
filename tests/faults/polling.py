"""Waiting for what tells nobody: processes, databases and sockets are looked at again and again."""

import asyncio
from collections.abc import Callable


async def until(done: Callable[[], bool], seconds: float, every_s: float = 0.05) -> bool:
    """Look until `done` or for so many seconds; return whether it was done."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not (there := done()) and loop.time() < end:  # noqa: ASYNC110 - nobody would set an event
        await asyncio.sleep(every_s)
    return there

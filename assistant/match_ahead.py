"""The matching of a message, begun before the message goes to the database.

Most of it is arithmetic that other threads can run beside, and a database thread is dear: SQLite has one.
Decides nothing: the decision takes over what was found here, or does without.
"""

import asyncio
import functools
import os
from concurrent.futures import ThreadPoolExecutor

from assistant.languages import asked_in
from assistant.limits import limiter
from assistant.who import Who
from faq import index

THREADS = max(1, min(4, (os.cpu_count() or 1)))  # more would only take turns
PATIENCE_S = 0.05  # a matching takes 15 ms; a message that has to wait longer is stored meanwhile


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="matching")


async def begin(who: Who, text: str) -> None:
    """Match a message, and return when that is done, has failed, or takes longer than PATIENCE_S.

    What has not begun by then never does; what has, the decision waits for. A failure is met again there.
    """
    if not index.ready():
        return
    work = asyncio.get_running_loop().run_in_executor(_threads(), _match, who, text)
    try:
        done, _ = await asyncio.wait({work}, timeout=PATIENCE_S)
    finally:
        work.cancel()  # before it has begun; later it changes nothing
    for each in done:
        each.exception()  # looked at, or the loop would report it


def _match(who: Who, text: str) -> None:
    if limiter().has_room(who):  # nobody makes us work by a flood that is refused
        index.prepare(text, asked_in(text, who.language))

"""The one door between the socket side and the database.

SQLite gets a single dedicated thread (writers would only wait for each other), PostgreSQL a small
pool. Every call has a deadline, and every way in which a database can be gone becomes one error.
"""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connection, connections

P = ParamSpec("P")
T = TypeVar("T")

POSTGRES_THREADS = 4  # two cores' worth of waiting; each holds one connection
REQUEST_CONNECTIONS = 8  # Django gives each request a thread of its own: pages of the admin, and /readyz
# A database that is gone is told to a visitor after this; it is also the longest wait for a free connection.
POOL_WAIT_S = 2.0
DEADLINE_S = 10.0  # above SQLite's own busy timeout when an import holds the lock for a moment


class DatabaseGone(Exception):
    """The database refused, was lost, or did not answer within the deadline; try again later."""


def use_pool() -> None:
    """Let all threads of this process share a few connections to PostgreSQL; SQLite has none to share.

    For a process that serves: a request need not connect, and one that lies idle while the database
    restarts is replaced before anybody gets it. Not for commands and Celery, which fork or end soon.
    To be called before other threads ask for the database.
    """
    if connection.vendor != "postgresql":
        return
    connection.close()
    wiring = connections.settings[connection.alias]
    wiring["CONN_MAX_AGE"] = 0  # back to the pool after each piece of work
    wiring["CONN_HEALTH_CHECKS"] = True
    wiring["OPTIONS"]["pool"] = {
        "min_size": POSTGRES_THREADS,
        "max_size": POSTGRES_THREADS + REQUEST_CONNECTIONS,
        "timeout": POOL_WAIT_S,
    }


@functools.cache
def _threads() -> ThreadPoolExecutor:
    size = 1 if connection.vendor == "sqlite" else POSTGRES_THREADS
    return ThreadPoolExecutor(
        max_workers=size, thread_name_prefix="database", initializer=_keep_no_statements
    )


def _keep_no_statements() -> None:
    """Have this thread's connection keep no record of its statements, also with DEBUG on.

    Django keeps the last 9,000 of a connection, with their values, for the length of a request, and
    there are none here: the polls of a desk with thousands of open pages would fill the memory.
    """
    connection.make_debug_cursor = connection.make_cursor  # type: ignore[method-assign, assignment]


def _guarded(work: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return work()
    except (OperationalError, InterfaceError) as error:
        raise DatabaseGone(str(error).strip() or type(error).__name__) from error
    finally:
        close_old_connections()


async def run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return `work(*args, **kwargs)`, run in a database thread.

    Raises DatabaseGone when the database is away or takes longer than DEADLINE_S; the work may then
    still finish, so every write behind this door is idempotent or conditional.
    """
    loop = asyncio.get_running_loop()
    call = functools.partial(_guarded, functools.partial(work, *args, **kwargs))
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await loop.run_in_executor(_threads(), call)
    except TimeoutError as error:
        raise DatabaseGone(f"no answer within {DEADLINE_S:g} s") from error

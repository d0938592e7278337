"""Run the sandbox on a loopback port."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from common.clock import now
from routing.catalogue import read_file
from routing.sandbox.app import Sandbox
from routing.sandbox.control import Control
from routing.sandbox.listing import Model
from routing.sandbox.prices import Prices

HOST = "127.0.0.1"
BACKLOG = 2048  # a load test opens hundreds of connections at once


class DirectProtocol(H11Protocol):
    """Hands each request its connection, which faults cut in ways ASGI has no words for."""

    def handle_events(self) -> None:
        """Parse what has come, then put the transport beside the request."""
        super().handle_events()
        scope: Any = self.scope
        if scope is not None:
            scope.setdefault("extensions", {})["transport"] = {"transport": self.transport}


def build(control: Control | None = None) -> Sandbox:
    """Return a sandbox with the release's models and prices."""
    rows = read_file()
    models = {str(row["id"]): Model(str(row["wire"]), _created(row)) for row in rows}
    return Sandbox(control or new_control(), models)


def new_control() -> Control:
    """Return the memory of a new sandbox."""
    return Control(Prices(read_file(), now().date()))


def _created(row: Mapping[str, Any]) -> int:
    """Return a model's release in Unix seconds; where it was not found, the day of its first price."""
    day = row.get("released_on") or min(price["effective_from"] for price in row["prices"])
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def serve(port: int) -> None:
    """Serve until a signal comes. Raises OSError when the port is taken."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
        asyncio.run(uvicorn.Server(_config(build())).serve(sockets=[listener]))


def _config(sandbox: Sandbox) -> uvicorn.Config:
    return uvicorn.Config(
        sandbox,
        http=DirectProtocol,
        lifespan="off",
        ws="none",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


@asynccontextmanager
async def private() -> AsyncIterator[tuple[int, Control]]:
    """Run a sandbox in this event loop, on a free port that nobody else is told; give its control."""
    control = new_control()
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen(BACKLOG)
        running = uvicorn.Server(_config(build(control)))
        task = asyncio.create_task(running.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1], control  # what comes before it listens waits in its backlog
        finally:
            running.should_exit = True
            await task

"""The two servers that carry the desk, built in Python for a start hook and an orderly end.

On SIGTERM or SIGINT: stop listening, let running replies finish, close the sockets with 4503, leave.
The plain `daphne` command has no start hook and kills detached tasks in milliseconds.
"""

import asyncio
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from assistant import protocol
from assistant.process import Process, process

logger = logging.getLogger(__name__)

BACKLOG = 2048  # Twisted's 50 stalls a burst of reconnecting pages
SOCKET_MODE = "660"  # the proxy's account joins the desk's group
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Listen:
    """Where a server listens: a port, or a unix socket when one is named."""

    host: str
    port: int
    unix_socket: str = ""

    def __str__(self) -> str:
        return f"unix:{self.unix_socket}" if self.unix_socket else f"http://{self.host}:{self.port}"


async def _give_notice(held: Process) -> None:
    """Say on /readyz that this process is about to go, for as long as a balancer needs to see it."""
    held.leaving = True
    await asyncio.sleep(settings.ENV.drain_notice_s)


async def _drain(held: Process) -> None:
    await held.drain()
    for feeds in tuple(held.hub.feeds.values()):
        for feed in tuple(feeds):
            feed.put(protocol.RESTARTING)
            feed.close(protocol.CLOSE_DRAINING)
    await asyncio.sleep(0.2)  # the close frames are written by the pumps


def _endpoint(listen: Listen) -> str:
    """Return where to listen in Twisted's notation."""
    from daphne.endpoints import build_endpoint_description_strings
    from twisted.internet.endpoints import quoteStringArgument

    if not listen.unix_socket:
        (endpoint,) = build_endpoint_description_strings(host=listen.host, port=listen.port)
        return f"{endpoint}:backlog={BACKLOG}"
    path = quoteStringArgument(listen.unix_socket)  # type: ignore[no-untyped-call]  # Twisted has no types
    (endpoint,) = build_endpoint_description_strings(unix_socket=path)
    # By the lock file the socket of a process that was killed is known to be nobody's.
    return f"{endpoint}:mode={SOCKET_MODE}:lockfile=1:backlog={BACKLOG}"


def serve_daphne(application: Any, listen: Listen, ready: Callable[[], None]) -> None:
    """Serve with Daphne until a signal ends it. Blocks; must run in the main thread."""
    # It installs Twisted's asyncio reactor when it is imported: not before it is wanted.
    from assistant.daphne_sockets import LinedServer

    # The reactor is there only now.
    from twisted.internet import reactor  # isort: skip

    server = LinedServer(
        application=application,
        endpoints=[_endpoint(listen)],
        signal_handlers=False,
        websocket_max_message_size=protocol.HARD_FRAME_LIMIT,
        websocket_max_frame_size=protocol.HARD_FRAME_LIMIT,
        server_name="",
    )
    loop: asyncio.AbstractEventLoop = reactor._asyncioEventloop
    leaving: list[asyncio.Task[None]] = []

    async def leave() -> None:
        await _give_notice(process())
        for listener in server.listeners:
            listener.addCallback(lambda port: port.stopListening())
        await _drain(process())
        server.stop()

    def begin_to_leave() -> None:
        if not leaving:
            leaving.append(loop.create_task(leave()))

    async def start() -> None:
        process()
        ready()

    for number in SIGNALS:
        loop.add_signal_handler(number, begin_to_leave)
    starting = loop.create_task(start())
    server.run()
    if starting.done() and not starting.cancelled():
        starting.result()


def serve_uvicorn(application: Any, listen: Listen, ready: Callable[[], None]) -> None:
    """Serve with uvicorn (uvloop, websockets-sansio) until a signal ends it. Blocks."""
    import uvicorn

    from assistant.uvicorn_sockets import LinedSockets

    class DrainingServer(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if not self.should_exit:
                process()
                ready()

        async def shutdown(self, sockets: Any = None) -> None:
            await _give_notice(process())
            for server in self.servers:
                server.close()
            await _drain(process())
            await super().shutdown(sockets)

    config = uvicorn.Config(
        application,
        host=listen.host,
        port=listen.port,
        uds=listen.unix_socket or None,
        proxy_headers=False,  # assistant/forwarded.py believes proxies, by one rule on both servers
        loop="uvloop",
        http="h11",
        ws=LinedSockets,
        ws_max_size=protocol.HARD_FRAME_LIMIT,
        ws_per_message_deflate=False,
        lifespan="off",
        backlog=BACKLOG,
        server_header=False,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
    )
    DrainingServer(config).run()

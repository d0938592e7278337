"""Daphne with a `Line` in the scope of each socket.

Daphne hands every frame to Twisted, which keeps it however much waits already. To be imported only where
Daphne is served: it installs Twisted's asyncio reactor.
"""

import socket
from typing import Any

from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol

from assistant.lines import SEND_BUFFER_BYTES


class TwistedLine:
    """What Twisted's transport holds of one socket."""

    __slots__ = ("_transport",)

    paused = False  # nobody is made to wait: `unsent` alone says how far the reader is behind

    def __init__(self, transport: Any) -> None:
        transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._transport = transport

    def unsent(self) -> int:
        # Twisted has no public count; tests/flows/test_slow_readers.py holds these to be it.
        transport = self._transport
        return int(len(transport.dataBuffer) - transport.offset + transport._tempDataLen)

    def abort(self) -> None:
        self._transport.abortConnection()


class LinedServer(Server):  # type: ignore[misc]  # Daphne ships no types
    """Daphne's server; its applications find `line` in the scope of a socket."""

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if isinstance(protocol, WebSocketProtocol):
            scope["line"] = TwistedLine(protocol.transport)
        return super().create_application(protocol, scope)

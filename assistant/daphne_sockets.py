"""Daphne with a `Line` in the scope of each socket.

Daphne hands every frame to Twisted, which keeps it however much waits already. To be imported only where
Daphne is served: it installs Twisted's asyncio reactor.
"""

from typing import Any

from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol

from assistant.http_lines import TwistedLine


class LinedServer(Server):  # type: ignore[misc]  # Daphne ships no types
    """Daphne's server; its applications find `line` in the scope of a socket."""

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if isinstance(protocol, WebSocketProtocol):
            scope["line"] = TwistedLine(protocol.transport)
        return super().create_application(protocol, scope)

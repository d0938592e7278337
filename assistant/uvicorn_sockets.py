"""uvicorn's WebSockets with a `Line` in the scope of each, and without what an idle one need not keep."""

import asyncio
import socket
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from assistant.lines import SEND_BUFFER_BYTES


class Inbox:
    """The messages of one socket for its application: the part of asyncio's Queue that uvicorn uses.

    A Queue has four lists of its own, which is a tenth of what an idle socket takes.
    """

    __slots__ = ("_messages", "_waiter")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._waiter: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        self._messages.append(message)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def empty(self) -> bool:
        return not self._messages

    async def get(self) -> Any:
        """Return the next message; one reader at a time."""
        while not self._messages:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._messages.pop(0)


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


WRITABLE: Final = _set_event()  # of all sockets whose reader keeps up; never cleared


class TransportLine:
    """What the event loop's transport holds of one socket."""

    __slots__ = ("_sockets", "_transport")

    def __init__(self, sockets: "LinedSockets") -> None:
        raw = sockets.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._sockets = sockets
        self._transport = sockets.transport

    def unsent(self) -> int:
        return self._transport.get_write_buffer_size()

    @property
    def paused(self) -> bool:
        return not self._sockets.writable.is_set()

    def abort(self) -> None:
        self._transport.abort()


class LinedSockets(WebSocketsSansIOProtocol):
    """uvicorn's protocol of one socket; its application finds `line` in the scope."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.queue: Any = Inbox()
        self.writable = WRITABLE
        self._has_request = True

    async def run_asgi(self) -> None:
        scope: Any = self.scope  # its type knows no further keys
        scope["line"] = TransportLine(self)
        await super().run_asgi()

    def handle_text(self, event: Any) -> None:
        if self._has_request and self.handshake_complete:
            self._has_request = False
            del self.request, self.response  # nobody reads the headers again, and a browser sends many
        super().handle_text(event)

    def pause_writing(self) -> None:
        self.writable = asyncio.Event()

    def keepalive_timeout(self) -> None:
        """Close a socket that answers no ping: at once when its closing frame could not even leave.

        A transport that is closed with bytes left waits for its reader for ever.
        """
        super().keepalive_timeout()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

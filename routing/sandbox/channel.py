"""The way to one client: HTTP messages, and what HTTP has no words for."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

STREAM = "text/event-stream; charset=utf-8"
# Closing with this lingers for no time: the kernel sends RST instead of FIN (socket(7), SO_LINGER).
_NO_LINGER = struct.pack("ii", 1, 0)


class Channel:
    """Sends one answer. `gone` is set from outside when the client has left."""

    def __init__(
        self, send: Callable[[MutableMapping[str, Any]], Awaitable[None]], transport: asyncio.Transport
    ) -> None:
        self.gone = asyncio.Event()
        self.begun = False
        self._send = send
        self._transport = transport

    async def start(self, kind: str = STREAM) -> None:
        """Send status 200 and headers."""
        self.begun = True
        headers = [(b"content-type", kind.encode()), (b"cache-control", b"no-cache")]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def write(self, data: bytes, last: bool = False) -> None:
        """Send a piece of the body."""
        if data or last:
            await self._send({"type": "http.response.body", "body": data, "more_body": not last})

    def raw(self, data: bytes) -> None:
        """Put bytes onto the connection past HTTP."""
        self._transport.write(data)

    def hang_up(self) -> None:
        """Close the connection after what was written."""
        self._transport.close()

    def drop(self) -> None:
        """Close the connection at once, in the middle of whatever it is."""
        self._transport.abort()

    def reset(self) -> None:
        """Reset the connection: the client gets RST."""
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    async def pause(self, seconds: float) -> None:
        """Wait, but not for a client that has left."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(seconds):
                await self.gone.wait()
        except TimeoutError:
            return

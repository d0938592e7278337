"""How much of a response, or of a socket of Daphne, has not gone out yet: ASGI has no word for it.

uvicorn lets a sender wait while much is unsent, Daphne takes whatever it is given, and neither gives a
reader up that takes nothing. Both keep the connection behind the `send` that they hand to an application.
"""

import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from assistant.lines import SEND_BUFFER_BYTES, Line, UnknownLine


class ResponseLine:
    """One response: how much of it this process still holds, and how it is cut."""

    paused = False

    def __init__(self, unsent: Callable[[], int], abort: Callable[[], None]) -> None:
        self._unsent, self._abort = unsent, abort

    def unsent(self) -> int:
        return self._unsent()

    def abort(self) -> None:
        self._abort()


class TwistedLine:
    """What Twisted's transport holds of one socket or response."""

    __slots__ = ("_transport",)

    paused = False  # nobody is made to wait: `unsent` alone says how far the reader is behind

    def __init__(self, transport: Any) -> None:
        _bound(transport.socket)
        self._transport = transport

    def unsent(self) -> int:
        # Twisted has no public count; test_slow_readers.py and test_event_stream.py hold these to be it.
        transport = self._transport
        return int(len(transport.dataBuffer) - transport.offset + transport._tempDataLen)

    def abort(self) -> None:
        self._transport.abortConnection()


def line_of(send: Any) -> Line:
    """Return the line behind `send`; of a server that is not known, one that is never behind."""
    if isinstance(send, partial) and hasattr(send.args[0], "transport"):  # Daphne's request
        return TwistedLine(send.args[0].transport)
    transport = getattr(getattr(send, "__self__", None), "transport", None)  # uvicorn's request
    if transport is None:
        return UnknownLine()
    _bound(transport.get_extra_info("socket"))
    return ResponseLine(transport.get_write_buffer_size, transport.abort)


def _bound(connection: Any) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

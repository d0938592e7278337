"""How much of a response has not gone out yet, which ASGI has no word for.

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


def line_of(send: Any) -> Line:
    """Return the line behind `send`; of a server that is not known, one that is never behind."""
    if isinstance(send, partial) and hasattr(send.args[0], "transport"):  # Daphne's request
        return _of_twisted(send.args[0].transport)
    transport = getattr(getattr(send, "__self__", None), "transport", None)  # uvicorn's request
    if transport is None:
        return UnknownLine()
    _bound(transport.get_extra_info("socket"))
    return ResponseLine(transport.get_write_buffer_size, transport.abort)


def _of_twisted(transport: Any) -> Line:
    def unsent() -> int:
        # Twisted has no public count; tests/flows/test_event_stream.py holds these to be it.
        return int(len(transport.dataBuffer) - transport.offset + transport._tempDataLen)

    _bound(transport.socket)
    return ResponseLine(unsent, transport.abortConnection)


def _bound(connection: Any) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

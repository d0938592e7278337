"""A TCP proxy on loopback that spoils connections on order: our own, so that every cut is where we want it.

It runs in the event loop of who orders the faults. Bytes are forwarded as they come, in two directions:
`up` is from the client to the server, `down` the way back.
"""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from typing import Literal, Self

Way = Literal["up", "down"]

CHUNK = 16 * 1024
SLICE_S = 0.02  # a slow line gives its bytes in slices of this length
# SO_LINGER with a time of 0: closing throws away what was not sent and answers with RST.
LINGER_0 = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class Line:
    """One connection through the proxy. `left` is how many bytes may still pass in a direction, None: all."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    left: dict[Way, int | None] = field(default_factory=lambda: {"up": None, "down": None})
    passed: dict[Way, int] = field(default_factory=lambda: {"up": 0, "down": 0})
    reset_when_spent: bool = True

    def reset(self) -> None:
        """End both ends with RST, as a dying router does; what was under way is lost."""
        for writer in (self.client, self.server):
            raw = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
            writer.transport.abort()

    def close(self) -> None:
        """End both ends with FIN, behind what was sent."""
        for writer in (self.client, self.server):
            writer.close()

    def let(self, way: Way, wanted: int) -> int:
        """Return how many of `wanted` bytes may still pass, and count them."""
        left = self.left[way]
        allowed = wanted if left is None else min(left, wanted)
        if left is not None:
            self.left[way] = left - allowed
        self.passed[way] += allowed
        return allowed

    def spent(self, way: Way) -> bool:
        return self.left[way] == 0


class FaultProxy:
    """Forwards to `port` on loopback; `async with FaultProxy(port) as proxy` listens on `proxy.port`."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.lines: set[Line] = set()
        self.accepted = 0
        self.delay_s = 0.0
        self.bytes_a_second = 0.0  # of each line and direction; 0 is as fast as it goes
        self._cuts: list[tuple[Way, int, bool]] = []  # for lines to come
        self._flows = asyncio.Event()
        self._flows.set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def listen(self) -> None:
        """Accept connections, on the same port as before when there was one."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accepted, "127.0.0.1", self.port, backlog=2048, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Refuse new connections; those that stand go on. `listen` accepts again."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def reset_all(self) -> int:
        """End every line with RST; return how many there were."""
        lines = tuple(self.lines)
        for line in lines:
            line.reset()
        return len(lines)

    def close_all(self) -> int:
        """End every line with FIN; return how many there were."""
        lines = tuple(self.lines)
        for line in lines:
            line.close()
        return len(lines)

    def hold(self) -> None:
        """Forward nothing more and keep everything open: a half-open line, until `flow`."""
        self._flows.clear()

    def flow(self) -> None:
        """Forward again what has waited."""
        self._flows.set()

    def cut_after(self, count: int, way: Way = "down", reset: bool = True) -> int:
        """End each line once `count` more bytes have passed in a direction; return how many lines stand."""
        for line in self.lines:
            line.left[way], line.reset_when_spent = count, reset
        return len(self.lines)

    def cut_next(self, count: int, way: Way = "down", reset: bool = True) -> None:
        """End the next new line once `count` bytes have passed in a direction."""
        self._cuts.append((way, count, reset))

    def heal(self) -> None:
        """Be a plain line again; what was cut stays cut."""
        self.delay_s = self.bytes_a_second = 0.0
        self._cuts.clear()
        self.flow()

    async def close(self) -> None:
        """Stop listening, end every line and wait for the last."""
        self.refuse()
        self.flow()
        self.reset_all()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.accepted += 1
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        line = Line(writer, up_writer)
        if self._cuts:
            way, count, line.reset_when_spent = self._cuts.pop(0)
            line.left[way] = count
        self.lines.add(line)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(line, "up", reader, up_writer))
                both.create_task(self._pass(line, "down", up_reader, writer))
        except* OSError:
            line.reset()
        finally:
            self.lines.discard(line)
            line.close()

    async def _pass(
        self, line: Line, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Forward one direction until its end, which is handed on as well."""
        while data := await reader.read(self._most()):
            await self._flows.wait()
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            data = data[: line.let(way, len(data))]
            writer.write(data)
            await writer.drain()
            if line.spent(way):
                (line.reset if line.reset_when_spent else line.close)()
                return
            if self.bytes_a_second:
                await asyncio.sleep(len(data) / self.bytes_a_second)
        await self._flows.wait()
        if writer.can_write_eof() and not writer.transport.is_closing():
            writer.write_eof()

    def _most(self) -> int:
        if not self.bytes_a_second:
            return CHUNK
        return max(1, min(CHUNK, int(self.bytes_a_second * SLICE_S)))

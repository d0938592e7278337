"""The socket edge: frames in, frames out. Decides nothing.

Every frame goes out through the feed's pump, in order. The pump is a task only while there is something
to send: thousands of pages are open and say nothing.
"""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from assistant import protocol
from assistant.admission import TurnedAway, count_in, count_out, headers_of, identify, readable_language
from assistant.lines import LOW_BYTES, RECHECK_S, Line, Patience, UnknownLine
from assistant.process import process
from assistant.sessions.session import Session
from assistant.socket_counts import counts
from common.clock import ticks

logger = logging.getLogger(__name__)

PATH = "/ws/chat/"

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]


async def chat_socket(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """Carry one socket of one visitor from its first frame to its last (an ASGI application)."""
    await receive()  # websocket.connect
    if scope["path"] != PATH:
        await send({"type": "websocket.close"})  # before it is accepted: the handshake is refused
        return
    await send({"type": "websocket.accept"})
    try:
        who = identify(scope)
        held = process()
        counted = count_in(held, who)
    except TurnedAway as away:
        words = away.message_in(readable_language(headers_of(scope)))
        error = {"type": "error", "code": away.code, "message": words}
        await send({"type": "websocket.send", "text": protocol.encode(error)})
        await send({"type": "websocket.close", "code": away.close_code})
        return
    # The server keeps the scope as long as the socket, and nobody reads these again.
    scope["headers"].clear()
    socket = Socket(Session(who, held), scope.pop("line", None) or UnknownLine(), send)
    try:
        held.signs.start(socket)
        await socket.listen(receive)
    finally:
        socket.leave()
        count_out(held, counted)


class Socket:
    """One socket of one visitor: its session, and the pump of its feed."""

    __slots__ = ("gone", "line", "pump", "send", "session")

    def __init__(self, session: Session, line: Line, send: Send) -> None:
        self.session = session
        self.line = line
        self.send = send
        self.pump: asyncio.Task[None] | None = None
        self.gone = False
        session.feed.on_news = self._start_pump

    async def listen(self, receive: Receive) -> None:
        """Hand each frame to the session until the socket ends."""
        while (message := await receive())["type"] == "websocket.receive":
            await self.session.receive(message.get("text"))

    def leave(self) -> None:
        """Let go of everything that is kept for the socket."""
        self.gone = True
        self.session.feed.on_news = None
        self.session.process.hub.leave(self.session.feed)
        if self.pump is not None:
            self.pump.cancel()

    def show_life(self) -> None:
        """Say that the desk is there; a page that never opened a conversation is sent away."""
        feed = self.session.feed
        if feed.conversation_id is None:
            feed.close(protocol.CLOSE_IDLE)
        else:
            feed.put({"type": "alive"})

    def _start_pump(self) -> None:
        if self.pump is None and not self.gone:
            self.pump = asyncio.create_task(self._pump(), context=contextvars.Context())

    async def _pump(self) -> None:
        with suppress(OSError):  # by ASGI's word the socket has gone; `listen` is told as well
            await self._send_all()

    async def _send_all(self) -> None:
        """Send what the feed holds, in order, until nothing is running that could bring more."""
        feed, logs = self.session.feed, self.session.process.hub.logs
        while await self._has_room():
            feed.heed()
            for frame in feed.collect(logs):
                if not await self._has_room():
                    return
                await self.send({"type": "websocket.send", "text": protocol.encode(frame)})
            if feed.close_code is not None:
                await self._close(feed.close_code)
                return
            if not feed.news and not feed.seen:
                self.pump = None
                return
            await feed.wait()

    async def _has_room(self) -> bool:
        """Wait until the reader has taken nearly all it was given; False when it is given up.

        What comes meanwhile stays in the logs, where neighbouring deltas merge.
        """
        line, feed = self.line, self.session.feed
        if line.unsent() <= LOW_BYTES and not line.paused:
            return not feed.overfull or self._give_up("more waits for it than may")
        patience = Patience(line.unsent(), ticks())
        while line.unsent() > LOW_BYTES or line.paused:
            if feed.overfull:
                return self._give_up("more waits for it than may")
            if patience.over(line.unsent(), ticks()):
                return self._give_up("it reads nothing")
            await asyncio.sleep(RECHECK_S)
        return True

    def _give_up(self, reason: str) -> bool:
        """Cut a socket that does not take what it asked for; its page comes back and resumes."""
        counts.aborted += 1
        logger.warning("socket aborted, %d bytes unsent: %s", self.line.unsent(), reason)
        self.line.abort()
        return False

    async def _close(self, code: int) -> None:
        if self.line.unsent() > LOW_BYTES:
            self.line.abort()  # the closing frame would wait behind all that, and the socket with it
            return
        await self.send({"type": "websocket.close", "code": code})

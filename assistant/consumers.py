"""The socket edge: frames in, frames out. Decides nothing.

Every frame goes out through the feed's pump, in order.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from assistant import protocol
from assistant.admission import TurnedAway, counted, identify
from assistant.process import process
from assistant.session import Session

ALIVE_S = 15.0  # proxies cut idle connections at 60 to 100 s; browsers hide protocol pings


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels ships no types
    """One socket of one visitor."""

    session: Session

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """Hand a message to its handler, without Channels' thread hop: `assistant.db` tends connections."""
        handlers: Mapping[str, Callable[[Any], Awaitable[None]]] = {
            "websocket.connect": self.websocket_connect,
            "websocket.receive": self.websocket_receive,
            "websocket.disconnect": self.websocket_disconnect,
        }
        await handlers[message["type"]](message)

    async def connect(self) -> None:
        self.pump: asyncio.Task[None] | None = None
        self.open = ExitStack()
        await self.accept()
        try:
            who = identify(self.scope)
            held = process()
            self.open.enter_context(counted(held, who))
        except TurnedAway as away:
            await self.send(protocol.encode({"type": "error", "code": away.code, "message": away.message}))
            await self.close(away.close_code)
            return
        self.session = Session(who, held)
        self.pump = asyncio.create_task(self._pump(), context=contextvars.Context())

    async def disconnect(self, code: int) -> None:
        if self.pump is None:
            return
        self.pump.cancel()
        self.session.process.hub.leave(self.session.feed)
        self.open.close()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.pump is not None:  # else it was turned away; the close is on its way
            await self.session.receive(text_data)

    async def _pump(self) -> None:
        """Send what the feed holds, in order; while a send is unfinished, news gathers and merges."""
        feed, hub = self.session.feed, self.session.process.hub
        while True:
            try:
                async with asyncio.timeout(ALIVE_S):
                    await feed.wait()
            except TimeoutError:
                if feed.conversation_id is None:
                    await self.close(protocol.CLOSE_IDLE)
                    return
                feed.put({"type": "alive"})
            for frame in feed.collect(hub.logs):
                await self.send(protocol.encode(frame))
            if feed.close_code is not None:
                await self.close(feed.close_code)
                return

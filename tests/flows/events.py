"""A chat client where WebSockets are blocked: a stream of events in, POSTs out, perhaps to two processes."""

import asyncio
import codecs
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Self

import httpx

from tests.flows.client import Chat

PATH = "/events/chat/"
TLS = ssl.create_default_context()  # one for all clients: it takes longer to make than a conversation


def client(cookie: str, tls: ssl.SSLContext = TLS, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=60, headers={"Cookie": cookie, **headers}, verify=tls)


async def events_in(parts: AsyncIterator[bytes]) -> AsyncIterator[tuple[str, str]]:
    """Yield (event, data) of a response; characters and events may be cut anywhere between its parts."""
    decode, text = codecs.getincrementaldecoder("utf-8")().decode, ""
    async for part in parts:
        text += decode(part)
        *whole, text = text.split("\n\n")
        for event in whole:
            lines = dict(line.split(": ", 1) for line in event.splitlines() if not line.startswith(":"))
            if lines:
                yield lines.get("event", "message"), lines["data"]


class EventChat(Chat):
    """A chat over the fallback; POSTs go to `posts`, by default to the process that has the stream."""

    def __init__(
        self, base: str, cookie: str, conversation_id: str | None = None, posts: str = "", origin: str = ""
    ) -> None:
        super().__init__(base, cookie, conversation_id, origin)
        self.posts = posts or base
        self.tls, self.more = TLS, dict[str, str]()  # how to get there: an authority, and a Host
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.closed = 0
        self.ended = asyncio.Event()
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.client = client(self.cookie, self.tls, **self.more)
        await self.follow()
        return await self.greeted()

    async def __aexit__(self, *_: object) -> None:
        await self.leave()
        await self.client.aclose()

    async def follow(self) -> None:
        """Open the stream, again after it has ended or was left."""
        opening = {"type": "open", "conversation_id": self.conversation_id}
        self.ended.clear()
        self.reading = asyncio.create_task(self._read(json.dumps(opening)))

    async def leave(self) -> None:
        if self.reading is not None:
            self.reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.reading

    async def _read(self, opening: str) -> None:
        try:
            headers = {"X-Desk-Open": opening}
            async with self.client.stream("GET", self.base + PATH, headers=headers) as answer:
                self.status, self.headers = answer.status_code, answer.headers
                async for kind, data in events_in(answer.aiter_raw()):
                    if kind == "close":
                        self.closed = json.loads(data)["code"]
                    else:
                        self.heard.put_nowait(data)
        except httpx.TransportError:
            self.closed = 1006
        finally:
            self.ended.set()

    async def receive(self) -> str:
        return await self.heard.get()

    async def post(self, frames: Iterable[Any], **headers: str) -> httpx.Response:
        """Send frames in one request and return its response."""
        body = json.dumps({"conversation_id": self.conversation_id, "frames": list(frames)})
        sent = {"Origin": self.origin, "Content-Type": "application/json", **headers}
        return await self.client.post(self.posts + PATH, content=body, headers=sent)

    async def put(self, **frame: Any) -> None:
        for answer in (await self.post([frame])).json():
            self.heard.put_nowait(json.dumps(answer))

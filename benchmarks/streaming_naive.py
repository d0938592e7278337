"""The naive stack: Channels on Daphne, plain httpx, one frame a token, nothing stored, nothing checked.

    UPSTREAM=http://127.0.0.1:PORT/v1 daphne -b 127.0.0.1 -p P benchmarks.streaming_naive:application

What one writes from the documentation of Channels and httpx; measured so that its price is known.
"""

import asyncio
import json
import os
from typing import Any

from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="of-a-benchmark", ALLOWED_HOSTS=["*"])

import httpx
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

ID = "00000000-0000-4000-8000-000000000000"
# httpx's own limit of 100 connections would let the 101st visitor wait.
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=1000)


class NaiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels ships no types
    """One socket."""

    client: httpx.AsyncClient | None = None
    task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self.task is not None:
            self.task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        frame = json.loads(text_data or "{}")
        if frame["type"] == "open":
            await self.say(type="opened", conversation_id=ID)
        elif frame["type"] == "send":
            await self.say(type="ack", client_message_id=frame["client_message_id"], reply_id=ID, epoch=1)
            self.task = asyncio.create_task(self.answer(frame["text"]))

    async def say(self, **frame: Any) -> None:
        await self.send(text_data=json.dumps(frame))

    async def answer(self, text: str) -> None:
        if NaiveConsumer.client is None:
            NaiveConsumer.client = httpx.AsyncClient(timeout=60, limits=LIMITS)
        body = {"model": "rig-1", "stream": True, "messages": [{"role": "user", "content": text}]}
        seq = 0
        url = os.environ["UPSTREAM"] + "/chat/completions"
        async with NaiveConsumer.client.stream("POST", url, json=body) as response:
            async for line in response.aiter_lines():
                if not line.startswith("data: ") or line == "data: [DONE]":
                    continue
                for choice in json.loads(line[6:])["choices"]:
                    if content := choice["delta"].get("content"):
                        seq += 1
                        await self.say(type="delta", reply_id=ID, seq=seq, text=content)
        await self.say(type="done", reply_id=ID, epoch=1, seq=seq + 1)


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/chat/", NaiveConsumer.as_asgi())])})

"""A chat client that knows nothing but the protocol page: it applies frames as a browser would."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect

PATIENCE_S = 60.0  # a hung server fails a test instead of stopping the suite


@dataclass
class Shown:
    """One reply as this client shows it."""

    reply_id: str
    epoch: int
    seq: int = 0
    text: str = ""
    blocks: str = ""
    done: dict[str, Any] | None = None
    stages: list[str] = field(default_factory=list)
    seqs: list[tuple[int, int]] = field(default_factory=list)

    def apply(self, frame: dict[str, Any]) -> bool:
        """Apply a frame of this reply; return False when something is missing in between."""
        if frame["type"] == "snapshot":
            self.epoch, self.seq, self.text = frame["epoch"], frame["seq"], frame["text"]
            self.blocks = frame["html"]
            return True
        seq, first = frame["seq"], frame.get("first", frame["seq"])
        if seq <= self.seq:
            return True
        if first != self.seq + 1:
            return False
        self.seqs.append((first, seq))
        self.seq = seq
        if frame["type"] == "delta":
            self.text += frame["text"]
        elif frame["type"] == "block":
            self.blocks += frame["html"]
        elif frame["type"] == "status":
            self.stages.append(frame["stage"])
        elif frame["type"] == "done":
            self.done = frame
        return True


class Chat:
    """One socket; `async with Chat(base_url, cookie) as chat`."""

    def __init__(
        self, base: str, cookie: str, conversation_id: str | None = None, origin: str = "", **dial: Any
    ) -> None:
        """Speak to `base`; `dial` says how to get there, as `websockets` takes it: host, port, ssl."""
        self.base = base
        self.origin = origin or base
        self.dial = dial
        self.cookie = cookie
        self.conversation_id = conversation_id
        self.shown: dict[str, Shown] = {}
        self.frames: list[dict[str, Any]] = []
        self.opened: dict[str, Any] = {}
        self._socket: ClientConnection | None = None

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    async def __aenter__(self) -> Self:
        self._socket = await connect(
            self.base.replace("http", "ws", 1) + "/ws/chat/",
            origin=self.origin,  # type: ignore[arg-type]  # a NewType of str
            additional_headers={"Cookie": self.cookie},
            max_size=None,
            **self.dial,
        )
        await self.put(type="open", conversation_id=self.conversation_id)
        return await self.greeted()

    async def greeted(self) -> Self:
        """Take in what `opened` says."""
        self.opened = await self.until(lambda frame: frame["type"] == "opened")
        self.conversation_id = self.opened["conversation_id"]
        for turn in self.opened["turns"]:
            for reply in turn["replies"]:
                shown = Shown(reply["reply_id"], reply["epoch"], reply["seq"], reply["text"], reply["html"])
                shown.done = reply if reply["ended_by"] else None
                self.shown[reply["reply_id"]] = shown
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    async def put(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def receive(self) -> str | bytes:
        """Return the text of the next frame."""
        return await self.socket.recv()

    async def get(self) -> dict[str, Any]:
        """Return the next frame, applied to what is shown."""
        async with asyncio.timeout(PATIENCE_S):
            frame: dict[str, Any] = json.loads(await self.receive())
        self.frames.append(frame)
        if frame["type"] in ("ack", "turn"):
            self.shown.setdefault(frame["reply_id"], Shown(frame["reply_id"], frame["epoch"]))
        elif frame["type"] in ("status", "delta", "block", "snapshot", "done") and frame.get("seq"):
            shown = self.shown[frame["reply_id"]]
            assert shown.apply(frame), f"a gap before {frame} at seq {shown.seq}"
        return frame

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first frame that is wanted; signs of life alone are no reason to wait on."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = await self.get()
                if wanted(frame):
                    return frame

    async def send(self, text: str, message_id: str | None = None) -> str:
        """Send a message and return the id of its reply once it is acknowledged."""
        message_id = message_id or str(uuid4())
        await self.put(type="send", client_message_id=message_id, text=text)
        ack = await self.until(
            lambda frame: frame["type"] in ("ack", "error") and frame.get("client_message_id") == message_id
        )
        assert ack["type"] == "ack", ack
        return str(ack["reply_id"])

    async def finished(self, reply_id: str) -> Shown:
        """Return a reply once it is done."""
        shown = self.shown[reply_id]
        async with asyncio.timeout(PATIENCE_S):
            while shown.done is None:
                await self.get()
        return shown

    async def ask(self, text: str) -> Shown:
        return await self.finished(await self.send(text))

    async def verb(self, verb: str, reply_id: str) -> str:
        """Retry, continue or escalate a reply; return the id of the new one."""
        await self.put(type=verb, reply_id=reply_id)
        ack = await self.until(lambda frame: frame["type"] in ("ack", "error"))
        assert ack["type"] == "ack", ack
        return str(ack["reply_id"])

    async def error(self, **frame: Any) -> dict[str, Any]:
        """Send a frame and return the error that answers it."""
        await self.put(**frame)
        return await self.until(lambda answer: answer["type"] == "error")

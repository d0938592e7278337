"""One answer on the wire: its pace, its tokens, its end, and the fault that was ordered for it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from routing.sandbox import answering
from routing.sandbox.asking import Ask, tokens
from routing.sandbox.control import Fault, Pace
from routing.sandbox.speaking import speaker

# What a light and a heavy model feel like, fast enough to be pleasant and slow enough to be seen.
LIGHT_PACE_MS = (120, 12)
HEAVY_PACE_MS = (450, 12)
_LIGHT = re.compile(r"lite|mini|nano|haiku|small|tiny", re.I)

# A model name that no catalogue row has, so that the desk must notice.
OTHER_MODEL = "some-other-model-1"


def is_heavy(model: str) -> bool:
    """Return whether a model's answers are the longer, slower kind."""
    return not _LIGHT.search(model)


class Reply:
    """Streams one answer. `gone` is set from outside when the client has left."""

    def __init__(
        self,
        ask: Ask,
        fault: Fault | None,
        pace: Pace,
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
        transport: asyncio.Transport,
    ) -> None:
        self.gone = asyncio.Event()
        self.begun = False
        self.sent = 0
        self.ended = ""
        self._ask = ask
        self._fault = fault
        self._name = fault.fault if fault else ""
        self._send = send
        self._transport = transport
        self._speaker = speaker(ask, OTHER_MODEL if self._name == "other_model" else ask.model)
        first, gap = HEAVY_PACE_MS if is_heavy(ask.model) else LIGHT_PACE_MS
        self._first_s = (first if pace.first_text_ms is None else pace.first_text_ms) / 1000
        self._gap_s = (gap if pace.gap_ms is None else pace.gap_ms) / 1000
        self._pieces = self._answer(pace.tokens)

    def _answer(self, count: int | None) -> list[str]:
        if self._name == "obey":
            return tokens(answering.obey(self._ask))
        if count is not None:
            return answering.filler(count)
        full = answering.compose(self._ask, is_heavy(self._ask.model))
        return tokens(answering.go_on(full, self._ask) if self._ask.partial else full)

    @property
    def _fault_at(self) -> int | None:
        """Return after how many tokens the fault strikes, None when none does; it always strikes."""
        if self._fault is None or self._name in {"other_model", "obey"}:
            return None
        return min(self._fault.after_tokens, max(0, len(self._pieces) - 1))

    async def run(self) -> None:
        """Send the whole answer, or as much of it as the fault allows."""
        at = self._fault_at
        if at == -1:
            await self._strike()
            return
        await self._begin()
        await self._pause(self._first_s)
        limit = min(len(self._pieces), self._ask.max_tokens)
        clock = asyncio.get_running_loop().time
        due = clock()  # a gap is from text to text, so that a busy machine does not slow the answer down
        while self.sent < limit and not self.gone.is_set():
            if self.sent == at:
                await self._strike()
                return
            await self._write(self._speaker.token(self._pieces[self.sent]))
            self.sent += 1
            due += self._gap_s
            await self._pause(due - clock())
        if self.gone.is_set():
            self.ended = "client left"
            return
        if at is not None and self.sent == at:
            await self._strike()
            return
        await self._finish("length" if limit < len(self._pieces) else "complete")

    async def _strike(self) -> None:
        """Do what the fault's name says; before the headers a fault can only hang or hang up."""
        self.ended = self._name
        await self._pause((self._fault.delay_ms if self._fault else 0) / 1000)
        match self._name:
            case "stall":
                await self.gone.wait()
            case "cut":
                self._transport.abort()
            case "eof" if self.begun:
                await self._write(b"", last=True)
            case "length" | "refusal":
                await self._begin()
                await self._finish(self._name)
            case "error_first" | "error_mid":
                await self._begin()
                await self._write(self._speaker.error(), last=True)
            case _:
                self._transport.close()
        if not self.begun or self._name == "cut":
            # The server must see that its connection is gone before it looks for an unfinished answer.
            await self.gone.wait()

    async def _begin(self) -> None:
        if self.begun:
            return
        self.begun = True
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        if self._name != "error_first":
            await self._write(self._speaker.begin())

    async def _finish(self, how: str) -> None:
        self.ended = how
        await self._write(self._speaker.end(how), last=True)

    async def _write(self, data: bytes, last: bool = False) -> None:
        if data or last:
            await self._send({"type": "http.response.body", "body": data, "more_body": not last})

    async def _pause(self, seconds: float) -> None:
        """Wait, but not for a client that has left."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(seconds):
                await self.gone.wait()
        except TimeoutError:
            return

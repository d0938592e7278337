"""A tab over a real socket: it connects again by itself and repeats what was not acknowledged.

Delays are those of the page in small; what a page does is not.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.faults.record import Line, PageLog
from tests.faults.screen import Screen

DRAINING = 4503


@dataclass(frozen=True)
class Patience:
    """How long a tab waits, in seconds.

    Its back-off is a tenth of the page's; silence is doubted sooner, but never before the desk has given its
    database up, for which it does not answer pings.
    """

    base: float = 0.05  # full jitter: anything up to a bound that doubles from here
    cap: float = 1.0
    quiet: float = 5.0  # silence after which it asks whether the line lives
    probe: float = 6.5  # and how long the pong may take
    dial: float = 8.0
    again: float = 0.5  # a resume, an open or a message that brought nothing is repeated


QUICK = Patience()
PAGE = Patience(base=0.5, cap=30.0, quiet=35.0, probe=3.0, dial=10.0, again=3.0)


@dataclass(frozen=True)
class Door:
    """Where a process is reached: the port to dial, and the origin that its pages have."""

    port: int
    origin: str


class LineDead(Exception):
    """Nothing came for too long, and no pong either."""


Watch = Callable[[str, "Page"], None]


def unwatched(event: str, page: "Page") -> None:
    """Look at nothing."""


class Page:
    """One tab of a visitor. `events` tells somebody else what just happened, by name."""

    def __init__(
        self, name: str, visitor: str, cookie: str, doors: list[Door], seed: int,
        patience: Patience = QUICK, watch: Watch = unwatched,
    ) -> None:  # fmt: skip
        self.log = PageLog(name, visitor)
        self.screen = Screen(self.log)
        self.doors = doors
        self.web = -1
        self.back: list[float] = []  # seconds from each loss until the conversation was open again
        self.opened = asyncio.Event()
        self.settled = asyncio.Event()
        self.settled.set()
        self._cookie, self._patience, self._watch = cookie, patience, watch
        self._random = random.Random(seed)
        self._attempt = 0
        self._not_before = 0.0
        self._lost_at = 0.0
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._unsent: set[str] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Future[Any]] = set()

    # -- what a visitor does ---------------------------------------------------------------------

    def start(self) -> None:
        self._task = asyncio.create_task(self._live())

    async def leave(self) -> None:
        """Close the tab; its screen is noted."""
        self.log.shown = {reply_id: shown.text for reply_id, shown in self.screen.replies.items()}
        for timer in tuple(self._timers):
            timer.cancel()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def send(self, text: str) -> str:
        """Send a message, at once or when there is a line again; return its id."""
        message_id = str(uuid4())
        self.screen.compose(message_id, text)
        self._unsent.add(message_id)
        self.settled.clear()
        await self._flush()
        return message_id

    async def put(self, **frame: Any) -> bool:
        """Send a frame if there is a line; return whether it went out."""
        if self._socket is None:
            return False
        try:
            await self._socket.send(json.dumps(frame))
        except ConnectionClosed:
            return False
        return True

    async def say_again(self, message_id: str, text: str) -> None:
        """Send a message once more with the same id, as a page does that missed the `ack`."""
        await self.put(type="send", client_message_id=message_id, text=text)

    def cut(self) -> None:
        """Lose the line this instant, as a train in a tunnel does."""
        if self._socket is not None:
            self._socket.transport.abort()

    # -- the line --------------------------------------------------------------------------------

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _live(self) -> None:
        while True:
            self.web = self._choose()
            words = await self._one_line(self.doors[self.web])
            self._socket = None
            self.opened.clear()
            self.log.note(Line(self._now(), False, self.web, words))
            await asyncio.sleep(max(self._backoff(), self._not_before - self._now()))

    def _choose(self) -> int:
        """Return another process than the last, as a balancer does with one that has just failed."""
        others = [at for at in range(len(self.doors)) if at != self.web]
        return self._random.choice(others or [0])

    def _backoff(self) -> float:
        bound = min(self._patience.cap, self._patience.base * 2.0 ** min(self._attempt, 16))
        self._attempt += 1
        return self._random.random() * bound

    async def _one_line(self, door: Door) -> str:
        """Hold one connection for as long as it lives; return by what it was lost."""
        try:
            async with connect(
                f"ws://127.0.0.1:{door.port}/ws/chat/",
                origin=door.origin,  # type: ignore[arg-type]  # a NewType of str
                additional_headers={"Cookie": self._cookie},
                open_timeout=self._patience.dial,
                close_timeout=0.2,
                ping_interval=None,  # a browser sends none either
                compression=None,
                max_size=None,
                proxy=None,
            ) as socket:
                self._socket = socket
                await self._open()
                await self._hear(socket)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            self._lost()
            if code == DRAINING:
                self._attempt = 0  # to another one at once
            return f"closed {code}"
        except (OSError, WebSocketException, TimeoutError, EOFError, LineDead) as error:
            self._lost()
            return type(error).__name__
        raise AssertionError("a line ends by an error only")

    def _lost(self) -> None:
        if self.opened.is_set():
            self._lost_at = self._now()

    async def _open(self) -> None:
        await self.put(type="open", conversation_id=self.log.conversation or None, after=self.screen.after())

    async def _hear(self, socket: ClientConnection) -> None:
        asked = False
        while True:
            try:
                async with asyncio.timeout(self._patience.probe if asked else self._patience.quiet):
                    raw = await socket.recv()
            except TimeoutError:
                if asked:
                    raise LineDead from None
                asked = True
                await self.put(type="ping")
                continue
            asked = False
            await self._take(json.loads(raw))

    async def _take(self, frame: dict[str, Any]) -> None:
        kind, now = frame["type"], self._now()
        before = self.screen.replies.get(frame.get("reply_id", ""))
        had = len(before.text) if before else 0
        for reply_id in self.screen.apply(frame, now):
            await self._resume(reply_id)
        if kind == "opened":
            await self._up(now)
        elif kind == "error":
            await self._refused(frame, now)
        elif kind == "ack":
            self._watch("acked", self)
        elif kind == "done":
            self._watch("ended", self)
        elif kind == "delta":
            self._watch("text" if had else "first_text", self)
        if self.screen.settled:
            self.settled.set()
        else:
            self.settled.clear()

    async def _up(self, now: float) -> None:
        self._attempt = 0
        self.log.note(Line(now, True, self.web))
        if self._lost_at:
            self.back.append(now - self._lost_at)
            self._lost_at = 0.0
        self.opened.set()
        self._unsent = set(self.screen.outbox)
        await self._flush()

    async def _refused(self, frame: dict[str, Any], now: float) -> None:
        if frame["code"] == "not_found" and not self.opened.is_set():
            self.log.conversation = ""  # it was handed out and never written in
            await self._open()
            return
        if frame.get("retry_after") and not frame.get("client_message_id"):
            self._not_before = now + frame["retry_after"] * self._patience.base / PAGE.base
        if not self.opened.is_set():
            self._later(self._open_again)
        elif frame.get("client_message_id") in self.screen.outbox:
            self._unsent.add(frame["client_message_id"])
            self._later(self._flush)

    async def _open_again(self) -> None:
        if not self.opened.is_set():
            await self._open()

    async def _flush(self) -> None:
        if not self.opened.is_set():
            return
        for message_id in tuple(self._unsent):
            text = self.screen.outbox.get(message_id)
            if text is not None:
                self.screen.sent(message_id, self._now())
                if not await self.put(type="send", client_message_id=message_id, text=text):
                    return
                self._watch("sent", self)
            self._unsent.discard(message_id)

    async def _resume(self, reply_id: str) -> None:
        shown = self.screen.replies[reply_id]
        await self.put(type="resume", reply_id=reply_id, epoch=shown.epoch, after=shown.seq)

        async def again() -> None:
            if shown.running and shown.awaiting and self.opened.is_set():
                await self._resume(reply_id)

        self._later(again)

    def _later(self, work: Callable[[], Any]) -> None:
        """Do something again after a while, unless the tab is closed."""

        def now() -> None:
            self._timers.discard(timer)
            task = asyncio.ensure_future(work())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        tasks = self._tasks
        timer = asyncio.get_running_loop().call_later(self._patience.again, now)
        self._timers.add(timer)

"""The socket edge: Origin, visitor, frames in, frames out. Decides nothing.

Every frame goes out through the feed's pump, in order; a verb's effects are stored before its `ack`.
"""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from assistant import choosing, db, desk_facts, escalating, frames, protocol, requests, selectors, services
from assistant.limits import ADDRESS_SOCKETS, VISITOR_SOCKETS, FrameBucket, Guard, RateLimited, network_of
from assistant.origins import Refused, check_origin
from assistant.process import Process, process
from assistant.protocol import Frame, FrameError
from assistant.reserved import is_reserved, reserve
from assistant.starting import Busy, Started
from assistant.turn_log import Feed
from assistant.visitors import read_visitor
from assistant.who import Who
from common.clock import ticks
from routing.evidence import Kind

logger = logging.getLogger(__name__)

ALIVE_S = 15.0  # proxies cut idle connections at 60 to 100 s; browsers hide protocol pings
NOT_BUILT = frozenset({"list", "rename", "delete"})


ANSWERED = (
    FrameError,
    db.DatabaseGone,
    RateLimited,
    services.Conflict,
    Busy,
    services.NotAvailable,
    selectors.NotFound,
    requests.RequestRefused,
)


def answer_to(error: Exception) -> tuple[str, str, dict[str, Any]]:
    """Return code, plain words and further fields of the `error` frame for one of ANSWERED."""
    match error:
        case FrameError() | requests.RequestRefused():
            return error.code, error.message, {}
        case db.DatabaseGone():
            return "not_stored", "That could not be stored just now; please send it again.", {}
        case RateLimited():
            return error.code, error.message, {"retry_after": error.retry_after}
        case services.Conflict():
            return "conflict", "This message id was used for another text.", {}
        case Busy():
            return "busy", "Three messages are waiting already; please wait for an answer.", {}
        case services.NotAvailable():
            return "not_available", str(error), {}
        case _:
            return "not_found", f"There is no such {error} here.", {}


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels ships no types
    """One socket of one visitor, in at most one conversation at a time."""

    who: Who
    process: Process

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """Hand a message to its handler, without Channels' thread hop: `assistant.db` tends connections."""
        handlers: Mapping[str, Callable[[Any], Awaitable[None]]] = {
            "websocket.connect": self.websocket_connect,
            "websocket.receive": self.websocket_receive,
            "websocket.disconnect": self.websocket_disconnect,
        }
        await handlers[message["type"]](message)

    async def connect(self) -> None:
        self.feed = Feed()
        self.pump: asyncio.Task[None] | None = None
        await self.accept()
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self.scope["headers"]
        }
        try:
            check_origin(headers.get("origin"), settings.ENV.origins)
        except Refused as refused:
            logger.warning("%s", refused.log_line)
            await self._turn_away("refused", refused.message, protocol.CLOSE_REFUSED)
            return
        visitor = read_visitor(self.scope.get("cookies", {}).get(settings.VISITOR_COOKIE))
        if visitor is None:
            await self._turn_away("sign_in", protocol.ERROR_CODES["sign_in"], protocol.CLOSE_SIGN_IN)
            return
        client = self.scope.get("client") or ("", 0)
        session = self.scope.get("cookies", {}).get(settings.SESSION_COOKIE_NAME, "")
        self.who = Who(visitor.id, visitor.plan, _language(headers), session, str(client[0]))
        self.process = process()
        self.frames_left = FrameBucket()
        if not self._admitted():
            await self._turn_away("rate_limited", "Too many connections.", protocol.CLOSE_SLOW_DOWN)
            return
        self.pump = asyncio.create_task(self._pump(), context=contextvars.Context())

    def _admitted(self) -> bool:
        """Count this socket; return False when its visitor or address holds too many in this process."""
        counts = self.process.sockets
        address = network_of(self.who.address)
        limits = ((f"v{self.who.visitor_id}", VISITOR_SOCKETS), (f"a{address}", ADDRESS_SOCKETS))
        if settings.ENV.rate_limits and any(counts[key] >= most for key, most in limits):
            return False
        self.counted = [key for key, _ in limits]
        counts.update(self.counted)
        return True

    async def _turn_away(self, code: str, message: str, close_code: int) -> None:
        await self.send(protocol.encode({"type": "error", "code": code, "message": message}))
        await self.close(close_code)

    async def disconnect(self, code: int) -> None:
        if self.pump is None:
            return
        self.pump.cancel()
        self.process.hub.leave(self.feed)
        self.process.sockets.subtract(self.counted)
        for key in self.counted:
            if not self.process.sockets[key]:
                del self.process.sockets[key]

    # -- out -------------------------------------------------------------------------------------

    async def _pump(self) -> None:
        """Send what the feed holds, in order; while a send is unfinished, news gathers and merges."""
        hub = self.process.hub
        while True:
            try:
                async with asyncio.timeout(ALIVE_S):
                    await self.feed.wait()
            except TimeoutError:
                if self.feed.conversation_id is None:
                    await self.close(protocol.CLOSE_IDLE)
                    return
                self.feed.put({"type": "alive"})
            for frame in self.feed.collect(hub.logs):
                await self.send(protocol.encode(frame))
            if self.feed.close_code is not None:
                await self.close(self.feed.close_code)
                return

    def _error(self, code: str, message: str, **more: Any) -> None:
        self.feed.put({"type": "error", "code": code, "message": message, **more})

    # -- in --------------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.pump is None:
            return  # turned away; the close is on its way
        received = ticks()
        if settings.ENV.rate_limits and not self.frames_left.take(received):
            self._error("rate_limited", "Too many frames.", retry_after=5)
            self.feed.close(protocol.CLOSE_SLOW_DOWN)
            return
        if self.process.draining:
            self._error("not_available", "The desk is restarting; reconnect in a moment.", retry_after=2)
            self.feed.close(protocol.CLOSE_DRAINING)
            return
        frame: Frame | None = None
        try:
            if text_data is None:
                raise FrameError("bad_json", "Frames are JSON text.")
            frame = protocol.parse(text_data)
            await self._handle(frame, received)
        except ANSWERED as error:
            if isinstance(error, db.DatabaseGone):
                logger.error("database away for %s: %s", frame.type if frame else "a frame", error)
            code, message, more = answer_to(error)
            self._error(code, message, **more, **_about(frame, text_data))

    async def _handle(self, frame: Frame, received: float) -> None:
        if frame.type == "ping":
            self.feed.put({"type": "pong"})
            return
        if frame.type in NOT_BUILT:
            raise FrameError("not_available", f"{frame.type} is not available in this version.")
        if frame.type != "open" and self.feed.conversation_id is None:
            raise FrameError("not_open", "Send open first.")
        handlers: Mapping[str, Callable[[Frame, float], Awaitable[None]]] = {
            "open": self._open,
            "send": self._send_message,
            "resume": self._resume,
            "stop": self._stop,
            "retry": self._verb,
            "continue": self._verb,
            "escalate": self._verb,
            "choose": self._choose,
            "feedback": self._feedback,
            "resolve": self._resolve,
            "history": self._history,
            "handoff": self._handoff,
        }
        await handlers[frame.type](frame, received)

    @property
    def _conversation(self) -> UUID:
        if self.feed.conversation_id is None:
            raise FrameError("not_open", "Send open first.")
        return self.feed.conversation_id

    async def _open(self, frame: Frame, received: float) -> None:
        wanted: UUID | None = frame.get("conversation_id")
        conversation_id = wanted or reserve(self.who.visitor_id)
        facts = await db.run(desk_facts.read, self.who, conversation_id)
        if wanted is not None and not facts.exists and not is_reserved(wanted, self.who.visitor_id):
            raise selectors.NotFound("conversation")
        self.process.hub.join(self.feed, conversation_id)
        after: Mapping[UUID, int] = frame.get("after") or {}
        for reply in facts.running:
            log = self.process.mirrors.follow(reply.pk, conversation_id, reply.epoch)
            await self.process.mirrors.catch_up(log)
            desk_facts.complete(facts.turns, log)
            self.feed.seen[reply.pk] = (log.epoch, log.snapshot()["seq"])
        desk_facts.leave_out(facts.turns, after)
        self.process.news.know(self.feed, facts.desk["messages"], facts.desk["state"])
        self.feed.put(frames.opened_frame(conversation_id, facts.turns, facts.desk))

    async def _send_message(self, frame: Frame, received: float) -> None:
        started = await db.run(
            services.accept_message,
            self.who,
            self._conversation,
            frame["client_message_id"],
            frame["text"],
            received,
            self.process.id,
            Guard(self.who),
        )
        self._acknowledge(started, received, frame["client_message_id"])

    async def _verb(self, frame: Frame, received: float) -> None:
        await self._start(frame.type, frame["reply_id"], received, not_asked=frame.get("reason") != "more")

    async def _start(
        self, verb: str, reply_id: UUID, received: float, not_asked: bool, by: Kind = "visitor"
    ) -> None:
        started = await db.run(
            services.start_verb,
            self.who,
            verb,
            reply_id,
            received,
            self.process.id,
            Guard(self.who),
            not_asked,
            by,
        )
        self._acknowledge(started, received, None)

    async def _choose(self, frame: Frame, received: float) -> None:
        chosen = await db.run(choosing.choose, self.who, frame["turn_id"], frame["entry_id"], received)
        self._acknowledge(chosen.started, received, None)
        for reply_id in chosen.ends:
            await self.process.stop(reply_id)

    def _acknowledge(self, started: Started, received: float, message_id: str | None) -> None:
        """Say `ack`, then show the reply: the row is stored by now."""
        reply = started.reply
        ack = frames.ack_frame(message_id, started.turn.pk, reply)
        if started.repeated:
            self.feed.put(ack)
            self._show_again(reply)
            return
        if reply.conversation_id != self.feed.conversation_id:
            self.feed.put(ack)
        else:
            self.feed.put(ack, (reply.pk, reply.epoch, 0))
        self.process.begin(started, received, but=self.feed)
        if reply.state == "queued":
            self.feed.put(
                {"type": "status", "reply_id": str(reply.pk), "seq": 0, "stage": "queued", "label": "Waiting"}
            )
            self.process.mirrors.follow(reply.pk, reply.conversation_id, reply.epoch)

    def _show_again(self, reply: Any) -> None:
        """Show a reply from its beginning: from memory while it runs, else from its row."""
        if reply.ended_at is None:
            log = self.process.mirrors.follow(reply.pk, reply.conversation_id, reply.epoch)
            self.feed.seen[reply.pk] = (log.epoch, -1)
            self.feed.wake()
            return
        self.feed.put(frames.snapshot(reply))
        self.feed.put(frames.done(reply))

    async def _resume(self, frame: Frame, received: float) -> None:
        reply = await db.run(selectors.reply_of, self.who, frame["reply_id"])
        if reply.conversation_id != self._conversation:
            raise selectors.NotFound("reply")  # its news would not reach a socket of another conversation
        log = self.process.hub.logs.get(reply.pk)
        if log is None and reply.ended_at is not None:
            if not (frame["epoch"] == reply.epoch and frame["after"] == reply.seq):
                self.feed.put(frames.snapshot(reply))
            self.feed.put(frames.done(reply))
            return
        log = log or self.process.mirrors.follow(reply.pk, reply.conversation_id, reply.epoch)
        await self.process.mirrors.catch_up(log)
        self.feed.seen[reply.pk] = (frame["epoch"], frame["after"])
        self.feed.wake()

    async def _stop(self, frame: Frame, received: float) -> None:
        reply = await db.run(selectors.reply_of, self.who, frame["reply_id"])
        if reply.ended_at is None:
            await self.process.stop(reply.pk)

    async def _feedback(self, frame: Frame, received: float) -> None:
        up = frame["rating"] == "up"
        reply = await db.run(
            services.rate,
            self.who,
            frame["reply_id"],
            up,
            frame.get("reason") or "",
            frame.get("comment") or "",
        )
        if not up and await db.run(escalating.thumb_escalates, reply, frame.get("reason") or ""):
            # "That was the wrong entry", or an answer that did not do: the next tier is asked at once.
            await self._start("escalate", reply.pk, received, not_asked=False, by="thumbs_down")

    async def _resolve(self, frame: Frame, received: float) -> None:
        reply_id = frame.get("reply_id")
        await db.run(services.resolve, self.who, self._conversation, frame["solved"], reply_id)

    async def _handoff(self, frame: Frame, received: float) -> None:
        stored = await db.run(
            requests.hand_over,
            self.who,
            frame["reason"],
            frame.get("email", ""),
            frame.get("text", ""),
            frame["client_request_id"],
            self._conversation,
            frame.get("reply_id"),
        )
        # Repeated for a page that did not hear the first answer; the other sockets have it.
        self.process.news.tell_one(self.feed, stored.message, again=True)
        if stored.conversation_id is not None:
            self.process.tell(stored.conversation_id, stored.message, stored.state)

    async def _history(self, frame: Frame, received: float) -> None:
        before = frame.get("before")
        if before is None:
            raise FrameError("bad_frame", "history needs before: the id of the oldest turn you have.")
        turns, _ = await db.run(selectors.transcript, self._conversation, before)
        self.feed.put({"type": "history", "turns": turns})


def _language(headers: Mapping[str, str]) -> str:
    """Return the browser's first language as a two-letter code, "" when it names none."""
    first = headers.get("accept-language", "").split(",")[0].split(";")[0].split("-")[0].strip().lower()
    return first if first.isalpha() and len(first) == 2 else ""


def _about(frame: Frame | None, raw: str | None = None) -> dict[str, Any]:
    """Return the ids that tell the page which message or reply an error is about."""
    if frame is None:
        return protocol.ids_in(raw or "")
    about: dict[str, Any] = {}
    for name in protocol.IDS_IN_ERRORS:
        if frame.get(name) is not None:
            about[name] = str(frame[name])
    return about

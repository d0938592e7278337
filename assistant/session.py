"""What a visitor's page may do over one line to the desk, whatever carries its frames.

Frames come in as text; every answer goes out through the feed, in order. A verb's effects are stored
before its `ack`. Decides nothing.
"""

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from assistant import (
    choosing,
    db,
    desk_facts,
    escalating,
    frames,
    match_ahead,
    protocol,
    requests,
    selectors,
    services,
)
from assistant.limits import FrameBucket, Guard, RateLimited, VisitorFrames
from assistant.process import Process
from assistant.protocol import Frame, FrameError
from assistant.reserved import is_reserved, reserve
from assistant.starting import Busy, Started
from assistant.turn_log import Feed
from assistant.who import Who
from common.clock import ticks
from routing.evidence import Kind

logger = logging.getLogger(__name__)

NOT_BUILT = frozenset({"list", "rename", "delete"})
REPEATS_KNOWN = 8  # messages of a page whose repeats are known as such: more than may wait

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


class Session:
    """One line of one visitor, in at most one conversation at a time."""

    def __init__(self, who: Who, process: Process, frames_left: VisitorFrames | None = None) -> None:
        self.who = who
        self.process = process
        self.feed = Feed()
        self._frames_left = frames_left or FrameBucket()
        self._begun: deque[str] = deque(maxlen=REPEATS_KNOWN)

    async def receive(self, text: str | None) -> None:
        """Do what a frame asks for; None stands for one that was no text. Its answers are in the feed."""
        received = ticks()
        if settings.ENV.rate_limits and not self._frames_left.take(received):
            self._error("rate_limited", "Too many frames.", retry_after=5)
            self.feed.close(protocol.CLOSE_SLOW_DOWN)
            return
        if self.process.draining:
            self.feed.put(protocol.RESTARTING)
            self.feed.close(protocol.CLOSE_DRAINING)
            return
        frame: Frame | None = None
        try:
            if text is None:
                raise FrameError("bad_json", "Frames are JSON text.")
            frame = protocol.parse(text)
            await self._handle(frame, received)
        except ANSWERED as error:
            if isinstance(error, db.DatabaseGone):
                logger.error("database away for %s: %s", frame.type if frame else "a frame", error)
            code, message, more = answer_to(error)
            self._error(code, message, **more, **_about(frame, text))

    def _error(self, code: str, message: str, **more: Any) -> None:
        self.feed.put({"type": "error", "code": code, "message": message, **more})

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
        feed, hub = self.feed, self.process.hub
        before, seen = feed.conversation_id, dict(feed.seen)
        # Joined before it is read: a turn that is stored in between would reach nobody else's ears.
        hub.join(feed, conversation_id)
        feed.hold()
        opened: Mapping[str, Any] | None = None
        known: set[UUID] = set()
        try:
            facts = await db.run(desk_facts.read, self.who, wanted)
            if wanted is not None and not facts.exists and not is_reserved(wanted, self.who.visitor_id):
                raise selectors.NotFound("conversation")
            opened = await self._opened(conversation_id, facts, frame.get("after") or {})
            known, feed.shown = desk_facts.shown(facts), desk_facts.late(facts)
        finally:
            if opened is None:
                hub.rejoin(feed, before, seen)
            feed.let_go(opened, known)

    async def _opened(
        self, conversation_id: UUID, facts: desk_facts.DeskFacts, after: Mapping[UUID, int]
    ) -> Mapping[str, Any]:
        for reply in facts.running:
            log = self.process.mirrors.follow(reply.pk, conversation_id, reply.epoch)
            await self.process.mirrors.catch_up(log)
            desk_facts.complete(facts.turns, log)
            self.feed.seen[reply.pk] = (log.epoch, log.snapshot()["seq"])
        desk_facts.leave_out(facts.turns, after)
        self.process.news.know(self.feed, facts.desk["messages"], facts.desk["state"])
        return frames.opened_frame(conversation_id, facts.turns, facts.desk)

    async def _send_message(self, frame: Frame, received: float) -> None:
        if frame["client_message_id"] not in self._begun:  # a repeat most likely has its answer already
            self._begun.append(frame["client_message_id"])
            await match_ahead.begin(self.who, frame["text"])
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
        # An epoch above the row's was never given out: such a page has nothing that could be gone on with.
        held = frame["epoch"] <= reply.epoch
        self.feed.seen[reply.pk] = (frame["epoch"], frame["after"]) if held else (0, -1)
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
        # Again for a page that did not hear the first answer; the other sockets have it. Of a new request the
        # poll may have told this one already.
        self.process.news.tell_one(self.feed, stored.message, again=stored.repeated)
        if stored.conversation_id is not None:
            self.process.tell(stored.conversation_id, stored.message, stored.state)

    async def _history(self, frame: Frame, received: float) -> None:
        before = frame.get("before")
        if before is None:
            raise FrameError("bad_frame", "history needs before: the id of the oldest turn you have.")
        turns, _ = await db.run(selectors.transcript, self._conversation, before)
        self.feed.put({"type": "history", "turns": turns})


def _about(frame: Frame | None, raw: str | None = None) -> dict[str, Any]:
    """Return the ids that tell the page which message or reply an error is about."""
    if frame is None:
        return protocol.ids_in(raw or "")
    about: dict[str, Any] = {}
    for name in protocol.IDS_IN_ERRORS:
        if frame.get(name) is not None:
            about[name] = str(frame[name])
    return about

"""The hub of one process: logs of running replies, the sockets that read them, and the ticker.

The owner of a reply writes text here; the ticker turns what has gathered into one numbered record
every TICK_S, whatever the number of tokens, and wakes the readers. The first text does not wait.
Nothing here touches Redis or the database: `assistant.redis_log` carries records to other processes.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from assistant import protocol
from assistant.guests import Guest
from assistant.rendering import BlockRenderer
from assistant.reply_log import ReplyLog
from common.clock import ticks

TICK_S = 0.030  # measured: one timer a process; faster costs CPU, slower is seen as stutter
KEEP_CLOSED_S = 60.0  # an ended reply stays in memory this long for sockets that reconnect
# Of which so long record by record, for readers a little behind and for Redis: 600 records of an answer
# of 900 tokens are some 250 KB, and its text is 5.
KEEP_RECORDS_S = 10.0
# Frames that wait for a reader and cannot merge. A page that comes back asks for some dozens at once; one
# that asks on without reading the answers would fill the memory with transcripts.
FREE_FRAMES = 8  # so many wait unweighed, as in the ordinary turn nobody is behind
MOST_FRAMES = 512
MOST_QUEUED = 512 * 1024  # characters of JSON

Follow = tuple[UUID, int, int]  # reply, epoch, seq
# A frame, and the reply that is read from (epoch, seq) on right behind it.
Queued = tuple[Mapping[str, Any], Follow | None]


class Feed:
    """What one socket still has to be sent: frames in order, then news of the replies it follows."""

    __slots__ = (
        "_frames", "_held", "_waiter", "_weight", "begun", "close_code", "conversation_id",
        "elsewhere", "guest", "live", "news", "on_news",
        "overfull", "seen", "shown", "state", "told", "visitor_id",
    )  # fmt: skip

    def __init__(self, conversation_id: UUID | None = None) -> None:
        self.conversation_id = conversation_id
        self.visitor_id: UUID | None = None  # as whom it was let into the conversation
        self.guest: Guest | None = None  # the same of a visitor inside a frame of another site
        self.seen: dict[UUID, tuple[int, int]] = {}
        self.close_code: int | None = None
        self.told: set[UUID] | frozenset[UUID] = frozenset()  # messages of staff and the desk that it has
        self.shown: frozenset[UUID] = frozenset()  # the last replies that it was opened with
        self.begun = False  # whether its conversation has a row by all it was told
        self.state = ""  # of the conversation, as this socket knows it
        self.live: Mapping[str, Any] = {}  # of its live chat, likewise
        self.elsewhere: dict[UUID, Mapping[str, Any]] = {}  # of its visitor's other conversations
        self.news = False  # something may be there that `collect` has not given yet
        self.on_news: Callable[[], None] | None = None  # told once when news comes and nobody waits for it
        self.overfull = False  # more frames wait than may: its reader is to be given up
        self._frames: list[Queued] = []
        self._held: list[Queued] | None = None
        self._weight = 0
        self._waiter: asyncio.Future[None] | None = None

    def put(self, frame: Mapping[str, Any], follow: Follow | None = None) -> None:
        """Queue a frame; `follow` = (reply, epoch, seq) starts reading that reply right behind it."""
        self.begun |= follow is not None
        if self._held is not None:
            self._held.append((frame, follow))
            return
        if len(self._frames) >= FREE_FRAMES:
            self._weight += len(protocol.encode(frame))
            self.overfull = self._weight > MOST_QUEUED or len(self._frames) > MOST_FRAMES
        if not self.overfull:
            self._frames.append((frame, follow))
        self.wake()

    def hold(self) -> None:
        """Keep back what comes from now on: the conversation is being read for `opened`."""
        self._held = []

    def let_go(self, opened: Mapping[str, Any] | None, known: Collection[UUID] = ()) -> None:
        """Queue `opened`, then what was held back and it does not tell; without it, forget what was held.

        `known` are the replies and messages that `opened` shows.
        """
        held, self._held = self._held or [], None
        if opened is None:
            return
        self.put(opened)
        for frame, follow in held:
            if not (follow and follow[0] in known) and str(frame.get("message_id")) not in map(str, known):
                self.put(frame, follow)

    def wake(self) -> None:
        self.news = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        elif self._waiter is None and self.on_news is not None:
            self.on_news()

    def heed(self) -> None:
        """Note that what is there now is about to be collected."""
        self.news = False

    def drop(self) -> None:
        """Forget what was still to be sent: its visitor has been erased."""
        self._frames.clear()
        self.seen.clear()

    def close(self, code: int) -> None:
        """Have the socket closed with `code` once everything queued is sent."""
        self.close_code = code
        self.wake()

    async def wait(self) -> None:
        """Return when there is news; one reader at a time."""
        while not self.news:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self.heed()

    def collect(self, logs: Mapping[UUID, ReplyLog]) -> list[Mapping[str, Any]]:
        """Return all frames to send now and note them as seen; deltas that waited come out merged."""
        out: list[Mapping[str, Any]] = []
        queued, self._frames, self._weight = self._frames, [], 0
        for frame, follow in queued:
            out.append(frame)
            if follow:
                self.seen[follow[0]] = follow[1:]
        if self._held is not None:
            return out
        for reply_id, (epoch, after) in list(self.seen.items()):
            log = logs.get(reply_id)
            if log is None:
                continue
            frames, seq = log.since(epoch, after)
            if frames:
                out.extend(frames)
                self.seen[reply_id] = (log.epoch, seq)
            if log.closed and seq == log.seq:
                del self.seen[reply_id]
        return out


@dataclass
class Writer:
    """The owner's end of one reply's log."""

    log: ReplyLog
    hub: "TurnLog"
    blocks: BlockRenderer
    pending: list[str] = field(default_factory=list)
    shown: bool = False

    def status(self, stage: str, label: str, **more: Any) -> None:
        self.flush()
        self.log.add("status", stage=stage, label=label, **more)
        self.hub.wake(self.log.conversation_id)

    def text(self, text: str) -> None:
        """Take text from the model; it goes out at the next tick, the very first at once."""
        self.pending.append(text)
        if self.shown:
            self.hub.dirty[self.log.reply_id] = self
            return
        self.shown = True
        self.flush()

    def flush(self) -> None:
        """Turn the gathered text into one delta and the blocks that it finished."""
        self.hub.dirty.pop(self.log.reply_id, None)
        if not self.pending:
            return
        text, self.pending = "".join(self.pending), []
        self.log.add("delta", text=text)
        if self.blocks.length + len(text) != self.log.length:
            text = self.log.text[self.blocks.length :]  # an earlier owner wrote the beginning
        for html, upto in self.blocks.feed(text):
            self.log.add("block", html=html, upto=upto)
        self.hub.wake(self.log.conversation_id)

    def done(self, **body: Any) -> None:
        """End the log with the stored terminal state."""
        self.flush()
        self.log.add("done", epoch=self.log.epoch, **body)
        self.hub.closed(self.log)


class TurnLog:
    """All logs and sockets of one process."""

    def __init__(self) -> None:
        self.logs: dict[UUID, ReplyLog] = {}
        self.feeds: dict[UUID, set[Feed]] = {}
        self.dirty: dict[UUID, Writer] = {}
        self._closed: deque[tuple[float, UUID]] = deque()
        self._compacted: deque[tuple[float, UUID]] = deque()

    def open(self, reply_id: UUID, conversation_id: UUID, epoch: int, blocks: BlockRenderer) -> Writer:
        """Return the writer of a reply that this process owns."""
        log = ReplyLog(reply_id, conversation_id, epoch)
        self.logs[reply_id] = log
        return Writer(log, self, blocks)

    def mirror(self, reply_id: UUID, conversation_id: UUID, epoch: int) -> ReplyLog:
        """Return the log of a reply that another process owns, made empty on first use."""
        log = self.logs.get(reply_id)
        if log is None:
            log = self.logs[reply_id] = ReplyLog(reply_id, conversation_id, epoch, owned=False)
        return log

    def mirrors(self) -> list[ReplyLog]:
        return [log for log in self.logs.values() if not log.owned and not log.closed]

    def owned(self) -> list[ReplyLog]:
        return [log for log in self.logs.values() if log.owned]

    def join(self, feed: Feed, conversation_id: UUID) -> None:
        """Move a socket to a conversation."""
        self.leave(feed)
        feed.conversation_id = conversation_id
        feed.begun = False  # for all that is known yet
        feed.seen.clear()
        self.feeds.setdefault(conversation_id, set()).add(feed)

    def of_visitor(self, visitor_id: UUID) -> list[Feed]:
        """Return the sockets of a visitor in this process, whichever conversations they are in."""
        return [feed for feeds in self.feeds.values() for feed in feeds if feed.visitor_id == visitor_id]

    def visitors(self) -> dict[UUID, set[UUID]]:
        """Return the visitors of this process, each with the conversations that they have open here."""
        found: dict[UUID, set[UUID]] = {}
        for conversation_id, feeds in self.feeds.items():
            for feed in feeds:
                if feed.visitor_id is not None:
                    found.setdefault(feed.visitor_id, set()).add(conversation_id)
        return found

    def rejoin(self, feed: Feed, conversation_id: UUID | None, seen: Mapping[UUID, tuple[int, int]]) -> None:
        """Move a socket back to where it was."""
        if conversation_id is None:
            self.leave(feed)
            feed.conversation_id = None
            return
        self.join(feed, conversation_id)
        feed.seen.update(seen)
        feed.wake()

    def leave(self, feed: Feed) -> None:
        if feed.conversation_id is None:
            return
        feeds = self.feeds.get(feed.conversation_id, set())
        feeds.discard(feed)
        if not feeds:
            self.feeds.pop(feed.conversation_id, None)

    def readers(self, conversation_id: UUID) -> Iterable[Feed]:
        return tuple(self.feeds.get(conversation_id, ()))

    def wake(self, conversation_id: UUID) -> None:
        for feed in self.readers(conversation_id):
            feed.wake()

    def announce(
        self,
        conversation_id: UUID,
        frame: Mapping[str, Any],
        follow: tuple[UUID, int, int] | None = None,
        but: Feed | None = None,
    ) -> None:
        """Send a frame to every socket of a conversation in this process, except `but`."""
        for feed in self.readers(conversation_id):
            if feed is not but and not (follow and follow[0] in feed.shown):
                feed.put(frame, follow)

    def closed(self, log: ReplyLog) -> None:
        """Wake the readers of an ended log and let it go after a while."""
        self.dirty.pop(log.reply_id, None)
        self._closed.append((ticks() + KEEP_RECORDS_S, log.reply_id))
        self.wake(log.conversation_id)

    def lose(self, log: ReplyLog) -> None:
        """Forget an owned log whose reply is no longer ours; its readers go on from the database."""
        if self.logs.get(log.reply_id) is not log:
            return  # its readers do so already
        self.dirty.pop(log.reply_id, None)
        self.logs.pop(log.reply_id, None)
        mirror = self.mirror(log.reply_id, log.conversation_id, log.epoch)
        mirror.reset(log.epoch, 0, "", log.offer)
        self.wake(log.conversation_id)

    async def tick_forever(self) -> None:
        """Flush every reply that has news, each TICK_S, and forget logs that ended long ago."""
        while True:
            await asyncio.sleep(TICK_S)
            for writer in tuple(self.dirty.values()):
                writer.flush()
            self.forget_old(ticks())

    def forget_old(self, now: float) -> None:
        """Make ended logs small after a while, and let them go after another."""
        while self._closed and self._closed[0][0] <= now:
            due, reply_id = self._closed.popleft()
            log = self.logs.get(reply_id)
            if log is not None and log.closed:
                log.compact()
            self._compacted.append((due - KEEP_RECORDS_S + KEEP_CLOSED_S, reply_id))
        while self._compacted and self._compacted[0][0] <= now:
            self.logs.pop(self._compacted.popleft()[1], None)

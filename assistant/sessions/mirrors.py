"""Replies that other processes write, as this one follows them: from Redis, or else from the database."""

import logging
from uuid import UUID

from assistant import db, frames, offering, selectors
from assistant.models import Reply
from assistant.redis_log import StreamReader, stored_log
from assistant.reply_log import Record, ReplyLog
from assistant.takeover import Heard
from assistant.turn_log import TurnLog
from common.clock import ticks
from common.redis import Redis, RedisGone

logger = logging.getLogger(__name__)

QUIET_S = 2.0  # a mirror that hears nothing for this long asks the database


class Mirrors:
    """The logs in `hub` that this process does not own, and when each was last heard of."""

    def __init__(self, hub: TurnLog) -> None:
        self._hub = hub
        self._heard: dict[UUID, float] = {}
        self._client: Redis | None = None
        self._reader: StreamReader | None = None

    def connect(self, client: Redis) -> None:
        """Read streams from this Redis from now on."""
        self._client, self._reader = client, StreamReader(client)

    def doubt(self, reply_id: UUID) -> None:
        """Have the database asked about this reply at the next chance."""
        self._heard[reply_id] = 0.0

    def follow(self, reply_id: UUID, conversation_id: UUID, epoch: int) -> ReplyLog:
        """Return the log of a running reply, a mirror when another process owns it."""
        log = self._hub.mirror(reply_id, conversation_id, epoch)
        if log.owned and log.epoch < epoch:  # claimed meanwhile, and our own run does not know yet
            self._hub.lose(log)
            log = self._hub.mirror(reply_id, conversation_id, epoch)
        if not log.owned:
            self._heard.setdefault(reply_id, 0.0)
        return log

    async def catch_up(self, log: ReplyLog) -> None:
        """Bring a mirror to where Redis, or else the database, has it."""
        if log.owned or log.closed:
            return
        if self._reader is not None:
            try:
                await self._reader.read([*self._hub.mirrors()], block_ms=None)
            except (RedisGone, OSError) as error:
                logger.info("reading without Redis: %s", error)
        self._heard[log.reply_id] = 0.0
        await self.ask_database()

    async def read_streams(self) -> None:
        """Take what Redis has of all mirrors, waiting shortly for news. Raises RedisGone."""
        mirrors = self._hub.mirrors()
        if self._reader is None or not mirrors:
            return
        before = {log.reply_id: (log.epoch, log.seq) for log in mirrors}
        gaps = await self._reader.read(mirrors)
        for log in mirrors:
            if log.reply_id in gaps and not await self._reader.mend(log):
                self.doubt(log.reply_id)
            elif (log.epoch, log.seq) != before[log.reply_id]:
                self._heard[log.reply_id] = ticks()
                self._woke(log)

    async def streamed(self, reply: Reply) -> Heard:
        """Return how far a reply had come by its stream, nothing without one."""
        if self._client is None:
            return Heard()
        try:
            log = await stored_log(self._client, reply.pk, reply.epoch)
        except (RedisGone, OSError) as error:
            logger.info("orphan %s stands at its checkpoint, without Redis: %s", reply.pk, error)
            return Heard()
        if log is None or log.epoch != reply.epoch:
            return Heard()
        return Heard(log.text, log.seq - 1 if log.closed else log.seq)

    async def ask_database(self) -> None:
        """Ask the database about mirrors that have been quiet: ended, or further on than we know."""
        current = ticks()
        quiet = [log for log in self._hub.mirrors() if current - self._heard.get(log.reply_id, 0.0) > QUIET_S]
        if not quiet:
            return
        rows = await db.run(selectors.replies_by_id, [log.reply_id for log in quiet])
        for log in quiet:
            self._heard[log.reply_id] = current
            row = rows.get(log.reply_id)
            if row is None:
                self._hub.logs.pop(log.reply_id, None)
                continue
            if row.epoch > log.epoch or (row.epoch == log.epoch and row.seq > log.seq):
                ended = row.ended_at is not None
                seq = row.seq - 1 if ended else row.seq
                log.reset(row.epoch, seq, row.text, offering.offer_of(row.decision))
                if ended:
                    log.take(Record(row.seq, row.seq, "done", {"epoch": row.epoch, **frames.done_body(row)}))
                self._woke(log)
        self._heard = {reply: at for reply, at in self._heard.items() if reply in self._hub.logs}

    def _woke(self, log: ReplyLog) -> None:
        if log.closed:
            self._hub.closed(log)
        else:
            self._hub.wake(log.conversation_id)

"""This process's right to its replies: a lease that it renews, checkpoints, and a sweep for orphans."""

import logging
import os
import socket
from datetime import timedelta
from uuid import UUID

from assistant import db, ending
from assistant.mirrors import Mirrors
from assistant.turn_log import TurnLog
from common.clock import now, ticks

logger = logging.getLogger(__name__)

LEASE_EVERY_S = 3.0
LEASE_S = 9.0
CHECKPOINT_S = 2.0
SWEEP_S = 2.0  # with the lease: an orphan is found within 14 s


class Ownership:
    """Keeps what this process owns, and looks for what nobody owns any more."""

    def __init__(self, me: UUID, hub: TurnLog, mirrors: Mirrors) -> None:
        self._me, self._hub, self._mirrors = me, hub, mirrors
        self._steady_since = ticks()
        self._checkpointed: dict[UUID, int] = {}

    async def renew(self) -> None:
        """Renew the lease. Raises DatabaseGone."""
        boot = f"{socket.gethostname()}:{os.getpid()}"
        try:
            await db.run(ending.renew_lease, self._me, boot, now() + timedelta(seconds=LEASE_S))
        except db.DatabaseGone:
            self._steady_since = ticks()
            raise

    async def sweep(self) -> None:
        """End replies whose process is gone, with the text that Redis or the last checkpoint kept.

        Not within a lease of a start or of a lost database: the others could not renew theirs either.
        """
        if ticks() - self._steady_since < LEASE_S:
            return
        for reply in await db.run(ending.orphans, timedelta(0)):
            text = max(reply.text, await self._mirrors.streamed(reply), key=len)
            if await db.run(ending.end_orphan, reply, text):
                logger.warning("reply %s lost its process and was ended", reply.pk)
                self._mirrors.doubt(reply.pk)
        await self._mirrors.ask_database()

    async def checkpoint(self) -> None:
        """Store the text of all running replies that have grown, in one write."""
        grown = [
            (log.reply_id, log.epoch, log.seq, log.text)
            for log in self._hub.owned()
            if not log.closed and log.seq > self._checkpointed.get(log.reply_id, 0)
        ]
        if grown:
            await db.run(ending.checkpoint, grown)
            self._checkpointed = {reply_id: seq for reply_id, _, seq, _ in grown}

    async def leave(self) -> None:
        """Store what is left and give the lease back."""
        try:
            await self.checkpoint()
            await db.run(ending.drop_lease, self._me)
        except db.DatabaseGone as error:
            logger.error("left without telling the database: %s", error)

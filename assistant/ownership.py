"""This process's right to its replies: a lease that it renews, checkpoints, and a sweep for orphans."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from assistant import boots, db, leases, takeover
from assistant.lease_watch import LeaseWatch
from assistant.models import Reply
from assistant.runner import Runner
from assistant.sessions.mirrors import Mirrors
from assistant.takeover import Taken
from common.clock import now, ticks

logger = logging.getLogger(__name__)

CHECKPOINT_S = 2.0
# Of a lease of 9 s: renewed every 3 s and looked at every 2 s, so that an orphan is found within 14 s.
RENEWALS, LOOKS = 3, 4.5


class Ownership:
    """Keeps what this process owns, and takes over what nobody owns any more."""

    def __init__(
        self, me: UUID, runner: Runner, mirrors: Mirrors, taken: Callable[[Taken], Awaitable[None]]
    ) -> None:
        self._me, self._runner, self._mirrors, self._taken = me, runner, mirrors, taken
        self.lease_s = float(settings.ENV.lease_s)
        self.adopts = True
        self._boot = boots.here()
        self._watch = LeaseWatch()
        self._sweeping = asyncio.Lock()
        self._checkpointed: dict[UUID, int] = {}

    @property
    def renew_every_s(self) -> float:
        return self.lease_s / RENEWALS

    @property
    def sweep_every_s(self) -> float:
        return self.lease_s / LOOKS

    async def renew(self) -> None:
        """Renew the lease. Raises DatabaseGone."""
        until = now() + timedelta(seconds=self.lease_s)
        try:
            await db.run(leases.renew, self._me, self._boot, until)
        except db.DatabaseGone:
            self._watch.start_anew()
            raise

    async def sweep(self) -> None:
        """Take over replies that were released or whose process is gone, and end those that are too old.

        A lease has to stand still under our eyes for its whole length: for as long after a start, and after
        a lost database, in which the others could not renew theirs either. Raises DatabaseGone.
        """
        if not self.adopts:
            return
        async with self._sweeping:
            try:
                found = await db.run(leases.unowned, self._me, list(self._runner.runs), self._silent)
            except db.DatabaseGone:
                self._watch.start_anew()
                raise
            for reply in found:
                await self._take(reply)

    def _silent(self, seen: Mapping[UUID, datetime | None]) -> set[UUID]:
        return self._watch.silent(seen, ticks(), self.lease_s)

    async def _take(self, reply: Reply) -> None:
        if reply.pk in self._runner.runs or not self.adopts:
            return
        heard = await self._mirrors.streamed(reply)
        taken = await db.run(takeover.take_over, reply, heard, self._me)
        if taken is None:
            return
        what = "goes on here" if taken.started else f"was ended as {taken.reply.state}"
        logger.warning("reply %s was without a process and %s", reply.pk, what)
        await self._taken(taken)

    async def look(self) -> None:
        """Do with running replies what the database says: stop those that should, let go of those lost."""
        if not self._runner.runs:
            return
        rows = await db.run(leases.standing, list(self._runner.runs))
        for reply_id, row in rows.items():
            run = self._runner.runs.get(reply_id)
            if run is None:
                continue
            if row.epoch != run.reply.epoch or not row.running:
                self._runner.lose(reply_id)
            elif row.stop_requested:
                self._runner.stop(reply_id)

    async def checkpoint(self) -> None:
        """Store the text of all running replies that have grown, in one write; let go of those that miss."""
        grown = [
            run.mark
            for run in self._runner.runs.values()
            if not run.storing and run.writer.log.seq > self._checkpointed.get(run.reply_id, 0)
        ]
        if not grown:
            return
        for reply_id in await db.run(leases.checkpoint, grown):
            self._runner.lose(reply_id)
        stored = {mark.reply_id: mark.seq for mark in grown}
        running = self._runner.runs
        self._checkpointed = {
            reply: seq for reply, seq in {**self._checkpointed, **stored}.items() if reply in running
        }

    async def leave(self) -> None:
        """Give the lease back: what still runs is nobody's from now on."""
        try:
            await db.run(leases.drop, self._me)
        except db.DatabaseGone as error:
            logger.error("left without telling the database: %s", error)

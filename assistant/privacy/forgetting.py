"""How a web process lets go of an erased visitor: its logs, its running replies, its open sockets."""

import logging
from uuid import UUID

from assistant import db, protocol, selectors
from assistant.privacy.erasing import ERASED
from assistant.runner import Runner
from assistant.turn_log import TurnLog
from common.versions import read_version

logger = logging.getLogger(__name__)


class Forgetting:
    """Compares what this process holds with the database whenever somebody has been erased."""

    def __init__(self, hub: TurnLog, runner: Runner) -> None:
        self._hub = hub
        self._runner = runner
        self._seen: int | None = None

    async def poll(self) -> None:
        """Look when the counter of erasures has moved, which is one small query. Raises DatabaseGone."""
        count = await db.run(read_version, ERASED)
        if self._seen is not None and count != self._seen:
            await self.look()
        self._seen = count

    async def look(self) -> None:
        """Drop every log whose reply is gone from the database and close the sockets that showed it."""
        held = {log.reply_id: log.conversation_id for log in self._hub.logs.values()}
        if not held:
            return
        stored = await db.run(selectors.replies_by_id, list(held))
        gone = {reply: conversation for reply, conversation in held.items() if reply not in stored}
        for reply, conversation in gone.items():
            self._drop(reply, conversation)
        if gone:
            logger.info("forgot %d erased replies", len(gone))

    def _drop(self, reply: UUID, conversation: UUID) -> None:
        self._runner.stop(reply)
        self._hub.dirty.pop(reply, None)
        self._hub.logs.pop(reply, None)
        for feed in self._hub.readers(conversation):
            feed.drop()
            feed.close(protocol.CLOSE_SIGN_IN)

"""How a web process lets go of a visitor who was erased, or whose conversations are a person's now."""

import logging
from uuid import UUID

from assistant import db, protocol, selectors
from assistant.privacy.erasing import ERASED, MOVED
from assistant.runner import Runner
from assistant.sessions.own_news import OwnNews
from assistant.turn_log import TurnLog
from common.versions import read_versions

logger = logging.getLogger(__name__)


class Forgetting:
    """Compares what this process holds with the database whenever somebody has been erased."""

    def __init__(self, hub: TurnLog, runner: Runner, own_news: OwnNews) -> None:
        self._hub = hub
        self._own_news = own_news
        self._runner = runner
        self._seen: dict[str, int] | None = None

    async def poll(self) -> None:
        """Look when a counter has moved, which is one small query. Raises DatabaseGone."""
        counts = await db.run(read_versions, (ERASED, MOVED))
        before, self._seen = self._seen or counts, counts
        if counts.get(ERASED) != before.get(ERASED):
            await self.look()
        if counts.get(MOVED) != before.get(MOVED):
            await self.look_at_owners()

    async def look_at_owners(self) -> None:
        """Send sockets away from conversations that are somebody else's now; they come back as themselves."""
        owners = await db.run(selectors.owners, list(self._hub.feeds))
        for conversation, owner in owners.items():
            for feed in self._hub.readers(conversation):
                if feed.visitor_id != owner:
                    feed.drop()
                    feed.close(protocol.CLOSE_DRAINING)

    async def look(self) -> None:
        """Drop every log whose reply is gone from the database, and tell the sockets of what is gone."""
        held = {log.reply_id for log in self._hub.logs.values()}
        stored = await db.run(selectors.replies_by_id, held) if held else {}
        for reply in held - set(stored):
            self._drop(reply)
        await self._tell_readers()

    def _drop(self, reply: UUID) -> None:
        self._runner.stop(reply)
        self._hub.dirty.pop(reply, None)
        self._hub.logs.pop(reply, None)

    async def _tell_readers(self) -> None:
        """Close the sockets of erased visitors; others learn that their conversation has been deleted."""
        begun = [
            (feed, feed.conversation_id, feed.visitor_id)
            for feeds in self._hub.feeds.values()
            for feed in feeds
            if feed.begun and feed.conversation_id and feed.visitor_id
        ]
        if not begun:
            return
        left = await db.run(
            selectors.still_there,
            {conversation for _, conversation, _ in begun},
            {visitor for _, _, visitor in begun},
        )
        for feed, conversation, visitor in begun:
            if conversation in left.conversations or feed.conversation_id != conversation:
                continue  # it is there, or the page has gone on to another one meanwhile
            if visitor in left.visitors:
                self._own_news.tell_one(feed, {"type": "deleted", "conversation_id": str(conversation)})
            else:
                feed.drop()
                feed.close(protocol.CLOSE_SIGN_IN)
            logger.info("a socket was told that its conversation is gone")

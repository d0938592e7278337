"""Open lines of visitors inside frames of other sites: they end when the site may not show the chat any more.

Looked at once a second in every process, in one query or two for all of them: a site that was switched off or
deleted, an address that was taken off its list, a secret that was refused.
"""

import logging

from assistant import db, protocol
from assistant.embed import sites
from assistant.translating import said
from assistant.turn_log import TurnLog

logger = logging.getLogger(__name__)


class EmbeddedLines:
    """Those of one process."""

    def __init__(self, hub: TurnLog) -> None:
        self._hub = hub

    async def poll(self) -> None:
        """Send away whoever may not be here any more. Raises DatabaseGone."""
        guests = [
            (feed, feed.guest)
            for feeds in self._hub.feeds.values()
            for feed in feeds
            if feed.guest is not None and feed.close_code is None
        ]
        if not guests:
            return
        standing = await db.run(sites.standing, {guest for _, guest in guests})
        for feed, guest in guests:
            against = standing.against(guest)
            if against is None or feed.guest is not guest:
                continue  # who has opened as somebody else meanwhile was looked at there
            feed.drop()
            words = said(against.words, guest.language, **against.holes)
            feed.put({"type": "error", "code": against.code, "message": words})
            feed.close(protocol.CLOSES_BY_ERROR[against.code])
            self._hub.leave(feed)
            logger.info("a line on the site %s was ended: %s", guest.site, against.words)

"""How this web process speaks with the others through Redis: streams out, a doorbell, who is being read.

Without Redis everything here does nothing and says so; the database is polled instead.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from assistant.background import Background
from assistant.redis_log import WRITE_EVERY_S, Doorbell, StreamWriter, keep_going
from assistant.turn_log import TurnLog
from common.redis import Redis, RedisGone, async_client
from routing import breaker

logger = logging.getLogger(__name__)

PRESENCE_S = 20  # how long a reader counts without a word from its process

Heard = Callable[[Mapping[str, Any]], Awaitable[None]]


class Neighbours:
    """This process's line to the others."""

    def __init__(self, me: UUID, hub: TurnLog, background: Background) -> None:
        self._me = me
        self._hub = hub
        self._background = background
        self.client: Redis | None = None
        self._bell: Doorbell | None = None

    def connect(self, url: str, heard: Heard, outdated: Callable[[], Awaitable[None]]) -> Redis:
        """Begin to write streams, to listen and to mark who reads here; return the client.

        `outdated` is awaited when Redis knows a newer epoch of a reply that is written here.
        """
        client = self.client = async_client(url)
        bell = self._bell = Doorbell(client, self._me)
        streams = StreamWriter(client)
        # Well within the time for which a left answer is still written.
        present_s = max(1, min(PRESENCE_S, settings.ENV.left_s // 3))

        async def write_streams() -> None:
            if await streams.write(self._hub.owned()):
                self._background.once(outdated)
            streams.forget(log.reply_id for log in self._hub.owned())

        async def listen() -> None:
            await bell.listen(heard)

        async def mark_present() -> None:
            await bell.mark_present(list(self._hub.feeds), present_s)

        async def keep_breakers_in_step() -> None:
            await breaker.keep_in_step(client)

        self.keep(write_streams, WRITE_EVERY_S)
        self.keep(listen, 0.0)
        self.keep(mark_present, present_s / 4)
        self.keep(keep_breakers_in_step, breaker.IN_STEP_S)
        return client

    def keep(self, work: Callable[[], Awaitable[None]], pause_s: float) -> None:
        """Run `work` for ever, waiting out a Redis that is gone."""
        self._background.spawn(keep_going(work.__name__, work, pause_s))

    def ring(self, kind: str, **body: Any) -> None:
        """Tell the others, without waiting for it; what nobody hears is polled for."""
        if self._bell is not None:
            self._background.spawn(self.rung(kind, **body))

    async def rung(self, kind: str, **body: Any) -> None:
        """Tell the others."""
        if self._bell is None:
            return
        try:
            await self._bell.ring(kind, **body)
        except (RedisGone, OSError) as error:
            logger.info("doorbell not rung, the others will poll: %s", error)

    async def read(self, conversation_id: UUID) -> bool:
        """Return whether any process is known to have a reader of this conversation."""
        if self._bell is None:
            return False
        try:
            return await self._bell.is_present(conversation_id)
        except (RedisGone, OSError) as error:
            logger.info("presence unknown without Redis, counting this process only: %s", error)
            return False

    async def close(self) -> None:
        """Hang up."""
        if self.client is not None:
            try:
                await self.client.aclose()
            except (RedisGone, OSError) as error:
                logger.info("left Redis without a word: %s", error)

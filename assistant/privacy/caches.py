"""What Redis and the running processes hold of a conversation, and how they are made to forget it."""

import logging
from uuid import UUID

from django.conf import settings

from assistant.redis_log import presence_key, ring_once, stream_key
from common.redis import RedisGone, sync_client

logger = logging.getLogger(__name__)


def ask_to_stop(replies: list[UUID]) -> None:
    """Ring the processes that may run these replies; without Redis they read it in the database."""
    _tell([("stop", {"reply": str(reply)}) for reply in replies])


def forget(conversations: list[UUID], replies: list[UUID]) -> bool:
    """Delete the streams of these replies and tell every process to look; False while Redis is away.

    A process also looks by itself each second, and a stream ends by itself after an hour.
    """
    keys = [*map(stream_key, replies), *map(presence_key, conversations)]
    return _tell([("erased", {})], keys)


def _tell(events: list[tuple[str, dict[str, str]]], delete: list[str] | None = None) -> bool:
    if not settings.REDIS_URL:
        return True
    client = sync_client(settings.REDIS_URL)
    try:
        for at in range(0, len(delete or ()), 500):
            client.delete(*(delete or ())[at : at + 500])
        for kind, body in events:
            ring_once(client, kind, **body)
    except (RedisGone, OSError) as error:
        logger.warning("an erasure could not reach Redis: %s", type(error).__name__)
        return False
    finally:
        client.close()
    return True

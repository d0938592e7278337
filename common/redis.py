"""The one door to Redis: clients with short timeouts, and one family of errors for callers.

Redis is an accelerator and a doorbell here, never the only home of anything, so each caller
handles `RedisGone` by going on without it. Only commands of Redis 6.2 are used.
"""

import redis
import redis.asyncio
from redis.exceptions import RedisError as RedisGone

__all__ = ["Redis", "RedisGone", "SyncRedis", "async_client", "sync_client"]

Redis = redis.asyncio.Redis
SyncRedis = redis.Redis

CONNECT_TIMEOUT_S = 1.0  # loopback or same network; longer means it is gone
COMMAND_TIMEOUT_S = 2.0  # above XREAD's own BLOCK of 200 ms, below what a visitor would notice


def async_client(url: str) -> redis.asyncio.Redis:
    """Return an asyncio client; one per event loop. Commands raise RedisGone."""
    return redis.asyncio.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=COMMAND_TIMEOUT_S,
        decode_responses=True,
    )


def sync_client(url: str) -> redis.Redis:
    """Return a blocking client for commands and Celery tasks. Commands raise RedisGone."""
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=COMMAND_TIMEOUT_S,
        decode_responses=True,
    )

"""The streams between processes, on a real Redis that is emptied, full or ahead of its writer."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from assistant.redis_log import StreamReader, StreamWriter, stored_log, stream_key
from assistant.reply_log import ReplyLog
from assistant.sessions.mirrors import Mirrors
from assistant.turn_log import Feed, TurnLog
from common.redis import Redis, RedisGone, async_client


@pytest_asyncio.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = async_client(redis_url)
    yield client
    await client.config_set("maxmemory", "0")
    await client.flushall()
    await client.aclose()


def told(*texts: str, epoch: int = 1, seq: int = 0, base: str = "") -> ReplyLog:
    """Return a running log that has said these texts."""
    log = ReplyLog(uuid4(), uuid4(), epoch)
    if epoch > 1:
        log.reset(epoch, seq, base, [])
    log.add("status", stage="waiting", label="")
    for text in texts:
        log.add("delta", text=text)
    return log


def mirror_of(log: ReplyLog) -> ReplyLog:
    return ReplyLog(log.reply_id, log.conversation_id, 1, owned=False)


async def test_a_stream_lost_in_the_middle_is_written_again_whole(redis: Redis) -> None:
    log, writer, reader = told("One ", "two "), StreamWriter(redis), StreamReader(redis)
    early, late = mirror_of(log), mirror_of(log)
    assert await writer.write([log]) == set()
    await reader.read([early], block_ms=None)
    await redis.flushall()
    log.add("delta", text="three ")
    log.add("block", html="<p>One two</p>", upto=7)
    await writer.write([log])
    log.add("delta", text="four")
    await writer.write([log])
    log.add("done", epoch=1, state="completed")
    await redis.flushall()
    await writer.write([log])
    for mirror in (early, late):
        assert await StreamReader(redis).read([mirror], block_ms=None) == set()
        assert (mirror.text, mirror.seq, mirror.closed) == ("One two three four", log.seq, True)
        assert (mirror.html, mirror.upto) == ("<p>One two</p>", 7)
    assert 0 < await redis.ttl(stream_key(log.reply_id)) <= 3600


async def test_a_stream_is_kept_for_an_hour_from_its_end(redis: Redis) -> None:
    log, writer = told("One "), StreamWriter(redis)
    key = stream_key(log.reply_id)
    await writer.write([log])
    assert await redis.ttl(key) > 3590
    await redis.expire(key, 1800)
    for text in ("two ", "three"):
        log.add("delta", text=text)
        await writer.write([log])
    assert await redis.ttl(key) <= 1800, "one command less at every other write"
    log.add("done", epoch=1, state="completed")
    await writer.write([log])
    assert await redis.ttl(key) > 3590


async def test_a_full_redis_is_a_gone_one_and_gets_everything_afterwards(redis: Redis) -> None:
    log, writer = told("One "), StreamWriter(redis)
    await writer.write([log])
    await redis.config_set("maxmemory-policy", "noeviction")
    await redis.config_set("maxmemory", "1")
    log.add("delta", text="two ")
    for _ in range(2):
        with pytest.raises(RedisGone):
            await writer.write([log])
    await redis.config_set("maxmemory", "0")
    log.add("delta", text="three")
    await writer.write([log])
    whole = await stored_log(redis, log.reply_id, 1)
    assert whole is not None
    assert (whole.text, whole.seq) == ("One two three", log.seq)


@pytest.mark.parametrize("known", [True, False])
async def test_a_log_made_small_before_redis_came_back_is_written_whole(redis: Redis, known: bool) -> None:
    log, writer = told("One "), StreamWriter(redis)
    if known:
        await writer.write([log])
    log.add("delta", text="two")
    log.add("done", epoch=1, state="completed")
    log.compact()
    await writer.write([log])
    whole = await stored_log(redis, log.reply_id, 1)
    assert whole is not None
    assert (whole.text, whole.seq, whole.closed) == ("One two", log.seq, True)
    assert await writer.write([log]) == set()
    assert await redis.xlen(stream_key(log.reply_id)) == 2


async def test_what_was_written_and_not_heard_of_is_no_second_copy(redis: Redis) -> None:
    log = told("One ", "two ")
    await StreamWriter(redis).write([log])
    assert await StreamWriter(redis).write([log]) == set(), "the same epoch: mended, not lost"
    whole = await stored_log(redis, log.reply_id, 1)
    assert whole is not None
    assert (whole.text, whole.seq) == ("One two ", 3)


async def test_a_new_epoch_begins_with_what_stands_and_the_old_owner_is_told(redis: Redis) -> None:
    old, writer, reader = told("One "), StreamWriter(redis), StreamReader(redis)
    mirror = mirror_of(old)
    await writer.write([old])
    await reader.read([mirror], block_ms=None)
    new = ReplyLog(old.reply_id, old.conversation_id, 2)
    new.reset(2, 2, "One ", [])
    new.add("delta", text="and two")
    assert await StreamWriter(redis).write([new]) == set()
    old.add("delta", text="and what nobody wants")
    assert await writer.write([old]) == {old.reply_id}
    assert await writer.write([old]) == set(), "told once, and written no more"
    assert await reader.read([mirror], block_ms=None) == set()
    assert (mirror.epoch, mirror.text, mirror.seq) == (2, "One and two", 3)
    assert await redis.xlen(stream_key(old.reply_id)) == 2, "the epoch before is gone"
    # A third process that takes over in turn finds text and place in the stream alone.
    again = await stored_log(redis, old.reply_id, 2)
    assert again is not None
    assert (again.text, again.seq, again.epoch) == ("One and two", 3, 2)
    assert await stored_log(redis, old.reply_id, 3) is None


async def test_a_mirror_with_a_gap_is_filled_from_the_stream(redis: Redis) -> None:
    log, writer = told("One ", "two "), StreamWriter(redis)
    await writer.write([log])
    hub = TurnLog()
    mirrors = Mirrors(hub)
    mirrors.connect(redis)
    mirror = mirrors.follow(log.reply_id, log.conversation_id, 1)
    await mirrors.read_streams()
    feed = Feed()
    hub.join(feed, log.conversation_id)
    feed.seen[log.reply_id] = (1, mirror.seq)
    log.add("delta", text="three ")
    await writer.write([log])
    mirror.records.pop()  # as if a reader had missed one
    mirror.reset(1, 2, "One ", [])
    log.add("delta", text="four")
    await writer.write([log])
    await mirrors.read_streams()
    assert (mirror.text, mirror.seq) == ("One two three four", log.seq)
    frames: list[Any] = list(feed.collect(hub.logs))
    assert [frame["type"] for frame in frames] == ["snapshot"]
    assert frames[0]["text"] == log.text


def test_a_page_is_never_led_back_to_an_earlier_epoch() -> None:
    hub = TurnLog()
    mirrors = Mirrors(hub)
    stale = told("One ", "two ")
    hub.logs[stale.reply_id] = stale
    assert stale.since(2, 5) == ([], 5), "seen elsewhere under a later epoch: this copy catches up"
    assert mirrors.follow(stale.reply_id, stale.conversation_id, 1) is stale
    mirror = mirrors.follow(stale.reply_id, stale.conversation_id, 2)
    assert not mirror.owned
    hub.lose(stale)
    assert hub.logs[stale.reply_id] is mirror, "what its run does at its end takes nothing away"

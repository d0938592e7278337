"""Records of running replies on their way to other processes, and the doorbell between them.

One writer and one reader task a process. A reply's stream is `reply:<id>` with ids `epoch-seq`, so
Redis itself refuses an older epoch. Redis may go away at any time: what could not be written is
tried again under the same ids, and a reader that misses records asks the database instead.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, cast
from uuid import UUID

from assistant.reply_log import Record, ReplyLog, merged
from common.redis import Redis, RedisGone, SyncRedis

logger = logging.getLogger(__name__)

WRITE_EVERY_S = 0.250  # measured: at every tick +47 % CPU, at 250 ms not measurable
KEEP_S = 3600  # a cut-off reader may resume from Redis for an hour, later from the database
READ_BLOCK_MS = 200
RETRY_S = 1.0  # pause after Redis was found gone, so that a dead one costs nothing
BATCH = 500  # records a reply and write: a long backlog after an outage goes out in pieces
CONTROL = "support:control"


def stream_key(reply_id: UUID) -> str:
    return f"support:reply:{reply_id}"


def presence_key(conversation_id: UUID) -> str:
    return f"support:presence:{conversation_id}"


def to_entry(record: Record) -> dict[Any, Any]:
    """Return the fields of one stream entry."""
    return {"t": record.type, "f": str(record.first), "b": json.dumps(record.body, default=str)}


def from_entry(entry_id: str, fields: Mapping[str, str]) -> tuple[int, Record]:
    """Return (epoch, record) of one stream entry."""
    epoch, seq = entry_id.split("-")
    return int(epoch), Record(int(seq), int(fields["f"]), fields["t"], json.loads(fields["b"]))


class StreamWriter:
    """Writes what this process's replies have added since the last time."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._written: dict[UUID, int] = {}

    async def write(self, logs: Iterable[ReplyLog]) -> None:
        """Send all news in one pipeline. Raises RedisGone; nothing is marked as written then."""
        news = [(log, fresh) for log in logs if (fresh := self._news(log))]
        if not news:
            return
        pipe = self._client.pipeline(transaction=False)
        for log, records in news:
            key = stream_key(log.reply_id)
            for record in records:
                pipe.xadd(key, to_entry(record), id=f"{log.epoch}-{record.seq}")
            pipe.expire(key, KEEP_S)
        # An id that is already there answers with an error of its own and needs no second copy.
        await pipe.execute(raise_on_error=False)
        for log, records in news:
            self._written[log.reply_id] = records[-1].seq

    def _news(self, log: ReplyLog) -> list[Record]:
        written = self._written.get(log.reply_id, log.base_seq)
        if log.seq <= written:
            return []
        return list(merged(log.records[max(0, written - log.base_seq) :][:BATCH]))

    def forget(self, keep: Iterable[UUID]) -> None:
        """Drop the marks of replies that are no longer in memory."""
        kept = set(keep)
        self._written = {reply: seq for reply, seq in self._written.items() if reply in kept}


class StreamReader:
    """Reads the streams of replies that other processes own."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._last: dict[UUID, str] = {}

    async def read(self, logs: Iterable[ReplyLog], block_ms: int | None = READ_BLOCK_MS) -> set[UUID]:
        """Take new records into their logs; return the replies whose log now has a gap.

        Waits up to `block_ms` (None: not at all) for news. Raises RedisGone.
        """
        followed = {stream_key(log.reply_id): log for log in logs}
        self._last = {log.reply_id: self._last.get(log.reply_id, "0-0") for log in followed.values()}
        if not followed:
            return set()
        answer = await self._client.xread(
            {key: self._last[log.reply_id] for key, log in followed.items()}, block=block_ms
        )
        gaps: set[UUID] = set()
        # With decode_responses and RESP2 an answer is [[key, [(id, fields), ...]], ...].
        for key, entries in cast("list[tuple[str, list[tuple[str, dict[str, str]]]]]", answer or []):
            log = followed[key]
            for entry_id, fields in entries:
                self._last[log.reply_id] = entry_id
                epoch, record = from_entry(entry_id, fields)
                if epoch < log.epoch or (epoch == log.epoch and record.seq <= log.seq):
                    continue
                if epoch > log.epoch or not log.take(record):
                    gaps.add(log.reply_id)
        return gaps


async def stored_text(client: Redis, reply_id: UUID, epoch: int) -> str:
    """Return the text of a reply as its stream has it, "" when the stream is gone or has a gap.

    Raises RedisGone.
    """
    log = ReplyLog(reply_id, reply_id, epoch, owned=False)
    for entry_id, fields in cast(
        "list[tuple[str, dict[str, str]]]", await client.xrange(stream_key(reply_id))
    ):
        written, record = from_entry(entry_id, fields)
        if written == epoch and not log.take(record):
            return ""
    return log.text


def ring_once(client: SyncRedis, kind: str, **body: Any) -> None:
    """Tell all processes from one that is none of them: a command, a task. Raises RedisGone."""
    client.publish(CONTROL, json.dumps({"from": "", "kind": kind, **body}))


class Doorbell:
    """Control events between processes: a turn began, a stop is wanted. Lost ones are polled for."""

    def __init__(self, client: Redis, sender: UUID) -> None:
        self._client = client
        self._sender = str(sender)

    async def ring(self, kind: str, **body: Any) -> None:
        """Tell the other processes. Raises RedisGone."""
        message = json.dumps({"from": self._sender, "kind": kind, **body}, default=str)
        await self._client.publish(CONTROL, message)

    async def listen(self, heard: Callable[[Mapping[str, Any]], Awaitable[None]]) -> None:
        """Call `heard` for each event of another process. Raises RedisGone when the line is cut."""
        async with self._client.pubsub(ignore_subscribe_messages=True) as line:
            await line.subscribe(CONTROL)
            while True:
                message = await line.get_message(timeout=1.0)
                if message is None:
                    continue
                body = json.loads(message["data"])
                if body.get("from") != self._sender:
                    await heard(body)

    async def mark_present(self, conversations: Iterable[UUID], seconds: int) -> None:
        """Note that somebody reads these conversations here. Raises RedisGone."""
        pipe = self._client.pipeline(transaction=False)
        for conversation in conversations:
            pipe.set(presence_key(conversation), "1", ex=seconds)
        await pipe.execute()

    async def is_present(self, conversation_id: UUID) -> bool:
        """Return whether any process has a reader of this conversation. Raises RedisGone."""
        return bool(await self._client.exists(presence_key(conversation_id)))


async def keep_going(name: str, work: Callable[[], Awaitable[None]], pause_s: float) -> None:
    """Run `work` for ever with a pause between; Redis gone is logged once and waited out."""
    gone = False
    while True:
        try:
            await work()
            if gone:
                logger.warning("%s: Redis is back.", name)
            gone = False
            await asyncio.sleep(pause_s)
        except (RedisGone, OSError) as error:
            if not gone:
                logger.warning("%s: going on without Redis (%s).", name, error)
            gone = True
            await asyncio.sleep(max(pause_s, RETRY_S))

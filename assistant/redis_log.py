"""Records of running replies on their way to other processes, and the doorbell between them.

One writer and one reader task a process. A reply's stream is `reply:<id>` with ids `epoch-seq`, so
Redis itself refuses an older epoch. Redis may go away, be emptied or be full at any time: what could not be
written is tried again, and a reader that misses records fills the gap from the stream or the database.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
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
OLDER_ID = "equal or smaller"  # of the error for an id that is not above the stream's last one


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


@dataclass(frozen=True)
class _Sent:
    """What the stream of a reply holds by our knowledge: records up to `seq` of `epoch` in `entries`."""

    epoch: int
    seq: int
    entries: int


class StreamWriter:
    """Writes what this process's replies have added since the last time.

    Nothing is kept for it: the logs in memory are the queue. When Redis has lost a stream, which its length
    tells, the whole log is written again: a snapshot under the id of the last record, which a reader that
    has it passes over.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._sent: dict[UUID, _Sent] = {}

    async def write(self, logs: Iterable[ReplyLog]) -> set[UUID]:
        """Send all news in one pipeline; return the replies of which Redis knows a newer epoch.

        Raises RedisGone, also for a full Redis; nothing counts as written then.
        """
        news = [(log, fresh) for log in logs if (fresh := self._news(log))]
        if not news:
            return set()
        pipe = self._client.pipeline(transaction=False)
        for log, records in news:
            key = stream_key(log.reply_id)
            for record in records:
                # The first of an epoch begins its stream anew; the ids of Redis still only rise.
                length = 1 if record.type == "snapshot" else None
                entry_id = f"{log.epoch}-{record.seq}"
                pipe.xadd(key, to_entry(record), id=entry_id, maxlen=length, approximate=False)
            pipe.xlen(key)
            if self._renews(log, records):
                pipe.expire(key, KEEP_S)
        answers = iter(await pipe.execute(raise_on_error=False))
        newer: set[UUID] = set()
        for log, records in news:
            many = len(records) + 1 + self._renews(log, records)
            if not await self._taken(log, records, [next(answers) for _ in range(many)]):
                newer.add(log.reply_id)
        return newer

    def _renews(self, log: ReplyLog, records: list[Record]) -> bool:
        """Return whether a write sets the stream's expiry: the first and the last do."""
        return not self._sent_of(log).entries or records[-1].type == "done"

    async def _taken(self, log: ReplyLog, records: list[Record], answers: list[Any]) -> bool:
        """Note what Redis answered to the news of one log; False when its stream is of a newer epoch."""
        for answer in answers:
            if isinstance(answer, RedisGone) and OLDER_ID not in str(answer):
                raise answer  # full, read-only, still loading
        before = self._sent_of(log).entries
        expected = len(records) + (0 if records[0].type == "snapshot" else before)
        if answers[len(records)] == expected and not any(isinstance(answer, RedisGone) for answer in answers):
            self._sent[log.reply_id] = _Sent(log.epoch, records[-1].seq, expected)
            return True
        return await self._mend(log)

    async def _mend(self, log: ReplyLog) -> bool:
        """Write the whole of a log again; False when its stream has become that of a newer epoch."""
        key = stream_key(log.reply_id)
        newest = cast("list[tuple[str, dict[str, str]]]", await self._client.xrevrange(key, count=1))
        if newest and from_entry(*newest[0])[0] > log.epoch:
            self._sent[log.reply_id] = _Sent(log.epoch, log.seq, 0)
            return False
        records = [_snapshot_of(log), *(log.records[-1:] if log.closed else ())]
        seq = log.seq
        pipe = self._client.pipeline(transaction=True)
        pipe.delete(key)
        for record in records:
            pipe.xadd(key, to_entry(record), id=f"{log.epoch}-{record.seq}")
        pipe.expire(key, KEEP_S)
        await pipe.execute()
        self._sent[log.reply_id] = _Sent(log.epoch, seq, len(records))
        return True

    def _sent_of(self, log: ReplyLog) -> _Sent:
        sent = self._sent.get(log.reply_id)
        return sent if sent is not None and sent.epoch == log.epoch else _Sent(log.epoch, log.base_seq, 0)

    def _news(self, log: ReplyLog) -> list[Record]:
        sent = self._sent_of(log)
        # Where single records are not in memory any more, or never were, their text goes first.
        begins = sent.seq < log.base_seq or (
            not sent.entries and sent.seq == log.base_seq and (log.epoch > 1 or log.base_seq > 0)
        )
        fresh = log.records[max(0, sent.seq - log.base_seq) :][:BATCH] if log.seq > sent.seq else []
        return [*([_base_of(log)] if begins else ()), *merged(fresh)]

    def forget(self, keep: Iterable[UUID]) -> None:
        """Drop the marks of replies that are no longer in memory."""
        kept = set(keep)
        self._sent = {reply: sent for reply, sent in self._sent.items() if reply in kept}


def _base_of(log: ReplyLog) -> Record:
    """Return the snapshot that a log begins with whose first records are not in memory."""
    body = {"text": log.base_text, "html": "", "upto": 0, "did_you_mean": log.offer}
    return Record(log.base_seq, log.base_seq, "snapshot", body)


def _snapshot_of(log: ReplyLog) -> Record:
    """Return all of a log as one record; of an ended one all but its `done`."""
    frame = log.snapshot()
    body = {name: frame[name] for name in ("text", "html", "upto", "did_you_mean")}
    return Record(frame["seq"], frame["seq"], "snapshot", body)


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
                if not _taken_into(log, *from_entry(entry_id, fields)):
                    gaps.add(log.reply_id)
        return gaps

    async def mend(self, log: ReplyLog) -> bool:
        """Fill the gap of a log from its whole stream; False when that has one too. Raises RedisGone."""
        whole = await stored_log(self._client, log.reply_id, log.epoch)
        if whole is None or (whole.epoch, whole.seq) <= (log.epoch, log.seq):
            return False
        log.reset_to(whole.epoch, _snapshot_of(whole))
        if whole.closed:
            log.take(whole.records[-1])
        return True


def _taken_into(log: ReplyLog, epoch: int, record: Record) -> bool:
    """Take a record of a stream into a mirror; False when something is missing before it."""
    if (epoch, record.seq) <= (log.epoch, log.seq):
        return True
    if record.type == "snapshot":
        log.reset_to(epoch, record)
        return True
    return epoch == log.epoch and log.take(record)


async def stored_log(client: Redis, reply_id: UUID, epoch: int) -> ReplyLog | None:
    """Return the log of a reply as its stream has it from `epoch` on, None when that is gone or has a gap.

    Raises RedisGone.
    """
    log, known = ReplyLog(reply_id, reply_id, epoch, owned=False), False
    for entry_id, fields in cast(
        "list[tuple[str, dict[str, str]]]", await client.xrange(stream_key(reply_id))
    ):
        written, record = from_entry(entry_id, fields)
        if written < epoch:
            continue
        if not _taken_into(log, written, record):
            return None
        known = True
    return log if known else None


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

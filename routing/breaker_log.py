"""What the breakers of all processes tell each other, through one capped stream in Redis.

Nobody waits for it: what happened is queued, and a background task writes the queue and reads the news
in one go. Without Redis each process goes on with what it has seen itself.
"""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from common.clock import ticks
from common.redis import Redis, SyncRedis
from routing.breaker_rules import Fault
from routing.breakers import BreakerEvent, Called, Closed, Opened, Reset

STREAM = "support:breakers"
# Some minutes of a busy desk, and far more than the minute that is counted.
KEEP = 2000
QUEUE = 1000  # of a process without Redis; the oldest go first, they would be too old anyway
KEEP_S = 3600
PROBE_KEY = "support:breaker-probe:{provider}:{model}"
PROBE_S = 15  # longer than a probe can take (keycheck), so that a dead prober holds up nobody for long
PROBED_S = 2  # until the others have read how it ended

KINDS: Mapping[str, type[Called | Opened | Closed | Reset]] = {
    "called": Called,
    "opened": Opened,
    "closed": Closed,
    "reset": Reset,
}

Aged = tuple[float, BreakerEvent]  # how long ago in seconds, what


def encoded(event: BreakerEvent, by: str, age_s: float = 0.0) -> dict[Any, Any]:
    """Return the fields of one stream entry."""
    kind = next(name for name, known in KINDS.items() if isinstance(event, known))
    body = json.dumps(asdict(event), default=_iso, ensure_ascii=False)
    return {"kind": kind, "body": body, "by": by, "age": f"{age_s:.3f}"}


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is in no event")


def decoded(fields: Mapping[str, str]) -> BreakerEvent | None:
    """Return the event of one stream entry; None for one that another release wrote and this cannot read."""
    kind = KINDS.get(fields.get("kind", ""))
    try:
        body = json.loads(fields["body"])
        if kind is Opened:
            body["since"] = datetime.fromisoformat(body["since"])
        if body.get("fault"):
            body["fault"] = Fault(**body["fault"])
        return kind(**body) if kind else None
    except (KeyError, TypeError, ValueError):
        return None


class BreakerLog:
    """This process's end of the stream."""

    def __init__(self, by: str) -> None:
        self._by = by
        self._queue: deque[tuple[float, BreakerEvent]] = deque(maxlen=QUEUE)
        self._last = "0-0"

    def add(self, events: Iterable[BreakerEvent]) -> None:
        """Queue what happened now; never blocks, and drops the oldest when nobody takes it away."""
        self._queue.extend((ticks(), event) for event in events)

    def clear(self) -> None:
        """Forget what waits."""
        self._queue.clear()

    async def step(self, client: Redis) -> list[Aged]:
        """Write what waits and return what the others told since the last time. Raises RedisGone."""
        waiting = list(self._queue)
        pipe = client.pipeline(transaction=False)
        for at, event in waiting:
            pipe.xadd(STREAM, encoded(event, self._by, ticks() - at), maxlen=KEEP, approximate=True)
        if waiting:
            pipe.expire(STREAM, KEEP_S)
        pipe.time()
        pipe.xread({STREAM: self._last})
        *_, clock, news = await pipe.execute()
        for entry in waiting:
            if self._queue and self._queue[0] is entry:
                self._queue.popleft()
        entries = news[0][1] if news else []
        if entries:
            self._last = entries[-1][0]
        return _aged((entry for entry in entries if entry[1].get("by") != self._by), clock)


def _aged(entries: Iterable[tuple[str, Mapping[str, str]]], clock: tuple[int, int]) -> list[Aged]:
    """Return the events with their age by Redis' own clock, so that no two machines' clocks are compared."""
    now = clock[0] + clock[1] / 1e6
    found = []
    for entry_id, fields in entries:
        event = decoded(fields)
        if event is not None:
            written = int(entry_id.partition("-")[0]) / 1000
            found.append((max(0.0, now - written) + float(fields.get("age", 0)), event))
    return found


def history(client: SyncRedis) -> list[Aged]:
    """Return all that is kept, for a command beside the desk. Raises RedisGone."""
    clock = client.time()
    entries = cast("list[tuple[str, dict[str, str]]]", client.xrange(STREAM))
    return _aged(entries, clock)


def tell(client: SyncRedis, event: BreakerEvent) -> None:
    """Tell all processes from one that is none of them. Raises RedisGone."""
    client.xadd(STREAM, encoded(event, "command"), maxlen=KEEP, approximate=True)
    client.expire(STREAM, KEEP_S)


def _probe_key(provider: str, model: str) -> str:
    return PROBE_KEY.format(provider=provider, model=model)


async def claim_probe(client: Redis, provider: str, model: str, by: str) -> bool:
    """Return whether this process may send the probe of a breaker now. Raises RedisGone."""
    return bool(await client.set(_probe_key(provider, model), by, nx=True, ex=PROBE_S))


async def end_probe(client: Redis, provider: str, model: str) -> None:
    """Let the next probe of a breaker be claimed soon. Raises RedisGone."""
    await client.expire(_probe_key(provider, model), PROBED_S)

"""How fast one visitor and one address may send: token buckets in this process's memory.

A bucket holds `burst` messages and refills steadily (RFC 2697's committed burst, one colour). It is
the first line against a flood; the day's cost cap is the one that money can rely on.
"""

import functools
import math
import threading
from dataclasses import dataclass, field

from django.conf import settings

from assistant.who import Who
from common.clock import ticks

Rate = tuple[float, float]  # how many at once, and how many a second come back

VISITOR_MESSAGES: Rate = (60, 1.0)  # no person types more; a busy test page gets by
ADDRESS_MESSAGES: Rate = (600, 20.0)  # an office behind one address
# A request makes people work and sends mail to an address that anybody may type in.
VISITOR_REQUESTS: Rate = (5, 1 / 600)
ADDRESS_REQUESTS: Rate = (40, 1 / 60)
MOST_BUCKETS = 20_000  # some 4 MB; beyond it the longest idle half is forgotten


VISITOR_SOCKETS = 40  # tabs of one visitor in one process
ADDRESS_SOCKETS = 1_000  # an office, or a proxy that hides its visitors
FRAME_BURST, FRAMES_A_SECOND = 120, 10.0  # a page that comes back resumes at most a few dozen replies


class FrameBucket:
    """How many frames one socket may still send: the bucket of every verb, cheap ones included."""

    def __init__(self) -> None:
        self._level, self._at = float(FRAME_BURST), ticks()

    def take(self, now: float) -> bool:
        """Take one frame; False when none is left."""
        self._level = min(FRAME_BURST, self._level + (now - self._at) * FRAMES_A_SECOND)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True


class RateLimited(Exception):
    """Too many messages; `retry_after` is in whole seconds, `message` says it to a visitor."""

    def __init__(self, retry_after: int, message: str = "") -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after
        self.message = message or f"Too many messages. Go on in {retry_after} s."


@dataclass
class Bucket:
    level: float
    at: float


@dataclass
class Limiter:
    """Buckets by visitor and by address; safe to use from database threads."""

    on: bool = True
    visitor: Rate = VISITOR_MESSAGES
    address: Rate = ADDRESS_MESSAGES
    buckets: dict[str, Bucket] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, who: Who) -> None:
        """Take one from both buckets. Raises RateLimited, taking nothing, when one is empty."""
        if not self.on:
            return
        with self.lock:
            now = ticks()
            mine = self._filled(f"v{who.visitor_id}", self.visitor, now)
            theirs = self._filled(f"a{who.address}", self.address, now)
            wait = max((1 - mine.level) / self.visitor[1], (1 - theirs.level) / self.address[1])
            if wait > 0:
                raise RateLimited(math.ceil(wait))
            mine.level -= 1
            theirs.level -= 1
            if len(self.buckets) > MOST_BUCKETS:
                self._forget_idle()

    def _filled(self, key: str, rate: Rate, now: float) -> Bucket:
        burst, a_second = rate
        bucket = self.buckets.setdefault(key, Bucket(burst, now))
        bucket.level = min(burst, bucket.level + (now - bucket.at) * a_second)
        bucket.at = now
        return bucket

    def _forget_idle(self) -> None:
        by_age = sorted(self.buckets.items(), key=lambda item: item[1].at, reverse=True)
        self.buckets = dict(by_age[: MOST_BUCKETS // 2])


@functools.cache
def limiter() -> Limiter:
    """Return this process's limiter."""
    return Limiter(on=settings.ENV.rate_limits)


@functools.cache
def request_limiter() -> Limiter:
    """Return this process's limiter of requests for a person."""
    return Limiter(on=settings.ENV.rate_limits, visitor=VISITOR_REQUESTS, address=ADDRESS_REQUESTS)

"""Token buckets by key: so much at once, and so much a second back.

Pure but for its lock: the caller hands the time in. A bucket holds `burst` and refills steadily
(RFC 2697's committed burst, one colour).
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MOST_BUCKETS = 20_000  # some 4 MB; beyond it the longest idle half is forgotten


@dataclass(frozen=True, slots=True)
class Rate:
    """How much at once, and how much a second comes back."""

    burst: float
    a_second: float


@dataclass(frozen=True, slots=True)
class Want:
    """So much out of one bucket."""

    key: str
    rate: Rate
    amount: float = 1.0

    @property
    def needed(self) -> float:
        """Return the level from which it may be taken: what is more than a bucket takes a full one."""
        return min(self.amount, self.rate.burst)


@dataclass(slots=True)
class Bucket:
    level: float
    at: float


@dataclass
class Buckets:
    """Buckets of one kind; safe to use from several threads."""

    kept: dict[str, Bucket] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, wants: Sequence[Want], now: float) -> float:
        """Take from all buckets and return 0.0, or from none and return the seconds until all would do."""
        with self.lock:
            wait = self._wait(wants, now)
            if wait > 0:
                return wait
            for want in wants:
                self.kept[want.key].level -= want.amount
            if len(self.kept) > MOST_BUCKETS:
                self._forget_idle()
            return 0.0

    def have(self, wants: Sequence[Want], now: float) -> bool:
        """Return whether `take` would take just now."""
        with self.lock:
            return self._wait(wants, now) <= 0

    def _wait(self, wants: Sequence[Want], now: float) -> float:
        found = [(self._filled(want, now), want) for want in wants]
        return max(((want.needed - bucket.level) / want.rate.a_second for bucket, want in found), default=0.0)

    def give(self, wants: Iterable[Want], now: float) -> None:
        """Put amounts back; a negative one takes more, below nothing if need be."""
        with self.lock:
            for want in wants:
                bucket = self._filled(want, now)
                bucket.level = min(want.rate.burst, bucket.level + want.amount)

    def _filled(self, want: Want, now: float) -> Bucket:
        rate = want.rate
        bucket = self.kept.setdefault(want.key, Bucket(rate.burst, now))
        bucket.level = min(rate.burst, bucket.level + (now - bucket.at) * rate.a_second)
        bucket.at = now
        return bucket

    def _forget_idle(self) -> None:
        by_age = sorted(self.kept.items(), key=lambda item: item[1].at, reverse=True)
        self.kept = dict(by_age[: MOST_BUCKETS // 2])

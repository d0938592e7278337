"""A histogram of durations whose percentiles are within 2 % and which adds up without loss.

Buckets grow by 2 % each: bucket i holds the values in (G^(i-1), G^i] for G = 1.02, and is read as
its geometric middle, so a percentile is off by at most sqrt(1.02) - 1, about 1 %. Two histograms
of the same unit merge by adding counts, which averaged percentiles can not. The idea is that of
DDSketch (Masson, Rim, Lee, VLDB 2019) with fixed buckets.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from common.intervals import Z95, quantile_ranks

GROWTH = 1.02
_LOG_GROWTH = math.log(GROWTH)

# A percentile is drawn only when about one value lies beyond it: with fewer, it is just the maximum.
NEEDED = {0.5: 1, 0.95: 20, 0.99: 100}


def bucket_of(value: float) -> int:
    """Return the bucket of a value; everything up to 1 (ms) falls into bucket 0."""
    if value <= 1:
        return 0
    return math.ceil(math.log(value) / _LOG_GROWTH)


def middle_of(bucket: int) -> float:
    """Return the value that a bucket is read as; bucket 0 is read as 1."""
    return 1.0 if bucket == 0 else GROWTH ** (bucket - 0.5)


@dataclass(frozen=True)
class Histogram:
    """Counts by bucket, with the exact sum of the values and their number."""

    counts: Mapping[int, int] = field(default_factory=dict)
    total: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> "Histogram":
        """Return the histogram of `values`, in any order."""
        counts: dict[int, int] = {}
        total = 0.0
        for value in values:
            bucket = bucket_of(value)
            counts[bucket] = counts.get(bucket, 0) + 1
            total += value
        return cls(counts, total)

    @classmethod
    def load(cls, stored: Mapping[str, object]) -> "Histogram":
        """Return the histogram that `dump` wrote."""
        counts = stored.get("counts", {})
        total = stored.get("total", 0.0)
        if not isinstance(counts, Mapping) or not isinstance(total, int | float):
            raise ValueError(f"not a stored histogram: {stored!r}")
        return cls({int(bucket): int(count) for bucket, count in counts.items()}, float(total))

    def dump(self) -> dict[str, object]:
        """Return the sparse JSON form: only the buckets that hold something."""
        return {"counts": {str(key): self.counts[key] for key in sorted(self.counts)}, "total": self.total}

    @property
    def n(self) -> int:
        """Return the number of values."""
        return sum(self.counts.values())

    @classmethod
    def sum(cls, histograms: Iterable["Histogram"]) -> "Histogram":
        """Return the histogram of all values that these were made of."""
        counts: dict[int, int] = {}
        total = 0.0
        for histogram in histograms:
            total += histogram.total
            for bucket, count in histogram.counts.items():
                counts[bucket] = counts.get(bucket, 0) + count
        return cls(counts, total)

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram.sum((self, other))

    def percentile(self, q: float) -> float | None:
        """Return the value below which a share `q` of the values lies (nearest rank), within 2 %.

        None when there are too few values to say: p95 needs 20 and p99 needs 100.
        """
        n = self.n
        if n < NEEDED.get(q, 1):
            return None
        return self._at(max(1, math.ceil(q * n)))

    def interval(self, q: float, z: float = Z95) -> tuple[float, float] | None:
        """Return the values between which the percentile lies, in 95 of 100 cases for Z95, each within 2 %.

        None when there are too few values for a bound on either side.
        """
        ranks = quantile_ranks(q, self.n, z)
        return None if ranks is None else (self._at(ranks[0]), self._at(ranks[1]))

    def _at(self, rank: int) -> float:
        """Return the value of a rank, from 1 for the least."""
        for bucket in sorted(self.counts):
            rank -= self.counts[bucket]
            if rank <= 0:
                return middle_of(bucket)
        raise AssertionError("the counts of a histogram add up to n")

    def mean(self) -> float | None:
        """Return the exact mean, None of nothing."""
        return self.total / self.n if self.n else None

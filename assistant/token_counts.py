"""How many identity tokens this web process was shown, by what became of them, counted for /metrics."""

import threading
from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from common.process import process_name


class TokenCounts:
    """Counts since the process began; safe to use from database threads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, result: str) -> None:
        """Count one token: `accepted`, or the reason for which it was refused."""
        with self._lock:
            self._counts[result] += 1

    def all(self) -> dict[str, int]:
        """Return the counts by result."""
        with self._lock:
            return dict(self._counts)


counts = TokenCounts()


class TokenCollector(Collector):
    """Reads the counts of this process."""

    def collect(self) -> Iterator[Metric]:
        """Yield the family."""
        family = CounterMetricFamily(
            "support_identity_tokens",
            "Identity tokens of sites by what became of them, since the process began.",
            labels=["process", "result"],
        )
        for result, count in sorted(counts.all().items()):
            family.add_metric([process_name(), result], count)
        yield family

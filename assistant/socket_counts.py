"""What happened to the sockets of this web process, counted for /metrics."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from common.process import process_name


@dataclass(slots=True)
class SocketCounts:
    """Counts since the process began."""

    aborted: int = 0


counts = SocketCounts()


class SocketCollector(Collector):
    """Reads the counts of this process."""

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        aborted = CounterMetricFamily(
            "support_sockets_aborted",
            "Sockets cut because their reader was stuck, since the process began.",
            labels=["process"],
        )
        aborted.add_metric([process_name()], counts.aborted)
        yield aborted

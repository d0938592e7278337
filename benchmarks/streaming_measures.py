"""What is measured of a contender. Each function starts it anew, loads it, and returns one row."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.streaming_contenders import Desk, Target, running
from benchmarks.streaming_rig import Found, Rig, Upstream, run_load

PACE = 50  # tokens a second of each stream
FIRST_MS = 100  # of the upstream, from the request to the first token
# Streams of a measurement end by being cut, so that the window holds whole streams only; enough for 200 s.
ENDLESS = 10_000
OPENED_A_SECOND = 40  # a first message costs as much as seconds of its stream, and is not what is measured
WARM_UP, WARM_UP_TOKENS = 12, 20  # the first replies of a process load and compile what later ones find


@dataclass(frozen=True)
class Bench:
    """What all measurements share: the rig, its upstream, the desk's folder, and who runs on which cores."""

    rig: Rig
    upstream: Upstream
    desk: Desk
    server_cores: Sequence[int] = ()
    rig_cores: Sequence[int] = ()
    processes: int = 1

    @contextlib.contextmanager
    def warm(self, name: str) -> Iterator[Target]:
        """Run a contender that has answered a few questions already."""
        with running(name, self.desk, self.upstream, self.server_cores, self.processes) as target:
            self.upstream.order(pace=PACE, first_ms=0, tokens=WARM_UP_TOKENS, pad=0)
            self.load(target, n=WARM_UP * self.processes, rate=0, seconds=0, finish=1, warm=0)
            yield target

    def load(self, target: Target, **options: object) -> Found:
        """Load a contender and return what was found. Raises RuntimeError when streams failed."""
        found = run_load(self.rig, self.rig_cores, **{**target.options(), **options})
        if found["failed"]:
            raise RuntimeError(f"{target.name}: {found['failed']} of {found['n']} failed: {found['trouble']}")
        return found


@dataclass(frozen=True)
class Streaming:
    """One window of many streams."""

    contender: str
    streams: int
    us_a_token: float  # CPU of the server's processes, user and system
    tokens_a_second: float
    frames_a_token: float
    delay_p50_ms: float
    delay_p95_ms: float
    delay_p99_ms: float
    rig_share: float  # of one core: the load generator's own
    upstream_share: float
    upstream_late_p99_ms: float
    ratio: float = field(default=0.0)  # to the raw relay of the same round


def streaming(bench: Bench, name: str, streams: int, seconds: float) -> Streaming:
    """Measure a contender under so many streams, once all of them have text."""
    with bench.warm(name) as target:
        bench.upstream.order(first_ms=FIRST_MS, tokens=ENDLESS)
        pids = ",".join(map(str, [*target.pids, bench.upstream.pid]))
        found = bench.load(target, n=streams, rate=OPENED_A_SECOND, seconds=seconds, pids=pids, patience=90)
        return row_of(name, found, target.pids, bench.upstream)


def row_of(name: str, found: Found, pids: Sequence[int], upstream: Upstream) -> Streaming:
    """Return the row of one load's window."""
    tokens, window_s = max(1, found["tokens"]), found["window_s"]
    delay = found["delay_ms"]
    return Streaming(
        name, found["n"], sum(found["cpu_s"][str(pid)] for pid in pids) * 1e6 / tokens, tokens / window_s,
        found["frames"] / tokens, delay["p50"], delay["p95"], delay["p99"], found["own_cpu_s"] / window_s,
        found["cpu_s"][str(upstream.pid)] / window_s, upstream.stats()["late_ms"]["p99"],
    )  # fmt: skip

"""CPU a token and frame delay; and what all measurements share: a bench, rows, and their medians."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, TypeVar

from benchmarks.streaming_contenders import Desk, Target, running
from benchmarks.streaming_rig import Found, Rig, Upstream, run_load

PACE = 50  # tokens a second of each stream
FIRST_MS = 100  # of the upstream, from the request to the first token
# Streams of a window end by being cut, so that it holds whole streams only. The desk's cap of a reply, 65,536
# characters, is some 12,000 tokens.
ENDLESS = 10_000
OPENED_A_SECOND = 40  # a first message costs as much as seconds of its stream, and is not what is measured
WARM_UP, WARM_UP_TOKENS = 12, 20  # the first replies of a process load and compile what later ones find
PATIENCE_S = 90.0  # until all streams have text; an overloaded contender is measured nevertheless


@dataclass(frozen=True)
class Bench:
    """What all measurements share: the rig, its upstream, the desk's folder, and who runs on which cores."""

    rig: Rig
    upstream: Upstream
    desk: Desk
    server_cores: Sequence[int] = ()
    rig_cores: Sequence[int] = ()

    @contextlib.contextmanager
    def warm(self, name: str, processes: int = 1) -> Iterator[Target]:
        """Run a contender that has answered a few questions already."""
        cores = self.server_cores if processes == 1 else ()
        with running(name, self.desk, self.upstream, cores, processes) as target:
            self.upstream.order(pace=PACE, first_ms=0, tokens=WARM_UP_TOKENS, pad=0)
            self.load(target, n=WARM_UP * processes, rate=OPENED_A_SECOND, seconds=0, finish=1, warm=0)
            yield target

    def load(self, target: Target, **options: object) -> Found:
        """Load a contender and return what was found. Raises RuntimeError when streams failed."""
        return checked(target.name, run_load(self.rig, self.rig_cores, **{**target.options(), **options}))


def checked(name: str, found: Found) -> Found:
    """Return what a load found. Raises RuntimeError when some of its streams failed."""
    if found["failed"]:
        raise RuntimeError(f"{name}: {found['failed']} of {found['n']} failed: {found['trouble']}")
    return found


def column(head: str, form: str = "{:.1f}") -> Any:
    """Return a field that is shown under `head`."""
    return field(metadata={"head": head, "form": form})


@dataclass(frozen=True)
class Streaming:
    """One window of many streams."""

    contender: str = column("contender", "{}")
    streams: int = column("streams", "{}")
    processes: int = column("processes", "{}")
    us_a_token: float = column("CPU a token, µs", "{:.0f}")  # of the server's processes, user and system
    ratio: float = column("to raw", "{:.2f}")  # of the same round
    tokens_a_second: float = column("tokens/s", "{:,.0f}")
    frames_a_token: float = column("frames a token", "{:.2f}")
    delay_p50_ms: float = column("delay p50 ms")
    delay_p95_ms: float = column("p95")
    delay_p99_ms: float = column("p99")
    load_share: float = column("load's core", "{:.0%}")
    upstream_share: float = column("upstream's core", "{:.0%}")
    upstream_late_p99_ms: float = column("upstream late p99 ms")


def streaming(bench: Bench, name: str, streams: int, seconds: float, processes: int = 1) -> Streaming:
    """Measure a contender under so many streams, once all of them have text."""
    with bench.warm(name, processes) as target:
        bench.upstream.order(first_ms=FIRST_MS, tokens=ENDLESS)
        pids = ",".join(map(str, [*target.pids, bench.upstream.pid]))
        found = bench.load(
            target, n=streams, rate=OPENED_A_SECOND, seconds=seconds, pids=pids, patience=PATIENCE_S
        )
        return streaming_row(name, found, target.pids, bench.upstream)


def rig_alone(bench: Bench, streams: int, seconds: float) -> Streaming:
    """Let the load read from the upstream itself: the delay that the rig has of its own."""
    bench.upstream.order(pace=PACE, first_ms=FIRST_MS, tokens=ENDLESS, pad=0)
    found = run_load(
        bench.rig, bench.rig_cores, mode="direct", n=streams, rate=OPENED_A_SECOND, seconds=seconds,
        port=bench.upstream.port, pids=bench.upstream.pid,
    )  # fmt: skip
    return streaming_row("rig alone", checked("rig alone", found), [], bench.upstream)


def streaming_row(name: str, found: Found, pids: Sequence[int], upstream: Upstream) -> Streaming:
    """Return the row of one load's window. Raises RuntimeError when nothing arrived in it."""
    tokens, window_s = found["tokens"], found["window_s"]
    if not tokens:
        raise RuntimeError(f"{name}: no token arrived in the window of {window_s:.0f} s")
    delay = found["delay_ms"]
    return Streaming(
        name, found["n"], len(pids), sum(found["cpu_s"][str(pid)] for pid in pids) * 1e6 / tokens, 0.0,
        tokens / window_s, found["frames"] / tokens, delay["p50"], delay["p95"], delay["p99"],
        found["own_cpu_s"] / window_s, found["cpu_s"][str(upstream.pid)] / window_s,
        upstream.stats()["late_ms"]["p99"],
    )  # fmt: skip


def with_ratios(rows: Sequence[Streaming], base: str) -> list[Streaming]:
    """Return the rows of one round with their ratio to the base's, 0 where there is no such row."""
    found = next((row for row in rows if row.contender == base), None)
    return [replace(row, ratio=row.us_a_token / found.us_a_token if found else 0.0) for row in rows]


R = TypeVar("R")


def medians(rows: Sequence[R]) -> R:
    """Return a row of medians, figure by figure; what is no figure is the first row's."""
    figures = {
        name: median(getattr(row, name) for row in rows)
        for name, value in vars(rows[0]).items()
        if isinstance(value, float)
    }
    made: R = replace(rows[0], **figures)  # type: ignore[type-var]  # any dataclass
    return made

"""Idle sockets, and readers that never read: what a socket costs in memory, and how fast one opens."""

import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.streaming_measures import Bench, checked, column
from benchmarks.streaming_rig import Load

SETTLE_S = 2.0
SOURCES = 8  # loopback addresses of the clients: one has some 28,000 ports
KIB = 1024
# Some 60,000 characters a reply within three seconds: what a slow reader can have waiting at once.
STUCK_PACE, STUCK_PAD, STUCK_TOKENS = 500, 50, 1000


def memory_of(pids: Sequence[int]) -> int:
    """Return the bytes that the processes hold, shared pages divided among their holders (PSS)."""
    total = 0
    for pid in pids:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        found = re.search(r"^Pss:\s+(\d+) kB", told, re.MULTILINE)
        total += int(found.group(1)) * KIB if found else 0
    return total


class Peak:
    """Watches processes from a thread of its own and remembers the most memory they had."""

    def __init__(self, pids: Sequence[int], every_s: float = 0.25) -> None:
        self.most = 0
        self._pids, self._every_s = pids, every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every_s):
            self.most = max(self.most, memory_of(self._pids))


@dataclass(frozen=True)
class Idle:
    """Sockets that were opened with a visitor's cookie and say nothing more."""

    contender: str = column("contender", "{}")
    sockets: int = column("sockets", "{:,}")
    kib_a_socket: float = column("KiB a socket")
    opened_a_second: float = column("opened a second", "{:,.0f}")
    open_p99_ms: float = column("open p99 ms", "{:.0f}")


def idle(bench: Bench, name: str, sockets: int) -> Idle:
    """Open so many sockets as fast as they are accepted, 100 at once, up to their `opened`."""
    with bench.warm(name) as target:
        before = memory_of(target.pids)
        options = {**target.options(), "mode": "idle", "n": sockets, "rate": 0, "sources": SOURCES}
        with Load(bench.rig, bench.rig_cores, **options) as load:
            found = checked(name, load.phase())
            if found["opened"] < sockets:
                raise RuntimeError(f"{name}: {found['opened']} of {sockets} sockets opened in time")
            time.sleep(SETTLE_S)
            grown = memory_of(target.pids) - before
    return Idle(name, sockets, grown / KIB / sockets, sockets / found["opening_s"], found["open_ms"]["p99"])


@dataclass(frozen=True)
class Stuck:
    """Readers that never read again once their message is acknowledged."""

    contender: str = column("contender", "{}")
    readers: int = column("readers", "{}")
    asks: str = column("and", "{}")
    peak_kib_a_reader: float = column("peak KiB a reader", "{:,.0f}")
    kib_a_reader: float = column("at the end", "{:,.0f}")
    ended_by_server: int = column("ended by the server", "{}")


def stuck(bench: Bench, name: str, readers: int, seconds: float, nags: bool) -> Stuck:
    """Let readers get stuck under 60,000 characters each; with `nags` they ask again ten times a second."""
    with bench.warm(name) as target:
        bench.upstream.order(pace=STUCK_PACE, first_ms=0, tokens=STUCK_TOKENS, pad=STUCK_PAD)
        options = {
            **target.options(), "mode": "stuck", "n": readers, "rate": 20, "seconds": seconds,
            "rcvbuf": 4096, "nag_ms": 100 if nags else 0, "patience": 60,
        }  # fmt: skip
        with Load(bench.rig, bench.rig_cores, **options) as load:
            checked(name, load.phase())
            before = memory_of(target.pids)
            with Peak(target.pids) as peak:
                load.go_on()
                found = load.phase()
                after = memory_of(target.pids)
    grown, most = (max(0, each - before) / KIB / readers for each in (after, max(after, peak.most)))
    asks = "asks again and again" if nags else "is silent"
    return Stuck(name, readers, asks, most, grown, found["closed_by_server"])

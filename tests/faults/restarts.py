"""Orderly restarts: one process after the other under streams, and all at once under a herd of open pages."""

import asyncio
import math
import signal
from dataclasses import dataclass, field

from tests.faults.batch import rows_of
from tests.faults.checker import Breach, check, plain, tally
from tests.faults.page import PAGE, Door, Patience
from tests.faults.polling import until
from tests.faults.rig import Program, Rig
from tests.faults.visitor import Visitor

LONG_TOKENS, LONG_GAP_MS = 150, 100  # fifteen seconds: longer than a process lets its replies finish
BACK_S = 15.0  # F25: at p95
HERD = Patience(base=PAGE.base, cap=PAGE.cap, quiet=120.0, probe=PAGE.probe, dial=PAGE.dial)
DIALLED_AT_ONCE = 40
LONGEST_S = 120.0


@dataclass
class Rolling:
    """What came of a rolling restart under streams."""

    streams: int
    ends: dict[str, int] = field(default_factory=dict)
    breaches: list[Breach] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Return how many replies did not reach an answer."""
        return sum(count for kind, count in self.ends.items() if kind.startswith(("failed", "truncated")))


async def roll(rig: Rig, streams: int, seed: int) -> Rolling:
    """Restart each web process in turn, as a deployment does, while everybody is being answered."""
    await asyncio.to_thread(rig.control.reset)
    await asyncio.to_thread(rig.control.pace, first_text_ms=200, gap_ms=LONG_GAP_MS, tokens=LONG_TOKENS)
    enough = asyncio.Event()
    crowd = [Visitor(f"d{seed}-{at}", seed * 1000 + at, rig.doors, stops=False) for at in range(streams)]
    asking = [asyncio.create_task(visitor.ask_on(enough)) for visitor in crowd]
    await _all_streaming(crowd)
    for web in rig.webs:
        await _restarted(web)
    enough.set()
    await asyncio.wait(asking, timeout=60)
    for visitor in crowd:
        await visitor.leave()
    rows = (await rows_of(rig)).of({plain(visitor.id) for visitor in crowd})
    return Rolling(streams, tally(rows), check([log for one in crowd for log in one.logs], rows))


async def _all_streaming(crowd: list[Visitor]) -> None:
    await until(lambda: all(page.screen.replies for one in crowd for page in one.pages), LONGEST_S)


async def _restarted(web: Program) -> None:
    """Ask a process to end and wait until the next one serves. Raises AssertionError."""
    starts = web.starts
    web.send(signal.SIGTERM)
    assert await until(lambda: web.starts > starts and web.up.is_set(), LONGEST_S), f"{web.name} is not back"


@dataclass
class Herd:
    """How long the pages of a restarted desk took to be back, in seconds from each loss."""

    clients: int
    back: list[float] = field(default_factory=list)

    @property
    def p95(self) -> float:
        """Return the nearest-rank 95th percentile; infinite while too few are back."""
        ordered = sorted(self.back) + [float("inf")] * (self.clients - len(self.back))
        return ordered[math.ceil(0.95 * len(ordered)) - 1] if ordered else float("inf")


async def herd(rig: Rig, clients: int, seed: int) -> Herd:
    """Restart every web process at once under open pages that have the real page's patience."""
    doors = [Door(int(door.origin.rsplit(":", 1)[-1]), door.origin) for door in rig.doors]  # past the proxies
    crowd = [Visitor(f"h{seed}-{at}", seed * 1000 + at, doors, patience=HERD) for at in range(clients)]
    room = asyncio.Semaphore(DIALLED_AT_ONCE)

    async def come(visitor: Visitor) -> None:
        async with room:
            await visitor.open_tab().opened.wait()

    async with asyncio.timeout(LONGEST_S):
        await asyncio.gather(*(come(visitor) for visitor in crowd))
    for web in rig.webs:
        web.send(signal.SIGTERM)
    pages = [page for visitor in crowd for page in visitor.pages]
    await until(lambda: all(page.back for page in pages), LONGEST_S)
    found = Herd(clients, [page.back[0] for page in pages if page.back])
    for visitor in crowd:
        await visitor.leave()
    return found

"""Tabs that lose their line at random points of an answer, in any process: their text is the stored one."""

import asyncio
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from routing.sandbox.answering import filler
from tests.faults.batch import rows_of
from tests.faults.checker import Breach, check, plain
from tests.faults.page import Page
from tests.faults.rig import Rig
from tests.faults.visitor import Visitor

TOKENS, GAP_MS = 60, 12  # an answer in under a second, so that a thousand take a minute
AT_ONCE = 40
MOST_CUTS = 5
SETTLE_S = 120.0  # bounds a failure


@dataclass
class Cutter:
    """Cuts a tab's line at each length of its answer, in order; -1 is when the message has just left."""

    cuts: list[int]
    done: int = 0

    def __call__(self, event: str, page: Page) -> None:
        length = max((len(shown.text) for shown in page.screen.replies.values()), default=-1)
        if self.cuts and length >= self.cuts[0]:
            self.cuts = [cut for cut in self.cuts if cut > length]
            self.done += 1
            page.cut()


@dataclass
class Reconnects:
    """What came of many schedules."""

    schedules: int = 0
    cuts: int = 0
    equal: int = 0
    breaches: list[Breach] = field(default_factory=list)


def schedule(seed: int, length: int) -> list[int]:
    """Return at which lengths of its text a tab is cut, in order."""
    draw = random.Random(seed)
    return sorted(draw.randint(-1, length - 1) for _ in range(draw.randint(1, MOST_CUTS)))


async def reconnect(rig: Rig, schedules: int, seed: int) -> Reconnects:
    """Play as many schedules, many at once, each with a visitor of its own."""
    await asyncio.to_thread(rig.control.reset)
    await asyncio.to_thread(rig.control.pace, first_text_ms=50, gap_ms=GAP_MS, tokens=TOKENS)
    whole, room = "".join(filler(TOKENS)), asyncio.Semaphore(AT_ONCE)
    cutters = [Cutter(schedule(seed * 10_000 + at, len(whole))) for at in range(schedules)]

    async def one(at: int) -> Visitor:
        async with room:
            visitor = Visitor(f"r{seed}-{at}", seed * 10_000 + at, rig.doors, cutters[at], stops=False)
            page = visitor.open_tab()
            await page.opened.wait()
            await page.send(f"Does it send texts too? (my note {visitor.name})")
            try:
                async with asyncio.timeout(SETTLE_S):
                    await page.settled.wait()
            finally:
                await visitor.leave()
            return visitor

    visitors: Sequence[Visitor | BaseException] = await asyncio.gather(
        *(one(at) for at in range(schedules)), return_exceptions=True
    )
    came = [visitor for visitor in visitors if isinstance(visitor, Visitor)]
    rows = (await rows_of(rig)).of({plain(visitor.id) for visitor in came})
    logs = [log for visitor in came for log in visitor.logs]
    stored = {reply.id: _hash(reply.text) for reply in rows.replies}
    equal = sum(
        _hash(text) == stored.get(plain(reply_id)) for log in logs for reply_id, text in log.shown.items()
    )
    late = (
        [Breach("not settled", "reconnects", f"{schedules - len(came)} tabs")]
        if len(came) < schedules
        else []
    )
    return Reconnects(
        schedules, sum(cutter.done for cutter in cutters), equal, [*late, *check(logs, rows, said=whole)]
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

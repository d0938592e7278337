"""One plan against one running desk: visitors who ask all the time, strikes, quiet, and the books."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

from routing.sandbox.answering import filler
from tests.faults.checker import Breach, check, plain, tally, unfinished
from tests.faults.page import Page, Watch
from tests.faults.plan import Strike
from tests.faults.polling import until
from tests.faults.record import Line, PageLog
from tests.faults.rig import Rig
from tests.faults.rows import ReplyRow, Rows, read_rows
from tests.faults.strikes import Moments, Striker
from tests.faults.visitor import Visitor

UNFINISHED_S = 15.0  # the promise: so long after the last fault nothing is left `streaming`
SCREENS_S = 30.0  # and the slowest page has its line and the end of its reply
WAITS_S, MOST = 6.0, 2  # who has waited longer is stuck behind a fault; and that many times the crowd
WARM_S = 60.0  # the first answer of a desk that has just started may take a while; then the strikes begin
TOKENS, GAP_MS, FIRST_TEXT_MS = 70, 40, 120  # an answer takes some three seconds


@dataclass
class Outcome:
    """What came of one plan."""

    struck: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    points: int = 0
    points_missed: list[str] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    messages: int = 0
    resumes: int = 0
    settled_s: float = 0.0
    late: list[ReplyRow] = field(default_factory=list)
    logs: list[PageLog] = field(default_factory=list)
    rows: Rows = field(default_factory=Rows)


@dataclass
class Watcher:
    """Tells a striker what pages report, and the moment in which one of them has the whole text."""

    moments: Moments
    whole: str

    def __call__(self, event: str, page: Page) -> None:
        running = (shown.text for shown in page.screen.replies.values() if shown.running)
        if event == "text" and self.whole in running:
            event = "last_text"
        self.moments(event, page)


@dataclass
class Crowd:
    """Visitors of whom so many are always being answered: who waits long is joined by somebody new."""

    rig: Rig
    seed: int
    wanted: int
    watch: Watch
    enough: asyncio.Event
    visitors: list[Visitor] = field(default_factory=list)
    _asking: list[asyncio.Task[None]] = field(default_factory=list)

    async def come(self) -> None:
        while not self.enough.is_set():
            waiting = sum(visitor.waited_s > WAITS_S for visitor in self.visitors)
            most = min(self.wanted + waiting, MOST * self.wanted)
            for at in range(len(self.visitors), most):
                visitor = Visitor(f"s{self.seed}v{at}", self.seed * 1000 + at, self.rig.doors, self.watch)
                self.visitors.append(visitor)
                tabs = 2 if at % 3 == 0 else 1
                self._asking.append(asyncio.create_task(visitor.ask_on(self.enough, tabs)))
            await asyncio.sleep(0.25)

    async def leave(self) -> None:
        """Have everybody close their tabs."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        for visitor in self.visitors:
            await visitor.leave()


async def play(
    rig: Rig, strikes: Sequence[Strike], visitors: int, seed: int, unfinished_s: float = UNFINISHED_S,
    in_turn: bool = False,
) -> Outcome:  # fmt: skip
    """Let visitors ask while a plan strikes, then hold what they saw against the books.

    A reply that runs `unfinished_s` after the last fault is a breach. `in_turn` waits for each point.
    """
    await rig.heal()
    await asyncio.to_thread(_calm, rig)
    before = await rows_of(rig)
    striker, enough = Striker(rig), asyncio.Event()
    watch = Watcher(striker.moments, "".join(filler(TOKENS)))
    crowd = Crowd(rig, seed, visitors, watch, enough)
    coming = asyncio.create_task(crowd.come())
    try:
        await striker.moments.wait("ended", WARM_S)
        await (striker.run_in_turn if in_turn else striker.run)(tuple(strikes))
        await rig.heal()
        await rig.whole()
        enough.set()
        outcome = _struck(striker, strikes)
        await _settle(rig, crowd.visitors, outcome, unfinished_s)
    finally:
        coming.cancel()
        await crowd.leave()
    await _judge(rig, crowd.visitors, outcome, before)
    return outcome


def _struck(striker: Striker, strikes: Sequence[Strike]) -> Outcome:
    outcome = Outcome(Counter(strike.fault for strike in striker.struck), len(striker.missed))
    outcome.points = len(striker.at_point)
    waited = (strike for strike in strikes if strike.point and strike not in striker.at_point)
    outcome.points_missed = [f"{strike.fault} at {strike.point}" for strike in waited]
    return outcome


def _calm(rig: Rig) -> None:
    rig.control.reset()
    rig.control.pace(first_text_ms=FIRST_TEXT_MS, gap_ms=GAP_MS, tokens=TOKENS)


async def rows_of(rig: Rig) -> Rows:
    """Return the desk's rows, past its proxies."""
    return await asyncio.to_thread(read_rows, rig.database_url, rig.data_dir)


async def _settle(rig: Rig, crowd: list[Visitor], outcome: Outcome, unfinished_s: float) -> None:
    """Wait until nothing runs, at most the promised time; then until every screen has heard of it."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    mine = {plain(visitor.id) for visitor in crowd}
    while loop.time() - begun < unfinished_s + SCREENS_S:
        try:
            rows = (await rows_of(rig)).of(mine)
        except (sqlite3.OperationalError, psycopg.OperationalError):
            await asyncio.sleep(0.5)
            continue
        if loop.time() - begun > unfinished_s and not outcome.late:
            outcome.late = rows.open
        if not rows.open and not any(page.screen.outbox for one in crowd for page in one.pages):
            break
        await asyncio.sleep(0.25)
    outcome.settled_s = loop.time() - begun
    await until(lambda: all(visitor.settled for visitor in crowd), SCREENS_S)


async def _judge(rig: Rig, crowd: list[Visitor], outcome: Outcome, before: Rows) -> None:
    """Check everything but what was still open at the promised time against the rows as they are now."""
    invoice = await asyncio.to_thread(rig.control.invoice)
    asked = sum(line["requests"] for line in invoice.values())
    everything = await rows_of(rig)
    outcome.rows = everything.of({plain(visitor.id) for visitor in crowd}, before)
    outcome.logs = [log for visitor in crowd for log in visitor.logs]
    outcome.messages = sum(visitor.asked for visitor in crowd)
    lines = (entry for log in outcome.logs for entry in log.entries if isinstance(entry, Line))
    outcome.resumes = sum(line.up for line in lines) - len(outcome.logs)
    outcome.ends = tally(outcome.rows)
    outcome.breaches = [
        *unfinished(Rows(replies=tuple(outcome.late))),
        *check(outcome.logs, outcome.rows, asked, "".join(filler(TOKENS))),
    ]

"""Many streams for minutes with a fault every two seconds: who gets an answer, and whether memory grows."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from routing.sandbox.answering import filler
from tests.faults.batch import Watcher, rows_of
from tests.faults.checker import Breach, check, plain, tally
from tests.faults.plan import plan
from tests.faults.rig import Rig
from tests.faults.strikes import Striker
from tests.faults.visitor import Visitor

FAULT_EVERY_S = 2.0
TOKENS, GAP_MS = 50, 200  # ten seconds an answer, twenty new ones a second with 200 streams
SAMPLE_S = 5.0
WARM_S = 30.0  # of each process's life: until then it still loads what it needs
# A process that is killed every few seconds shows nothing of its memory.
RARER = {"kill_web": 1, "term_web": 1, "kill_draining": 0, "pause_web": 1}
WANTED_SHARE, WANTED_SLOPE = 0.999, 1.0  # replies that reach an answer; MiB a minute


@dataclass(frozen=True, slots=True)
class Sample:
    """How large a process was, so many seconds after its start."""

    life: str
    age_s: float
    mib: float


@dataclass
class Soaked:
    """What came of it."""

    minutes: float
    streams: int
    struck: Counter[str] = field(default_factory=Counter)
    ends: dict[str, int] = field(default_factory=dict)
    open: int = 0
    samples: list[Sample] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return sum(count for kind, count in self.ends.items() if kind.startswith(("completed", "continued")))

    @property
    def share(self) -> float:
        """Return the share of the ended replies that reached an answer."""
        ended = sum(self.ends.values()) - self.open
        return self.answered / ended if ended else 0.0


def slope(samples: Iterable[Sample], warm_s: float = WARM_S) -> float | None:
    """Return how fast processes grow, in MiB a minute; None without two samples of one life.

    One least-squares slope over all lives, each with a level of its own: a fresh process is smaller than the
    one before it, and that is no shrinking.
    """
    lives: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.age_s >= warm_s:
            lives[sample.life].append(sample)
    above = below = 0.0
    for life in lives.values():
        age = sum(sample.age_s for sample in life) / len(life)
        mib = sum(sample.mib for sample in life) / len(life)
        above += sum((sample.age_s - age) * (sample.mib - mib) for sample in life)
        below += sum((sample.age_s - age) ** 2 for sample in life)
    return 60 * above / below if below else None


async def soak(rig: Rig, minutes: float, streams: int, seed: int) -> Soaked:
    """Strike for so long while everybody asks all the time, then count."""
    await asyncio.to_thread(rig.control.reset)
    await asyncio.to_thread(rig.control.pace, first_text_ms=300, gap_ms=GAP_MS, tokens=TOKENS)
    found, striker, enough = Soaked(minutes, streams), Striker(rig), asyncio.Event()
    watch = Watcher(striker.moments, "".join(filler(TOKENS)))
    crowd = [
        Visitor(f"k{seed}-{at}", seed * 1000 + at, rig.doors, watch, stops=False, brief=True)
        for at in range(streams)
    ]
    asking = [asyncio.create_task(visitor.ask_on(enough)) for visitor in crowd]
    sampling = asyncio.create_task(_sample(rig, found.samples))
    every = (FAULT_EVERY_S, FAULT_EVERY_S)
    await striker.run(plan(seed, int(minutes * 60 / FAULT_EVERY_S), rig.backend, every, RARER))
    await rig.heal()
    await rig.whole()
    enough.set()
    await asyncio.wait(asking, timeout=45)
    for task in (sampling, *asking):
        task.cancel()
    for visitor in crowd:
        await visitor.leave()
    rows = (await rows_of(rig)).of({plain(visitor.id) for visitor in crowd})
    found.struck = Counter(strike.fault for strike in striker.struck)
    found.ends, found.open = tally(rows), len(rows.open)
    found.breaches = check([log for visitor in crowd for log in visitor.logs], rows)
    return found


async def _sample(rig: Rig, samples: list[Sample]) -> None:
    born: dict[str, float] = {}
    while True:
        now = asyncio.get_running_loop().time()
        for web in rig.webs:
            life = f"{web.name}-{web.starts}"
            born.setdefault(life, now)
            if web.alive and (kib := web.memory_kib()):
                samples.append(Sample(life, now - born[life], kib / 1024))
        await asyncio.sleep(SAMPLE_S)

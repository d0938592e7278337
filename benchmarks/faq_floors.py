"""What the matcher must show, and whether it does.

The floors stand in the plan of the product; a peer's figure beside them is what was measured when they
were set. Coverage is the share of **all** questions that is answered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.faq_quality import LEXICAL, SEMANTIC, Measured, median

REAL_PRECISION = 94.0  # per cent of the answers above the matcher's own threshold
LOOP_BLOCK = 5.0  # ms
EMBEDDING = 3.0  # ms a phrasing
EMBEDDER_MEMORY = 170.0  # MB
HALVES = (LEXICAL, SEMANTIC)


def _no_peer(_results: "Results") -> str:
    return ""


@dataclass(frozen=True)
class Results:
    """All that was measured. `embedding_ms` is the time of one phrasing in a batch."""

    measured: Sequence[Measured]
    sizes: Sequence[dict[str, Any]]
    embedding_ms: float | None

    def quality(self, questions: str, k: int, method: str, figure: str) -> float | None:
        """Return a share in per cent, the median over seeds; None when it was not measured."""
        rounds = [m for m in self.measured if (m.questions, m.k, m.method) == (questions, k, method)]
        value = median(rounds, figure)
        return None if value is None else value * 100

    def best_peer(self, questions: str, k: int, figure: str) -> str:
        """Return the highest figure of a peer in per cent, with its name; "" when none was measured."""
        peers = {m.method for m in self.measured} - set(HALVES)
        found = [(self.quality(questions, k, peer, figure), peer) for peer in sorted(peers)]
        values = [(value, peer) for value, peer in found if value is not None]
        return "{:.1f} ({})".format(*max(values)) if values else ""

    def size(self, size: int, method: str, figure: str) -> float | None:
        """Return the worst figure over the shapes; None when it was not measured."""
        rows = [row for row in self.sizes if (row["size"], row["method"]) == (size, method)]
        values = [row[figure] for row in rows if figure in row]
        return max(values) if values else None


@dataclass(frozen=True)
class Floor:
    """One promise for both halves: `floors` and `measure` take and give lexical alone, then with MiniLM."""

    label: str
    floors: tuple[float, float]
    peer: str
    measure: Callable[[Results, str], float | None]
    at_most: bool = False
    peer_here: Callable[[Results], str] = _no_peer


@dataclass(frozen=True)
class Verdict:
    """A promise and what came of it; `met` is None when nothing was measured.

    `peer` is the best one when the floors were set, `peer_here` the best one of this run.
    """

    label: str
    method: str
    floor: float
    at_most: bool
    measured: float | None
    met: bool | None
    peer: str
    peer_here: str


def judge(results: Results) -> list[Verdict]:
    """Return a verdict for every floor and half."""
    found = []
    for floor in FLOORS:
        here = floor.peer_here(results)
        for method, value in zip(HALVES, floor.floors, strict=True):
            measured = floor.measure(results, method)
            met = None if measured is None else measured <= value if floor.at_most else measured >= value
            found.append(Verdict(floor.label, method, value, floor.at_most, measured, met, floor.peer, here))
    return found


def _share(
    label: str, where: tuple[str, int], figure: str, floors: tuple[float, float], peer: str = ""
) -> Floor:
    return Floor(
        label,
        floors,
        peer,
        measure=lambda found, method: found.quality(*where, method, figure),
        peer_here=lambda found: found.best_peer(*where, figure),
    )


def _answering(
    name: str, where: tuple[str, int], top1: tuple[float, float], covered: tuple[float, float], peer: str
) -> list[Floor]:
    """Return the promises of one set at one k."""
    best, best_covered = peer.split(", ")
    return [
        _share(f"{name}: top-1, %", where, "top1", top1, best),
        _share(f"{name}: coverage at 95 % precision, %", where, "coverage_95", covered, best_covered),
        _share(f"{name}: answered at its own threshold, %", where, "answered", covered),
        _share(f"{name}: real precision there, %", where, "precision", (REAL_PRECISION, REAL_PRECISION)),
    ]


def _aurocs(name: str, where: tuple[str, int], floors: tuple[float, float], peer: str) -> list[Floor]:
    return [
        _share(f"{name}: AUROC, inside against outside the scope, %", where, "auroc_scope", floors, peer),
        _share(f"{name}: AUROC, right against everything else, %", where, "auroc", floors),
    ]


def _timed(label: str, size: int, figure: str, floors: tuple[float, float], peer: str) -> Floor:
    return Floor(label, floors, peer, lambda found, method: found.size(size, method, figure), at_most=True)


def _built(label: str, size: int, lexical: float, peer: str) -> Floor:
    """Promise a build time in seconds; with MiniLM the phrasings' vectors are counted in."""

    def measure(found: Results, method: str) -> float | None:
        seconds = found.size(size, method, "build_s")
        if seconds is None or method == LEXICAL:
            return seconds
        return None if found.embedding_ms is None else seconds + found.embedding_ms * size / 1000

    return Floor(label, (lexical, lexical + EMBEDDING * size / 1000), peer, measure, at_most=True)


def _held(label: str, size: int, lexical: float, peer: str) -> Floor:
    """Promise memory in MB; with MiniLM the embedder is counted in."""

    def measure(found: Results, method: str) -> float | None:
        index, embedder = found.size(size, method, "memory_mb"), found.size(size, method, "embedder_mb")
        return index if index is None or method == LEXICAL else index + (embedder or 0)

    return Floor(label, (lexical, lexical + EMBEDDER_MEMORY), peer, measure, at_most=True)


def _blocked(found: Results, method: str) -> float | None:
    """Return the longest block of the loop, None on a machine whose idle loop is as late by itself."""
    rows = [row for row in found.sizes if row["method"] == method and "loop_worst_ms" in row]
    quiet = [row["loop_worst_ms"] for row in rows if row["loop_idle_ms"] < LOOP_BLOCK / 2]
    return max(quiet) if quiet else None


FLOORS = [
    *_answering("BANKING77 k=5", ("banking77", 5), (63, 80), (30, 63), "76, 33"),
    *_answering("BANKING77 k=10", ("banking77", 10), (73, 85), (46, 75), "81, 41"),
    *_answering("CLINC150 k=5", ("clinc150", 5), (73, 87), (29, 61), "80, 29"),
    *_aurocs("CLINC150 k=5", ("clinc150", 5), (88, 94), "94"),
    *_answering("CLINC150 k=10", ("clinc150", 10), (80, 90), (45, 70), "83, 44"),
    *_aurocs("CLINC150 k=10", ("clinc150", 10), (90, 95), "95"),
    _share("BANKING77 k=10, misspelt: top-1, %", ("banking77", 10), "typos_top1", (70, 79), "72"),
    _timed("query p50 at 10,000 phrasings, ms", 10_000, "p50_ms", (1, 5), "4.3 (FTS5)"),
    _timed("query p99 at 10,000 phrasings, ms", 10_000, "p99_ms", (2.5, 10), "10 (FTS5)"),
    _timed("query p50 at 100,000 phrasings, ms", 100_000, "p50_ms", (3, 8), "47 (FTS5)"),
    _timed("query p99 at 100,000 phrasings, ms", 100_000, "p99_ms", (10, 15), "115 (FTS5)"),
    _built("build 10,000 phrasings, s", 10_000, 1.5, "0.8 (TF-IDF)"),
    _built("build 100,000 phrasings, s", 100_000, 16, "9.6 (TF-IDF)"),
    _held("memory at 10,000 phrasings, MB", 10_000, 60, "38 (TF-IDF)"),
    _held("memory at 100,000 phrasings, MB", 100_000, 250, "190 (TF-IDF)"),
    Floor("longest block of the event loop, ms", (LOOP_BLOCK, LOOP_BLOCK), "", _blocked, at_most=True),
]  # fmt: skip

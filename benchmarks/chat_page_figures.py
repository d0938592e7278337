"""What the benchmark of the chat page has seen, and the figures made of it, each with its goal. Pure."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

THROTTLE = 4  # times slower than this machine: a phone of the middle class
LONG_TASK_MS = 50
FRAME_MS = 1000 / 60


@dataclass(frozen=True)
class Watched:
    """What the page did for a while: layout shift, long tasks, and the times between frames (ms)."""

    shift: float
    tasks: list[float]
    frames: list[float]


@dataclass(frozen=True)
class Asked(Watched):
    """One message: milliseconds from the key to the screen, and what the page did meanwhile."""

    bubble: float
    acknowledged: float
    text: float
    done: float


@dataclass(frozen=True)
class Opened(Watched):
    """A conversation from the start of the navigation until all its turns are there (ms)."""

    whole: float


@dataclass(frozen=True)
class Figure:
    """One line of the result; `goal` is None for one without."""

    what: str
    value: float
    unit: str
    count: int
    goal: float | None = None

    @property
    def verdict(self) -> str:
        """Say whether the goal is met."""
        if self.goal is None:
            return ""
        return "met" if self.value <= self.goal else "NOT MET"


def p95(values: Sequence[float]) -> float:
    """Return the nearest-rank 95th percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def _median(rows: Sequence[Asked], of: Callable[[Asked], float]) -> float:
    return statistics.median(of(row) for row in rows)


def figures(
    approved: Sequence[Asked],
    streamed: Sequence[Asked],
    slow: Sequence[Asked],
    long: Sequence[Asked],
    opened: Sequence[Opened],
    opened_slow: Sequence[Opened],
    climbed: Sequence[Watched],
) -> list[Figure]:
    """Put the figures together; those of which nothing was measured are left out."""
    both = [*approved, *streamed]
    found: list[Figure] = []
    if both:
        found += [
            Figure("own message on screen, p50", _median(both, lambda row: row.bubble), "ms", len(both)),
            Figure(
                "acknowledged bubble, p50", _median(both, lambda row: row.acknowledged), "ms", len(both), 100
            ),
        ]
    if approved:
        done = [row.done for row in approved]
        found += [
            Figure("approved answer on screen, p50", statistics.median(done), "ms", len(done)),
            Figure("approved answer on screen, p95", p95(done), "ms", len(done), 300),
        ]
    if streamed:
        first = _median(streamed, lambda row: row.text)
        found += [
            Figure("first text of a model, p50 (the sandbox takes 20 ms)", first, "ms", len(streamed)),
            Figure(
                "layout shift while streaming, worst",
                max(row.shift for row in streamed),
                "",
                len(streamed),
                0,
            ),
        ]
    if opened:
        whole = statistics.median(row.whole for row in opened)
        found.append(Figure("long conversation opened, p50", whole, "ms", len(opened)))
    if opened_slow:
        whole = statistics.median(row.whole for row in opened_slow)
        where = f"long conversation opened, {THROTTLE}x slower, p50"
        found.append(Figure(where, whole, "ms", len(opened_slow)))
    watched: dict[str, Sequence[Watched]] = {
        "short conversation": slow,
        "long conversation": long,
        "long conversation opened": opened_slow,
        "up through the long conversation": climbed,
    }
    for name, rows in watched.items():
        if rows:
            found += _smoothness(name, rows)
    return found


def _smoothness(name: str, rows: Sequence[Watched]) -> list[Figure]:
    tasks = [sum(task > LONG_TASK_MS for task in row.tasks) for row in rows]
    frames = [frame for row in rows for frame in row.frames]
    late = 100 * sum(frame > 2.5 * FRAME_MS for frame in frames) / max(1, len(frames))
    longest = max([0.0, *(task for row in rows for task in row.tasks)])
    where = f"{name}, {THROTTLE}x slower"
    many = statistics.median(tasks)
    return [
        Figure(f"{where}: tasks over {LONG_TASK_MS} ms, p50", many, "", len(rows), 0),
        Figure(f"{where}: longest task", longest, "ms", len(rows)),
        Figure(f"{where}: frame, p50", statistics.median(frames), "ms", len(frames)),
        Figure(f"{where}: frame, p95", p95(frames), "ms", len(frames)),
        Figure(f"{where}: frames that came two late", late, "%", len(frames)),
    ]

"""Do several things that may hang at the same time, each under its own deadline.

Threads cannot be ended from outside, so what is late is left behind in a daemon thread: it neither holds
the answer back nor the end of the process, as a thread of an executor would.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Late:
    """What stands in place of a result that had not come after `after_s` seconds."""

    after_s: float


@dataclass
class _Work(Generic[T]):
    done: threading.Event = field(default_factory=threading.Event)
    found: list[T] = field(default_factory=list)


def together(works: Mapping[str, tuple[Callable[[], T], float]]) -> dict[str, T | Late]:
    """Return the result of each work by its name, or Late after the seconds it was given.

    A work handles its own errors; one that raises all the same is a defect: its trace is printed by the
    thread, and RuntimeError is raised here.
    """
    begun = time.monotonic()
    running: dict[str, _Work[T]] = {}
    for name, (work, _) in works.items():
        running[name] = _Work()
        threading.Thread(target=_run, args=(work, running[name]), name=name, daemon=True).start()
    results: dict[str, T | Late] = {}
    for name, (_, seconds) in works.items():
        state = running[name]
        in_time = state.done.wait(max(0.0, begun + seconds - time.monotonic()))
        if in_time and not state.found:
            raise RuntimeError(f"{name} failed inside; its trace stands above")
        results[name] = state.found[0] if in_time else Late(seconds)
    return results


def _run(work: Callable[[], T], state: _Work[T]) -> None:
    try:
        state.found.append(work())
    finally:
        state.done.set()

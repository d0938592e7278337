"""One measurement of `benchmarks/faq_sizes.py` in a fresh process: a job as JSON in, its figures out."""

import asyncio
import ctypes
import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks import faq_peers
from benchmarks.faq_quality import LEXICAL, SEMANTIC
from benchmarks.faq_sizes import Job
from benchmarks.faq_vectors import Remembered

WARM = 50  # questions before the clock runs
LEAST, LONGEST = 200, 20.0  # questions are timed until all are asked, or this many s after this many of them
LOOP_SECONDS = 2.0  # that a thread asks while the event loop's beats are timed
BEAT = 0.001  # seconds between two beats of the event loop's heart


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def give_back() -> None:
    """Collect garbage and, with glibc, give freed memory back, so that `held` counts what is in use."""
    gc.collect()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def held() -> float:
    """Return the memory of this process in MB, without files that are only mapped (Linux), else the most."""
    for line in _status():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return most_held()


def most_held() -> float:
    """Return the most memory that this process has had since `forget_most`, in MB, mapped files included."""
    for line in _status():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


def forget_most() -> None:
    """Have Linux measure the most memory anew (proc(5), clear_refs); elsewhere it is that of the process."""
    path = Path("/proc/self/clear_refs")
    if path.exists():
        path.write_text("5")


def _status() -> list[str]:
    path = Path("/proc/self/status")
    return path.read_text().splitlines() if path.is_file() else []


def timed(ask: Callable[[str], object], questions: Sequence[str]) -> dict[str, float]:
    """Return median and p99 in ms of asking one question after the other, warm, on one thread."""
    for text in questions[:WARM]:
        ask(text)
    took: list[float] = []
    began = time.perf_counter()
    for text in questions[WARM:] or questions:  # a made-up set may have fewer
        start = time.perf_counter()
        ask(text)
        took.append((time.perf_counter() - start) * 1000)
        if len(took) >= LEAST and time.perf_counter() - began > LONGEST:
            break
    return {"p50_ms": percentile(took, 0.5), "p99_ms": percentile(took, 0.99), "timed": len(took)}


def blocked(ask: Callable[[str], object], questions: Sequence[str]) -> dict[str, float]:
    """Return in ms how late the heart of an event loop beats while a thread asks all the time.

    `loop_idle_ms` is the same with a thread that only sleeps: what this machine does by itself.
    """

    def asking() -> None:
        until = time.perf_counter() + LOOP_SECONDS
        for text in cycle(questions):
            if time.perf_counter() > until:
                return
            ask(text)

    idle = asyncio.run(_beats(lambda: time.sleep(LOOP_SECONDS)))
    busy = asyncio.run(_beats(asking))
    return {
        "loop_worst_ms": max(busy),
        "loop_p99_ms": percentile(busy, 0.99),
        "loop_idle_ms": max(idle),
    }


async def _beats(work: Callable[[], object]) -> list[float]:
    """Return the lateness of each beat in ms while `work` runs in a thread."""
    late: list[float] = []
    task = asyncio.create_task(asyncio.to_thread(work))
    await asyncio.sleep(0.05)  # the thread has started
    while not task.done():
        start = time.perf_counter()
        await asyncio.sleep(BEAT)
        late.append((time.perf_counter() - start - BEAT) * 1000)
    await task
    return late or [0.0]


def run(job: Job) -> dict[str, Any]:
    """Build, ask and weigh one method."""
    made = json.loads(Path(job.file).read_text(encoding="utf-8"))
    entries, questions = made["entries"], made["questions"]
    found: dict[str, Any] = {"entries": len(entries)}
    embedder = _embedder(job, questions, found)
    build, ask_of = _method(job.method, embedder)
    give_back()
    forget_most()
    before, most = held(), most_held()
    start = time.perf_counter()
    index = build(entries)
    found["build_s"] = time.perf_counter() - start
    give_back()
    found["memory_mb"], found["peak_mb"] = held() - before, most_held() - most
    ask = ask_of(index)
    found |= timed(ask, questions)
    give_back()
    found["memory_asked_mb"] = held() - before
    if job.method in (LEXICAL, SEMANTIC):
        found |= blocked(ask, questions)
    return found


def _embedder(job: Job, questions: Sequence[str], found: dict[str, Any]) -> Remembered | None:
    """Return the embedder over the vectors that are there, but those of `questions`: they are timed."""
    if not job.vectors:
        return None
    from faq.embedder import load_embedder

    before = held()
    embedder = load_embedder()
    embedder.embed(["How do I get a new card?"])
    found["embedder_mb"] = held() - before
    remembered = Remembered(embedder, Path(job.vectors), keep_new=False)
    remembered.forget(questions)
    return remembered


def _method(
    name: str, embedder: Remembered | None
) -> tuple[Callable[[faq_peers.Entries], Any], Callable[[Any], faq_peers.Rank]]:
    """Return how a method is built of entries, and how what was built is asked."""
    if name in (LEXICAL, SEMANTIC):
        from faq.matcher import Matcher

        half = embedder if name == SEMANTIC else None
        return (lambda entries: Matcher.build(entries, half)), lambda matcher: matcher.rank
    peer = next(each for each in faq_peers.peers(embedder) if each.name == name)
    peer.build([("warm", ["up"])])  # imports what it needs, so that building is all that is timed
    return peer.build, lambda rank: rank


if __name__ == "__main__":
    json.dump(run(Job(**json.load(sys.stdin))), sys.stdout)

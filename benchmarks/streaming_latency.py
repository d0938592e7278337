"""First text, capacity, and coming back: what a visitor waits for."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.streaming_contenders import Target
from benchmarks.streaming_measures import (
    ENDLESS,
    FIRST_MS,
    OPENED_A_SECOND,
    PACE,
    PATIENCE_S,
    Bench,
    checked,
    column,
)
from benchmarks.streaming_rig import Load, run_load

ASKED_A_SECOND = 5  # 50 streams of answers of 10 s: so many new ones begin
PROBE_TOKENS = 20
DELAY_GOAL_MS = 100.0
DIRECT = "direct"


@dataclass(frozen=True)
class FirstText:
    """How long new questions waited for their first text while other streams ran."""

    contender: str = column("contender", "{}")
    streams: int = column("streams", "{}")
    asked: int = column("questions", "{}")
    p50_ms: float = column("first text p50 ms")
    p95_ms: float = column("p95")
    ack_p50_ms: float = column("ack p50 ms")
    added_p50_ms: float = column("added p50 ms")
    added_p95_ms: float = column("added p95 ms")


def first_text(bench: Bench, name: str, streams: int, asked: int, direct: FirstText | None) -> FirstText:
    """Ask `asked` questions, ASKED_A_SECOND, while `streams` run; DIRECT is the upstream itself."""
    if name == DIRECT:
        ports: dict[str, object] = {"port": bench.upstream.port, "mode": "direct"}
        with background(bench, ports, streams):
            return _asked(bench, name, ports, streams, asked, None)
    with bench.warm(name) as target, background(bench, target.options(), streams):
        return _asked(bench, name, target.options(), streams, asked, direct)


def _asked(
    bench: Bench, name: str, options: dict[str, object], streams: int, asked: int, direct: FirstText | None
) -> FirstText:
    bench.upstream.order(tokens=PROBE_TOKENS)
    options = {**options, "n": asked, "rate": ASKED_A_SECOND, "seconds": 0, "warm": 0, "finish": 1}
    found = checked(name, run_load(bench.rig, bench.rig_cores, **options))
    text, ack = found["first_text_ms"], found["ack_ms"]
    base = direct or FirstText(name, 0, 0, text["p50"], text["p95"], 0.0, 0.0, 0.0)
    return FirstText(
        name, streams, asked, text["p50"], text["p95"], ack["p50"], text["p50"] - base.p50_ms,
        text["p95"] - base.p95_ms,
    )  # fmt: skip


@contextlib.contextmanager
def background(bench: Bench, options: dict[str, object], streams: int) -> Iterator[None]:
    """Keep so many streams running meanwhile."""
    bench.upstream.order(pace=PACE, first_ms=FIRST_MS, tokens=ENDLESS, pad=0)
    with Load(bench.rig, bench.rig_cores, **{**options, "n": streams, "rate": OPENED_A_SECOND}) as load:
        load.phase()  # opened
        load.go_on()
        until = time.monotonic() + PATIENCE_S
        while bench.upstream.stats()["active"] < streams:
            if time.monotonic() > until:
                raise RuntimeError(f"{streams} streams did not begin")
            time.sleep(0.1)
        time.sleep(1)
        yield


@dataclass(frozen=True)
class Capacity:
    """How many tokens a second a contender delivered before their p99 delay passed the goal."""

    contender: str = column("contender", "{}")
    streams: int = column("streams", "{}")
    tokens_a_second: float = column("tokens/s", "{:,.0f}")
    delay_p99_ms: float = column("delay p99 ms")
    next_p99_ms: float = column("one step further")


def capacity(bench: Bench, name: str, step: int, seconds: float, most: int) -> Capacity:
    """Add `step` streams at a time until the p99 delay passes DELAY_GOAL_MS, or `most` are there."""
    with bench.warm(name) as target, contextlib.ExitStack() as stack:
        bench.upstream.order(first_ms=FIRST_MS, tokens=ENDLESS)
        held, p99_ms, beyond_ms = 0, 0.0, 0.0
        while held < most:
            p99 = _one_more(bench, target, stack, step, seconds)
            if p99 > DELAY_GOAL_MS:
                beyond_ms = p99
                break
            held, p99_ms = held + step, p99
        return Capacity(name, held, float(held * PACE), p99_ms, beyond_ms)


def _one_more(bench: Bench, target: Target, stack: contextlib.ExitStack, step: int, seconds: float) -> float:
    """Add a step of streams; return the p99 delay of theirs, infinite when some were not served."""
    options = {**target.options(), "n": step, "rate": OPENED_A_SECOND, "seconds": seconds}
    load = stack.enter_context(Load(bench.rig, bench.rig_cores, **options))
    load.phase()
    load.go_on()
    found = load.phase()  # measured; its streams go on
    if found["failed"] or found["with_text"] < step:
        return float("inf")
    return float(found["delay_ms"]["p99"])


@dataclass(frozen=True)
class Resume:
    """Sockets that were cut while they read, and came back."""

    contender: str = column("contender", "{}")
    streams: int = column("streams", "{}")
    resumed: int = column("came back", "{}")
    p50_ms: float = column("first frame p50 ms")
    p95_ms: float = column("p95")
    most_ms: float = column("max")
    sent: int = column("tokens sent", "{:,}")
    read: int = column("read", "{:,}")
    repeated: int = column("twice", "{}")


def resume(bench: Bench, name: str, streams: int, resumes: int) -> Resume:
    """Cut `resumes` of the sockets one after another; then end all replies and count their tokens.

    The time runs from sending `resume` to the first frame of the reply.
    """
    with bench.warm(name) as target:
        bench.upstream.order(first_ms=FIRST_MS, tokens=ENDLESS)
        options = {
            **target.options(), "n": streams, "rate": OPENED_A_SECOND, "seconds": resumes * 0.4 + 1,
            "resumes": resumes, "finish": 1, "patience": PATIENCE_S,
        }  # fmt: skip
        with Load(bench.rig, bench.rig_cores, **options) as load:
            load.phase()  # opened
            load.go_on()
            load.phase()  # measured
            bench.upstream.end_all()
            load.go_on()
            found = checked(name, load.phase())
        sent = bench.upstream.stats()["tokens"]
    if found["completed"] < streams:  # such as by the deadline of a reply: then its tokens say nothing
        raise RuntimeError(f"{name}: {found['completed']} of {streams} replies were completed in time")
    times = found["resume_ms"]
    return Resume(
        name, streams, found["resumed"], times["p50"], times["p95"], times["max"], sent, found["read"],
        found["repeated"],
    )  # fmt: skip

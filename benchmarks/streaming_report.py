"""Tables and verdicts of the streaming benchmark, from its rows alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from benchmarks.faq_report import table
from benchmarks.streaming_contenders import DAPHNE, RAW, UVICORN
from benchmarks.streaming_latency import FirstText, Resume
from benchmarks.streaming_measures import Streaming
from benchmarks.streaming_memory import Idle, Stuck

TICK_MS = 30.0  # assistant.turn_log.TICK_S
RATIO = {UVICORN: (2.0, 1.6), DAPHNE: (2.8, 2.4)}  # at most, and wanted
ADDED_MS = {"added_p50_ms": (10.0, 5.0), "added_p95_ms": (30.0, 20.0)}
# By contender, streams and processes: one process on one core, two on two.
P99_MS = {(UVICORN, 200, 1): TICK_MS + 10.0, (UVICORN, 400, 2): 60.0}
IDLE_KIB, STUCK_KIB, RESUME_MS = 25.0, 1024.0, 50.0
FIRST_TEXT_STREAMS, IDLE_SOCKETS = 50, 5000
# Beyond these the rig itself would be part of what is measured.
RIG_SHARE, RIG_LATE_P99_MS, RIG_DELAY_P99_MS = 0.7, 10.0, 10.0

Rows = Mapping[str, Sequence[Any]]  # by measure

TITLES = {
    "rig": "The rig alone: the load reads from the upstream itself",
    "cpu": "CPU a token and frame delay",
    "two-cores": "Two processes",
    "first-text": "First text of new questions, while others stream",
    "capacity": "Tokens a second before the p99 delay passes 100 ms",
    "idle": "Idle sockets",
    "stuck": "Readers that never read, under 60,000 characters each",
    "resume": "Coming back",
}


def show(rows: Sequence[Any]) -> str:
    """Return the table of rows of one kind."""
    columns = [field for field in fields(rows[0]) if "head" in field.metadata]
    cells = [[c.metadata["form"].format(getattr(row, c.name)) for c in columns] for row in rows]
    return table([column.metadata["head"] for column in columns], cells)


def sections(found: Rows) -> list[str]:
    """Return a title and a table for each measure that has rows."""
    return [f"## {TITLES[name]}\n\n{show(found[name])}" for name in TITLES if found.get(name)]


def verdicts(found: Rows) -> list[str]:
    """Return what must be shown, each with what was measured, at the sizes that the goals name."""
    said: list[str] = []
    for row in (*found.get("rig", ()), *found.get("cpu", ()), *found.get("two-cores", ())):
        said += _of_streaming(row)
    for kind, judge in (
        ("first-text", _of_first_text), ("idle", _of_idle), ("stuck", _of_stuck), ("resume", _of_resume),
    ):  # fmt: skip
        for row in found.get(kind, ()):
            said += judge(row)
    return said


def _of_streaming(row: Streaming) -> Iterable[str]:
    many = f"{row.streams} streams"
    if row.processes == 0:
        yield _verdict(f"delay p99 of the rig alone, {many}, ms", row.delay_p99_ms, RIG_DELAY_P99_MS)
    yield _of_rig(row)
    if row.contender in RATIO and row.processes == 1 and row.ratio:
        most, wanted = RATIO[row.contender]
        what = f"CPU a token of {row.contender} to {RAW}, {many}"
        yield f"{_verdict(what, row.ratio, most)}{_wanted(row.ratio, wanted)}"
    goal_ms = P99_MS.get((row.contender, row.streams, row.processes))
    if goal_ms:
        what = f"frame p99 of {row.contender}, {many}, {row.processes} process(es), ms"
        yield _verdict(what, row.delay_p99_ms, goal_ms)


def _of_rig(row: Streaming) -> str:
    """Return whether the rig had time enough: else the row measures it, or a busy machine, as well."""
    busiest = max(row.load_share, row.upstream_share)
    idle = busiest <= RIG_SHARE and row.upstream_late_p99_ms <= RIG_LATE_P99_MS
    share = f"at most {busiest:.0%} of a core (<= {RIG_SHARE:.0%})"
    late = f"p99 {row.upstream_late_p99_ms:.1f} ms late (<= {RIG_LATE_P99_MS:g})"
    said = "met" if idle else "NOT MET"
    return f"rig under {row.contender}, {row.streams} streams: {share}, {late}: {said}"


def _of_first_text(row: FirstText) -> Iterable[str]:
    if row.contender != UVICORN or row.streams != FIRST_TEXT_STREAMS:
        return
    for name, (most, wanted) in ADDED_MS.items():
        value = getattr(row, name)
        what = f"first text {name[:9].replace('_', ' ')} of {row.contender} at {row.streams} streams, ms"
        yield f"{_verdict(what, value, most)}{_wanted(value, wanted)}"


def _of_idle(row: Idle) -> Iterable[str]:
    if row.contender == UVICORN and row.sockets == IDLE_SOCKETS:
        yield _verdict(
            f"KiB an idle socket of {row.contender} at {row.sockets:,}", row.kib_a_socket, IDLE_KIB
        )


def _of_stuck(row: Stuck) -> Iterable[str]:
    if row.contender in RATIO:
        what = f"KiB a stuck reader of {row.contender} that {row.asks}"
        yield _verdict(what, row.peak_kib_a_reader, STUCK_KIB)


def _of_resume(row: Resume) -> Iterable[str]:
    if row.resumed:
        yield _verdict(f"first frame of a resume on {row.contender}, p95 ms", row.p95_ms, RESUME_MS)
    whole = row.resumed and row.sent == row.read and not row.repeated
    counted = f"{row.resumed} came back, {row.read:,} of {row.sent:,} tokens read, {row.repeated} twice"
    yield f"nothing lost or doubled by resumes on {row.contender}: {counted}: {'met' if whole else 'NOT MET'}"


def _verdict(what: str, measured: float, most: float) -> str:
    return f"{what}: {measured:.4g} <= {most:g}: {'met' if measured <= most else 'NOT MET'}"


def _wanted(measured: float, wanted: float) -> str:
    return f" ({wanted:g} wanted: {'met' if measured <= wanted else 'not met'})"

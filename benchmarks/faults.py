"""Measures what reaches the caller when a provider fails: this product's, and that of other clients.

    python -m benchmarks.faults [--peers DIR | --no-peers] [--quick] [--json FILE]

The shipped sandbox fails on demand, over a real socket on loopback. docs/benchmarks.md says how to read it.
"""

import argparse
import asyncio
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import faq_machine, faults_sandbox, faults_venv
from benchmarks.faq_report import table
from benchmarks.faults_outcome import CUT, Outcome, in_words
from benchmarks.faults_sandbox import ROOT, Control

if TYPE_CHECKING:
    from benchmarks.faults_latency import Added, Storm

BOUND_S = 3.0  # after which an answer that is not over counts as a hang
NO_FAILURES = {"obey"}  # the model's answer is whole, and wrong
TIMES = 20  # calls of the first model that fail, so that it does so whatever is tried again
OVERDUE_S = 10.0  # beyond the bound; a peer that blocks its own loop is ended then
DEADLINES = {"connect_s": 1.0, "first_text_s": 1.0, "stall_s": 1.0, "total_s": 2.5}
PEERS = ("openai", "anthropic", "litellm")
ALONE, BOTH = "desk, {} wire", "desk, second model"
WIRES = ("openai", "anthropic")
Rows = dict[str, list[Outcome]]  # by client: without a fault first, then one outcome a fault


@dataclass(frozen=True)
class Measured:
    """All that one run found."""

    faults: list[str]
    outcomes: Rows
    added: list["Added"]
    storms: list["Storm"]


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    machine, began = faq_machine.describe(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="desk-faults-") as scratch:
        folder = options.peers or Path(scratch) / "peers"
        absent = "--no-peers" if options.no_peers else faults_venv.prepare(folder)
        versions = {} if absent else faults_venv.versions(folder, PEERS)
        with faults_sandbox.running(Path(scratch)) as control:
            set_up(Path(scratch), control.port)
            found = measure(control, options, None if absent else folder)
    report(found, machine, versions, absent)
    if options.json:
        about = {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "took_s": round(time.monotonic() - began),
            "machine": machine,
            "load_average_after": faq_machine.describe()["load_average"],
            "peers": versions,
            "not_measured": absent,
        }
        write(options.json, about, found)


def set_up(folder: Path, sandbox_port: int) -> None:
    """Make this process a desk without a database whose models are the sandbox's."""
    for name in [name for name in os.environ if name.endswith("_API_KEY") or name.startswith("PROVIDER_")]:
        del os.environ[name]
    os.environ.update(
        DJANGO_SETTINGS_MODULE="assistant.settings", DEBUG="1", SANDBOX="1", SANDBOX_PORT=str(sandbox_port),
        DATA_DIR=str(folder), DATABASE_URL="", REDIS_URL="",
    )  # fmt: skip
    import logging

    import django

    django.setup()
    logging.disable(logging.CRITICAL)  # some hundred failures that are ordered here


def measure(control: Control, options: argparse.Namespace, peers: Path | None) -> Measured:
    """Run all parts against one sandbox."""
    from benchmarks import faults_latency

    faults = [name for name in control.faults() if name in (options.faults or {name} - NO_FAILURES)]
    control.pace(first_text_ms=0, gap_ms=5)
    outcomes = asyncio.run(of_the_desk(control, faults))
    if peers is not None:
        python = faults_venv.python_of(peers)
        for peer, tuned in product(PEERS, (False, True)):
            name = f"{peer}, {'tuned' if tuned else 'as it comes'}"
            outcomes[name] = of_peer(peer, tuned, control, faults, python)
    added = asyncio.run(faults_latency.added(control, options.rounds))
    control.pace(first_text_ms=0, gap_ms=0)
    storms = [
        asyncio.run(faults_latency.storm(control, options.messages, after)) for after in ("", "1", "3600")
    ]
    return Measured(faults, outcomes, added, storms)


async def of_the_desk(control: Control, faults: Sequence[str]) -> Rows:
    """Ask `routing.dispatch` with each fault: one model on either wire, then with a second one behind it."""
    from benchmarks.faults_desk import model, seen
    from routing.config import Deadlines
    from routing.providers.transport import Transport

    deadlines, http = Deadlines(**DEADLINES), Transport()
    ladders: dict[str, tuple[str, ...]] = {ALONE.format(wire): (wire,) for wire in WIRES}
    ladders[BOTH] = ("openai", "gemini")
    rows: Rows = {name: [] for name in ladders}
    try:
        for name, wires in ladders.items():
            for fault in ("", *faults):
                steps = [model(wire) for wire in wires]
                control.clear()
                if fault:
                    control.order(fault, steps[0].id, times=TIMES)
                rows[name].append(await seen(fault, BOUND_S, steps, deadlines, http))
    finally:
        await http.aclose()
        control.clear()
    return rows


def of_peer(peer: str, tuned: bool, control: Control, faults: Sequence[str], python: Path) -> list[Outcome]:
    """Ask a peer with each fault; it is begun anew behind a fault that made it block."""
    left = ["", *faults]
    found: list[Outcome] = []
    while left:
        job = {
            "peer": peer, "tuned": tuned, "port": control.port, "model": f"{peer}-lite",
            "faults": left, "bound_s": BOUND_S, "times": TIMES,
        }  # fmt: skip
        told = [_outcome(row) for row in _lines(python, job)]
        if len(told) < len(left):
            told.append(Outcome(left[len(told)], "hang", "", "blocked its own loop, or ended"))
        found += told
        left = left[len(told) :]
    control.clear()
    return found


def _outcome(row: Mapping[str, Any]) -> Outcome:
    return Outcome(row["fault"], row["told"], row["text"], row["error"], row["seconds"])


def _lines(python: Path, job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give what a peer's program prints, until it ends or is overdue."""
    process = subprocess.Popen(
        [str(python), "-m", "benchmarks.faults_peer"], cwd=ROOT, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(job))
    process.stdin.close()
    try:
        first_s = 120.0  # importing a peer takes seconds
        for _ in job["faults"]:
            line = _within(process.stdout.readline, process, BOUND_S + OVERDUE_S + first_s)
            first_s = 0.0
            if not line:
                return
            yield json.loads(line)
    finally:
        faults_sandbox.end(process)


def _within(read: Callable[[], str], process: "subprocess.Popen[str]", seconds: float) -> str:
    """Return a line, or "" after the program was killed because none came in time."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        return read()
    finally:
        timer.cancel()


def grid(found: Measured) -> str:
    """Return the table of what each client's caller sees."""
    rows = []
    for at, fault in enumerate(found.faults, start=1):
        rows.append(
            [fault, *(in_words(each[at], each[0].text).replace("|", "/") for each in found.outcomes.values())]
        )
    return table(["fault", *found.outcomes], rows)


def sums(found: Measured) -> str:
    """Return how often each client let a cut answer pass as a whole one, and how often it hung."""
    rows = []
    for name, outcomes in found.outcomes.items():
        words = [in_words(each, outcomes[0].text) for each in outcomes[1:]]
        hung = sum(word in {"hang", "still writing"} for word in words)
        rows.append([name, str(len(words)), str(words.count("completed")), str(words.count(CUT)), str(hung)])
    return table(["client", "faults", "completed", CUT, f"not over after {BOUND_S:g} s"], rows)


def report(found: Measured, machine: Mapping[str, Any], versions: Mapping[str, str], absent: str) -> None:
    """Print everything."""
    loads = "/".join(str(load) for load in machine["load_average"])
    with_peers = ", ".join(f"{name} {version}" for name, version in versions.items())
    print(
        f"{machine['processor']}, {machine['cores']} cores, load {loads}, commit {machine['commit']}",
        f"Peers: {with_peers}." if with_peers else f"The peers were not measured: {absent}.",
        grid(found),
        sums(found),
        f"## First text of a failover, ms, {len(found.added) and found.added[0].replies} replies each",
        table(
            ["what befalls the first model", "p50", "p99", "added p50", "added p99", "at most", ""],
            [
                [
                    row.scene,
                    *(f"{ms:.0f}" for ms in (row.p50_ms, row.p99_ms, row.added_p50_ms, row.added_p99_ms)),
                    *((f"{row.most_ms:.0f}", "met" if row.met else "NOT MET") if row.most_ms else ("", "")),
                ]
                for row in found.added
            ],
        ),
        "## A storm of 429",
        table(
            ["Retry-After", "messages", "requests", "requests a message", ""],
            [
                [row.retry_after, str(row.messages), str(row.requests), f"{row.each:.3f}", _storm(row)]
                for row in found.storms
            ],
        ),
        sep="\n\n",
    )  # fmt: skip


def _storm(row: "Storm") -> str:
    from benchmarks.faults_latency import ASKED

    return "met" if row.each <= ASKED else f"NOT MET ({ASKED:g})"


def write(path: Path, about: Mapping[str, Any], found: Measured) -> None:
    """Write all outcomes and figures, and what they were measured with."""
    record = {
        **about,
        "bound_s": BOUND_S,
        "deadlines": DEADLINES,
        "outcomes": {
            name: [each.as_row() | {"in_words": in_words(each, rows[0].text)} for each in rows]
            for name, rows in found.outcomes.items()
        },
        "first_text": [asdict(row) for row in found.added],
        "storms": [asdict(row) for row in found.storms],
    }
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, those of --quick filled in where none are given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description="Measure faults.")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="keep the peers' environment there")
    parser.add_argument("--no-peers", action="store_true", help="this product alone")
    parser.add_argument("--faults", nargs="+", metavar="NAME", help="only these; default: all of the sandbox")
    parser.add_argument("--rounds", type=int, help="rounds of 50 replies; default: 8")
    parser.add_argument("--messages", type=int, help="of a storm; default: 1000")
    parser.add_argument("--quick", action="store_true", help="2 rounds, 200 messages")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all outcomes and figures")
    options = parser.parse_args(arguments)
    rounds, messages = (2, 200) if options.quick else (8, 1000)
    options.rounds = options.rounds or rounds
    options.messages = options.messages or messages
    return options


if __name__ == "__main__":
    main()

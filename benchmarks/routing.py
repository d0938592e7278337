"""Measures what comes before a model: reading the signals of a message, and deciding by many rules.

    python -m benchmarks.routing [--data DIR] [--rules 200] [--json FILE]

docs/benchmarks.md says what is measured and what it must show. Needs no database and no network.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import code_requests, faq_machine, faq_sets, routing_cases
from benchmarks.faq_job import percentile
from benchmarks.faq_report import table
from routing.config import RuleSpec
from routing.policy import decide
from routing.signals import read_signals

TOKENS = 300
RULES = 200
MESSAGES = 200  # different ones, so that no cache of the processor is warmed by the same text
GOALS = {"p50_ms": 0.3, "p99_ms": 1.0}  # of signals and decision together, 300 tokens, 200 rules
RECALL, FALSE_ALARMS = 0.9, 0.004


@dataclass(frozen=True)
class Timing:
    """What signals and decision took on one kind of message, in ms of wall clock and of this thread."""

    what: str
    rules: int
    timed: int
    p50_ms: float
    p99_ms: float
    cpu_p50_ms: float
    cpu_p99_ms: float
    decide_p50_ms: float


def timed(what: str, texts: Sequence[str], rules: tuple[RuleSpec, ...], rounds: int) -> Timing:
    """Time each text `rounds` times, after one round that is not counted."""
    both: list[float] = []
    cpu: list[float] = []
    deciding: list[float] = []
    for each_round in range(rounds + 1):
        for text in texts:
            began, began_cpu = time.perf_counter(), time.thread_time()
            signals = read_signals(text)
            read = time.perf_counter()
            decide(signals, rules)
            ended, ended_cpu = time.perf_counter(), time.thread_time()
            if each_round:
                both.append((ended - began) * 1000)
                deciding.append((ended - read) * 1000)
                cpu.append((ended_cpu - began_cpu) * 1000)
    return Timing(
        what, len(rules), len(both), percentile(both, 0.5), percentile(both, 0.99), percentile(cpu, 0.5),
        percentile(cpu, 0.99), percentile(deciding, 0.5),
    )  # fmt: skip


def times(rules: int, rounds: int) -> list[Timing]:
    """Time ordinary messages with one rule and with many, and every nasty one."""
    ordinary = routing_cases.messages(TOKENS, MESSAGES)
    many = routing_cases.many_rules(rules)
    return [
        timed(f"{TOKENS} tokens of prose", ordinary, routing_cases.many_rules(1), rounds),
        timed(f"{TOKENS} tokens of prose", ordinary, many, rounds),
        *(timed(name, [text], many, 10 * rounds) for name, text in routing_cases.nasty().items()),
    ]


def show_times(rows: Sequence[Timing]) -> str:
    """Return the table of times."""
    head = ["message", "rules", "p50 ms", "p99 ms", "processor p50 ms", "processor p99 ms", "deciding p50 ms"]
    return table(
        head,
        [
            [row.what, str(row.rules)]
            + [
                f"{value:.3f}"
                for value in (row.p50_ms, row.p99_ms, row.cpu_p50_ms, row.cpu_p99_ms, row.decide_p50_ms)
            ]
            for row in rows
        ],
    )


def show_counts(rows: Sequence[code_requests.Count]) -> str:
    """Return the table of messages taken for requests for code."""
    return table(
        ["messages", "of", "taken for code", "%"],
        [[row.what, f"{row.of:,}", f"{row.seen:,}", f"{row.share:.2%}"[:-1]] for row in rows],
    )


def verdicts(
    rows: Sequence[Timing], found: Sequence[code_requests.Count], alarms: Sequence[code_requests.Count]
) -> list[str]:
    """Return what must be shown, each with what was measured."""
    ordinary = next(row for row in rows if row.what.startswith(str(TOKENS)) and row.rules > 1)
    final = next(each for each in found if each.what == "half: final")
    said = [
        _verdict(
            f"{name[:3]} of {ordinary.what} with {ordinary.rules} rules, ms", getattr(ordinary, name), goal
        )
        for name, goal in GOALS.items()
    ]
    met = "met" if final.share >= RECALL else "NOT MET"
    said.append(
        f"recall of explicit requests for code, the half not looked at: {final.share:.3f} >= {RECALL}: {met}"
    )
    public = [each for each in alarms if each.what in faq_sets.FILES]
    said += [_verdict(f"false alarms on {each.what}", each.share, FALSE_ALARMS) for each in public]
    return (
        said if public else [*said, "false alarms: not measured, --data names no folder with question sets"]
    )


def _verdict(what: str, measured: float, most: float) -> str:
    return f"{what}: {measured:.4g} <= {most:g}: {'met' if measured <= most else 'NOT MET'}"


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    machine = faq_machine.describe()
    rows = times(options.rules, options.rounds)
    requests = code_requests.read_requests()
    sets = [] if options.data is None else faq_sets.read(options.data, faq_sets.available(options.data))
    found, alarms = code_requests.recall(requests), code_requests.false_alarms(requests, sets)
    loads = "/".join(str(load) for load in machine["load_average"])
    print(
        f"{machine['processor']}, {machine['cores']} cores, load {loads}, commit {machine['commit']}",
        show_times(rows),
        "## Explicit requests for code",
        show_counts(found),
        "## No requests for code",
        show_counts(alarms),
        "## What it must show",
        "\n".join(verdicts(rows, found, alarms)),
        sep="\n\n",
    )
    if options.json:
        write(options.json, machine, {"times": rows, "recall": found, "false_alarms": alarms})


def write(path: Path, machine: Mapping[str, Any], parts: Mapping[str, Sequence[Any]]) -> None:
    """Write all figures with what they were measured on."""
    record = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        **{name: [asdict(row) for row in rows] for name, rows in parts.items()},
    }
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.routing", description="Measure signals and rules."
    )
    parser.add_argument("--rules", type=int, default=RULES, help=f"how many rules; default: {RULES}")
    parser.add_argument("--rounds", type=int, default=5, help="how often each message is timed; default: 5")
    parser.add_argument("--data", type=Path, metavar="DIR", help="where the public question sets lie")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()

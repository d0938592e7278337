"""Measures streaming: this product on both servers, a hand-written relay, and the naive stack, in one run.

    python -m benchmarks.streaming [--quick] [--json FILE]
    python -m benchmarks.streaming --only cpu --streams 50 --seconds 8

The second line takes about a minute: CPU a token of the raw relay and of the desk, for whoever works on it.
docs/benchmarks.md says what is measured, how the rig in benchmarks/rig works and what must be shown.
"""

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks import faq_machine, streaming_rig
from benchmarks import streaming_contenders as contenders
from benchmarks.faq_report import table
from benchmarks.streaming_measures import Bench, Streaming, streaming

MEASURES = ("cpu",)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    machine = faq_machine.describe()
    loads = "/".join(str(load) for load in machine["load_average"])
    print(f"{machine['processor']}, {machine['cores']} cores, load {loads}, commit {machine['commit']}\n")
    with tempfile.TemporaryDirectory(prefix="desk-streaming-") as name:
        folder = Path(name)
        rig = streaming_rig.build(folder)
        server_cores, rig_cores = shared_out(options.no_pin)
        with (
            streaming_rig.running_upstream(rig, rig_cores) as upstream,
            contenders.prepared_desk(folder, upstream, options.database_url) as desk,
        ):
            bench = Bench(rig, upstream, desk, server_cores, rig_cores)
            rows = cpu(bench, options)
            print(show_streaming(rows))


def shared_out(no_pin: bool) -> tuple[list[int], list[int]]:
    """Return the cores of the server and those of the rig: one, and the others; none means wherever."""
    cores = sorted(os.sched_getaffinity(0))
    return ([], []) if no_pin or len(cores) < 2 else (cores[:1], cores[1:])


def cpu(bench: Bench, options: argparse.Namespace) -> list[Streaming]:
    """Measure each contender in turn, round by round; return the medians with the ratio to the raw relay."""
    rounds: list[dict[str, Streaming]] = []
    for _ in range(options.rounds):
        found = {
            name: streaming(bench, name, options.streams, options.seconds) for name in options.contenders
        }
        base = found.get(contenders.RAW)
        rounds.append(
            {
                name: replace(row, ratio=row.us_a_token / base.us_a_token if base else 0)
                for name, row in found.items()
            }
        )
    return [medians([each[name] for each in rounds]) for name in options.contenders]


def medians(rows: Sequence[Streaming]) -> Streaming:
    """Return the row of medians, figure by figure."""
    figures = {
        name: median(getattr(row, name) for row in rows)
        for name, value in vars(rows[0]).items()
        if isinstance(value, float)
    }
    return replace(rows[0], **figures)


def show_streaming(rows: Sequence[Streaming]) -> str:
    """Return the table of CPU and delay."""
    head = [
        "contender", "streams", "CPU a token, µs", "to raw", "tokens/s", "frames a token", "delay p50 ms",
        "p95", "p99", "load's core", "upstream's core", "upstream late p99 ms",
    ]  # fmt: skip
    return table(
        head,
        [
            [
                row.contender, str(row.streams), f"{row.us_a_token:.0f}", f"{row.ratio:.2f}",
                f"{row.tokens_a_second:,.0f}", f"{row.frames_a_token:.2f}", f"{row.delay_p50_ms:.1f}",
                f"{row.delay_p95_ms:.1f}", f"{row.delay_p99_ms:.1f}", f"{row.rig_share:.0%}",
                f"{row.upstream_share:.0%}", f"{row.upstream_late_p99_ms:.1f}",
            ]
            for row in rows
        ],
    )  # fmt: skip


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streaming", description="Measure streaming.")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES), metavar="WHAT")
    parser.add_argument("--contenders", nargs="+", choices=contenders.ALL, default=list(contenders.ALL))
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--no-pin", action="store_true", help="let servers and rig run on all cores")
    parser.add_argument(
        "--database-url", default="", metavar="URL", help="a PostgreSQL database, else SQLite"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()

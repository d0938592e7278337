"""Measures streaming: this product on both servers, a hand-written relay, and the naive stack, in one run.

    python -m benchmarks.streaming [--quick] [--json FILE]
    python -m benchmarks.streaming --only cpu --streams 50 --seconds 8 --contenders raw desk-uvicorn

The second line takes a minute: CPU a token of the raw relay and of the desk, for whoever works on it.
docs/benchmarks.md says what is measured, how the rig in benchmarks/rig works and what must be shown.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import faq_machine, streaming_report, streaming_rig
from benchmarks.streaming_contenders import ALL, DAPHNE, NAIVE, RAW, UVICORN, prepared_desk
from benchmarks.streaming_latency import DIRECT, FirstText, capacity, first_text, resume
from benchmarks.streaming_measures import Bench, medians, rig_alone, streaming, with_ratios
from benchmarks.streaming_memory import idle, stuck

DESKS = (DAPHNE, UVICORN)
MEASURES = tuple(streaming_report.TITLES)


@dataclass(frozen=True)
class Sizes:
    """How much of everything one run takes."""

    streams: int
    seconds: float
    rounds: int
    questions: int
    capacity_most: int
    sockets: int
    stuck_readers: int
    resumes: int
    contenders: tuple[str, ...]
    only: tuple[str, ...]
    capacity_step: int = 50

    @property
    def others(self) -> int:
        """The streams that run while first texts and resumes are measured."""
        return min(self.streams, streaming_report.FIRST_TEXT_STREAMS)


FULL = Sizes(200, 15, 3, 150, 800, 5000, 50, 30, ALL, MEASURES)
# No second process and no capacity: each takes a minute and more on its own.
QUICK = Sizes(
    50, 4, 1, 25, 0, 500, 10, 8, (RAW, NAIVE, *DESKS),
    tuple(name for name in MEASURES if name not in ("two-cores", "capacity")),
)  # fmt: skip
Found = dict[str, list[Any]]


class Run:
    """One run: measures one after another, contenders in turn, and what failed on the way."""

    def __init__(self, bench: Bench, sizes: Sizes) -> None:
        self.bench, self.sizes = bench, sizes
        self.failed: list[str] = []

    def all(self) -> Found:
        """Measure everything that was asked for."""
        measures: Mapping[str, Callable[[], list[Any]]] = {
            "rig": self.rig, "cpu": self.cpu, "two-cores": self.two_cores, "first-text": self.first_text,
            "capacity": self.capacity, "idle": self.idle, "stuck": self.stuck, "resume": self.resume,
        }  # fmt: skip
        found: Found = {}
        for name in self.sizes.only:
            print(f"measuring: {streaming_report.TITLES[name]}", file=sys.stderr, flush=True)
            found[name] = measures[name]()
        return found

    def tried(self, what: str, measure: Callable[[], Any]) -> Iterator[Any]:
        """Give the row of a measure, or nothing, and note why, when the contender did not stand it."""
        try:
            yield measure()
        except RuntimeError as error:
            self.failed.append(f"{what}: {error}")

    def among(self, *names: str) -> list[str]:
        return [name for name in self.sizes.contenders if name in names]

    def rig(self) -> list[Any]:
        sizes = self.sizes
        many = dict.fromkeys((sizes.streams, 2 * sizes.streams))
        return [
            row
            for streams in many
            for row in self.tried("rig", lambda: rig_alone(self.bench, streams, sizes.seconds))  # noqa: B023
        ]

    def cpu(self) -> list[Any]:
        rounds: dict[str, list[Any]] = {name: [] for name in self.sizes.contenders}
        for _ in range(self.sizes.rounds):
            rows = [row for name in rounds for row in self.tried(f"cpu, {name}", self._streaming(name))]
            for row in with_ratios(rows, RAW):
                rounds[row.contender].append(row)
        return [medians(rows) for rows in rounds.values() if rows]

    def _streaming(self, name: str) -> Callable[[], Any]:
        return lambda: streaming(self.bench, name, self.sizes.streams, self.sizes.seconds)

    def two_cores(self) -> list[Any]:
        def measure() -> Any:
            return streaming(self.bench, UVICORN, 2 * self.sizes.streams, self.sizes.seconds, processes=2)

        return [row for _ in self.among(UVICORN) for row in self.tried("two processes", measure)]

    def first_text(self) -> list[Any]:
        rounds: dict[str, list[FirstText]] = {name: [] for name in (DIRECT, *self.sizes.contenders)}
        for _ in range(self.sizes.rounds):
            direct: FirstText | None = None
            for name, rows in rounds.items():
                for row in self.tried(f"first text, {name}", self._first_text(name, direct)):
                    rows.append(row)
                    direct = row if name == DIRECT else direct
        return [medians(rows) for rows in rounds.values() if rows]

    def _first_text(self, name: str, direct: FirstText | None) -> Callable[[], FirstText]:
        sizes = self.sizes
        return lambda: first_text(self.bench, name, sizes.others, sizes.questions, direct)

    def each(self, names: Sequence[str], measure: Callable[[str], Any]) -> list[Any]:
        return [row for name in names for row in self.tried(name, lambda: measure(name))]  # noqa: B023

    def capacity(self) -> list[Any]:
        sizes = self.sizes
        return self.each(
            sizes.contenders,
            lambda name: capacity(self.bench, name, sizes.capacity_step, 4, sizes.capacity_most),
        )

    def idle(self) -> list[Any]:
        return self.each(
            self.among(RAW, NAIVE, *DESKS), lambda name: idle(self.bench, name, self.sizes.sockets)
        )

    def stuck(self) -> list[Any]:
        readers = self.sizes.stuck_readers
        return [
            row
            for nags in (False, True)
            for row in self.each(
                self.among(*DESKS) if nags else self.among(RAW, NAIVE, *DESKS),
                lambda name: stuck(self.bench, name, readers, 10, nags),  # noqa: B023
            )
        ]

    def resume(self) -> list[Any]:
        return self.each(
            self.among(*DESKS),
            lambda name: resume(self.bench, name, self.sizes.others, self.sizes.resumes),
        )


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything started here is ended
    machine, began = faq_machine.describe(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="desk-streaming-") as name:
        folder = Path(name)
        try:
            rig = streaming_rig.build(folder)
        except streaming_rig.NoCompiler as error:
            sys.exit(str(error))
        server_cores, rig_cores = shared_out(options.no_pin)
        with (
            streaming_rig.running_upstream(rig, rig_cores) as upstream,
            prepared_desk(folder, upstream, options.database_url) as desk,
        ):
            run = Run(Bench(rig, upstream, desk, server_cores, rig_cores), options.sizes)
            found = run.all()
    about = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "took_s": round(time.monotonic() - began),
        "machine": machine,
        "load_average_after": faq_machine.describe()["load_average"],
        "database": "postgresql" if options.database_url else "sqlite",
        "server_cores": server_cores,
        "rig_cores": rig_cores,
        "sizes": asdict(options.sizes),
    }
    report(about, found, run.failed)
    if options.json:
        rows = {name: [asdict(row) for row in each] for name, each in found.items()}
        record = {**about, "failed": run.failed, **rows}
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def shared_out(no_pin: bool) -> tuple[list[int], list[int]]:
    """Return the cores of the server and those of the rig: one, and the others; none means wherever."""
    cores = sorted(os.sched_getaffinity(0))
    return ([], []) if no_pin or len(cores) < 2 else (cores[:1], cores[1:])


def report(about: Mapping[str, Any], found: Found, failed: Sequence[str]) -> None:
    """Print everything."""
    machine = about["machine"]
    before, after = machine["load_average"], about["load_average_after"]
    said = streaming_report.verdicts(found)
    print(
        f"{machine['processor']}, {machine['cores']} cores, load average {before} and {after}, "
        f"commit {machine['commit']}, {about['database']}, {about['took_s']} s",
        *streaming_report.sections(found),
        *(["## What did not stand it", "\n".join(failed)] if failed else []),
        *(["## What it must show", "\n".join(said)] if said else []),
        sep="\n\n",
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options; `sizes` are those of a full or quick run with what was given instead."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streaming", description="Measure streaming.")
    parser.add_argument("--quick", action="store_true", help="50 streams, one round; some three minutes")
    parser.add_argument("--only", nargs="+", choices=MEASURES, metavar="WHAT", help=", ".join(MEASURES))
    parser.add_argument("--contenders", nargs="+", choices=ALL, metavar="NAME", help=", ".join(ALL))
    parser.add_argument("--streams", type=int, help="of the windows for CPU and delay; default: 200")
    parser.add_argument("--seconds", type=float, help="of each window; default: 15")
    parser.add_argument("--rounds", type=int, help="of which the median is shown; default: 3")
    parser.add_argument("--no-pin", action="store_true", help="let servers and rig run on all cores")
    parser.add_argument("--database-url", default="", metavar="URL", help="an empty PostgreSQL database")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    options = parser.parse_args(arguments)
    short = options.quick or options.streams is not None or options.seconds is not None
    sizes = asdict(QUICK if options.quick else FULL)
    if short and options.rounds is None:
        sizes["rounds"] = 1
    given = {name: getattr(options, name) for name in sizes if getattr(options, name, None) is not None}
    for name in ("only", "contenders"):
        chosen = given.get(name, sizes[name])
        sizes[name] = tuple(each for each in (MEASURES if name == "only" else ALL) if each in chosen)
        given.pop(name, None)
    options.sizes = Sizes(**{**sizes, **given})
    return options


if __name__ == "__main__":
    main()

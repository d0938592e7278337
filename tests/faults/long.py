"""`make faults`: seeded faults against real processes, for as long as asked, and what they broke.

    python -m tests.faults.long [--runs 20] [--seed 1] [--parts plans,reconnects,rolling,herd]
                                [--soak MINUTES]

Each run is one seed: 25 strikes under visitors who ask all the time, then quiet, then the books. Even
seeds are played on PostgreSQL, odd ones on SQLite. Loopback only; it ends by itself and leaves no process.
"""

from tests import environment

if __name__ == "__main__":
    environment.set_up()
    import django

    django.setup()

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

from tests.environment import ROOT
from tests.faults.batch import Outcome, play
from tests.faults.plan import Backend, plan
from tests.faults.reconnects import reconnect
from tests.faults.report import Report, table, write
from tests.faults.restarts import herd, roll
from tests.faults.rig import Rig, running_rig
from tests.faults.soak import soak

PARTS = ("plans", "reconnects", "rolling", "herd")
RUN_S, PART_S = 300.0, 600.0  # bounds of one run and of one other part: far more than either takes
BACKENDS: tuple[Backend, ...] = ("postgres", "sqlite")


def backend_of(seed: int) -> Backend:
    """Return on which database a seed is played, so that one seed alone is the same run again."""
    return "sqlite" if seed % 2 else "postgres"


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20, help="how many seeds (20)")
    parser.add_argument("--seed", type=int, default=1, help="the first of them (1)")
    parser.add_argument("--strikes", type=int, default=25, help="faults a run (25)")
    parser.add_argument("--visitors", type=int, default=12, help="visitors who are being answered (12)")
    parser.add_argument("--parts", default=",".join(PARTS), help="which parts, by commas")
    parser.add_argument("--schedules", type=int, default=1000, help="reconnect schedules (1000)")
    parser.add_argument("--streams", type=int, default=100, help="streams under a rolling restart (100)")
    parser.add_argument("--clients", type=int, default=1000, help="pages of a herd (1000)")
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES", help="soak, and nothing else")
    parser.add_argument("--soak-streams", type=int, default=200, help="streams of a soak (200)")
    parser.add_argument("--database", choices=BACKENDS, default="", help="only this database")
    parser.add_argument(
        "--json", type=Path, default=ROOT / "var" / "faults.json", help="where the report goes"
    )
    return parser.parse_args(arguments)


async def bounded(report: Report, what: str, seconds: float, work: Awaitable[None]) -> None:
    """Do a part within its time; one that does not get there is a broken promise and not the end."""
    try:
        async with asyncio.timeout(seconds):
            await work
    except (TimeoutError, AssertionError, OSError, ExceptionGroup) as error:
        report.broken.append(what)
        print(f"{what}: {error!r}", file=sys.stderr, flush=True)


async def _run(rig: Rig, report: Report, seed: int, asked: argparse.Namespace) -> None:
    outcome = await play(rig, plan(seed, asked.strikes, rig.backend), asked.visitors, seed)
    report.runs[seed] = (rig.backend, outcome)
    if outcome.breaches:
        _keep(rig.data_dir / f"seed-{seed}.txt", seed, rig.backend, outcome)
    said = f"{len(outcome.breaches)} breaches" if outcome.breaches else "kept"
    print(f"seed {seed} on {rig.backend}: {sum(outcome.struck.values())} faults, {said}", flush=True)
    for breach in outcome.breaches[:5]:
        print(f"    {breach}", flush=True)


def _keep(path: Path, seed: int, backend: Backend, outcome: Outcome) -> None:
    """Write down what every page noted and what was found, for who looks for the reason."""
    with path.open("w") as file:
        for line in (*plan(seed, sum(outcome.struck.values()) + outcome.missed, backend), *outcome.breaches):
            print(line, file=file)
        for log in outcome.logs:
            for entry in log.entries:
                print(log.page, log.conversation, entry, file=file)


async def _part(rig: Rig, report: Report, part: str, asked: argparse.Namespace) -> None:
    if part == "reconnects":
        report.reconnects[rig.backend] = await reconnect(rig, asked.schedules // 2, asked.seed)
    elif part == "rolling":
        report.rolling[rig.backend] = await roll(rig, asked.streams, asked.seed)
    elif part == "herd":
        report.herds[rig.backend] = await herd(rig, asked.clients, asked.seed)


async def on_one_desk(backend: Backend, folder: Path, report: Report, asked: argparse.Namespace) -> None:
    """Play everything that is asked of one database on one desk."""
    async with running_rig(folder, backend) as rig:
        if asked.soak:
            report.soaks[backend] = await soak(rig, asked.soak, asked.soak_streams, asked.seed)
            return
        parts = asked.parts.split(",")
        for part in PARTS[1:]:
            if part in parts:
                print(f"{part} on {backend} ...", flush=True)
                await bounded(report, f"{part}, {backend}", PART_S, _part(rig, report, part, asked))
        for seed in range(asked.seed, asked.seed + asked.runs) if "plans" in parts else ():
            if backend_of(seed) == backend:
                await bounded(report, f"seed {seed}", RUN_S, _run(rig, report, seed, asked))


async def _all(asked: argparse.Namespace, folder: Path) -> Report:
    report, begun = Report(), time.monotonic()
    for backend in BACKENDS:
        if asked.database in ("", backend) and not (
            asked.soak and not asked.database and backend == "sqlite"
        ):
            work = on_one_desk(backend, folder / backend, report, asked)
            await bounded(report, f"the desk on {backend}", 3600.0 + 60 * asked.soak, work)
    report.seconds = time.monotonic() - begun
    return report


def main() -> int:
    """Run what the command line asks for; 1 when a promise was broken."""
    asked = options()
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="desk-faults-"))
    report = asyncio.run(_all(asked, folder))
    print(f"\n{table(report)}\n\nTook {report.seconds / 60:.1f} min; the report is {asked.json}", flush=True)
    write(report, asked.json)
    if report.kept:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"What the processes said is in {folder}", flush=True)
    return 0 if report.kept else 1


if __name__ == "__main__":
    sys.exit(main())

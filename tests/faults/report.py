"""What `make faults` says at its end: a table for people and the same as JSON, with machine and commit."""

import json
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.environment import ROOT
from tests.faults.batch import Outcome
from tests.faults.checker import RULES
from tests.faults.plan import Backend
from tests.faults.reconnects import Reconnects
from tests.faults.restarts import BACK_S, Herd, Rolling
from tests.faults.soak import WANTED_SHARE, WANTED_SLOPE, Soaked, slope


@dataclass
class Report:
    """All that one `make faults` found; `broken` are the parts that could not be played to their end."""

    runs: dict[int, tuple[Backend, Outcome]] = field(default_factory=dict)
    reconnects: dict[Backend, Reconnects] = field(default_factory=dict)
    rolling: dict[Backend, Rolling] = field(default_factory=dict)
    herds: dict[Backend, Herd] = field(default_factory=dict)
    soaks: dict[Backend, Soaked] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def failing(self) -> list[int]:
        """Return the seeds of the runs that broke a promise, smallest first."""
        return sorted(seed for seed, (_, outcome) in self.runs.items() if outcome.breaches)

    def verdicts(self) -> list[tuple[str, str, bool]]:
        """Return each promise with what was found and whether it was kept."""
        found: list[tuple[str, str, bool]] = []
        if self.runs:
            counts = Counter(breach.rule for _, outcome in self.runs.values() for breach in outcome.breaches)
            found += [(rule, str(counts[rule]), not counts[rule]) for rule in RULES]
        for backend, part in self.reconnects.items():
            kept = not part.breaches and part.equal == part.schedules
            words = f"{part.equal} of {part.schedules} equal, {part.cuts} cuts, {len(part.breaches)} breaches"
            found.append((f"reconnect schedules, {backend}", words, kept))
        for backend, roll in self.rolling.items():
            words = f"{roll.failed} failed under {roll.streams} streams, {len(roll.breaches)} breaches"
            found.append((f"rolling restart, {backend}", words, not roll.failed and not roll.breaches))
        for backend, herd in self.herds.items():
            words = f"p95 {herd.p95:.1f} s, {len(herd.back)} of {herd.clients} back"
            found.append((f"herd after a restart, {backend}", words, herd.p95 <= BACK_S))
        for backend, soaked in self.soaks.items():
            found += _soaked(backend, soaked)
        return found + [(what, "not played to its end", False) for what in self.broken]

    @property
    def kept(self) -> bool:
        return all(kept for _, _, kept in self.verdicts())


def _soaked(backend: str, soaked: Soaked) -> list[tuple[str, str, bool]]:
    growth = slope(soaked.samples)
    words = "too short to say" if growth is None else f"{growth:+.2f} MiB a minute"
    share = f"{soaked.share:.2%} of {sum(soaked.ends.values())} replies, {sum(soaked.struck.values())} faults"
    return [
        (f"soak, breaches, {backend}", str(len(soaked.breaches)), not soaked.breaches),
        (f"soak, answered, {backend}", share, soaked.share >= WANTED_SHARE),
        (f"soak, memory, {backend}", words, growth is not None and growth < WANTED_SLOPE),
    ]


def table(report: Report) -> str:
    """Return what was done and found, for a terminal."""
    lines = []
    for seed, (backend, outcome) in sorted(report.runs.items()):
        said = "kept" if not outcome.breaches else f"BROKEN ({len(outcome.breaches)})"
        lines.append(
            f"seed {seed:<6}{backend:<10}{sum(outcome.struck.values()):>4} faults"
            f"{outcome.points:>4} at points {outcome.messages:>5} messages {outcome.resumes:>5} resumes"
            f"  settled {outcome.settled_s:5.1f} s  {said}"
        )
        lines += [f"    {breach}" for breach in outcome.breaches[:10]]
    struck, ends = totals(report)
    lines += ["", "faults:  " + _counted(struck), "replies: " + _counted(ends), ""]
    for what, words, kept in report.verdicts():
        lines.append(f"{'kept  ' if kept else 'BROKEN'}  {what:<48}{words}")
    if report.failing:
        seed = report.failing[0]
        lines += ["", f"Smallest failing seed: {seed}. Again: make faults RUNS=1 SEED={seed} PARTS=plans"]
    return "\n".join(lines)


def totals(report: Report) -> tuple[Counter[str], Counter[str]]:
    """Return how often each fault struck, and how the replies of all plans ended."""
    struck: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for _, outcome in report.runs.values():
        struck.update(outcome.struck)
        ends.update(outcome.ends)
    for soaked in report.soaks.values():
        struck.update(soaked.struck)
        ends.update(soaked.ends)
    return struck, ends


def _counted(counts: Mapping[str, int]) -> str:
    return (
        f"{sum(counts.values())} ("
        + ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        + ")"
    )


def as_json(report: Report) -> dict[str, Any]:
    """Return the report with where and on what it was made."""
    struck, ends = totals(report)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": {
            "cpus": os.cpu_count(),
            "platform": platform.platform(),
            "python": platform.python_version(),
            "load": list(os.getloadavg()),
        },
        "seconds": round(report.seconds, 1),
        "faults": dict(sorted(struck.items())),
        "replies": dict(sorted(ends.items())),
        "runs": {
            seed: {
                "database": backend,
                "faults": sum(outcome.struck.values()),
                "at_points": outcome.points,
                "messages": outcome.messages,
                "resumes": outcome.resumes,
                "settled_s": round(outcome.settled_s, 1),
                "breaches": [str(breach) for breach in outcome.breaches],
            }
            for seed, (backend, outcome) in sorted(report.runs.items())
        },
        "verdicts": [
            {"promise": what, "found": words, "kept": kept} for what, words, kept in report.verdicts()
        ],
        "failing_seeds": report.failing,
    }


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    return told.stdout.strip()


def write(report: Report, path: Path) -> None:
    """Write the report as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(as_json(report), indent=1) + "\n")

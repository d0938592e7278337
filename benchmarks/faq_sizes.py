"""How long building and asking take, and what they hold in memory, at 1,000 to 100,000 phrasings.

Every measurement has a process of its own (`benchmarks/faq_job.py`), so that one does not warm up,
or leave its memory to, the next.

The public sets have some 25,000 questions. Larger indexes are filled with variants of them: the
beginning of one question and the end of another of its intent, a question without one of its words, or
one with a fifth of its words misspelt. The same texts are indexed in two shapes: *few* entries (the
intents) with very many phrasings each, and *many* entries with five phrasings each.
"""

import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.faq_sampling import misspell
from benchmarks.faq_sets import Pairs, QuestionSet

FEW, MANY = "few", "many"
SHAPES = (FEW, MANY)
PER_ENTRY = 5  # phrasings, in the shape of many entries
SEED = 1
MOST_TIMED = 1050  # questions, the first 50 of them to warm up
LONGEST_JOB = 900  # seconds; then it is stopped and named
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Job:
    """What one process measures: a method, over the entries and questions of a file made by `prepare`.

    `vectors` is a folder of `faq_vectors`, "" without a semantic half.
    """

    method: str
    size: int
    shape: str
    file: str
    vectors: str = ""


def phrasings(sets: Sequence[QuestionSet], size: int, seed: int = SEED) -> Pairs:
    """Return `size` different texts with their intents: first the sets' own questions, then variants.

    A smaller size is the beginning of a larger one, and the intents take turns.
    """
    rng = random.Random(f"{seed}:sizes")
    groups: dict[str, list[str]] = defaultdict(list)
    for questions in sets:
        for text, entry in questions.phrasings:
            groups[f"{questions.name}/{entry}"].append(text)
    for texts in groups.values():
        rng.shuffle(texts)
    found: dict[str, str] = {}
    for round_ in range(max(map(len, groups.values()))):
        for entry, texts in groups.items():
            if round_ < len(texts):
                found.setdefault(texts[round_], entry)
    variants = ((_variant(texts, rng), entry) for entry, texts in cycle(groups.items()))
    while len(found) < size:
        text, entry = next(variants)
        found.setdefault(text, entry)
    return list(found.items())[:size]


def _variant(texts: Sequence[str], rng: random.Random) -> str:
    """Return a new text; one that is there already is no loss, since another one follows."""
    words, others = rng.choice(texts).split(), rng.choice(texts).split()
    kind = rng.choice(("joined", "shorter", "misspelt"))
    if kind == "joined":
        return " ".join(words[: (len(words) + 1) // 2] + others[len(others) // 2 :])
    if kind == "shorter" and len(words) > 1:
        words.pop(rng.randrange(len(words)))
        return " ".join(words)
    return misspell(" ".join(words), rng)


def shaped(pairs: Pairs, shape: str) -> list[tuple[str, list[str]]]:
    """Return the texts as entries: by intent (few), or five texts of an intent each (many)."""
    groups: dict[str, list[str]] = defaultdict(list)
    for text, entry in pairs:
        groups[entry].append(text)
    if shape == FEW:
        return sorted(groups.items())
    return [
        (f"{entry}/{start}", texts[start : start + PER_ENTRY])
        for entry, texts in sorted(groups.items())
        for start in range(0, len(texts), PER_ENTRY)
    ]


def prepare(sets: Sequence[QuestionSet], size: int, folder: Path) -> dict[str, Path]:
    """Write the file of each shape at `size` phrasings, with questions that no set has as a phrasing."""
    pairs = phrasings(sets, size)
    asked = sorted({text for questions in sets for text, _ in questions.asked})
    chosen = random.Random(f"{SEED}:timed").sample(asked, min(len(asked), MOST_TIMED))
    paths = {}
    for shape in SHAPES:
        paths[shape] = folder / f"{size}-{shape}.json"
        made = {"entries": shaped(pairs, shape), "questions": chosen}
        paths[shape].write_text(json.dumps(made), encoding="utf-8")
    return paths


def measure(jobs: Sequence[Job]) -> Iterator[dict[str, Any]]:
    """Run the jobs one after the other and give what each measured, or its "error"."""
    for job in jobs:
        print(f"{job.method} at {job.size:,} in {job.shape} entries", file=sys.stderr, flush=True)
        yield asdict(job) | _run(job)


def _run(job: Job) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.faq_job"],
            input=json.dumps(asdict(job)), capture_output=True, text=True, check=False,
            timeout=LONGEST_JOB, env=os.environ | ONE_THREAD, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": f"stopped after {LONGEST_JOB} s"}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found

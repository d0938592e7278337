"""Fits and measures the FAQ matcher's confidence on public question sets.

    python -m benchmarks.faq_quick --data DIR [--k 5] [--fit]

DIR holds banking77_train.csv (PolyAI task-specific-datasets, CC BY 4.0) and clinc150_train_val.json
(clinc/oos-eval, CC BY 3.0). An intent is an entry and k of its questions are its phrasings; other
questions are asked. A question outside the scope is right only when it is not answered.
"""

import argparse
import csv
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from faq import confidence
from faq.confidence import Asked, Coefficients, Features, Side
from faq.lexical import Floats
from faq.matcher import ANSWER_THRESHOLD, Matcher

Pairs = list[tuple[str, str]]
NAMES = [field.name for field in fields(Features)]


SETS = ("banking77_train.csv", "clinc150_train_val.json")


def missing(folder: Path) -> str:
    """Return in one sentence which of the question sets are not in `folder`, "" when both are."""
    names = [name for name in SETS if not (folder / name).is_file()]
    return f"{folder} lacks {' and '.join(names)}: docs/faq.md says where to get it." if names else ""


def banking(folder: Path) -> tuple[Pairs, Pairs]:
    """Return the questions with their intents, and none out of scope."""
    with (folder / SETS[0]).open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)], []


def clinc(folder: Path) -> tuple[Pairs, Pairs]:
    """Return the questions with their intents, and those out of scope under the intent ""."""
    data = json.loads((folder / SETS[1]).read_text(encoding="utf-8"))
    return (
        [(text, intent) for text, intent in data["train"]],
        [(text, "") for part in ("oos_train", "oos_val") for text, _ in data[part]],
    )


def sample(pairs: Pairs, outside: Pairs, k: int, seed: int) -> tuple[Matcher, Pairs]:
    """Return a matcher over k phrasings an intent, and at most 1,500 other questions with 200 outside."""
    rng = random.Random(seed)
    groups: dict[str, list[str]] = defaultdict(list)
    for text, intent in pairs:
        groups[intent].append(text)
    rest: Pairs = []
    entries: list[tuple[str, list[str]]] = []
    for intent, texts in sorted(groups.items()):
        rng.shuffle(texts)
        entries.append((intent, texts[:k]))
        rest.extend((text, intent) for text in texts[k:])
    rng.shuffle(rest)
    return Matcher(entries), rest[:1500] + outside


class Watched:
    """Stands in for the rule of disputes and remembers the features of what was not disputed."""

    def __init__(self) -> None:
        self.seen: list[Features] = []
        self.plain = confidence.disputed

    def __call__(self, asked: Asked, side: Side, others: Sequence[Side], features: Features) -> str:
        reason = self.plain(asked, side, others, features)
        self.seen = [] if reason else [features]
        return reason


def examples(matcher: Matcher, asked: Pairs) -> tuple[Floats, Floats]:
    """Return features and correctness of every best candidate that is neither exact nor disputed."""
    watched = Watched()
    confidence.disputed = watched
    rows, right = [], []
    for text, intent in asked:
        best = matcher.rank(text, limit=1)
        if best and not best[0].exact and watched.seen:
            rows.append([getattr(watched.seen[0], name) for name in NAMES])
            right.append(best[0].entry_id == intent)
    confidence.disputed = watched.plain
    return np.asarray(rows), np.asarray(right, dtype=float)


def fit(x: Floats, y: Floats) -> Coefficients:
    """Return logistic coefficients with a small ridge, features' weights kept at or above 0 but length's."""

    def loss(w: Floats) -> float:
        z = w[0] + x @ w[1:]
        return float(np.mean(np.logaddexp(0, z) - y * z) + 1e-4 * (w[1:] ** 2).sum())

    bounds = [(None, None)] + [(None, None) if name == "length" else (0, None) for name in NAMES]
    found = minimize(loss, np.zeros(len(NAMES) + 1), method="L-BFGS-B", bounds=bounds)
    return Coefficients(*[round(float(value), 2) for value in found.x])


def report(name: str, matcher: Matcher, asked: Pairs) -> None:
    """Print top-1, coverage at 95 % precision, and what the shipped threshold answers."""
    start, found = time.perf_counter(), []
    for text, intent in asked:
        best = matcher.rank(text, limit=1)
        found.append((best[0].confidence, best[0].entry_id == intent) if best else (0.0, False))
    took = (time.perf_counter() - start) / len(asked) * 1000
    inside = sum(bool(intent) for _, intent in asked)
    found.sort(key=lambda each: (-each[0], each[1]))  # of equal confidence, the wrong ones first
    right = np.cumsum([hit for _, hit in found])
    precise = np.flatnonzero(right / np.arange(1, len(found) + 1) >= 0.95)
    given = [hit for value, hit in found if value >= ANSWER_THRESHOLD]
    share = right[precise[-1]] / inside if len(precise) else 0
    answered, precision = sum(given) / inside, sum(given) / max(1, len(given))
    print(
        f"{name}: top-1 {right[-1] / inside:.1%}, coverage at 95 % precision {share:.1%}; "
        f"at the threshold {answered:.1%} answered right, precision {precision:.1%}; {took:.2f} ms"
    )


def main() -> None:
    """Read the arguments and print a line a data set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--fit", action="store_true", help="print coefficients fitted on another sample")
    options = parser.parse_args()
    if lack := missing(options.data):
        sys.exit(lack)
    parts = []
    for name, load in (("BANKING77", banking), ("CLINC150", clinc)):
        pairs, outside = load(options.data)
        report(f"{name} k={options.k}", *sample(pairs, outside, options.k, seed=1))
        if options.fit:
            parts.append(examples(*sample(pairs, outside[::2], options.k, seed=2)))
    if options.fit:
        print(fit(np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])))


if __name__ == "__main__":
    main()

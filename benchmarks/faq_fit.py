"""Fits the numbers of `faq.matching.shipped` on public question sets, and says how they carry over.

    python -m benchmarks.faq_fit --data DIR [--cache DIR]

Two fits: how strongly each signal speaks for a candidate (over the candidates of a question), and how the
features of the best one become P(right) (a logistic regression). The features hang on the strengths, so
after a change of those it is run twice. Both see questions of `tuning_part` only, which the benchmark never
asks: whole sets with 1 to 10 phrasings an entry and all, and random parts of 10 to 150 entries whose other
entries' questions are out of scope, for real chats have many of those and near ones; a tenth of the
questions is misspelt.
"""

import argparse
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from benchmarks.faq_sampling import FULL, Round, draw, misspell
from benchmarks.faq_sets import QuestionSet, read, tuning_part
from benchmarks.faq_vectors import Remembered
from faq.embedder import load_embedder
from faq.matcher import Candidate, Matcher
from faq.matching import ranking
from faq.matching.calibration import Weights, fit
from faq.matching.features import LEXICAL, SEMANTIC, Doubles

PARTS = 24  # random parts of each set
ASKED_WHOLE, ASKED_PART = 800, 250
SHARES = (0.0, 0.0, 0.1, 0.2, 0.3)  # of the questions that lie outside
FAR = 0.25  # of these are about something else altogether, where a set has such questions
MISSPELT = 0.1
RIDGE = 1e-3  # of the strengths, for signals of unit deviation
# The generalised cross entropy (1 - p^q) / q lies between the logarithm (q = 0), which a few mislabelled
# questions rule, and the share of errors (q = 1). 0.7 is the value of its authors (Zhang & Sabuncu, NeurIPS
# 2018). Against the logarithm: 0.4 to 0.7 points of top-1 on questions that were not fitted on.
ROBUSTNESS = 0.7


@dataclass(frozen=True)
class Seen:
    """A question that was asked: its candidates' signals, which is right (-1 none), and the best."""

    group: str
    signals: Doubles
    right: int
    best: Candidate
    hit: bool


def rounds(questions: QuestionSet, seed: int = 1) -> Iterator[Round]:
    """Yield the rounds of one set."""
    for k in (1, 2, 3, 5, 8, 10, FULL):
        yield _misspelt(draw(questions, k, seed, ASKED_WHOLE), seed)
    rng = random.Random(f"{seed}:{questions.name}")
    for _ in range(PARTS):
        yield _misspelt(part(questions, rng), rng.randrange(10**6))


def part(questions: QuestionSet, rng: random.Random) -> Round:
    """Return a random part of a set, with questions about the rest of it out of scope."""
    groups: dict[str, list[str]] = {}
    for text, entry in questions.phrasings:
        groups.setdefault(entry, []).append(text)
    size = min(len(groups), rng.choice((10, 15, 25, 40, 60, 100, 150)))
    chosen = sorted(rng.sample(sorted(groups), size))
    k = rng.choice((1, 2, 3, 4, 5, 6, 8, 12, 0, 0))
    entries = [
        (entry, rng.sample(groups[entry], min(len(groups[entry]), k or rng.randint(1, 8))))
        for entry in chosen
    ]
    inside = [pair for pair in questions.asked if pair[1] in chosen]
    near = [(text, "") for text, entry in questions.asked if entry not in chosen]
    far = [(text, "") for text in questions.outside]
    count = int(ASKED_PART * rng.choice(SHARES))
    away = min(len(far), int(count * FAR) if near else count)
    asked = rng.sample(inside, min(len(inside), ASKED_PART - count)) + rng.sample(far, away)
    asked += rng.sample(near, min(len(near), count - away))
    rng.shuffle(asked)
    return Round(entries, asked)


def _misspelt(each: Round, seed: int) -> Round:
    rng = random.Random(seed)
    asked = [(misspell(text, rng) if rng.random() < MISSPELT else text, entry) for text, entry in each.asked]
    return Round(each.entries, asked)


def ask(each: Round, group: str, embedder: Remembered | None) -> Iterator[Seen]:
    """Ask a round, by the matcher itself."""
    matcher = Matcher.build(each.entries, embedder)
    for text, entry in each.asked:
        asked = matcher._ask(text)
        if asked is None:
            continue
        found = ranking.find(matcher._store, asked.query, asked.vector, matcher._trained.ridges)
        if found is None or matcher._store.exact(text):
            continue
        best = next(one for one in matcher._judged(text, asked, found) if one.features)
        names = [matcher._store.ids[number] for number in found.field.entries]
        right = names.index(entry) if entry in names else -1
        yield Seen(group, found.field.signals, right, best, best.entry_id == entry)


def strengths(seen: list[Seen], names: tuple[str, ...]) -> dict[str, float]:
    """Return the weights by which the right candidate comes first.

    A conditional logit over the candidates of each question (McFadden 1974), fitted by its likelihood and
    from there by the generalised cross entropy, since public sets hold mislabelled questions; their common
    scale is that of the likelihood.
    """
    kept = [each for each in seen if each.right >= 0 and len(each.signals) > 1]
    sizes = np.array([len(each.signals) for each in kept])
    start = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    x = np.concatenate([each.signals for each in kept])
    scale = x.std(axis=0) + 1e-9
    x = x / scale
    right = start + np.array([each.right for each in kept])

    def loss(w: Doubles, robustness: float) -> tuple[float, Doubles]:
        u = x @ w
        most = np.maximum.reduceat(u, start)
        power = np.exp(u - np.repeat(most, sizes))
        share = power / np.repeat(np.add.reduceat(power, start), sizes)
        chance = np.maximum(share[right], 1e-300)
        away = x[right] - np.add.reduceat(x * share[:, None], start)
        value = (1 - chance**robustness) / robustness if robustness else -np.log(chance)
        slope = -(chance**robustness)[:, None] * away
        return float(value.mean() + RIDGE * (w @ w)), slope.mean(axis=0) + 2 * RIDGE * w

    w = np.zeros(len(names))
    for robustness in (0.0, ROBUSTNESS):
        w = minimize(loss, w, args=(robustness,), jac=True, method="L-BFGS-B").x
    # The robust loss is bolder than the data; what the candidates share out has to be likely again.
    w = w * minimize_scalar(lambda scale: loss(scale * w, 0.0)[0], bounds=(0.1, 2.0), method="bounded").x
    return dict(zip(names, map(float, np.round(w / scale, 2)), strict=True))


def coefficients(seen: list[Seen]) -> Weights:
    """Return the logistic regression on the features of the best candidates, with a weak prior at 0."""
    names = sorted({name for each in seen for name in each.best.features})
    flat = Weights(0.0, dict.fromkeys(names, 0.0))
    return fit([each.best.features for each in seen], [each.hit for each in seen], flat, deviation=0.7)


def covered(seen: list[Seen], weights: Weights, wanted: float = 0.95) -> tuple[float, float, float]:
    """Return coverage at the wanted precision, and coverage and precision at P = 0.85."""
    chance = np.array([_chance(each, weights) for each in seen])
    right = np.array([each.hit for each in seen])
    order = np.argsort(-chance, kind="stable")
    precise = np.flatnonzero(np.cumsum(right[order]) / np.arange(1, len(seen) + 1) >= wanted)
    given = chance >= 0.85
    return (
        (precise[-1] + 1) / len(seen) if len(precise) else 0.0,
        float(given.mean()),
        float(right[given].mean()) if given.any() else 0.0,
    )


def _chance(each: Seen, weights: Weights) -> float:
    chance = weights.probability(each.best.features)
    return chance / 2 if each.best.disputed else chance


def written(weights: Mapping[str, float]) -> str:
    """Return weights as Python."""
    lines = "".join(f'        "{name}": {round(value, 3)},\n' for name, value in weights.items())
    return "{\n" + lines + "    }"


def main() -> None:
    """Read the arguments, fit, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="keep sentence vectors here")
    parser.add_argument("--lexical", action="store_true")
    options = parser.parse_args()
    sets = [tuning_part(each) for each in read(options.data)]
    embedder = None if options.lexical else Remembered(load_embedder(), options.cache)
    names = LEXICAL if options.lexical else SEMANTIC
    seen = [
        one
        for each in sets
        for number, r in enumerate(rounds(each))
        for one in ask(r, f"{each.name} {number}", embedder)
    ]
    print("strengths", written(strengths(seen, names)))
    every = coefficients(seen)
    print("coefficients", round(every.bias, 3), written(every.of))
    for name in [each.name for each in sets]:
        own = [one for one in seen if one.group.startswith(name)]
        others = coefficients([one for one in seen if not one.group.startswith(name)])
        print(name, "fitted on all", covered(own, every), "on the others", covered(own, others))


if __name__ == "__main__":
    main()

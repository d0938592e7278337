"""How good a ranking and its confidence are.

An answer is *right* when the best candidate is the entry that was asked for. Whatever is answered to a
question outside the scope is wrong. Shares lie between 0 and 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

MRR_DEPTH = 10
BINS = 15  # of equal width, as in Guo et al. 2017, "On Calibration of Modern Neural Networks"
NO_ANSWER = -np.inf  # the confidence where there is no candidate: never above any threshold


@dataclass(frozen=True)
class Answers:
    """What came of each question: arrays of one length.

    `place` is the rank (from 1) of the entry that was asked for among the first ten, 0 when it is not
    there; a question outside the scope has none.
    """

    confidence: Floats
    right: Bools
    inside: Bools
    place: Ints

    def __len__(self) -> int:
        return len(self.right)

    def take(self, rows: Ints) -> "Answers":
        """Return the answers to some of the questions."""
        return Answers(self.confidence[rows], self.right[rows], self.inside[rows], self.place[rows])


@dataclass(frozen=True)
class Given:
    """What is answered above a threshold.

    `answered` is the share of **all** questions, those outside the scope included, that get an answer.
    `inside_right` is the share of the questions inside the scope that get the right one. `precision` is
    the share of given answers that are right; None when none is given.
    """

    answered: float
    inside_right: float
    precision: float | None


def join(parts: Sequence[Answers]) -> Answers:
    """Return the answers of several rounds as one."""
    return Answers(
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.inside for part in parts]),
        np.concatenate([part.place for part in parts]),
    )


def top1(answers: Answers) -> float:
    """Return the share of the questions inside the scope whose best candidate is right."""
    return float(answers.right.sum() / max(1, answers.inside.sum()))


def mrr(answers: Answers) -> float:
    """Return the mean reciprocal rank among the first ten, of the questions inside the scope."""
    place = answers.place[answers.inside]
    found = (place > 0) & (place <= MRR_DEPTH)
    return float(np.where(found, 1 / np.maximum(place, 1), 0).sum() / max(1, len(place)))


def auroc(answers: Answers) -> float:
    """Return P(a right answer has more confidence than another one), ties counting half.

    Right means inside the scope and the best candidate is right. Everything else stands on the other
    side: wrong best candidates, and all questions outside the scope. NaN when one side is empty.
    """
    return _separates(answers.confidence, answers.right)


def auroc_scope(answers: Answers) -> float:
    """Return P(a question inside the scope has more confidence than one outside), ties counting half.

    Whether the best candidate is right plays no part in it. NaN when nothing outside was asked.
    """
    return _separates(answers.confidence, answers.inside)


def _separates(confidence: Floats, is_good: Bools) -> float:
    good, other = np.sort(confidence[is_good]), confidence[~is_good]
    if not len(good) or not len(other):
        return float("nan")
    below = np.searchsorted(good, other, side="left")
    equal = np.searchsorted(good, other, side="right") - below
    return float((len(good) - below - equal / 2).sum() / (len(good) * len(other)))


def threshold_for(answers: Answers, precision: float) -> float | None:
    """Return the lowest confidence at or above which at least `precision` of the answers are right.

    Answers of equal confidence are given or withheld together. None when no threshold does.
    """
    order = np.argsort(-answers.confidence, kind="stable")
    confidence = answers.confidence[order]
    right = np.cumsum(answers.right[order])
    last_of_ties = np.append(confidence[1:] != confidence[:-1], True)
    good = (
        last_of_ties & (confidence > NO_ANSWER) & (right >= precision * np.arange(1, len(order) + 1) - 1e-9)
    )
    ends = np.flatnonzero(good)
    return float(confidence[ends[-1]]) if len(ends) else None


def given_at(answers: Answers, threshold: float | None) -> Given:
    """Return what is answered at or above `threshold`; nothing when it is None."""
    if threshold is None:
        return Given(0.0, 0.0, None)
    return _given(answers, answers.confidence >= threshold)


def _given(answers: Answers, shown: Bools) -> Given:
    right = int((shown & answers.right).sum())
    return Given(
        float(shown.sum() / max(1, len(answers))),
        float(right / max(1, answers.inside.sum())),
        float(right / shown.sum()) if shown.any() else None,
    )


def coverage(answers: Answers, precision: float) -> Given:
    """Return the most that can be answered at `precision`, by the best threshold in hindsight."""
    return given_at(answers, threshold_for(answers, precision))


def carried_over(answers: Answers, precision: float, seed: int) -> Given:
    """Return what is answered when one half chooses the threshold and the other half is asked.

    Both ways round, added up: coverage and precision as somebody gets them who chose by labels.
    """
    order = np.random.default_rng(seed).permutation(len(answers))
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    shown = np.zeros(len(answers), dtype=bool)
    for chooses, is_asked in (halves, halves[::-1]):
        threshold = threshold_for(answers.take(chooses), precision)
        if threshold is not None:
            shown[is_asked] = answers.confidence[is_asked] >= threshold
    return _given(answers, shown)


def calibration_error(answers: Answers, bins: int = BINS) -> float:
    """Return the expected calibration error: |confidence - share right|, averaged over the questions.

    For confidences in [0, 1]; a question without a candidate counts with confidence 0.
    """
    confidence = np.clip(answers.confidence, 0, 1)
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(number, weights=confidence - answers.right, minlength=bins)
    return float(np.abs(gaps).sum() / max(1, len(answers)))


def bootstrap(
    answers: Answers, metric: Callable[[Answers], float], seed: int, rounds: int = 300
) -> tuple[float, float]:
    """Return the 95 % percentile interval of `metric` over samples of the questions with replacement."""
    rng = np.random.default_rng(seed)
    values = [metric(answers.take(rng.integers(0, len(answers), len(answers)))) for _ in range(rounds)]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)

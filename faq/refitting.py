"""Refits a confidence to reviewed messages, judged only by messages that the fit has not seen.

Pure. The weights come from `faq.matching.calibration.fit`, with the shipped ones as prior; the thresholds
are chosen on out-of-fold confidences, so that a refit cannot praise itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from faq.matching.calibration import Calibration, Weights, choose_threshold, fit, wilson_lower
from faq.matching.guards import final

FOLDS = 5
LEAST_REVIEWED = 300  # below it the Wilson bound of 95 % leaves next to nothing to answer (DESIGN.md)
# Of the messages that are offered "did you mean", at least this share finds its entry among the three.
WANTED_OFFERED = 0.5
# An offer whose first entry is right less than once in ten times is noise, whatever stands beside it.
LEAST_SUGGEST = 0.1
BINS = 10  # of the calibration error, with equally many messages each


class Unreachable(ValueError):
    """No threshold gives the wanted precision on these messages: keep the calibration there is."""


class OneSided(ValueError):
    """All messages have the same verdict, so nothing can be learnt from them."""


@dataclass(frozen=True)
class Case:
    """A reviewed message: the evidence for its best candidate, and whether that was the right entry.

    `disputed` is what the guards say against it ("" for nothing), `among` whether the right entry is one
    of the first three, `fold` in 0 .. FOLDS - 1.
    """

    features: Mapping[str, float]
    disputed: str
    right: bool
    among: bool
    fold: int


@dataclass(frozen=True)
class Figures:
    """What one calibration does with the messages: counts, and shares of 1.

    `precision` is the share of right answers, `bound` its one-sided 90 % lower Wilson bound, `error` the
    mean distance of confidence and share of right ones over BINS groups (expected calibration error).
    """

    messages: int
    answer: float
    suggest: float
    answered: int
    right: int
    offered: int
    found: int
    error: float

    @property
    def coverage(self) -> float:
        return self.answered / self.messages if self.messages else 0.0

    @property
    def precision(self) -> float:
        return self.right / self.answered if self.answered else 0.0

    @property
    def bound(self) -> float:
        return wilson_lower(self.right, self.answered)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, the shares with their bounds."""
        low, high = interval(self.answered, self.messages)
        return {
            **vars(self),
            "coverage": self.coverage,
            "coverage_low": low,
            "coverage_high": high,
            "precision": self.precision,
            "bound": self.bound,
        }


@dataclass(frozen=True)
class Refit:
    """New weights and thresholds, with the figures of all calibrations compared on the same messages."""

    weights: Weights
    answer: float
    suggest: float
    fitted: Figures
    compared: Mapping[str, Figures]


def interval(hits: int, n: int) -> tuple[float, float]:
    """Return the bounds of a share, each of which holds in nine of ten cases (Wilson)."""
    return (wilson_lower(hits, n), 1 - wilson_lower(n - hits, n)) if n else (0.0, 1.0)


def fold_of(key: str) -> int:
    """Return the fold of a normalised question: by its hash, so that it is the same in every run."""
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=4).digest(), "big") % FOLDS


def confidences(cases: Sequence[Case], weights: Weights) -> list[float]:
    """Return the confidence of each case as production would have it, what the guards take off included."""
    return [final(weights.probability(case.features), case.disputed) for case in cases]


def out_of_fold(cases: Sequence[Case], prior: Weights) -> list[float]:
    """Return the confidence of each case by weights fitted without its fold."""
    found = [0.0] * len(cases)
    for fold in range(FOLDS):
        others = [case for case in cases if case.fold != fold]
        weights = _fit(others, prior) if others else prior
        for place, case in enumerate(cases):
            if case.fold == fold:
                found[place] = final(weights.probability(case.features), case.disputed)
    return found


def refit(
    cases: Sequence[Case],
    shipped: Calibration,
    used: Calibration | None,
    semantic: bool,
    wanted: float,
    least_answer: float = 0.0,
) -> Refit:
    """Return weights fitted to `cases` and the thresholds that keep `wanted`, a precision in (0, 1).

    `shipped` is the prior, `used` what is in use where that is another one. The answer threshold is never
    below `least_answer`, so that what the guards hold back stays held back. Raises OneSided, and
    Unreachable when not even the surest answers are right often enough.
    """
    verdicts = {case.right for case in cases}
    if len(verdicts) < 2:
        raise OneSided("right" if True in verdicts else "wrong")
    prior = shipped.weights(semantic)
    outside = out_of_fold(cases, prior)
    answer = choose_threshold(outside, [case.right for case in cases], wanted)
    if answer is None:
        raise Unreachable(wanted)
    answer = max(answer, least_answer)
    suggest = _suggest(cases, outside, answer, shipped.suggest)
    compared = {"shipped": figures(cases, confidences(cases, prior), shipped.answer, shipped.suggest)}
    if used is not None:
        now = confidences(cases, used.weights(semantic))
        compared["used"] = figures(cases, now, used.answer, used.suggest)
    return Refit(
        weights=_fit(cases, prior),
        answer=answer,
        suggest=suggest,
        fitted=figures(cases, outside, answer, suggest),
        compared=compared,
    )


def figures(cases: Sequence[Case], sure: Sequence[float], answer: float, suggest: float) -> Figures:
    """Return what happens to `cases` with the confidences `sure` and these thresholds."""
    answered = [case for case, p in zip(cases, sure, strict=True) if p >= answer]
    offered = [case for case, p in zip(cases, sure, strict=True) if suggest <= p < answer]
    return Figures(
        messages=len(cases),
        answer=answer,
        suggest=suggest,
        answered=len(answered),
        right=sum(case.right for case in answered),
        offered=len(offered),
        found=sum(case.among for case in offered),
        error=calibration_error(sure, [case.right for case in cases]),
    )


def calibration_error(sure: Sequence[float], right: Sequence[bool]) -> float:
    """Return the mean distance of confidence and share of right ones, over BINS groups of equal size.

    Expected calibration error with equal-mass bins (Nixon et al., "Measuring calibration in deep
    learning", 2019), which unlike equally wide ones are never nearly empty.
    """
    order = np.argsort(np.asarray(sure), kind="stable")
    p, y = np.asarray(sure, dtype=np.float64)[order], np.asarray(right, dtype=np.float64)[order]
    groups = [each for each in np.array_split(np.arange(len(p)), BINS) if len(each)]
    return float(sum(abs(p[each].mean() - y[each].mean()) * len(each) for each in groups) / max(1, len(p)))


def best_precision(cases: Sequence[Case], prior: Weights) -> float:
    """Return the highest lower bound of precision that any threshold has, out of fold."""
    order = sorted(zip(out_of_fold(cases, prior), cases, strict=True), key=lambda each: -each[0])
    hits, best = 0, 0.0
    for n, (_, case) in enumerate(order, 1):
        hits += case.right
        best = max(best, wilson_lower(hits, n))
    return best


def _fit(cases: Sequence[Case], prior: Weights) -> Weights:
    return fit([case.features for case in cases], [case.right for case in cases], prior)


def _suggest(cases: Sequence[Case], sure: Sequence[float], answer: float, otherwise: float) -> float:
    """Return the lowest confidence from which on an offer is worth its place."""
    below = [(p, case.among) for case, p in zip(cases, sure, strict=True) if p < answer]
    found = choose_threshold([p for p, _ in below], [among for _, among in below], WANTED_OFFERED)
    return min(answer, otherwise if found is None else max(found, LEAST_SUGGEST))

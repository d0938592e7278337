"""Turns the features of a candidate into P(it is right), and finds the threshold that keeps a promise.

A logistic regression whose weights are shipped, or fitted to a desk's own reviewed messages with the
shipped ones as prior, so that few messages move it little (maximum a posteriori, Gaussian prior).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, isfinite
from typing import Any

import numpy as np

from common.intervals import wilson

# One-sided 90 %: in nine of ten cases the true share lies above the bound.
WILSON_Z = 1.2816
# Standard deviation that the prior allows each weight, for a feature scaled to unit deviation: about what the
# weights differ by between fits on BANKING77 and on CLINC150 (benchmarks/faq_fit.py).
PRIOR_DEVIATION = 0.5
# The bias is free to follow how many questions of a desk are out of scope.
BIAS_DEVIATION = 2.0
STEEPEST = 12.0  # a logit beyond it says nothing that data of this size could have shown: P = 0.999994


@dataclass(frozen=True)
class Weights:
    """A logistic regression: P = 1 / (1 + exp(-(bias + sum of weight * feature))); a missing feature is 0."""

    bias: float
    of: Mapping[str, float] = field(default_factory=dict)

    def logit(self, features: Mapping[str, float]) -> float:
        """Return the log odds, held within +-12."""
        z = self.bias + sum(weight * features.get(name, 0.0) for name, weight in self.of.items())
        return max(-STEEPEST, min(STEEPEST, z))

    def probability(self, features: Mapping[str, float]) -> float:
        """Return P(right), strictly between 0 and 1."""
        return 1 / (1 + exp(-self.logit(features)))


@dataclass(frozen=True)
class Calibration:
    """Weights without and with the semantic half, and the P from which an entry is shown or offered."""

    id: str
    lexical: Weights
    semantic: Weights
    answer: float
    suggest: float

    def weights(self, semantic: bool) -> Weights:
        """Return the weights for a matcher with (or without) its semantic half."""
        return self.semantic if semantic else self.lexical

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; `from_dict` reads them."""
        halves = {name: getattr(self, name) for name in ("lexical", "semantic")}
        return {
            "id": self.id,
            **{name: {"bias": half.bias, "of": dict(half.of)} for name, half in halves.items()},
            "answer": self.answer,
            "suggest": self.suggest,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Calibration":
        """Read what `as_dict` returned; raise ValueError for anything else."""
        try:
            found = cls(
                str(stored["id"]),
                _weights(stored["lexical"]),
                _weights(stored["semantic"]),
                float(stored["answer"]),
                float(stored["suggest"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"This is no calibration: {error!r}") from error
        if not 0 <= found.suggest <= found.answer <= 1:
            raise ValueError("Thresholds must satisfy 0 <= suggest <= answer <= 1.")
        return found


def _weights(stored: Mapping[str, Any]) -> Weights:
    of = {str(name): float(value) for name, value in stored["of"].items()}
    found = Weights(float(stored["bias"]), of)
    if not all(isfinite(value) for value in (found.bias, *of.values())):
        raise ValueError("A weight is not a finite number.")
    return found


def fit(
    features: Sequence[Mapping[str, float]],
    right: Sequence[bool],
    prior: Weights,
    deviation: float = PRIOR_DEVIATION,
) -> Weights:
    """Return the weights most likely after seeing which candidates were right, given `prior`.

    One mapping of features and one verdict a candidate; exact hits do not belong here. The features are
    those that `prior` names. `deviation` is how far a weight may be expected to move, in log odds per
    standard deviation of its feature. Raises ValueError when there is nothing to learn from.
    """
    if not features or len(features) != len(right):
        raise ValueError("A fit needs as many verdicts as candidates, and at least one.")
    names = list(prior.of)
    x = np.array([[each.get(name, 0.0) for name in names] for each in features], dtype=np.float64)
    y = np.asarray(right, dtype=np.float64)
    scale = x.std(axis=0)
    scale[scale < 1e-6] = 1.0
    middle = x.mean(axis=0)
    x = (x - middle) / scale
    before = np.array([prior.of[name] for name in names]) * scale
    start = np.r_[prior.bias + float(np.dot(middle / scale, before)), before]
    allowed = np.r_[BIAS_DEVIATION, np.full(len(names), deviation)]

    def loss(w: "np.ndarray[Any, np.dtype[np.float64]]") -> tuple[float, Any]:
        z = w[0] + x @ w[1:]
        off = 0.5 * (1 + np.tanh(0.5 * z)) - y  # the logistic function without overflow
        away = (w - start) / allowed
        value = float((np.logaddexp(0, z) - y * z).sum() + 0.5 * (away**2).sum())
        return value, np.r_[off.sum(), off @ x] + away / allowed

    # Only the worker and benchmarks fit; the import would cost each other start a quarter of a second.
    from scipy.optimize import minimize

    w = minimize(loss, start, jac=True, method="L-BFGS-B").x
    moved = w[1:] / scale
    return Weights(float(w[0] - middle @ moved), dict(zip(names, map(float, moved), strict=True)))


def wilson_lower(right: int, n: int, z: float = WILSON_Z) -> float:
    """Return the lower bound of the share that `right` of `n` show, in [0, 1]; 0 for none.

    Wilson's score interval (JASA 22, 1927), one-sided: z = 1.2816 for 90 %.
    """
    return wilson(right, n, z)[0]


def choose_threshold(
    confidences: Sequence[float], right: Sequence[bool], wanted: float = 0.95, z: float = WILSON_Z
) -> float | None:
    """Return the lowest confidence from which on answers reach the `wanted` precision, None when none does.

    Judged by the Wilson bound of all answers at or above it, so that ten lucky ones prove nothing.
    Answers of one confidence are given or held back together.
    """
    order = sorted(zip(confidences, right, strict=True), key=lambda each: -each[0])
    hits, found = 0, None
    for n, (confidence, hit) in enumerate(order, 1):
        hits += bool(hit)
        if n < len(order) and order[n][0] == confidence:
            continue
        if wilson_lower(hits, n, z) >= wanted:
            found = confidence
    return found

"""Turns the evidence for a candidate into P(it answers the question), and lowers it where terms disagree."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import exp, log

from faq.terms import contrast, weighted_share

# What a candidate keeps that a rule speaks against: enough to be cited, never to be shown.
CAP_WHEN_DISPUTED = 0.5

# A rival is another entry with at least this share of the candidate's score.
RIVAL_SHARE = 0.55

# Less of the question's content than this in the entry, and the question is about something more.
LEAST_COVERED = 0.85


@dataclass(frozen=True)
class Asked:
    """A question, taken apart."""

    terms: tuple[str, ...]  # content terms, misspellings of known ones corrected
    negated: bool
    after: frozenset[str]  # asks why, who, when, how many
    speaker: bool  # makes the speaker a part of what is to happen
    too_long: bool


@dataclass(frozen=True)
class Side:
    """What is known of one entry in view of a question."""

    score: float
    nearest: float
    centroid: float
    phrasing_terms: frozenset[str]  # of the nearest phrasing
    entry_terms: frozenset[str]  # of all phrasings
    negated: bool  # the nearest phrasing is
    after: frozenset[str]  # what its phrasings ask
    speaker: bool  # one of its phrasings makes the speaker a part of what is to happen


@dataclass(frozen=True)
class Features:
    """The evidence for one candidate; all but `length` lie in [-1, 1]."""

    nearest: float  # similarity of the nearest phrasing
    centroid: float  # similarity of all phrasings together
    margin: float  # score above the best other entry's
    covered: float  # share of the question's content that the entry has
    claimed: float  # share of the nearest phrasing's content that the question has
    length: float  # log of the number of content terms


@dataclass(frozen=True)
class Coefficients:
    """Weights of the logistic confidence; fitted on public question sets by benchmarks/faq_quick.py."""

    bias: float = -3.3
    nearest: float = 0.1
    centroid: float = 4.0
    margin: float = 4.8
    covered: float = 0.9
    claimed: float = 1.3
    length: float = 1.45

    def confidence(self, features: Features) -> float:
        """Return P(correct), strictly between 0 and 1: only an exact hit is certain."""
        z = self.bias + sum(getattr(self, f.name) * getattr(features, f.name) for f in fields(features))
        return 1 / (1 + exp(-max(-30.0, min(30.0, z))))


SHIPPED = Coefficients()


def features_of(
    asked: Asked, side: Side, others: Sequence[Side], weight: dict[str, float], unknown: float
) -> Features:
    """Return the evidence for `side` among `others`."""
    phrasing = sorted(side.phrasing_terms)
    return Features(
        nearest=side.nearest,
        centroid=side.centroid,
        margin=side.score - max((other.score for other in others), default=0.0),
        covered=weighted_share(side.entry_terms, asked.terms, weight, unknown),
        claimed=weighted_share(asked.terms, phrasing, weight, unknown),
        length=log(1 + len(asked.terms)),
    )


def disagreement(asked: Asked, side: Side, others: Sequence[Side]) -> str:
    """Return why the terms that separate the entry from a rival speak against it, "" when they do not."""
    for rival in others:
        if rival.score < RIVAL_SHARE * side.score:
            continue
        between = contrast(asked.terms, side.phrasing_terms, rival.phrasing_terms)
        if between.against - side.entry_terms:
            return "a term of the question belongs to another entry"
        claimed = between.claimed or (side.entry_terms - rival.entry_terms) & frozenset(asked.terms)
        if between.missing and not claimed:
            return "nothing in the question separates the entry from another"
    return ""


def _listed(terms: frozenset[str]) -> str:
    return " and ".join(sorted(terms))


def disputed(asked: Asked, side: Side, others: Sequence[Side], features: Features) -> str:
    """Return in plain words why the question may be about something else, "" when nothing speaks for it."""
    reasons = (
        (asked.too_long, "too long to be one question"),
        (not asked.terms, "no word says what it is about"),
        (side.negated != asked.negated, "one is negated and the other is not"),
        (bool(asked.after - side.after), f"the entry is not asked {_listed(asked.after - side.after)}"),
        (asked.speaker and not side.speaker, "it asks for something to be done"),
        (features.covered < LEAST_COVERED, "a part of the question is not in the entry"),
    )
    return next((text for holds, text in reasons if holds), "") or disagreement(asked, side, others)


def judge(
    asked: Asked,
    side: Side,
    others: Sequence[Side],
    weight: dict[str, float],
    unknown: float,
    coefficients: Coefficients = SHIPPED,
) -> float:
    """Return the confidence of `side` in [0, 1]."""
    features = features_of(asked, side, others, weight, unknown)
    confidence = coefficients.confidence(features)
    if disputed(asked, side, others, features):
        return min(confidence, CAP_WHEN_DISPUTED)
    return confidence

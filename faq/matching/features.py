"""The evidence for the best candidate, as numbers that a logistic regression weighs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, log1p

import numpy as np
from numpy.typing import NDArray

from faq.matching.reading import Profile, Reading

Doubles = NDArray[np.float64]

LEXICAL = ("centroid", "nearest", "ridge")
SEMANTIC = (*LEXICAL, "meaning_centroid", "meaning_nearest", "meaning_ridge")

# In the words of "Try a question".
WORDS: Mapping[str, str] = {
    "centroid": "similar to all phrasings together",
    "nearest": "similar to the nearest phrasing",
    "ridge": "what all phrasings of the FAQ speak for",
    "meaning_centroid": "near to all phrasings in meaning",
    "meaning_nearest": "near to one phrasing in meaning",
    "meaning_ridge": "what all phrasings speak for, by words and meaning",
    "ahead_centroid": "ahead of the next entry by all phrasings",
    "ahead_nearest": "ahead of the next entry by the nearest phrasing",
    "ahead_ridge": "ahead of the next entry by what all speak for",
    "ahead_meaning_centroid": "ahead of the next entry in meaning, all phrasings",
    "ahead_meaning_nearest": "ahead of the next entry in meaning, nearest phrasing",
    "ahead_meaning_ridge": "ahead of the next entry by words and meaning",
    "gap": "ahead of the next entry, all together",
    "share": "share of all that speaks for any entry",
    "odds": "odds against all other entries",
    "agreement": "signals that name this entry first",
    "spread": "how far the candidates lie apart",
    "covered": "content of the question that the entry has",
    "covered_nearest": "content of the question in the nearest phrasing",
    "claimed": "content of the nearest phrasing in the question",
    "unknown": "content that no phrasing of the FAQ has",
    "elsewhere": "content that only other entries have",
    "rival": "content that the next entry has and this one lacks",
    "own": "content that this entry has and the next one lacks",
    "rarest_missing": "the rarest word that the entry lacks",
    "missing": "number of words that the entry lacks",
    "terms": "number of content words",
    "length": "number of words",
    "entries": "number of entries in the FAQ",
    "phrasings": "phrasings of this entry",
    "asks_else": "asks why, who, when or how many, and the entry does not",
    "opening": "opens as a phrasing of the entry does",
}


def in_words(name: str) -> str:
    """Return what a feature is called before people; one of an earlier matcher by its own name."""
    return WORDS.get(name, name.replace("_", " "))


_ODDS_MOST = 8.0
_SPREAD_OVER = 8  # candidates


@dataclass(frozen=True)
class Field:
    """All candidates of a question: a row of signals each, and how strongly all together speak for it."""

    entries: Sequence[int]
    signals: Doubles  # [candidates, signals]
    strength: Doubles  # log odds up to a constant
    names: tuple[str, ...]

    def order(self) -> list[int]:
        """Return the places of the candidates, strongest first."""
        return [int(place) for place in np.argsort(-self.strength, kind="stable")]

    def shares(self) -> Doubles:
        """Return the softmax of the strengths."""
        power = np.exp(self.strength - self.strength.max())
        return np.asarray(power / power.sum())


def standing(field: Field, best: int) -> dict[str, float]:
    """Return how the candidate at place `best` stands in its field."""
    found: dict[str, float] = {}
    others = np.delete(np.arange(len(field.entries)), best)
    first = 0
    for column, name in enumerate(field.names):
        values = field.signals[:, column]
        own = float(values[best])
        next_best = float(values[others].max()) if len(others) else 0.0
        found[name], found[f"ahead_{name}"] = own, own - next_best
        first += own >= next_best
    rest = field.strength[others]
    found["gap"] = float(field.strength[best] - rest.max()) if len(others) else 5.0
    against = float(np.exp(np.minimum(50.0, rest - field.strength[best])).sum())
    found["share"] = 1 / (1 + against)
    found["odds"] = max(-_ODDS_MOST, min(_ODDS_MOST, -log(max(exp(-_ODDS_MOST), against))))
    found["agreement"] = first / len(field.names)
    middle = np.sort(
        field.signals[:, field.names.index("meaning_centroid" if len(field.names) > 3 else "centroid")]
    )
    found["spread"] = float(middle[-1] - middle[-min(len(middle), _SPREAD_OVER)])
    return found


@dataclass(frozen=True)
class Told:
    """What the words of a question say: the idf of each content stem, and which of them the FAQ knows."""

    terms: Mapping[str, float]
    known: frozenset[str]
    unseen: float  # the idf of a word seen once


def accounted(
    told: Told, asked: Reading, entry: Profile, near: Mapping[str, float], rival: Profile
) -> dict[str, float]:
    """Return how the words of a question are accounted for; `near`: the nearest phrasing's terms."""
    total = sum(told.terms.values()) or 1.0
    lacking = [weight for term, weight in told.terms.items() if term not in entry.terms]

    def share(of: Sequence[str]) -> float:
        return sum(told.terms[term] for term in of) / total

    terms = list(told.terms)
    lacks = [term for term in terms if term not in entry.terms]
    phrasing = sum(near.values())
    return {
        "covered": 1 - share(lacks) if terms else 0.0,
        "covered_nearest": share([term for term in terms if term in near]),
        "claimed": sum(w for term, w in near.items() if term in told.terms) / phrasing if phrasing else 0.0,
        "unknown": share([term for term in lacks if term not in told.known]),
        "elsewhere": share([term for term in lacks if term in told.known]),
        "rival": share([term for term in lacks if term in rival.terms]),
        "own": share([term for term in terms if term in entry.terms and term not in rival.terms]),
        "rarest_missing": max(lacking, default=0.0) / told.unseen,
        "missing": log1p(len(lacks)),
        "terms": log1p(len(terms)),
        "length": log1p(len(asked.words)),
        "asks_else": float(bool(asked.after - entry.after)),
        "opening": float(asked.opening in entry.openings),
    }

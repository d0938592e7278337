"""Finds the entry that a question asks for, and says how sure that is.

An exact normalised phrasing always wins. Otherwise TF-IDF similarity to the nearest phrasing and to
the entry's centroid ranks the entries, and `faq.confidence` judges the evidence.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from faq.confidence import SHIPPED, Asked, Coefficients, Side, judge
from faq.lexical import Floats, Ints, TfIdf
from faq.normalize import normalize, words
from faq.stopwords import FUNCTION_WORDS
from faq.terms import content, correct, interrogatives, is_content, names_speaker, polarity, stem

ALGORITHM = "lexical-1"

# From this confidence an entry may be shown as the answer.
# On the public sets of benchmarks/faq_quick.py 95 to 97 % of what lies above it is right.
ANSWER_THRESHOLD = 0.85

# A longer message is never one FAQ question: its beginning is ranked, for citing, never for showing.
MOST_WORDS = 60

NEAREST_SHARE = 0.6  # of a score; the rest is the centroid's
POLARITY_FACTOR = 0.6  # for phrasings that are negated where the question is not, or the reverse
FIELD = 8  # entries whose words may be what a misspelt word means, and that may be rivals


@dataclass(frozen=True)
class Candidate:
    """An entry with P(it answers the question) and the phrasing that came nearest."""

    entry_id: str
    confidence: float
    score: float
    exact: bool
    phrasing: str


class Matcher:
    """An immutable index over the phrasings of all entries; to change it, build another."""

    def __init__(
        self, entries: Sequence[tuple[str, Sequence[str]]], coefficients: Coefficients = SHIPPED
    ) -> None:
        rows = [
            (i, text) for i, (_, phrasings) in enumerate(entries) for text in phrasings if normalize(text)
        ]
        split = [words(text) for _, text in rows]
        self._coefficients = coefficients
        self._ids = [entry_id for entry_id, _ in entries]
        self._texts = [text for _, text in rows]
        self._owner: Ints = np.asarray([entry for entry, _ in rows], dtype=np.int64)
        self._exact: dict[str, list[int]] = {}
        for row, text in enumerate(self._texts):
            self._exact.setdefault(normalize(text), []).append(row)
        self._negated = np.asarray([polarity(each) for each in split], dtype=bool)
        self._speakers = {entry for (entry, _), each in zip(rows, split, strict=True) if names_speaker(each)}
        self._terms = [frozenset(content(each)) for each in split]
        members: list[set[str]] = [set() for _ in entries]
        after: list[set[str]] = [set() for _ in entries]
        for (entry, _), terms, each in zip(rows, self._terms, split, strict=True):
            members[entry] |= terms
            after[entry] |= interrogatives(each)
        self._entry_terms = [frozenset(each) for each in members]
        self._after = [frozenset(each) for each in after]
        self._weight, self._unknown = _term_weights(self._entry_terms)
        self._index = TfIdf(split)
        self._centroids = self._index.group_means(self._owner, len(entries))
        self.version = f"{ALGORITHM}-{_digest(entries)}"

    @classmethod
    def build(cls, entries: Sequence[tuple[str, Sequence[str]]], embedder: object = None) -> "Matcher":
        """Index `entries` (id, phrasings). There is no semantic half yet, so `embedder` must be None."""
        if embedder is not None:
            raise NotImplementedError("This matcher is lexical only; pass no embedder.")
        return cls(entries)

    def rank(self, text: str, limit: int = 10) -> list[Candidate]:
        """Return up to `limit` entries, best first; none for a text that shares nothing with any."""
        split = words(text)
        if not split or not self._texts:
            return []
        exact = {int(self._owner[row]): row for row in self._exact.get(normalize(text), ())}
        negated = polarity(split)
        head = split[:MOST_WORDS]
        similar = self._index.similarities(head)
        nearest, best_rows = self._nearest(
            np.where(self._negated == negated, similar, similar * POLARITY_FACTOR)
        )
        centroid = self._centroids.similarities(head)
        score = NEAREST_SHARE * nearest + (1 - NEAREST_SHARE) * centroid
        for entry, row in exact.items():
            score[entry], nearest[entry], best_rows[entry] = 1.0, 1.0, row
        order = [int(i) for i in np.argsort(-score, kind="stable")[: max(limit, FIELD)] if score[i] > 0]
        sides = [self._side(entry, best_rows, nearest, centroid, score) for entry in order]
        asked = Asked(
            terms=self._asked_terms(head, order[:FIELD]),
            negated=negated,
            after=interrogatives(head),
            speaker=names_speaker(head),
            too_long=len(split) > MOST_WORDS,
        )
        found = [
            Candidate(
                entry_id=self._ids[entry],
                confidence=1.0 if entry in exact else self._judge(asked, sides, place),
                score=float(score[entry]),
                exact=entry in exact,
                phrasing=self._texts[best_rows[entry]],
            )
            for place, entry in enumerate(order[:limit])
        ]
        # The likeliest first, as the confidence says; among equals, the more similar stays ahead.
        return sorted(found, key=lambda each: -each.confidence)

    def _judge(self, asked: Asked, sides: Sequence[Side], place: int) -> float:
        others = [*sides[:place], *sides[place + 1 :]]
        return judge(asked, sides[place], others, self._weight, self._unknown, self._coefficients)

    def _nearest(self, similar: Floats) -> tuple[Floats, Ints]:
        """Return each entry's best similarity and the row of the phrasing that has it."""
        order = np.lexsort((-np.arange(len(similar)), similar, self._owner))
        last = order[np.flatnonzero(np.r_[np.diff(self._owner[order]) != 0, True])]
        rows = np.zeros(len(self._ids), dtype=np.int64)
        nearest = np.zeros(len(self._ids))
        rows[self._owner[last]] = last
        nearest[self._owner[last]] = similar[last]
        return nearest, rows

    def _side(self, entry: int, rows: Ints, nearest: Floats, centroid: Floats, score: Floats) -> Side:
        row = int(rows[entry])
        return Side(
            score=float(score[entry]),
            nearest=float(nearest[entry]),
            centroid=float(centroid[entry]),
            phrasing_terms=self._terms[row],
            entry_terms=self._entry_terms[entry],
            negated=bool(self._negated[row]),
            after=self._after[entry],
            speaker=entry in self._speakers,
        )

    def _asked_terms(self, split: Sequence[str], field: Sequence[int]) -> tuple[str, ...]:
        """Return the question's content terms, each unknown one as the known word it misspells."""
        near: frozenset[str] = frozenset().union(*(self._entry_terms[entry] for entry in field))
        found: list[str] = []
        for word in split:
            term = stem(word)
            if not is_content(word):
                continue
            if term not in self._weight:
                term = correct(term, near)
                if term not in near and correct(word, FUNCTION_WORDS) in FUNCTION_WORDS:
                    continue
            found.append(term)
        return tuple(dict.fromkeys(found))


def _digest(entries: Sequence[tuple[str, Sequence[str]]]) -> str:
    digest = hashlib.sha256()
    for entry_id, phrasings in entries:
        digest.update(repr((entry_id, list(phrasings))).encode("utf-8", "replace"))
    return digest.hexdigest()[:8]


def _term_weights(entries: Sequence[frozenset[str]]) -> tuple[dict[str, float], float]:
    """Return how well each content term separates the entries, and the weight of an unknown term."""
    frequency: dict[str, int] = {}
    for terms in entries:
        for term in terms:
            frequency[term] = frequency.get(term, 0) + 1
    count = max(1, len(entries))
    return {term: float(np.log(1 + count / n)) for term, n in frequency.items()}, float(np.log(1 + count))

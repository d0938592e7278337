"""Ranks passages for a prompt: how much of the question a passage speaks of, and how alike it reads.

A long passage reads unlike any short question, so the share of the question's content terms that
stand in it counts as much as similarity does.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from faq.lexical import Floats, TfIdf
from faq.terms import content, weighted_share

COVERAGE_SHARE = 0.5


class PassageIndex:
    """A fixed list of passages, each given by its words (title, phrasings and text)."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self._terms = [frozenset(content(document)) for document in documents]
        count = max(1, len(documents))
        frequency = Counter(term for terms in self._terms for term in terms)
        self._weight = {term: float(np.log(1 + count / n)) for term, n in frequency.items()}
        self._unknown = float(np.log(1 + count))
        self._similar = TfIdf(documents)

    def scores(self, asked: Sequence[str]) -> Floats:
        """Return the score of each passage for a question's words, in [0, 1]."""
        terms = content(asked)
        covered = [weighted_share(each, terms, self._weight, self._unknown) for each in self._terms]
        similar = self._similar.similarities(asked)
        return np.asarray(COVERAGE_SHARE * np.asarray(covered) + (1 - COVERAGE_SHARE) * similar)

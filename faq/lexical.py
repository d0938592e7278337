"""TF-IDF over word 1-2 grams and character 2-5 grams, in posting lists.

Words carry meaning, character grams inside word borders carry typos and inflection; each half is
normalised for itself, so a similarity is the mean of two cosines and lies in [0, 1].
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHAR_GRAMS = range(2, 6)
HALF = np.sqrt(0.5)  # so that the two halves' cosines average


def word_grams(words: Sequence[str]) -> Iterator[str]:
    """Yield words and pairs of neighbours."""
    yield from words
    for left, right in pairwise(words):
        yield f"{left} {right}"


def char_grams(words: Iterable[str]) -> Iterator[str]:
    """Yield the character grams of each word with its borders, marked so that no word gram equals one."""
    for word in words:
        padded = f" {word} "
        for size in CHAR_GRAMS:
            if len(padded) < size:
                break
            for start in range(len(padded) - size + 1):
                yield "\0" + padded[start : start + size]


class TfIdf:
    """A fixed set of documents that can be searched; a document is its list of words."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self._terms: dict[str, int] = {}
        counts = [(Counter(word_grams(document)), Counter(char_grams(document))) for document in documents]
        for halves in counts:
            for half in halves:
                for term in half:
                    self._terms.setdefault(term, len(self._terms))
        self.size = len(documents)
        self._idf = self._inverse_frequencies(counts)
        self._unseen = float(np.log((1 + max(1, self.size)) / 2) + 1)  # the idf of a term seen once
        rows: list[Ints] = []
        data: list[Floats] = []
        for halves in counts:
            ids, values = self._weigh(halves)
            rows.append(ids)
            data.append(values)
        lengths = [len(ids) for ids in rows]
        matrix = csc_matrix(
            (
                np.concatenate(data) if data else np.zeros(0),
                (
                    np.repeat(np.arange(self.size), lengths),
                    np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64),
                ),
            ),
            shape=(self.size, max(1, len(self._terms))),
        )
        self._start: Ints = matrix.indptr.astype(np.int64)
        self._document: Ints = matrix.indices.astype(np.int64)
        self._weight: Floats = matrix.data

    def _inverse_frequencies(self, counts: Sequence[tuple[Counter[str], Counter[str]]]) -> Floats:
        """Return the smoothed idf of every term: ln((1 + N) / (1 + df)) + 1."""
        frequency = np.zeros(len(self._terms))
        for halves in counts:
            for half in halves:
                for term in half:
                    frequency[self._terms[term]] += 1
        return np.asarray(np.log((1 + len(counts)) / (1 + frequency)) + 1, dtype=np.float64)

    def _weigh(self, halves: tuple[Counter[str], Counter[str]]) -> tuple[Ints, Floats]:
        """Return term ids and weights of one document; unknown terms count for the length of it only.

        An unknown term gets the idf of a term seen once: a question full of strange words is far
        from everything, however well its few known words fit.
        """
        ids: list[int] = []
        values: list[Floats] = []
        for half in halves:
            known = [(self._terms[term], count) for term, count in half.items() if term in self._terms]
            strange = np.array(
                [count for term, count in half.items() if term not in self._terms], dtype=float
            )
            if not known:
                continue
            columns = [column for column, _ in known]
            weights = (1 + np.log([count for _, count in known])) * self._idf[columns]
            length = np.sqrt((weights**2).sum() + ((1 + np.log(strange)) ** 2 * self._unseen**2).sum())
            ids.extend(columns)
            values.append(HALF * weights / length)
        flat = np.concatenate(values) if values else np.zeros(0)
        return np.asarray(ids, dtype=np.int64), flat

    def vector(self, words: Sequence[str]) -> tuple[Ints, Floats]:
        """Return term ids and weights of a question."""
        return self._weigh((Counter(word_grams(words)), Counter(char_grams(words))))

    def similarities(self, words: Sequence[str]) -> Floats:
        """Return the similarity of a question to every document, each in [0, 1]."""
        scores = np.zeros(self.size)
        for column, value in zip(*self.vector(words), strict=True):
            first, last = self._start[column], self._start[column + 1]
            scores[self._document[first:last]] += value * self._weight[first:last]
        return scores

    def group_means(self, group_of: Ints, groups: int) -> "TfIdf":
        """Return an index whose documents are the normalised centroids of groups of these documents."""
        matrix = csc_matrix(
            (
                self._weight,
                (group_of[self._document], np.repeat(np.arange(len(self._start) - 1), np.diff(self._start))),
            ),
            shape=(groups, len(self._start) - 1),
        )
        squares = matrix.multiply(matrix).sum(axis=1)
        lengths = np.sqrt(np.asarray(squares, dtype=np.float64).ravel())
        lengths[lengths == 0] = 1
        means = TfIdf.__new__(TfIdf)
        means._terms, means._idf, means._unseen, means.size = self._terms, self._idf, self._unseen, groups
        means._start, means._document = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)
        means._weight = matrix.data / lengths[matrix.indices]
        return means

"""The terms of passages in posting lists, and what a question has in common with each passage.

A term is the stem of a word. Weights: the sublinear tf and smoothed idf of scikit-learn's TfidfVectorizer
for the cosine, and ln(1 + N / df) of content terms for the share of the question that is spoken of.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from faq.matching.grams import Hashes, Ints, Strings, char_grams
from faq.terms import is_content, stem

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]

# Cosine of the character grams of two terms that are spelt alike, and how many of them stand for a term
# that no passage holds.
LEAST_ALIKE = 0.5
MOST_ALIKE = 3


@dataclass(frozen=True)
class Asked:
    """A term of a question: its share of the question's length, its weight if it is content, what it means.

    `means` are terms of the passages with how far each stands for it: itself, with 1, where it is known.
    """

    share: float
    weight: float
    means: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Terms:
    """The terms of some passages: `row[first[n]:first[n + 1]]` hold term n; a row's values have length 1."""

    vocabulary: tuple[str, ...]
    rows: int
    idf: Floats
    separates: Floats
    once: tuple[float, float]  # idf and separation of a term that one passage holds
    first: Ints
    row: Rows
    value: Floats

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]], like: "Terms | None" = None) -> "Terms":
        """Index documents by their words, with the weights of `like` where it is given."""
        counts = [Counter(map(stem, words)) for words in documents]
        frequency = Counter(term for each in counts for term in each)
        idf, separates, once = like.weights(frequency) if like else _weights(frequency, len(documents))
        number = {term: n for n, term in enumerate(frequency)}
        terms = np.fromiter((number[term] for each in counts for term in each), dtype=np.int64)
        tf = np.fromiter((n for each in counts for n in each.values()), dtype=np.float32)
        rows = np.repeat(np.arange(len(counts)), [len(each) for each in counts])
        value = (1 + np.log(tf)) * idf[terms]
        length = np.sqrt(np.bincount(rows, value.astype(np.float64) ** 2, minlength=len(counts)))
        order = np.argsort(terms, kind="stable")
        return cls(
            tuple(frequency),
            len(documents),
            idf,
            separates,
            once,
            np.r_[0, np.cumsum(np.bincount(terms, minlength=len(number)))].astype(np.int64),
            rows[order].astype(np.int32),
            (value / length[rows])[order].astype(np.float32),
        )

    @cached_property
    def _number(self) -> dict[str, int]:
        return {term: n for n, term in enumerate(self.vocabulary)}

    @cached_property
    def _spelling(self) -> "Spelling":
        return Spelling.of(self.vocabulary)

    def weights(self, terms: Iterable[str]) -> tuple[Floats, Floats, tuple[float, float]]:
        """Return idf and separation of each term, as of one that is held once where it is unknown."""
        places = [self._number.get(term) for term in terms]
        idf = [self.once[0] if place is None else float(self.idf[place]) for place in places]
        separates = [self.once[1] if place is None else float(self.separates[place]) for place in places]
        return np.asarray(idf, dtype=np.float32), np.asarray(separates, dtype=np.float32), self.once

    def question(self, words: Sequence[str], *others: "Terms") -> list[Asked]:
        """Return the terms of a question, weighed as these passages are; `others` hold terms as well."""
        counts = Counter(map(stem, words))
        matters = {stem(word) for word in words if is_content(word)}
        idf, separates, _ = self.weights(counts)
        values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * idf
        shares = values / max(float(np.sqrt(np.square(values).sum())), 1e-9)
        every = (self, *others)
        return [
            Asked(float(share), float(weight) if term in matters else 0.0, _meanings(term, every))
            for term, share, weight in zip(counts, shares, separates, strict=True)
        ]

    def compare(self, question: Sequence[Asked]) -> tuple[Floats, Floats]:
        """Return of each row the share of the question's content that it holds, and the cosine."""
        covered, similar = np.zeros((2, self.rows), dtype=np.float32)
        for asked in question:
            holds = np.zeros(self.rows, dtype=np.float32) if len(asked.means) > 1 else None
            for term, alike in asked.means:
                rows, values = self._holding(term)
                similar[rows] += asked.share * alike * values
                if holds is None:
                    covered[rows] += asked.weight * alike
                else:
                    holds[rows] = np.maximum(holds[rows], asked.weight * alike)
            if holds is not None:
                covered += holds
        total = sum(asked.weight for asked in question)
        return covered / total if total else covered, similar

    def alike(self, term: str) -> list[tuple[str, float]]:
        """Return up to MOST_ALIKE terms that are spelt like this one, with their cosines."""
        return [(self.vocabulary[n], cosine) for n, cosine in self._spelling.nearest(term)]

    def _holding(self, term: str) -> tuple[Rows, Floats]:
        place = self._number.get(term)
        if place is None:
            return self.row[:0], self.value[:0]
        span = slice(int(self.first[place]), int(self.first[place + 1]))
        return self.row[span], self.value[span]

    def __contains__(self, term: str) -> bool:
        return term in self._number


def _weights(frequency: Counter[str], documents: int) -> tuple[Floats, Floats, tuple[float, float]]:
    count = max(1, documents)
    held = np.fromiter(frequency.values(), dtype=np.float32)
    once = (float(np.log((1 + count) / 2) + 1), float(np.log(1 + count)))
    idf = np.log((1 + count) / (1 + held)) + 1
    return idf.astype(np.float32), np.log(1 + count / np.maximum(held, 1)).astype(np.float32), once


def _meanings(term: str, every: Sequence[Terms]) -> tuple[tuple[str, float], ...]:
    if any(term in each for each in every):
        return ((term, 1.0),)
    found = dict(alike for each in every for alike in each.alike(term))
    return tuple(sorted(found.items(), key=lambda each: (-each[1], each[0]))[:MOST_ALIKE])


@dataclass(frozen=True)
class Spelling:
    """The character grams of a vocabulary: the words of gram g are `word[first[g]:first[g + 1]]`."""

    gram: Hashes  # sorted
    first: Ints
    word: Rows
    grams: Ints  # how many each word has

    @classmethod
    def of(cls, vocabulary: Sequence[str]) -> "Spelling":
        """Index the words of a vocabulary."""
        hashes, owner = char_grams(Strings.of(vocabulary))
        order = np.argsort(hashes, kind="stable")
        gram, first = np.unique(hashes[order], return_index=True)
        grams = np.bincount(owner, minlength=len(vocabulary))
        return cls(gram, np.r_[first, len(hashes)].astype(np.int64), owner[order].astype(np.int32), grams)

    def nearest(self, term: str) -> list[tuple[int, float]]:
        """Return the words spelt most like `term`, with the cosine of their grams, the likest first."""
        asked = np.unique(char_grams(Strings.of([term]))[0])
        if not len(self.gram):
            return []
        place = np.minimum(np.searchsorted(self.gram, asked), len(self.gram) - 1)
        known = place[self.gram[place] == asked]
        words = [self.word[self.first[p] : self.first[p + 1]] for p in known]
        if not words:
            return []
        shared = np.bincount(np.concatenate(words), minlength=len(self.grams))
        cosine = np.minimum(1.0, shared / np.sqrt(np.maximum(self.grams, 1) * float(len(asked))))
        enough = np.flatnonzero(cosine >= LEAST_ALIKE)
        best = enough[np.argsort(-cosine[enough], kind="stable")[:MOST_ALIKE]]
        return [(int(n), float(cosine[n])) for n in best]

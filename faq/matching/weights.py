"""What a corpus' grams are worth, and a question weighed by them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faq.matching.grams import Hashes, Ints, char_grams
from faq.matching.sparse import Floats
from faq.matching.tokens import Tokens, question_pairs


@dataclass(frozen=True)
class Table:
    """Hashes in order, each with the idf that it has."""

    hashes: Hashes
    idf: Floats

    @classmethod
    def empty(cls) -> "Table":
        """Return a table of nothing."""
        return cls(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.float32))

    def of(self, hashes: Hashes, unseen: float) -> Floats:
        """Return the idf of some hashes, `unseen` for those that the table lacks."""
        place, there = find(self.hashes, hashes)
        found = np.full(len(hashes), unseen, dtype=np.float32)
        found[there] = self.idf[place[there]]
        return found


@dataclass(frozen=True)
class Weights:
    """The idf of what a corpus holds, family by family."""

    chars: Table
    terms: Table
    pairs: Table  # empty for an index without pairs
    unseen: float  # the idf of something that is seen once


def find(table: Hashes, hashes: Hashes) -> tuple[Ints, NDArray[np.bool_]]:
    """Return where each hash stands in a sorted table, and whether it stands there at all."""
    if not len(table):
        return np.zeros(len(hashes), dtype=np.int64), np.zeros(len(hashes), dtype=bool)
    place = np.minimum(np.searchsorted(table, hashes), len(table) - 1)
    return place, table[place] == hashes


def smoothed_idf(frequency: Ints, rows: int) -> Floats:
    """Return ln((1 + rows) / (1 + frequency)) + 1."""
    return np.asarray(np.log((1 + max(1, rows)) / (1 + frequency)) + 1, dtype=np.float32)


@dataclass(frozen=True)
class Asked:
    """A question as weighted grams, each family of length 1 including what is unknown."""

    gram_hash: Hashes
    gram_weight: Floats
    gram_idf: Floats
    term_hash: Hashes
    term_weight: Floats
    pair_hash: Hashes
    pair_weight: Floats

    @classmethod
    def of(cls, words: Sequence[str], weights: Weights) -> "Asked":
        """Weigh the words of a question."""
        tokens = Tokens.of([words])
        grams, gram_tf = np.unique(char_grams(tokens.words)[0], return_counts=True)
        terms, term_tf = np.unique(tokens.terms().hashes, return_counts=True)
        pairs, pair_weight = question_pairs(words)
        gram_idf = weights.chars.of(grams, weights.unseen)
        return cls(
            grams,
            _unit((1 + np.log(gram_tf)) * gram_idf),
            gram_idf,
            terms,
            _unit((1 + np.log(term_tf)) * weights.terms.of(terms, weights.unseen)),
            pairs,
            _unit(pair_weight * weights.pairs.of(pairs, weights.unseen)),
        )

    def sketch(self, dim: int) -> Floats:
        """Return the question as a count sketch of `dim` numbers."""
        found = np.zeros(dim, dtype=np.float32)
        for hashes, weight in (
            (self.gram_hash, self.gram_weight),
            (self.term_hash, self.term_weight),
            (self.pair_hash, self.pair_weight),
        ):
            place, sign = buckets(hashes, dim)
            found += np.bincount(place, weight * sign, minlength=dim).astype(np.float32)
        return found / np.float32(np.sqrt(3))


def buckets(hashes: Hashes, dim: int) -> tuple[Ints, Floats]:
    """Return place and sign of each gram in a count sketch (Charikar, Chen and Farach-Colton 2002).

    The hashes of Weinberger et al. 2009, "Feature hashing": products of sketches are products of what
    was sketched, give or take 1 / sqrt(dim).
    """
    place = ((hashes >> np.uint64(1)) % np.uint64(dim)).astype(np.int64)
    return place, np.where(hashes & np.uint64(1), np.float32(1), np.float32(-1))


def _unit(values: NDArray[np.floating]) -> Floats:
    length = float(np.sqrt(np.square(values).sum()))
    return np.asarray(values / length if length else values, dtype=np.float32)

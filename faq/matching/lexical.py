"""TF-IDF over words and neighbours, over character grams inside words, and over pairs of stems.

Words carry meaning, character grams carry typos and inflection, pairs carry what stands together. Each
family is normalised for itself, so a similarity is the mean of three cosines and lies in [0, 1]. The
idf is smoothed; words and neighbours, and the question's character grams, have a sublinear tf.

The character grams of a row are those of its words, so they are kept once for each word of the
vocabulary: a row holds only its words. A question is first compared with every known word, then rows
and centroids add up what their words got. This is exact and needs a tenth of the memory; the price is
that a gram which several words of a row share counts linearly there, which changes no figure (nearest
phrasing and centroid on BANKING77 and CLINC150, k = 5 and 10: top-1 within 0.2 points either way).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack

from faq.matching.grams import Hashes, Ints, char_grams, ranges
from faq.matching.sparse import (
    Floats,
    Places,
    Rows,
    counted,
    inverse,
    lengths,
    occurrences,
    row_lengths,
    scaled,
    weighted,
)
from faq.matching.tokens import Counted, Tokens

FAMILIES = 3
SHARE = np.float32(1 / FAMILIES)
ROOT = np.float32(FAMILIES**-0.5)  # of the share: what both sides of a product hold
_SKETCHED_AT_ONCE = 4096  # rows


@dataclass(frozen=True)
class Table:
    """Hashes in order, each with the idf that it has."""

    hashes: Hashes
    idf: Floats

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
    pairs: Table
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
        pairs = tokens.pairs()
        gram_idf = weights.chars.of(grams, weights.unseen)
        return cls(
            grams,
            _unit((1 + np.log(gram_tf)) * gram_idf),
            gram_idf,
            terms,
            _unit((1 + np.log(term_tf)) * weights.terms.of(terms, weights.unseen)),
            pairs.hashes,
            _unit(pairs.weight * weights.pairs.of(pairs.hashes, weights.unseen)),
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
        return found * ROOT


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


@dataclass(frozen=True)
class Lexical:
    """An immutable index over rows that are grouped into entries.

    Columns of `rows` and `centroids` are first the words (for their grams), then the terms, then the pairs.
    """

    word_hash: Hashes  # sorted, as the other tables are
    gram_hash: Hashes
    gram_first: Places
    gram_word: Places  # the words that hold a gram, as often as they hold it
    term_hash: Hashes
    pair_hash: Hashes
    rows: Rows
    centroids: Rows

    @classmethod
    def build(
        cls, tokens: Tokens, group: Ints, groups: int, weights: Weights | None = None
    ) -> tuple["Lexical", Weights]:
        """Index rows, row i belonging to group `group[i]`, with weights of their own or given ones."""
        word_hash, vocabulary, word = tokens.vocabulary
        hashes, gram_owner = char_grams(vocabulary)
        gram_hash, gram = np.unique(hashes, return_inverse=True)
        in_words = counted(gram_owner, gram, (len(word_hash), len(gram_hash)))
        row_words = counted(tokens.row, word, (tokens.rows, len(word_hash)))
        term_hash, row_terms = _family(tokens.terms(), tokens.rows)
        row_terms.data = 1 + np.log(row_terms.data)
        pair_hash, row_pairs = _family(tokens.pairs(), tokens.rows)
        if weights is None:
            frequency = occurrences(row_words, in_words)
            weights = Weights(
                Table(gram_hash, smoothed_idf(frequency, tokens.rows)),
                _table(term_hash, row_terms),
                _table(pair_hash, row_pairs),
                float(smoothed_idf(np.ones(1, dtype=np.int64), tokens.rows)[0]),
            )
        in_words.data *= weights.chars.of(gram_hash, weights.unseen)[in_words.indices]
        row_words = scaled(row_words, SHARE * inverse(lengths(row_words, in_words)))
        row_terms = _normalised(row_terms, weights.terms.of(term_hash, weights.unseen))
        row_pairs = _normalised(row_pairs, weights.pairs.of(pair_hash, weights.unseen))
        members = counted(group, np.arange(tokens.rows), (groups, tokens.rows))
        index = cls(
            word_hash=word_hash,
            gram_hash=gram_hash,
            gram_first=np.r_[0, np.cumsum(np.bincount(gram, minlength=len(gram_hash)))].astype(np.int32),
            gram_word=gram_owner[np.argsort(gram, kind="stable")].astype(np.int32),
            term_hash=term_hash,
            pair_hash=pair_hash,
            rows=_joined(row_words, row_terms, row_pairs),
            centroids=_centroids(members, row_words, row_terms, row_pairs, in_words),
        )
        return index, weights

    @property
    def columns(self) -> int:
        """Return how many columns `rows` has."""
        return len(self.word_hash) + len(self.term_hash) + len(self.pair_hash)

    def vector(self, asked: Asked) -> Floats:
        """Return a question over the columns: what each word's grams agree, and the terms' weights."""
        vector = np.zeros(self.columns, dtype=np.float32)
        words, terms = len(self.word_hash), len(self.term_hash)
        place, there = find(self.gram_hash, asked.gram_hash)
        place = place[there]
        first = self.gram_first[place].astype(np.int64)
        span = self.gram_first[place + 1] - first
        worth = np.repeat((asked.gram_weight * asked.gram_idf)[there], span)
        vector[:words] = np.bincount(self.gram_word[ranges(first, span)], worth, minlength=words)
        place, there = find(self.term_hash, asked.term_hash)
        vector[words + place[there]] = asked.term_weight[there]
        place, there = find(self.pair_hash, asked.pair_hash)
        vector[words + terms + place[there]] = asked.pair_weight[there]
        return vector

    def kernel(self, weights: Weights) -> Floats:
        """Return the similarity of every row to every row."""
        words = len(self.word_hash)
        grams = self._words_by(self._gram_matrix(weights))
        others = self.rows.matrix(self.columns)[:, words:]
        found = (grams @ grams.T).toarray() + (others @ others.T).toarray()
        return np.asarray(found * np.float32(FAMILIES), dtype=np.float32)

    def sketches(self, weights: Weights, dim: int) -> Floats:
        """Return the count sketch of every row (float32, [rows, dim])."""
        words = len(self.word_hash)
        chars = self._gram_matrix(weights)
        place, sign = buckets(self.gram_hash, dim)
        chars.data = chars.data * sign[chars.indices]
        chars = csr_array((chars.data, place[chars.indices], chars.indptr), shape=(words, dim))
        place, sign = buckets(np.concatenate([self.term_hash, self.pair_hash]), dim)
        others = csr_array((sign, place, np.arange(len(sign) + 1)), shape=(len(sign), dim))
        project = csr_array(vstack([chars, others], format="csr"))
        whole = self.rows.matrix(self.columns)
        found = np.zeros((len(self.rows), dim), dtype=np.float32)
        for start in range(0, len(found), _SKETCHED_AT_ONCE):
            stop = start + _SKETCHED_AT_ONCE
            found[start:stop] = (whole[start:stop] @ project).toarray() / ROOT
        return found

    def _words_by(self, grams: csr_array) -> csr_array:
        return csr_array(self.rows.matrix(self.columns)[:, : len(self.word_hash)] @ grams)

    def _gram_matrix(self, weights: Weights) -> csr_array:
        """Return the idf of each gram in each word, as often as it occurs there."""
        span = np.diff(self.gram_first)
        grams = np.repeat(np.arange(len(span)), span)
        matrix = counted(self.gram_word.astype(np.int64), grams, (len(self.word_hash), len(span)))
        matrix.data *= weights.chars.of(self.gram_hash, weights.unseen)[matrix.indices]
        return matrix


def _family(found: Counted, rows: int) -> tuple[Hashes, csr_array]:
    """Return the sorted hashes of a family, and the sums of weights by row and hash."""
    hashes, number = np.unique(found.hashes, return_inverse=True)
    return hashes, weighted(found.row, number, found.weight, (rows, len(hashes)))


def _table(hashes: Hashes, by_row: csr_array) -> Table:
    frequency = np.bincount(by_row.indices, minlength=len(hashes))
    return Table(hashes, smoothed_idf(frequency, by_row.shape[0]))


def _normalised(matrix: csr_array, idf: Floats) -> csr_array:
    matrix.data = matrix.data * idf[matrix.indices]
    return scaled(matrix, SHARE * inverse(row_lengths(matrix)))


def _joined(*parts: csr_array) -> Rows:
    return Rows.of(csr_array(hstack(parts, format="csr", dtype=np.float32)))


def _centroids(
    members: csr_array, words: csr_array, terms: csr_array, pairs: csr_array, in_words: csr_array
) -> Rows:
    """Return the mean of each group's rows, each family made as long as in a row."""
    chars, *others = (csr_array(members @ part) for part in (words, terms, pairs))
    chars = scaled(chars, SHARE * inverse(lengths(chars, in_words)))
    return _joined(chars, *(scaled(part, SHARE * inverse(row_lengths(part))) for part in others))

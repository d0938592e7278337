"""The words of many rows in order, and what is counted of them: words, neighbours, pairs of stems.

Pairs of stems that stand within a few places of each other, in any order, say what neighbours alone
miss: "cancel my order" and "the order I want to cancel".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice

import numpy as np

from faq.matching.grams import Hashes, Ints, Strings, hash_pairs, hash_strings
from faq.matching.sparse import Floats, Places
from faq.terms import is_content, stem

PAIR_SPAN = 8  # places between two stems, exclusive
# How much a stem counts that says nothing about the topic ("the", "how"), against 1 for one that does.
FUNCTION_WEIGHT = np.float32(0.4)
_ROWS_AT_ONCE = 2000
_MOST_REMEMBERED = 100  # words of a question whose places are kept for the next one of that length
_SINGLE = np.uint64(0x5DEECE66D)  # sets a stem alone apart from the word of the same letters


@dataclass(frozen=True)
class Counted:
    """What was found of one family: hash, row and weight of each occurrence."""

    hashes: Hashes
    row: Places
    weight: Floats


@dataclass(frozen=True)
class Tokens:
    """The words of some rows in order."""

    words: Strings
    row: Places  # of each word
    rows: int

    @classmethod
    def of(cls, split: Iterable[Sequence[str]]) -> "Tokens":
        """Lay out the words of each row; of an iterator, few rows are held as objects at a time."""
        parts: list[Strings] = []
        sizes: list[int] = []
        rest = iter(split)
        while some := list(islice(rest, _ROWS_AT_ONCE)):
            parts.append(Strings.of([word for each in some for word in each]))
            sizes.extend(len(each) for each in some)
        row = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        return cls(Strings.joined(parts), row, len(sizes))

    @cached_property
    def hashes(self) -> Hashes:
        """Return the hash of each word."""
        return hash_strings(self.words)

    @cached_property
    def vocabulary(self) -> tuple[Hashes, Strings, Ints]:
        """Return the sorted hashes of the different words, these words, and each token's number there."""
        hashes, first, number = np.unique(self.hashes, return_index=True, return_inverse=True)
        return hashes, self.words.pick(first), number

    def terms(self) -> Counted:
        """Return all words and pairs of neighbours, each of weight 1."""
        together = np.flatnonzero(self.row[1:] == self.row[:-1])
        pairs = hash_pairs(self.hashes[together], self.hashes[together + 1])
        hashes = np.concatenate([self.hashes, pairs])
        row = np.concatenate([self.row, self.row[together]])
        return Counted(hashes, row, np.ones(len(row), dtype=np.float32))

    def pairs(self) -> Counted:
        """Return the different stems of each row, and their unordered pairs within `PAIR_SPAN` places."""
        stems, weight, row = self._stems()
        hashes, rows, weights = [hash_pairs(stems, np.full_like(stems, _SINGLE))], [row], [weight]
        for left, right in _neighbours(row):
            low, high = np.minimum(stems[left], stems[right]), np.maximum(stems[left], stems[right])
            hashes.append(hash_pairs(low, high))
            rows.append(row[left])
            weights.append(weight[left] * weight[right])
        return Counted(np.concatenate(hashes), np.concatenate(rows), np.concatenate(weights))

    def _stems(self) -> tuple[Hashes, Floats, Places]:
        """Return hash, weight and row of each row's different stems, in the order of the rows' words."""
        _, different, number = self.vocabulary
        words = [different.text(i) for i in range(len(different))]
        weight = np.where([is_content(word) for word in words], np.float32(1), FUNCTION_WEIGHT)
        stems = hash_strings(Strings.of([stem(word) for word in words]))
        names, stem_number = np.unique(stems, return_inverse=True)
        key = self.row * np.int64(max(1, len(names))) + stem_number[number]
        first = np.sort(np.unique(key, return_index=True)[1])
        return stems[number[first]], weight[number[first]].astype(np.float32), self.row[first]


def _neighbours(row: Places) -> Iterator[tuple[Ints, Ints]]:
    """Yield the places of two words of one row that stand less than `PAIR_SPAN` apart, in pieces."""
    for apart in range(1, PAIR_SPAN):
        left = np.flatnonzero(row[apart:] == row[:-apart])
        yield left, left + apart


def question_pairs(words: Sequence[str]) -> tuple[Hashes, Floats]:
    """Return hashes and weights of `Tokens.pairs` for one row, in a third of its time."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(stem(word), word)
    stems = hash_strings(Strings.of(list(first)))
    worth = [1 if is_content(word) else FUNCTION_WEIGHT for word in first.values()]
    weight = np.array(worth, dtype=np.float32)
    places = _places if len(first) <= _MOST_REMEMBERED else _places.__wrapped__
    left, right = places(len(first))
    low, high = np.minimum(stems[left], stems[right]), np.maximum(stems[left], stems[right])
    single = np.full_like(stems, _SINGLE)
    hashes = hash_pairs(np.concatenate([stems, low]), np.concatenate([single, high]))
    return hashes, np.concatenate([weight, weight[left] * weight[right]])


@lru_cache(maxsize=_MOST_REMEMBERED)
def _places(words: int) -> tuple[Ints, Ints]:
    found = list(_neighbours(np.zeros(words, dtype=np.int32)))
    return np.concatenate([left for left, _ in found]), np.concatenate([right for _, right in found])

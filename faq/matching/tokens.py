"""The words of many rows in order, and what is counted of them: words, neighbours, pairs of stems.

Pairs of stems that stand within a few places of each other, in any order, say what neighbours alone
miss: "cancel my order" and "the order I want to cancel".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from faq.matching.grams import Hashes, Ints, Strings, hash_pairs, hash_strings
from faq.matching.sparse import Floats
from faq.terms import is_content, stem

PAIR_SPAN = 8  # places between two stems, exclusive
# How much a stem counts that says nothing about the topic ("the", "how"), against 1 for one that does.
FUNCTION_WEIGHT = np.float32(0.4)
_SINGLE = np.uint64(0x5DEECE66D)  # sets a stem alone apart from the word of the same letters


@dataclass(frozen=True)
class Counted:
    """What was found of one family: hash, row and weight of each occurrence."""

    hashes: Hashes
    row: Ints
    weight: Floats


@dataclass(frozen=True)
class Tokens:
    """The words of some rows in order."""

    words: Strings
    row: Ints  # of each word
    rows: int

    @classmethod
    def of(cls, split: Sequence[Sequence[str]]) -> "Tokens":
        """Lay out the words of each row."""
        row = np.repeat(np.arange(len(split)), [len(each) for each in split])
        return cls(Strings.of([word for each in split for word in each]), row, len(split))

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
        for apart in range(1, PAIR_SPAN):
            left = np.flatnonzero(row[apart:] == row[:-apart])
            right = left + apart
            low, high = np.minimum(stems[left], stems[right]), np.maximum(stems[left], stems[right])
            hashes.append(hash_pairs(low, high))
            rows.append(row[left])
            weights.append(weight[left] * weight[right])
        return Counted(np.concatenate(hashes), np.concatenate(rows), np.concatenate(weights))

    def _stems(self) -> tuple[Hashes, Floats, Ints]:
        """Return hash, weight and row of each row's different stems, in the order of the rows' words."""
        _, different, number = self.vocabulary
        words = [different.text(i) for i in range(len(different))]
        weight = np.where([is_content(word) for word in words], np.float32(1), FUNCTION_WEIGHT)
        stems = hash_strings(Strings.of([stem(word) for word in words]))
        names, stem_number = np.unique(stems, return_inverse=True)
        key = self.row * np.int64(max(1, len(names))) + stem_number[number]
        first = np.sort(np.unique(key, return_index=True)[1])
        return stems[number[first]], weight[number[first]].astype(np.float32), self.row[first]

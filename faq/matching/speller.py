"""Maps a misspelt word to the known word that it was meant to be.

A word is repaired only when nobody knows it: neither the phrasings nor the list of frequent words. What
counts as a slip is decided by `faq.terms.is_typo`; two filters over all known words keep the few that may
pass it. One slip changes at most two letters of a word's set of letters, and six of its set of pairs of
letters (a swap: three pairs gone, three new).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faq.matching.grams import Hashes, Ints, Strings, hash_strings
from faq.matching.texts import Texts
from faq.terms import is_typo, within_edits

# What `is_typo` allows: no slip in shorter words, two in long ones, the first letter kept in short ones.
_SHORTEST_TYPO = 4
_TWO_EDITS_FROM = 9
_ANY_HEAD_FROM = 6
_LETTERS_CHANGED = 2
_PAIRS_CHANGED = 6
_BITS = np.uint64(63)


@dataclass(frozen=True)
class Known:
    """Words in order, and what of them can be compared at once."""

    texts: Texts
    hashes: Hashes  # sorted; not in the order of the words
    length: Ints
    head: NDArray[np.uint32]  # the first letter
    letters: Hashes  # a set of letters, as bits
    pairs: Hashes  # a set of neighbouring letters, as bits

    @classmethod
    def of(cls, words: Sequence[str]) -> "Known":
        """Prepare words, none of which is empty; those used most come first."""
        strings = Strings.of(words)
        letters, pairs = _sets(strings)
        head = strings.points[strings.start]
        return cls(Texts.of(words), np.sort(hash_strings(strings)), strings.length, head, letters, pairs)

    def holds(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Return which words are among these."""
        place = np.searchsorted(self.hashes, hashes)
        there = place < len(self.hashes)
        there[there] = self.hashes[place[there]] == hashes[there]
        return there

    def near(self, word: str) -> list[str]:
        """Return the words of which `word` may be a misspelling, in order."""
        one = Strings.of([word])
        letters, pairs = _sets(one)
        shorter = np.minimum(self.length, len(word))
        edits = np.where(shorter >= _TWO_EDITS_FROM, 2, 1)
        headed = (shorter >= _ANY_HEAD_FROM) | (self.head == ord(word[0]))
        near = np.flatnonzero(headed & (np.abs(self.length - len(word)) <= edits))
        near = near[np.bitwise_count(self.pairs[near] ^ pairs[0]) <= _PAIRS_CHANGED * edits[near]]
        near = near[np.bitwise_count(self.letters[near] ^ letters[0]) <= _LETTERS_CHANGED * edits[near]]
        return [known for known in (self.texts[int(i)] for i in near) if is_typo(word, known)]


class Speller:
    """Repairs the words of questions by the words of an index, and by frequent words."""

    def __init__(self, parts: Sequence[Known], frequent: Known) -> None:
        self._parts = tuple(parts)
        self._frequent = frequent

    @classmethod
    def of(cls, known: Sequence[str], frequent: Sequence[str] = ()) -> "Speller":
        """Prepare for the words of an index and for other words that are no slips; each most used first."""
        return cls([Known.of(known)], Known.of(frequent))

    def extended(self, known: Sequence[str]) -> "Speller":
        """Return a speller that knows these words too; a second call replaces what the first one added."""
        return Speller([self._parts[0], Known.of(known)], self._frequent)

    def repair(self, words: Sequence[str]) -> list[str]:
        """Return the words, each unknown one as the known word it misspells, if there is one."""
        if not words:
            return []
        hashes = hash_strings(Strings.of(words))
        fine = self._frequent.holds(hashes)
        for part in self._parts:
            fine |= part.holds(hashes)
        return [word if known else self.nearest(word) for word, known in zip(words, fine, strict=True)]

    def nearest(self, word: str) -> str:
        """Return the known word that `word`, being unknown, misspells; `word` itself when there is none.

        The fewest slips win, then a word of the same letters (a swap, or one letter for two), then a word
        of the index, then one that begins alike, then the one that is used most.
        """
        if len(word) < _SHORTEST_TYPO or not word.isalpha():
            return word
        found = [(False, known) for part in self._parts for known in part.near(word)]
        found += [(True, known) for known in self._frequent.near(word)]
        best = min(
            found,
            key=lambda each: (
                not within_edits(word, each[1], 1),
                set(word) != set(each[1]),
                each[0],
                word[0] != each[1][0],
            ),
            default=(True, word),
        )
        return best[1]


def _sets(strings: Strings) -> tuple[Hashes, Hashes]:
    """Return for each string the sets of its letters and of its pairs of letters, as 64 bits each."""
    if not len(strings):
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64)
    points = strings.points.astype(np.uint64)
    letters = np.uint64(1) << (points & _BITS)
    # A multiplier that spreads pairs of the Latin letters; the right neighbour counts for itself.
    mixed = (points[:-1] * np.uint64(37) + points[1:] * np.uint64(11)) & _BITS
    pairs = np.append(np.uint64(1) << mixed, np.uint64(0))
    ends = strings.start + strings.length
    letters[ends] = 0  # the separators
    pairs[ends] = 0
    pairs[ends - 1] = 0
    return np.bitwise_or.reduceat(letters, strings.start), np.bitwise_or.reduceat(pairs, strings.start)

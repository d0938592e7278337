"""Words and their character grams as 64-bit numbers, for whole corpora at once.

A hash is a polynomial over code points modulo 2**64, scattered by the finaliser of splitmix64. It is the
same in every process, so indexes that were saved stay valid, and a corpus of half a million different
grams needs no dictionary of strings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]

CHAR_SIZES = range(2, 6)
# What is longer is a link or a key; its beginning is enough to find it again.
LONGEST_WORD = 48

# Knuth's multiplier for 64-bit linear congruences (MMIX), the golden ratio, and splitmix64's two
# (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
_MULTIPLIER = np.uint64(6364136223846793005)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SALTS = {size: np.uint64(size * int(_GOLDEN) % 2**64) for size in CHAR_SIZES}
_SEPARATOR = 10  # a line feed, which no folded word holds
_BORDER = 32


@dataclass(frozen=True)
class Strings:
    """Many strings as one array of code points; `start` and `length` say where each one lies."""

    points: NDArray[np.uint32]
    start: Ints
    length: Ints

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Strings":
        """Lay out `texts`, none of which may hold a line feed."""
        if not texts:
            none = np.zeros(0, dtype=np.int64)
            return cls(np.zeros(0, dtype=np.uint32), none, none)
        joined = ("\n".join(texts) + "\n").encode("utf-32-le", "surrogatepass")
        points = np.frombuffer(joined, dtype=np.uint32)
        end = np.flatnonzero(points == _SEPARATOR)
        start = np.r_[0, end[:-1] + 1]
        return cls(points, start, end - start)

    @classmethod
    def joined(cls, parts: Sequence["Strings"]) -> "Strings":
        """Return the strings of all parts, one after the other."""
        if not parts:
            return cls.of([])
        sizes = [len(each.points) for each in parts]
        starts = [each.start + before for each, before in zip(parts, np.cumsum(sizes) - sizes, strict=True)]
        points = np.concatenate([each.points for each in parts])
        return cls(points, np.concatenate(starts), np.concatenate([each.length for each in parts]))

    def __len__(self) -> int:
        return len(self.start)

    def pick(self, numbers: Ints) -> "Strings":
        """Return the strings of these numbers, copied together, each with a separator behind it."""
        length = self.length[numbers]
        return Strings(self.points[ranges(self.start[numbers], length + 1)], _starts(length + 1), length)

    def text(self, number: int) -> str:
        """Return one string."""
        first = int(self.start[number])
        piece = self.points[first : first + int(self.length[number])]
        return piece.tobytes().decode("utf-32-le", "surrogatepass")


def _starts(lengths: Ints) -> Ints:
    return np.asarray(np.cumsum(lengths) - lengths, dtype=np.int64)


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """Return start, start + 1, ... of every range, one after the other."""
    offset = np.repeat(starts - _starts(lengths), lengths)
    return np.asarray(offset + np.arange(len(offset)), dtype=np.int64)


def scatter(hashes: Hashes) -> Hashes:
    """Return the hashes with every bit depending on all bits (finaliser of splitmix64)."""
    mixed = (hashes ^ (hashes >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)


def hash_strings(strings: Strings) -> Hashes:
    """Return the hash of every string: scatter(sum of point[i] * M**(i + 1), plus length * golden)."""
    if not len(strings):
        return np.zeros(0, dtype=np.uint64)
    powers = np.multiply.accumulate(np.full(int(strings.length.max()) + 1, _MULTIPLIER))
    span = strings.length + 1
    place = np.arange(len(strings.points)) - np.repeat(strings.start, span)
    terms = strings.points.astype(np.uint64) * powers[place]
    terms[strings.start + strings.length] = 0  # the separators
    sums = np.add.reduceat(terms, strings.start)
    return scatter(sums + strings.length.astype(np.uint64) * _GOLDEN)


def hash_pairs(left: Hashes, right: Hashes) -> Hashes:
    """Return the hash of two neighbouring words, which depends on their order."""
    return scatter(left * _MULTIPLIER + right + _GOLDEN)


def char_grams(words: Strings) -> tuple[Hashes, Ints]:
    """Return the hash of every character gram of each bordered word, and the number of its word.

    A gram that occurs twice in a word is returned twice. The grams of one size come together.
    """
    length = np.minimum(words.length, LONGEST_WORD) + 2
    start = _starts(length)
    padded = np.full(int(length.sum()), _BORDER, dtype=np.uint64)
    padded[ranges(start + 1, length - 2)] = words.points[ranges(words.start, length - 2)]
    word = np.repeat(np.arange(len(words)), length)
    left = np.repeat(length, length) - (np.arange(len(padded)) - np.repeat(start, length))
    hashes: list[Hashes] = []
    numbers: list[Ints] = []
    rolling = padded.copy()
    for size in CHAR_SIZES:
        rolling = rolling[:-1] * _MULTIPLIER + padded[size - 1 :]
        inside = np.flatnonzero(left[: len(rolling)] >= size)
        hashes.append(scatter(rolling[inside] + _SALTS[size]))
        numbers.append(word[inside])
    return np.concatenate(hashes), np.concatenate(numbers)

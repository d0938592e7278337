"""Rows grouped by entry, with all that finds them: exactly, by their words, and by their vectors."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from faq.matching.dense import MOST_EXACT, Vectors, joined
from faq.matching.grams import Hashes, Strings, hash_strings
from faq.matching.lexical import Lexical, Weights
from faq.matching.sparse import Floats, Places, inverse
from faq.matching.texts import Texts
from faq.matching.tokens import Tokens
from faq.normalize import normalize, words

Embed = Callable[[Sequence[str]], Floats]  # texts -> float32 [texts, dim], unit length

_EMBEDDED_AT_ONCE = 2048  # 3 MB of vectors


@dataclass(frozen=True)
class Segment:
    """An immutable set of rows; the rows of group i are `first[i]` to `first[i + 1]`."""

    texts: Texts
    first: Places
    lexical: Lexical
    exact_hash: Hashes  # sorted
    exact_row: Places
    vectors: Vectors | None = None
    centroids: Vectors | None = None

    @classmethod
    def build(cls, groups: Sequence[Sequence[str]], weights: Weights | None) -> tuple["Segment", Weights]:
        """Index the texts of each group; a text without a word is left out."""
        texts: list[str] = []
        sizes: list[int] = []
        split: list[list[str]] = []
        folded: list[str] = []
        for group in groups:
            before = len(texts)
            for text in group:
                if name := normalize(text):
                    texts.append(text)
                    folded.append(name)
                    split.append(words(text))
            sizes.append(len(texts) - before)
        first = np.r_[0, np.cumsum(sizes, dtype=np.int64)].astype(np.int32)
        hashes = hash_strings(Strings.of(folded))
        order = np.argsort(hashes, kind="stable")
        tokens = Tokens.of(split)
        del split, folded
        group_of = np.repeat(np.arange(len(sizes)), sizes)
        lexical, weights = Lexical.build(tokens, group_of, len(sizes), weights)
        return cls(Texts.of(texts), first, lexical, hashes[order], order.astype(np.int32)), weights

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def groups(self) -> int:
        """Return the number of groups."""
        return len(self.first) - 1

    def with_vectors(self, embed: Embed, small: bool | None = None) -> "Segment":
        """Return the same rows with vectors; `small` says whether to round them (None: when many)."""
        small = len(self) > MOST_EXACT if small is None else small
        parts: list[Vectors] = []
        sums = np.zeros((self.groups, 0), dtype=np.float32)
        for start, stop in self._group_blocks():
            rows = int(self.first[start]), int(self.first[stop])
            if rows[0] == rows[1]:
                continue
            vectors = np.asarray(embed(self.texts[rows[0] : rows[1]]), dtype=np.float32)
            if not parts:
                sums = np.zeros((self.groups, vectors.shape[1]), dtype=np.float32)
            parts.append(Vectors.of(vectors, small))
            sums[start:stop] = _sums(vectors, self.first[start : stop + 1] - rows[0])
        if not parts:
            return self
        sizes = np.linalg.norm(sums, axis=1).astype(np.float32)
        centroids = Vectors.of(sums * inverse(sizes)[:, None], small)
        return replace(self, vectors=joined(parts), centroids=centroids)

    def _group_blocks(self) -> Iterator[tuple[int, int]]:
        """Yield ranges of whole groups with about as many rows each."""
        start = 0
        while start < self.groups:
            limit = int(self.first[start]) + _EMBEDDED_AT_ONCE
            stop = max(start + 1, int(np.searchsorted(self.first, limit, side="right")) - 1)
            yield start, min(stop, self.groups)
            start = stop

    def exact(self, normalized: str) -> list[int]:
        """Return the rows whose normalised text is `normalized`."""
        wanted = hash_strings(Strings.of([normalized]))[0]
        first, last = (
            np.searchsorted(self.exact_hash, wanted),
            np.searchsorted(self.exact_hash, wanted, "right"),
        )
        rows = [int(row) for row in self.exact_row[first:last]]
        return sorted(row for row in rows if normalize(self.texts[row]) == normalized)

    def nearest(self, vector: Floats, group: int, dense: bool = False) -> tuple[float, int]:
        """Return the highest product of a group's rows with `vector`, and that row; (0, -1) without any."""
        start, stop = int(self.first[group]), int(self.first[group + 1])
        matrix = self.vectors if dense else self.lexical.rows
        if start == stop or matrix is None:
            return 0.0, -1
        scores = matrix.times(vector, start, stop)
        best = int(scores.argmax())
        return float(scores[best]), start + best


def _sums(vectors: Floats, first: NDArray[np.int32]) -> Floats:
    """Return the sum of the vectors of each group; 0 for a group without any."""
    sums = np.zeros((len(first) - 1, vectors.shape[1]), dtype=np.float32)
    filled = np.flatnonzero(np.diff(first))
    if len(filled):
        sums[filled] = np.add.reduceat(vectors, first[filled], axis=0)
    return sums

"""Rows grouped by entry, with all that finds them: exactly, by their words, and by their vectors."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from faq.matching.dense import MOST_EXACT, Vectors, joined
from faq.matching.grams import Hashes, Strings, hash_strings
from faq.matching.lexical import Lexical, clipped_mean
from faq.matching.sparse import Floats, Places, group_sums, inverse
from faq.matching.texts import Texts
from faq.matching.tokens import Tokens
from faq.matching.weights import Asked, Weights
from faq.normalize import normalize, words

Embed = Callable[[Sequence[str]], Floats]  # texts -> float32 [texts, dim], unit length

_AT_ONCE = 2048  # texts; their vectors are 3 MB


@dataclass(frozen=True)
class Segment:
    """An immutable set of rows; the rows of group i are `first[i]` to `first[i + 1]`."""

    texts: Texts
    first: Places
    lexical: Lexical
    spread: Floats  # [families, groups]: 1 / the length of the sum of a group's rows
    exact_hash: Hashes  # sorted
    exact_row: Places
    vectors: Vectors | None = None
    centroids: Vectors | None = None

    @classmethod
    def build(cls, groups: Sequence[Sequence[str]], weights: Weights | None) -> tuple["Segment", Weights]:
        """Index the texts of each group; a text without a word is left out."""
        texts: list[str] = []
        group_of: list[int] = []
        names: list[Hashes] = [np.zeros(0, dtype=np.uint64)]
        rest = ((number, text) for number, group in enumerate(groups) for text in group)
        while some := list(islice(rest, _AT_ONCE)):
            named = [(number, text, name) for number, text in some if (name := normalize(text))]
            group_of.extend(number for number, _, _ in named)
            texts.extend(text for _, text, _ in named)
            names.append(hash_strings(Strings.of([name for _, _, name in named])))
        hashes = np.concatenate(names)
        order = np.argsort(hashes, kind="stable")
        sizes = np.bincount(np.array(group_of, dtype=np.int64), minlength=len(groups))
        first = np.r_[0, np.cumsum(sizes)].astype(np.int32)
        lexical, weights = Lexical.build(Tokens.of(words(text) for text in texts), weights)
        return cls(
            texts=Texts.of(texts),
            first=first,
            lexical=lexical,
            spread=inverse(lexical.group_lengths(first, weights)),
            exact_hash=hashes[order],
            exact_row=order.astype(np.int32),
        ), weights

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def groups(self) -> int:
        """Return the number of groups."""
        return len(self.first) - 1

    def with_vectors(self, embed: Embed) -> "Segment":
        """Return the same rows with vectors, rounded when they are many."""
        small = len(self) > MOST_EXACT
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
            limit = int(self.first[start]) + _AT_ONCE
            stop = max(start + 1, int(np.searchsorted(self.first, limit, side="right")) - 1)
            yield start, min(stop, self.groups)
            start = stop

    def group_of(self, row: int) -> int:
        """Return the group of a row."""
        return int(np.searchsorted(self.first, row, side="right")) - 1

    def group(self, number: int) -> list[str]:
        """Return the texts of a group."""
        return self.texts[int(self.first[number]) : int(self.first[number + 1])]

    def vector_of(self, row: int) -> Floats | None:
        """Return the vector of a row, None when it has none."""
        vector = self.vectors.rows(row, row + 1)[0] if self.vectors is not None else None
        return vector if vector is not None and vector.any() else None

    def exact(self, normalized: str) -> list[int]:
        """Return the rows whose normalised text is `normalized`."""
        wanted = hash_strings(Strings.of([normalized]))[0]
        first, last = (
            np.searchsorted(self.exact_hash, wanted),
            np.searchsorted(self.exact_hash, wanted, "right"),
        )
        rows = [int(row) for row in self.exact_row[first:last]]
        return sorted(row for row in rows if normalize(self.texts[row]) == normalized)

    def similar(self, asked: Asked) -> "Similar":
        """Return how similar every row and every group's centroid is to a question."""
        if not len(self):
            return Similar(np.zeros(0, dtype=np.float32), np.zeros(self.groups, dtype=np.float32))
        parts = self.lexical.parts(asked)
        centroids = group_sums(parts, self.first) * self.spread
        return Similar(clipped_mean(parts), clipped_mean(centroids))

    def nearest(self, scores: Floats, group: int) -> tuple[float, int]:
        """Return the highest of the rows' scores in a group, and that row; (0, -1) without any."""
        start, stop = int(self.first[group]), int(self.first[group + 1])
        if start == stop:
            return 0.0, -1
        best = start + int(scores[start:stop].argmax())
        return float(scores[best]), best

    def nearest_vector(self, vector: Floats, group: int) -> tuple[float, int]:
        """Return the highest cosine of a group's rows to `vector`, and that row; (0, -1) without any."""
        start, stop = int(self.first[group]), int(self.first[group + 1])
        if start == stop or self.vectors is None:
            return 0.0, -1
        scores = self.vectors.times(vector, start, stop)
        best = int(scores.argmax())
        return float(scores[best]), start + best


@dataclass(frozen=True)
class Similar:
    """The similarity of a question to all rows and centroids of a segment, in [0, 1]."""

    rows: Floats
    centroids: Floats


def remembering(embed: Embed, known: Mapping[str, Floats]) -> Embed:
    """Return an `embed` that asks only for texts whose vector is not known."""

    def vectors(texts: Sequence[str]) -> Floats:
        fresh = list(dict.fromkeys(text for text in texts if text not in known))
        found = dict(zip(fresh, embed(fresh), strict=True)) if fresh else {}
        return np.stack([known[text] if text in known else found[text] for text in texts])

    return vectors


def _sums(vectors: Floats, first: NDArray[np.int32]) -> Floats:
    """Return the sum of the vectors of each group; 0 for a group without any."""
    sums = np.zeros((len(first) - 1, vectors.shape[1]), dtype=np.float32)
    filled = np.flatnonzero(np.diff(first))
    if len(filled):
        sums[filled] = np.add.reduceat(vectors, first[filled], axis=0)
    return sums

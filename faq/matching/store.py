"""All phrasings of all entries, searchable by exact text, words and vectors.

A store never changes: `changed` returns another one that shares the arrays and adds a small segment, as
log-structured indexes do. Entry numbers stay what they are across changes; a removed one stays empty.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faq.matching.dense import Vectors
from faq.matching.grams import Ints, Strings, hash_strings
from faq.matching.lexical import Asked, Weights, find
from faq.matching.segment import Embed, Segment, Similar
from faq.matching.sparse import Floats, Places
from faq.normalize import normalize

Entries = Sequence[tuple[str, Sequence[str]]]
_Finder = Callable[[int], tuple[float, int]]  # a group -> the score of its nearest row, and that row
EVERYWHERE = ""  # the entry id of a negative that belongs to no entry


@dataclass(frozen=True)
class Query:
    """A question, made ready for one store."""

    words: tuple[str, ...]
    asked: Asked
    base: Similar
    delta: Similar
    negatives: Similar


@dataclass(frozen=True)
class Near:
    """The nearest negatives: of all entries, and of each entry asked for; rows are -1 without any."""

    everywhere: float
    everywhere_row: int
    scores: Floats
    rows: Ints


@dataclass(frozen=True)
class Store:
    """An immutable index; build it by `Store.build`."""

    ids: list[str]  # by entry number; "" for one that was removed
    numbers: Mapping[str, int]
    base: Segment
    delta: Segment
    delta_numbers: Ints  # the entry of each group of the delta
    negatives: Segment
    negative_groups: Mapping[str, int]
    weights: Weights
    in_base: NDArray[np.bool_]  # by entry number: its rows are those of the base
    delta_group: Places  # by entry number, -1 for one that is not there

    @classmethod
    def build(
        cls, entries: Entries, negatives: Sequence[tuple[str, str]] = (), vectors: Embed | None = None
    ) -> "Store":
        """Index `entries` (id, phrasings) and `negatives` (entry id or "", text).

        `vectors` turns texts into unit vectors (float32, [texts, dim]); it is called in pieces.
        Raises ValueError for an id that is empty or stands there twice.
        """
        ids = [entry_id for entry_id, _ in entries]
        numbers = {entry_id: number for number, entry_id in enumerate(ids)}
        if len(numbers) < len(ids) or EVERYWHERE in numbers:
            raise ValueError("Every entry needs an id of its own that is not empty.")
        base, weights = Segment.build([phrasings for _, phrasings in entries], None)
        delta, _ = Segment.build([], weights)
        against, groups = _negatives(negatives, weights)
        if vectors is not None:
            base, against = base.with_vectors(vectors), against.with_vectors(vectors, small=False)
        return cls(
            ids=ids,
            numbers=numbers,
            base=base,
            delta=delta,
            delta_numbers=np.zeros(0, dtype=np.int64),
            negatives=against,
            negative_groups=groups,
            weights=weights,
            in_base=np.ones(len(ids), dtype=bool),
            delta_group=np.full(len(ids), -1, dtype=np.int32),
        )

    @property
    def owner(self) -> Ints:
        """Return the entry number of every row, -1 for a row that was replaced or removed."""
        base = np.repeat(np.arange(self.base.groups), np.diff(self.base.first))
        base[~self.in_base[base]] = -1
        return np.concatenate([base, np.repeat(self.delta_numbers, np.diff(self.delta.first))])

    @property
    def texts(self) -> Sequence[str]:
        """Return the text of every row."""
        return _Both(self.base.texts, self.delta.texts)

    @property
    def delta_rows(self) -> int:
        """Return how many rows changes have added or taken since the base was built."""
        gone = np.flatnonzero(~self.in_base[: self.base.groups])
        return len(self.delta) + int(np.diff(self.base.first)[gone].sum())

    def rows_of(self, entry: int) -> range:
        """Return the rows of an entry."""
        if entry < self.base.groups and self.in_base[entry]:
            return range(int(self.base.first[entry]), int(self.base.first[entry + 1]))
        group = int(self.delta_group[entry])
        if group < 0:
            return range(0)
        start = len(self.base)
        return range(start + int(self.delta.first[group]), start + int(self.delta.first[group + 1]))

    def exact(self, text: str) -> list[int]:
        """Return the rows whose normalised text equals that of `text`."""
        wanted = normalize(text)
        if not wanted:
            return []
        base = [row for row in self.base.exact(wanted) if self.in_base[self._base_entry(row)]]
        return base + [len(self.base) + row for row in self.delta.exact(wanted)]

    def entry_of(self, row: int) -> int:
        """Return the entry number of a row."""
        if row < len(self.base):
            entry = self._base_entry(row)
            return entry if self.in_base[entry] else -1
        group = int(np.searchsorted(self.delta.first, row - len(self.base), side="right")) - 1
        return int(self.delta_numbers[group])

    def _base_entry(self, row: int) -> int:
        return int(np.searchsorted(self.base.first, row, side="right")) - 1

    def exact_negatives(self, text: str) -> list[str]:
        """Return the entry ids ("" for all) whose negatives equal `text` when normalised."""
        wanted = normalize(text)
        rows = self.negatives.exact(wanted) if wanted else []
        names = list(self.negative_groups)
        return [names[int(np.searchsorted(self.negatives.first, row, side="right")) - 1] for row in rows]

    def query(self, words: Sequence[str]) -> Query:
        """Make a question ready, given by its words (`faq.normalize.words`)."""
        asked = Asked.of(words, self.weights)
        base, delta, against = (s.similar(asked) for s in (self.base, self.delta, self.negatives))
        return Query(tuple(words), asked, base, delta, against)

    def centroids(self, query: Query) -> Floats:
        """Return the similarity to the centroid of every entry, in [0, 1], 0 without rows."""
        return self._by_entry(query.base.centroids, query.delta.centroids)

    def nearest(self, query: Query, entries: Sequence[int] | Ints) -> tuple[Floats, Ints]:
        """Return the similarity of each entry's nearest row, and that row (0 and -1 without rows)."""
        base, delta = query.base.rows, query.delta.rows
        return self._nearest(
            entries,
            lambda group: self.base.nearest(base, group),
            lambda group: self.delta.nearest(delta, group),
        )

    def row_scores(self, query: Query) -> Floats:
        """Return the similarity of every row, replaced ones too."""
        return np.concatenate([query.base.rows, query.delta.rows])

    def gram(self) -> Floats:
        """Return the similarity of every row of the base to every other; for up to about 4,000 rows."""
        return self.base.lexical.kernel(self.weights)

    def sketch_rows(self, dim: int) -> Floats:
        """Return the base's rows as float32 [rows, dim]; products are about their similarities."""
        return self.base.lexical.sketches(self.weights, dim)

    def sketch(self, query: Query, dim: int) -> Floats:
        """Return a question as such a short vector."""
        return query.asked.sketch(dim)

    @property
    def dim(self) -> int:
        """Return the length of the vectors, 0 without any."""
        return self.base.vectors.dim if self.base.vectors is not None else 0

    def dense_centroids(self, vector: Floats) -> Floats:
        """Return the cosine to the centroid of every entry's vectors, in [-1, 1], 0 without rows."""
        base, delta = (_times(segment.centroids, vector) for segment in (self.base, self.delta))
        return self._by_entry(base, delta, lowest=-1)

    def dense_nearest(self, vector: Floats, entries: Sequence[int] | Ints) -> tuple[Floats, Ints]:
        """Return the cosine of each entry's nearest row, and that row (0 and -1 without rows)."""
        return self._nearest(
            entries,
            lambda group: self.base.nearest_vector(vector, group),
            lambda group: self.delta.nearest_vector(vector, group),
        )

    def dense_rows(self, vector: Floats) -> Floats:
        """Return the cosine of every row, replaced ones too."""
        return np.concatenate([_times(segment.vectors, vector) for segment in (self.base, self.delta)])

    def near_negatives(self, query: Query, entries: Sequence[int] | Ints) -> Near:
        """Return the similarity of the nearest negatives by their words."""
        return self._near(entries, lambda group: self.negatives.nearest(query.negatives.rows, group))

    def dense_near_negatives(self, vector: Floats, entries: Sequence[int] | Ints) -> Near:
        """Return the cosine of the nearest negatives by their vectors."""
        return self._near(entries, lambda group: self.negatives.nearest_vector(vector, group))

    def known(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Return which words stand in some row."""
        hashes = hash_strings(Strings.of(words))
        base, delta = (find(s.lexical.words.hashes, hashes)[1] for s in (self.base, self.delta))
        return np.asarray(base | delta)

    def idf(self, words: Sequence[str]) -> Floats:
        """Return the idf of words, unknown ones as if seen once."""
        return self.weights.terms.of(hash_strings(Strings.of(words)), self.weights.unseen)

    def _by_entry(self, base: Floats, delta: Floats, lowest: float = 0) -> Floats:
        found = np.zeros(len(self.ids), dtype=np.float32)
        found[: len(base)] = base
        found[~self.in_base] = 0
        found[self.delta_numbers] = delta
        return np.clip(found, lowest, 1, out=found)

    def _nearest(self, entries: Sequence[int] | Ints, base: _Finder, delta: _Finder) -> tuple[Floats, Ints]:
        scores = np.zeros(len(entries), dtype=np.float32)
        rows = np.full(len(entries), -1, dtype=np.int64)
        for i, entry in enumerate(entries):
            if entry < self.base.groups and self.in_base[entry]:
                scores[i], rows[i] = base(int(entry))
            elif (group := int(self.delta_group[entry])) >= 0:
                score, row = delta(group)
                if row >= 0:
                    scores[i], rows[i] = score, row + len(self.base)
        return scores, rows

    def _near(self, entries: Sequence[int] | Ints, find: _Finder) -> Near:
        scores = np.zeros(len(entries), dtype=np.float32)
        rows = np.full(len(entries), -1, dtype=np.int64)
        for i, entry in enumerate(entries):
            name = self.ids[entry]
            if name != EVERYWHERE and name in self.negative_groups:
                scores[i], rows[i] = find(self.negative_groups[name])
        return Near(*find(self.negative_groups[EVERYWHERE]), scores, rows)


class _Both(Sequence[str]):
    """Two lists of texts as one."""

    def __init__(self, left: Sequence[str], right: Sequence[str]) -> None:
        self._left, self._right = left, right

    def __len__(self) -> int:
        return len(self._left) + len(self._right)

    def __getitem__(self, index: int) -> str:  # type: ignore[override]
        return self._left[index] if index < len(self._left) else self._right[index - len(self._left)]


def _negatives(pairs: Sequence[tuple[str, str]], weights: Weights) -> tuple[Segment, dict[str, int]]:
    """Return the segment of the negatives and the group of each entry id; those of all entries first."""
    texts: dict[str, list[str]] = {EVERYWHERE: []}
    for entry_id, text in pairs:
        texts.setdefault(entry_id, []).append(text)
    segment, _ = Segment.build(list(texts.values()), weights)
    return segment, {entry_id: group for group, entry_id in enumerate(texts)}


def _times(vectors: Vectors | None, vector: Floats) -> Floats:
    return np.zeros(0, dtype=np.float32) if vectors is None else vectors.times(vector)

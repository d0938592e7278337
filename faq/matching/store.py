"""All phrasings of all entries, searchable by exact text, words and vectors.

A store never changes: `changed` returns another one that shares the arrays and adds a small segment, as
log-structured indexes do. Entry numbers stay what they are across changes; a removed one stays empty.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from faq.matching.dense import Vectors
from faq.matching.directory import Directory, unique
from faq.matching.grams import Ints, Strings, hash_strings
from faq.matching.memory import give_back
from faq.matching.segment import Embed, Segment, Similar, remembering
from faq.matching.sparse import Floats
from faq.matching.texts import Joined
from faq.matching.weights import Asked, Weights, find
from faq.normalize import normalize

Entries = Sequence[tuple[str, Sequence[str]]]
Pairs = Sequence[tuple[str, str]]
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

    directory: Directory
    base: Segment
    delta: Segment
    negatives: Segment
    negative_groups: Mapping[str, int]  # entry id -> its group of negatives
    weights: Weights

    @classmethod
    def build(cls, entries: Entries, negatives: Pairs = (), vectors: Embed | None = None) -> "Store":
        """Index `entries` (id, phrasings) and `negatives` (entry id or "", text).

        `vectors` turns texts into unit vectors (float32, [texts, dim]; a row of zeros for a text that has
        none); it is called in pieces. Raises ValueError for an id that is empty or stands there twice.
        """
        directory = Directory.of([entry_id for entry_id, _ in entries])
        base, weights = Segment.build([phrasings for _, phrasings in entries], None)
        delta, _ = Segment.build([], weights)
        against, groups = _negatives(negatives, weights)
        if vectors is not None:
            base, against = base.with_vectors(vectors), against.with_vectors(vectors)
        give_back()
        return cls(directory, base, delta, against, groups, weights)

    def changed(
        self,
        upserts: Entries = (),
        removed: Collection[str] = (),
        negatives: Pairs | None = None,
        vectors: Embed | None = None,
    ) -> "Store":
        """Return a store with entries replaced or added, others removed, and new negatives unless None.

        The idf stays the base's. `vectors` is asked only for texts that have no vector here; without it
        the texts that changed have none. Raises ValueError as `build` does.
        """
        unique([entry_id for entry_id, _ in upserts])
        names = [self.ids[number] for number in self.directory.members]
        content = dict(zip(names, map(self.delta.group, range(len(names))), strict=True))
        content = {name: texts for name, texts in content.items() if name not in removed}
        content.update((name, list(phrasings)) for name, phrasings in upserts)
        delta, _ = Segment.build(list(content.values()), self.weights)
        against, groups = self.negatives, self.negative_groups
        if negatives is not None and sorted(negatives) != sorted(self.negative_pairs):
            against, groups = _negatives(negatives, self.weights)
        if vectors is not None:
            embed = remembering(vectors, self._vectors_of(content))
            delta = delta.with_vectors(embed)
            against = against if against is self.negatives else against.with_vectors(embed)
        gone = set(removed) - content.keys()
        return Store(
            self.directory.changed(list(content), gone), self.base, delta, against, groups, self.weights
        )

    def _vectors_of(self, names: Collection[str]) -> dict[str, Floats]:
        """Return the vectors of the rows of some entries, and of all negatives, by their texts."""
        rows = chain.from_iterable(self.rows_of(self.numbers[name]) for name in names if name in self.numbers)
        places = [
            (self.base, row) if row < len(self.base) else (self.delta, row - len(self.base)) for row in rows
        ]
        places += [(self.negatives, row) for row in range(len(self.negatives))]
        found = {segment.texts[row]: segment.vector_of(row) for segment, row in places}
        return {text: vector for text, vector in found.items() if vector is not None}

    @property
    def ids(self) -> list[str]:
        """Return the id of every entry by its number; "" for one that was removed."""
        return self.directory.ids

    @property
    def numbers(self) -> Mapping[str, int]:
        """Return the number of every entry by its id."""
        return self.directory.numbers

    @property
    def owner(self) -> Ints:
        """Return the entry number of every row, -1 for a row that was replaced or removed."""
        base = np.repeat(np.arange(self.base.groups), np.diff(self.base.first))
        base[~self.directory.in_base[base]] = -1
        return np.concatenate([base, np.repeat(self.directory.members, np.diff(self.delta.first))])

    @property
    def texts(self) -> Sequence[str]:
        """Return the text of every row."""
        return Joined(self.base.texts, self.delta.texts)

    def vocabulary(self) -> list[str]:
        """Return the words of the base's rows, those of most rows first, then the words of the delta's."""
        return [*self.base.lexical.words.by_use(), *self.delta.lexical.words.by_use()]

    @property
    def negative_pairs(self) -> list[tuple[str, str]]:
        """Return the negatives (entry id or "", text)."""
        return [(name, text) for name, i in self.negative_groups.items() for text in self.negatives.group(i)]

    @property
    def delta_rows(self) -> int:
        """Return how many rows changes have added or taken since the base was built."""
        gone = np.flatnonzero(~self.directory.in_base[: self.base.groups])
        return len(self.delta) + int(np.diff(self.base.first)[gone].sum())

    def rows_of(self, entry: int) -> range:
        """Return the rows of an entry, which always lie together."""
        if self.directory.in_base[entry]:
            return range(int(self.base.first[entry]), int(self.base.first[entry + 1]))
        group, start = int(self.directory.group[entry]), len(self.base)
        if group < 0:
            return range(0)
        return range(start + int(self.delta.first[group]), start + int(self.delta.first[group + 1]))

    def entry_of(self, row: int) -> int:
        """Return the entry number of a row, -1 for a row that was replaced or removed."""
        if row < len(self.base):
            entry = self.base.group_of(row)
            return entry if self.directory.in_base[entry] else -1
        return int(self.directory.members[self.delta.group_of(row - len(self.base))])

    def exact(self, text: str) -> list[int]:
        """Return the rows whose normalised text equals that of `text`."""
        wanted = normalize(text)
        if not wanted:
            return []
        rows = [*self.base.exact(wanted), *(len(self.base) + row for row in self.delta.exact(wanted))]
        return [row for row in rows if self.entry_of(row) >= 0]

    def exact_negatives(self, text: str) -> list[str]:
        """Return the entry ids ("" for all) whose negatives equal `text` when normalised."""
        wanted = normalize(text)
        names = list(self.negative_groups)
        return [
            names[self.negatives.group_of(row)] for row in (self.negatives.exact(wanted) if wanted else ())
        ]

    def query(self, words: Sequence[str]) -> Query:
        """Make a question ready, given by its words (`faq.normalize.words`)."""
        asked = Asked.of(words, self.weights)
        base, delta, against = (each.similar(asked) for each in (self.base, self.delta, self.negatives))
        return Query(tuple(words), asked, base, delta, against)

    def centroids(self, query: Query) -> Floats:
        """Return the similarity to the centroid of every entry, in [0, 1], 0 without rows."""
        return self.directory.by_entry(query.base.centroids, query.delta.centroids)

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
        return max(each.vectors.dim if each.vectors is not None else 0 for each in (self.base, self.delta))

    def dense_centroids(self, vector: Floats) -> Floats:
        """Return the cosine to the centroid of every entry's vectors, in [-1, 1], 0 without rows."""
        base, delta = (_times(each.centroids, vector) for each in (self.base, self.delta))
        return np.clip(self.directory.by_entry(base, delta), -1, 1)

    def dense_nearest(self, vector: Floats, entries: Sequence[int] | Ints) -> tuple[Floats, Ints]:
        """Return the cosine of each entry's nearest row, and that row (0 and -1 without rows)."""
        return self._nearest(
            entries,
            lambda group: self.base.nearest_vector(vector, group),
            lambda group: self.delta.nearest_vector(vector, group),
        )

    def dense_rows(self, vector: Floats) -> Floats:
        """Return the cosine of every row, replaced ones too; 0 for those without a vector."""
        return np.concatenate(
            [
                _times(each.vectors, vector) if each.vectors is not None else np.zeros(len(each), np.float32)
                for each in (self.base, self.delta)
            ]
        )

    def near_negatives(self, query: Query, entries: Sequence[int] | Ints) -> Near:
        """Return the similarity of the nearest negatives by their words."""
        return self._near(entries, lambda group: self.negatives.nearest(query.negatives.rows, group))

    def dense_near_negatives(self, vector: Floats, entries: Sequence[int] | Ints) -> Near:
        """Return the cosine of the nearest negatives by their vectors."""
        return self._near(entries, lambda group: self.negatives.nearest_vector(vector, group))

    def known(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Return which words stand in some row."""
        hashes = hash_strings(Strings.of(words))
        base, delta = (find(each.lexical.words.hashes, hashes)[1] for each in (self.base, self.delta))
        return np.asarray(base | delta)

    def idf(self, words: Sequence[str]) -> Floats:
        """Return the idf of words, unknown ones as if seen once."""
        return self.weights.terms.of(hash_strings(Strings.of(words)), self.weights.unseen)

    def _nearest(self, entries: Sequence[int] | Ints, base: _Finder, delta: _Finder) -> tuple[Floats, Ints]:
        scores = np.zeros(len(entries), dtype=np.float32)
        rows = np.full(len(entries), -1, dtype=np.int64)
        for i, entry in enumerate(entries):
            if self.directory.in_base[entry]:
                scores[i], rows[i] = base(int(entry))
            elif (group := int(self.directory.group[entry])) >= 0:
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


def _negatives(pairs: Pairs, weights: Weights) -> tuple[Segment, dict[str, int]]:
    """Return the segment of the negatives and the group of each entry id; those of all entries first."""
    texts: dict[str, list[str]] = {EVERYWHERE: []}
    for entry_id, text in pairs:
        texts.setdefault(entry_id, []).append(text)
    segment, _ = Segment.build(list(texts.values()), weights)
    return segment, {entry_id: group for group, entry_id in enumerate(texts)}


def _times(vectors: Vectors | None, vector: Floats) -> Floats:
    return np.zeros(0, dtype=np.float32) if vectors is None else vectors.times(vector)

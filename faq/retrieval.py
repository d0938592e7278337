"""Ranks passages for a prompt: how much of the question a passage speaks of, and how alike it reads.

A long passage reads unlike any short question, so the share of the question's content terms that stand in
it counts as much as the cosine does. A word that no passage holds stands for those that are spelt alike.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from faq.passage_terms import Asked, Floats, Terms

COVERAGE_SHARE = 0.5

# The words of each passage of an entry (title, phrasings and text), in the entry's order.
Documents = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Part:
    """Some passages, indexed together: the rows of an entry are its passages in order."""

    entries: tuple[str, ...]
    counts: tuple[int, ...]
    terms: Terms
    rows_of: Mapping[str, tuple[int, int]]  # first row, and the one after the last
    owner: tuple[str, ...]  # of each row

    @classmethod
    def of(cls, entries: Iterable[str], counts: Iterable[int], terms: Terms) -> "Part":
        """Lay out the rows of `terms`: `counts[i]` of them belong to `entries[i]`."""
        entries, counts = tuple(entries), tuple(counts)
        rows_of: dict[str, tuple[int, int]] = {}
        start = 0
        for entry, count in zip(entries, counts, strict=True):
            rows_of[entry] = (start, start + count)
            start += count
        owner = tuple(entry for entry, count in zip(entries, counts, strict=True) for _ in range(count))
        return cls(entries, counts, terms, rows_of, owner)

    @classmethod
    def build(cls, documents: Mapping[str, Documents], like: Terms | None = None) -> "Part":
        """Index the passages of entries, with the weights of `like` for what that knows."""
        terms = Terms.build([words for each in documents.values() for words in each], like)
        return cls.of(documents, [len(each) for each in documents.values()], terms)

    def scores(self, question: Sequence[Asked]) -> Floats:
        """Return the score of each row for a question, in [0, 1]."""
        covered, similar = self.terms.compare(question)
        return np.asarray(COVERAGE_SHARE * covered + (1 - COVERAGE_SHARE) * similar, dtype=np.float32)


@dataclass(frozen=True)
class PassageIndex:
    """The passages of all entries: a base, what has changed since, and which entries of the base are over.

    Never changed; `changed` returns another one that shares the base and keeps its weights.
    """

    base: Part
    later: Part
    documents: Mapping[str, Documents]  # of `later`
    over: frozenset[str]

    @classmethod
    def build(cls, entries: Mapping[str, Documents]) -> "PassageIndex":
        """Index the passages of entries; an entry may have none."""
        return cls.on(Part.build(entries))

    @classmethod
    def on(cls, base: Part) -> "PassageIndex":
        """Return the index that holds a base and nothing else."""
        return cls(base, Part.build({}, base.terms), {}, frozenset())

    def changed(self, upserts: Mapping[str, Documents], removed: Collection[str] = ()) -> "PassageIndex":
        """Return the index with these passages in the place of what entries had, `removed` without any."""
        documents = {entry: each for entry, each in self.documents.items() if entry not in removed}
        documents.update(upserts)
        over = self.over | {entry for entry in (*upserts, *removed) if entry in self.base.rows_of}
        return replace(self, later=Part.build(documents, self.base.terms), documents=documents, over=over)

    def question(self, words: Sequence[str]) -> list[Asked]:
        """Return the terms of a question, given by its words, as `nearest` takes them."""
        return self.base.terms.question(words, self.later.terms)

    def nearest(
        self,
        question: Sequence[Asked],
        near: Mapping[str, float],
        exclude: Collection[str],
        limit: int,
        least: float,
    ) -> list[tuple[str, int]]:
        """Return entry and place (from 0) of up to `limit` passages, best first, none below `least`.

        A passage counts by its own words or, if that is more, by `near`: how near its entry is otherwise.
        `exclude` holds entries that are left out.
        """
        found: list[tuple[float, int, str, int]] = []
        for part, over in ((self.base, self.over), (self.later, frozenset[str]())):
            scores = part.scores(question)
            for entry, score in near.items():
                first, stop = part.rows_of.get(entry, (0, 0))
                scores[first:stop] = np.maximum(scores[first:stop], score)
            for entry in (*exclude, *over):
                first, stop = part.rows_of.get(entry, (0, 0))
                scores[first:stop] = -1
            for row in _top(scores, limit, least):
                entry = part.owner[row]
                found.append((-float(scores[row]), len(found), entry, row - part.rows_of[entry][0]))
        return [(entry, place) for _, _, entry, place in sorted(found)[:limit]]


def _top(scores: Floats, limit: int, least: float) -> list[int]:
    """Return the rows with the highest scores from `least` on; earlier ones come first among equals."""
    enough = np.flatnonzero(scores >= least)
    if len(enough) > limit > 0:
        worst = np.partition(scores[enough], -limit)[-limit]
        enough = enough[scores[enough] >= worst]
    order = np.argsort(-scores[enough], kind="stable")[:limit]
    return [int(row) for row in enough[order]]

"""Finds the candidates of a question and how strongly each is spoken for by all signals together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faq.matching.features import LEXICAL, SEMANTIC, Field
from faq.matching.grams import Ints
from faq.matching.ridge import LEXICAL_SHARE, STEEPNESS, Ridge
from faq.matching.shipped import STRENGTH_LEXICAL, STRENGTH_SEMANTIC
from faq.matching.sparse import Floats
from faq.matching.store import Query, Store

BY_CENTROID, BY_RIDGE = 16, 8  # entries that each signal may bring in


@dataclass(frozen=True)
class Found:
    """The field of a question, and the nearest row of each candidate: by words and by meaning."""

    field: Field
    rows: Ints
    meant: Ints


@dataclass(frozen=True)
class Trained:
    """What a ridge says for every entry that it was trained on, and which of those still are as they were."""

    scores: Floats
    unchanged: NDArray[np.bool_]


def find(
    store: Store,
    query: Query,
    vector: Floats | None,
    ridges: tuple[Ridge | None, Ridge | None],
    trained: tuple[Trained | None, Trained | None] = (None, None),
) -> Found | None:
    """Return the candidates by words and, with a `vector`, by meaning; None when nothing is similar at all.

    `ridges` are the lexical and the joint one; `trained` are their scores where the caller knows better.
    """
    centroid = store.centroids(query)
    words = _trained(store, query, None, ridges[0], trained[0])
    every = [(centroid, BY_CENTROID), (words.scores if words else None, BY_RIDGE)]
    meaning, joint = None, None
    if vector is not None:
        meaning = store.dense_centroids(vector)
        joint = _trained(store, query, vector, ridges[1], trained[1])
        every += [(meaning, BY_CENTROID), (joint.scores if joint else None, BY_RIDGE)]
    entries = _candidates(every)
    if not len(entries):
        return None
    nearest, rows = store.nearest(query, entries)
    entries, nearest, rows = entries[rows >= 0], nearest[rows >= 0], rows[rows >= 0]
    if not len(entries):
        return None
    columns = [centroid[entries], nearest, _column(words, entries, nearest, ridges[0])]
    meant = rows
    if vector is not None and meaning is not None:
        near, meant = store.dense_nearest(vector, entries)
        meant = np.where(meant >= 0, meant, rows)
        both = np.exp(STEEPNESS * (near - 1)) + LEXICAL_SHARE * nearest
        columns += [meaning[entries], near, _column(joint, entries, both, ridges[1])]
    signals = np.column_stack(columns).astype(np.float64)
    weights = STRENGTH_LEXICAL if vector is None else STRENGTH_SEMANTIC
    names = LEXICAL if vector is None else SEMANTIC
    strength = signals @ np.array([weights[name] for name in names])
    return Found(Field([int(entry) for entry in entries], signals, strength, names), rows, meant)


def _trained(
    store: Store, query: Query, vector: Floats | None, ridge: Ridge | None, known: Trained | None
) -> Trained | None:
    if known is not None or ridge is None:
        return known
    return Trained(ridge.scores(store, query, vector), store.directory.in_base)


def _candidates(every: list[tuple[Floats | None, int]]) -> Ints:
    """Return the entries that some signal puts first, each once; none whose signal is 0 or less."""
    found: list[Ints] = []
    for scores, most in every:
        if scores is not None and len(scores):
            top = np.argpartition(-scores, min(most, len(scores)) - 1)[:most]
            found.append(top[scores[top] > 0])
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)


def _column(trained: Trained | None, entries: Ints, near: Floats, ridge: Ridge | None) -> Floats:
    """Return the ridge's scores of some entries; of those that it was not trained on by their nearest row."""
    if trained is None or ridge is None:
        return np.asarray(near, dtype=np.float32)
    scores = ridge.alone(near)
    inside = entries < len(trained.scores)
    inside[inside] = trained.unchanged[entries[inside]]
    scores[inside] = trained.scores[entries[inside]]
    return scores

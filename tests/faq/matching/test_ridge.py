"""The classifier over all phrasings, where they are too many for the closed form."""

from functools import cache

import numpy as np

from faq.matching.ridge import MOST_ROWS, Ridge, train
from faq.matching.sparse import Floats
from faq.matching.store import Store

ENTRIES, EACH, PLACES, DIM = 60, 70, 3, 8
ROWS = ENTRIES * EACH


@cache
def trained() -> tuple[Store, Ridge, Floats]:
    """Return a ridge on texts of one word and vectors of which each entry has three heaps.

    So many heaps in so few dimensions that no plane parts an entry from the others, but its neighbours do.
    """
    rng = np.random.default_rng(1)
    heaps = rng.standard_normal((ENTRIES, PLACES, DIM))
    near = rng.standard_normal((ENTRIES, EACH, DIM)) * 0.1
    vectors = (heaps[:, np.arange(EACH) % PLACES] + near).reshape(ROWS, DIM)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    store = Store.build([(str(entry), ["same"] * EACH) for entry in range(ENTRIES)])
    ridge = train(store, store.owner, ENTRIES, vectors)
    assert ridge is not None
    return store, ridge, vectors


def test_landmarks_find_what_no_plane_parts() -> None:
    store, ridge, vectors = trained()
    assert ROWS > MOST_ROWS
    assert len(ridge.landmarks) == 2048
    query = store.query(["same"])
    asked = range(0, ROWS, 37)
    right = [ridge.scores(store, query, vectors[row]).argmax() == row // EACH for row in asked]
    assert np.mean(right) > 0.9


def test_landmarks_are_of_all_entries_alike() -> None:
    _, ridge, vectors = trained()
    place = {vector.tobytes(): row for row, vector in enumerate(vectors)}
    count = np.bincount([place[mark.tobytes()] // EACH for mark in ridge.landmarks], minlength=ENTRIES)
    assert count.max() - count.min() <= 1


def test_a_ridge_of_landmarks_is_the_same_after_it_was_kept() -> None:
    store, ridge, vectors = trained()
    again = Ridge.of(ridge.arrays())
    query = store.query(["same"])
    assert np.array_equal(again.scores(store, query, vectors[5]), ridge.scores(store, query, vectors[5]))


def test_leaving_a_row_out_takes_from_its_own_entry() -> None:
    store, ridge, vectors = trained()
    said = ridge.scores(store, store.query(["same"]), vectors[0])
    without = ridge.left_out(said, 0, 0)
    assert without[0] < said[0]
    assert without[0] == without.max()
    assert 0 < ridge.leverage.min() < ridge.leverage.max() < 1

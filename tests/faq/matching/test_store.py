"""What a store finds: exact texts, nearest phrasings, centroids, vectors and negatives."""

from collections.abc import Sequence

import numpy as np
import pytest

from faq.matching.sparse import Floats
from faq.matching.store import Store
from faq.normalize import words

ENTRIES = [
    ("reset", ["How do I reset my password?", "I forgot my password"]),
    ("empty", []),
    ("cancel", ["How can I cancel my order?", "I want to cancel the order from yesterday"]),
    ("german", ["Wie ändere ich meine Adresse?"]),
]


def letters(texts: Sequence[str]) -> Floats:
    """Return texts as unit vectors of letter counts."""
    found = np.zeros((len(texts), 26), dtype=np.float32)
    for row, text in zip(found, texts, strict=True):
        for letter in text.casefold():
            if "a" <= letter <= "z":
                row[ord(letter) - 97] += 1
        row /= np.linalg.norm(row) or 1
    return found


@pytest.fixture
def store() -> Store:
    return Store.build(
        ENTRIES, [("", "What is the weather?"), ("cancel", "Can I cancel my flight?")], vectors=letters
    )


def test_an_exact_text_is_found_whatever_its_case_and_courtesy(store: Store) -> None:
    (row,) = store.exact("Hello, how do i RESET my password, please")
    assert store.texts[row] == "How do I reset my password?"
    assert store.ids[store.entry_of(row)] == "reset"
    assert store.exact("How do I reset my passwords?") == store.exact("?!") == []


def test_the_nearest_phrasing_of_each_entry_is_found(store: Store) -> None:
    query = store.query(words("cancel the order of yesterday"))
    scores, rows = store.nearest(query, [2, 0, 1])
    assert store.texts[int(rows[0])] == "I want to cancel the order from yesterday"
    assert scores[0] > scores[1] and rows[2] == -1 and scores[2] == 0
    every = store.row_scores(query)
    assert scores[0] == every[rows[0]] and scores[1] == every[rows[1]] == every[list(store.rows_of(0))].max()
    assert int(store.centroids(query).argmax()) == 2


def test_a_misspelt_question_is_nearest_to_what_was_meant(store: Store) -> None:
    assert int(store.centroids(store.query(words("forgott pasword"))).argmax()) == 0
    assert int(store.centroids(store.query(words("adrese aendern"))).argmax()) == 3


def test_vectors_have_centroids_and_nearest_rows(store: Store) -> None:
    vector = letters(["I forgot my password"])[0]
    scores, rows = store.dense_nearest(vector, [0, 1])
    assert scores[0] == pytest.approx(1) and store.texts[int(rows[0])] == "I forgot my password"
    assert (scores[1], rows[1]) == (0, -1)
    mean = letters(ENTRIES[0][1]).sum(axis=0)
    assert store.dense_centroids(vector)[0] == pytest.approx(float(mean @ vector / np.linalg.norm(mean)))
    assert store.dense_rows(vector) == pytest.approx(letters(list(store.texts)) @ vector)


def test_negatives_belong_to_an_entry_or_to_all(store: Store) -> None:
    assert store.exact_negatives("what is the weather") == [""]
    assert store.exact_negatives("can I cancel my flight??") == ["cancel"]
    near = store.near_negatives(store.query(words("can I cancel my flight")), [2, 0])
    assert near.scores[0] > 0.9 > near.everywhere and near.scores[1] == 0
    assert store.negatives.texts[int(near.rows[0])] == "Can I cancel my flight?" and near.rows[1] == -1
    dense = store.dense_near_negatives(letters(["what is the weather"])[0], [2])
    assert dense.everywhere == pytest.approx(1) and dense.everywhere_row == near.everywhere_row


def test_the_gram_matrix_holds_the_similarities_of_the_rows(store: Store) -> None:
    gram = store.gram()
    assert gram.diagonal() == pytest.approx(1, abs=1e-5)
    for row, text in enumerate(store.texts):
        # A question's character grams have a sublinear tf, a row's a linear one.
        assert store.row_scores(store.query(words(text))) == pytest.approx(gram[row], abs=0.03)


def test_sketches_keep_the_similarities(store: Store) -> None:
    sketches = store.sketch_rows(4096)
    assert sketches @ sketches.T == pytest.approx(store.gram(), abs=0.1)
    query = store.query(words("I forgot my order"))
    assert sketches @ store.sketch(query, 4096) == pytest.approx(store.row_scores(query), abs=0.1)


@pytest.mark.parametrize("entries", [[], [("a", [])], [("a", ["", "?!", "   "])]])
def test_a_store_without_rows_finds_nothing(entries: list[tuple[str, list[str]]]) -> None:
    store = Store.build(entries, vectors=letters)
    query = store.query(words("anything at all"))
    assert not store.centroids(query).any() and len(store.row_scores(query)) == 0 == len(store.texts)
    scores, rows = store.nearest(query, range(len(entries)))
    assert not scores.any() and set(rows) <= {-1}
    assert store.exact("anything") == [] and not store.known(["anything"]).any()


def test_every_entry_needs_an_id_of_its_own() -> None:
    with pytest.raises(ValueError, match="id of its own"):
        Store.build([("a", ["x"]), ("a", ["y"])])
    with pytest.raises(ValueError, match="not empty"):
        Store.build([("", ["x"])])

"""A store that was changed, and one that was saved, answer as one that was built at once."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.matching.saving import StoreError, load, save
from faq.matching.sparse import Floats
from faq.matching.store import Query, Store
from faq.normalize import words
from tests.faq.matching.test_store import ENTRIES, letters

WORD = st.sampled_from(
    ["reset", "my", "password", "card", "lost", "größe", "заказ", "密码", "how", "the", "پرداخت"]
)
TEXT = st.lists(WORD, max_size=6).map(" ".join)
ENTRY_IDS = st.sampled_from("abcdef")
CONTENT = st.dictionaries(ENTRY_IDS, st.lists(TEXT, max_size=4))
NEGATIVES = st.lists(st.tuples(st.sampled_from(["", "a", "b"]), TEXT), max_size=3)


def found(store: Store, text: str) -> dict[str, tuple[float, str]]:
    """Return by entry the similarity of the nearest phrasing, and that phrasing."""
    scores, rows = store.nearest(store.query(words(text)), range(len(store.ids)))
    hits = zip(store.ids, scores, rows, strict=True)
    return {name: (float(score), store.texts[int(row)]) for name, score, row in hits if row >= 0}


def assert_bounded(store: Store, query: Query) -> None:
    for scores in (store.centroids(query), store.row_scores(query)):
        assert scores.dtype == np.float32 and (scores >= 0).all() and (scores <= 1).all()


@given(CONTENT, CONTENT, st.sets(ENTRY_IDS), NEGATIVES, TEXT)
def test_a_changed_store_finds_what_a_new_one_finds(
    before: dict[str, list[str]],
    upserts: dict[str, list[str]],
    removed: set[str],
    negatives: list[tuple[str, str]],
    text: str,
) -> None:
    base = Store.build(list(before.items()))
    changed = base.changed(removed=removed).changed(list(upserts.items()), negatives=negatives)
    content = {name: texts for name, texts in before.items() if name not in removed} | upserts
    built = Store.build(list(content.items()), negatives)
    assert sorted(name for name in changed.ids if name) == sorted(content)
    for asked in [text, *(each for texts in content.values() for each in texts)]:
        assert sorted(changed.texts[row] for row in changed.exact(asked)) == sorted(
            built.texts[row] for row in built.exact(asked)
        )
        assert sorted(changed.exact_negatives(asked)) == sorted(built.exact_negatives(asked))
        assert found(changed, asked).keys() == found(built, asked).keys()
        assert_bounded(changed, changed.query(words(asked)))
    owners = [changed.ids[owner] for owner in changed.owner if owner >= 0]
    assert sorted(owners) == sorted(built.ids[owner] for owner in built.owner)
    assert [changed.entry_of(row) for row in range(len(changed.texts))] == changed.owner.tolist()


@given(CONTENT, NEGATIVES, TEXT)
def test_the_same_content_as_a_change_has_the_same_similarities(
    content: dict[str, list[str]], negatives: list[tuple[str, str]], text: str
) -> None:
    built = Store.build(list(content.items()), negatives)
    again = built.changed(list(content.items()))  # every entry in the delta, weighed by the base
    query, other = built.query(words(text)), again.query(words(text))
    assert again.centroids(other) == pytest.approx(built.centroids(query), abs=1e-5)
    entries = range(len(built.ids))
    assert again.nearest(other, entries)[0] == pytest.approx(built.nearest(query, entries)[0], abs=1e-5)


def test_numbers_stay_what_they_are() -> None:
    store = Store.build(ENTRIES, [("cancel", "cancel my flight")])
    changed = store.changed(
        [("new", ["Where is my parcel?"]), ("reset", ["Reset it"])], ["german", "unknown"]
    )
    assert changed.ids == ["reset", "empty", "cancel", "", "new"]
    assert changed.texts[changed.exact("reset it")[0]] == "Reset it"
    assert changed.exact("I forgot my password") == changed.exact("Wie ändere ich meine Adresse?") == []
    assert changed.delta_rows == 2 + 3  # two rows came, three went
    assert changed.exact_negatives("cancel my flight") == ["cancel"]
    back = changed.changed([("german", ["Wo ist mein Paket?"])], ["new"])
    assert back.ids == ["reset", "empty", "cancel", "", "", "german"]
    assert store.exact("I forgot my password") != []  # the old one is as it was


def test_only_texts_without_a_vector_are_embedded() -> None:
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> Floats:
        asked.extend(texts)
        vectors = letters(texts)
        vectors[["later" in text for text in texts]] = 0  # it has no vector yet
        return vectors

    store = Store.build([("a", ["one", "two", "this later"])], [("", "no")], vectors=embed)
    asked.clear()
    changed = store.changed([("a", ["one", "two", "this later", "three"])], vectors=embed)
    assert asked == ["this later", "three"]
    asked.clear()
    changed = changed.changed([("b", ["four"])], negatives=[("", "no"), ("b", "five")], vectors=embed)
    assert asked == ["this later", "four", "five"]
    assert changed.dense_nearest(letters(["two"])[0], [0])[0] == pytest.approx([1])
    assert changed.dense_near_negatives(letters(["five"])[0], [1]).scores == pytest.approx([1])
    assert changed.dense_centroids(letters(["four"])[0])[1] == pytest.approx(1)


@pytest.mark.parametrize("changes", [False, True])
def test_a_saved_store_answers_as_before(tmp_path: Path, changes: bool) -> None:
    store = Store.build(ENTRIES, [("", "weather"), ("cancel", "cancel my flight")], vectors=letters)
    if changes:
        store = store.changed([("new", ["Where is my order?"])], ["german"], vectors=letters)
    save(store, tmp_path / "index")
    loaded = load(tmp_path / "index")
    assert (loaded.ids, loaded.numbers, list(loaded.texts)) == (store.ids, store.numbers, list(store.texts))
    assert loaded.negative_pairs == store.negative_pairs and loaded.vocabulary() == store.vocabulary()
    for text in ["forgott my pasword", "where is the order", "I forgot my password"]:
        query, other = store.query(words(text)), loaded.query(words(text))
        assert (loaded.row_scores(other) == store.row_scores(query)).all()
        assert (loaded.centroids(other) == store.centroids(query)).all()
        assert loaded.exact(text) == store.exact(text)
        vector = letters([text])[0]
        assert (loaded.dense_rows(vector) == store.dense_rows(vector)).all()
        assert (loaded.dense_centroids(vector) == store.dense_centroids(vector)).all()
    assert loaded.gram() == pytest.approx(store.gram())
    assert loaded.changed([("x", ["more"])]).exact("more")


def test_an_empty_store_is_kept_too(tmp_path: Path) -> None:
    save(Store.build([]), tmp_path)
    loaded = load(tmp_path)
    assert loaded.ids == [] and loaded.changed([("a", ["hello world"])]).exact("Hello, world!") == [0]


def test_large_arrays_are_mapped(tmp_path: Path) -> None:
    store = Store.build([(str(i), [f"question number {i} of {i % 7}", f"and {i * i}"]) for i in range(5000)])
    save(store, tmp_path)
    row = load(tmp_path).base.lexical.terms.postings.row
    assert isinstance(row.base, np.memmap) and not row.flags.writeable
    assert load(tmp_path).query(["question", "17"]).base.rows.max() > 0


def test_a_folder_without_a_whole_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no whole index"):
        load(tmp_path)
    save(Store.build(ENTRIES), tmp_path)
    manifest = tmp_path / "store.json"
    good = manifest.read_text()
    for bad in ("{", "[]", "{}", good.replace('"format": 1', '"format": 0')):
        manifest.write_text(bad)
        with pytest.raises(StoreError):
            load(tmp_path)
    manifest.write_text(good)
    assert load(tmp_path).ids
    array = tmp_path / "base.lexical.terms.postings.row.npy"
    array.write_bytes(array.read_bytes()[:-4])
    with pytest.raises(StoreError, match="no whole index"):
        load(tmp_path)
    array.unlink()
    with pytest.raises(StoreError, match="no whole index"):
        load(tmp_path)

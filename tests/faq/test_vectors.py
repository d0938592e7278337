"""Vectors of phrasings come from the database when they are there, and get there when they are not."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from common.clock import now
from faq import vectors
from faq.embedder import load_embedder
from faq.engine_models import PhrasingVector
from faq.vectors import fill, forget_unused, stored, vectors_for

pytestmark = pytest.mark.django_db

TEXTS = ["how do i reset my password", "", "cancel my subscription", "how do i reset my password", "日本語"]


class Counting:
    """The real embedder, which remembers what it was asked for."""

    def __init__(self, name: str = "") -> None:
        self._embedder = load_embedder()
        self.id, self.dim = self._embedder.id + name, self._embedder.dim
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return self._embedder.embed(texts)


def test_each_text_is_computed_once_for_all_processes() -> None:
    first, second = Counting(), Counting()
    found = vectors_for(TEXTS, first)
    assert first.asked == ["how do i reset my password", "", "cancel my subscription", "日本語"]
    assert np.abs(found - load_embedder().embed(TEXTS)).max() < 1e-3
    assert (vectors_for([*TEXTS, "new"], second)[:5] == found).all()
    assert second.asked == ["new"]


def test_another_embedder_has_vectors_of_its_own() -> None:
    vectors_for(TEXTS, Counting())
    other = Counting("/2")
    assert stored(TEXTS, other) == {}
    vectors_for(TEXTS, other)
    assert len(other.asked) == 4 and PhrasingVector.objects.count() == 8


@pytest.mark.parametrize("damage", [b"", b"\0" * 767, np.full(384, np.nan, "<f2").tobytes()])
def test_a_damaged_row_is_computed_again(damage: bytes) -> None:
    wanted = vectors_for(TEXTS, Counting())
    key = vectors.key_of(TEXTS[0], Counting())
    assert PhrasingVector.objects.filter(key=key).update(vector=damage) == 1
    mending = Counting()
    assert set(stored(TEXTS, mending)) == set(TEXTS[1:]) - {TEXTS[0]}
    assert (vectors_for(TEXTS, mending) == wanted).all()
    assert mending.asked == [TEXTS[0]]
    assert set(stored(TEXTS, mending)) == set(TEXTS)


def test_more_texts_than_a_query_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "AT_ONCE", 7)
    monkeypatch.setattr(vectors, "STEP", 5)
    texts = [f"question {number}" for number in range(23)]
    embedder = Counting()
    assert (vectors_for(texts, embedder) == vectors_for(list(reversed(texts)), embedder)[::-1]).all()
    assert len(embedder.asked) == 23
    assert set(stored(texts, embedder)) == set(texts)
    PhrasingVector.objects.update(used_on=now().date() - timedelta(days=40))
    assert forget_unused(now().date()) == 23


def test_a_task_fills_in_for_some_seconds_and_says_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "STEP", 5)
    texts = [f"question {number}" for number in range(12)]
    clock = iter([0.0, 0.0, 1.0, 2.0, *[0.0] * 9])
    monkeypatch.setattr(vectors, "ticks", lambda: next(clock))
    embedder = Counting()
    assert fill(texts, embedder, 1.5) == 2
    assert len(embedder.asked) == 10
    assert fill([*texts, *texts], embedder, 1.5) == 0
    assert fill([], embedder, 1.5) == 0
    assert len(embedder.asked) == 12


def test_what_a_build_uses_stays_and_the_rest_goes_after_a_month() -> None:
    embedder, today = Counting(), now().date()
    vectors_for(["kept", "unused"], embedder)
    PhrasingVector.objects.update(used_on=today - timedelta(days=31))
    assert fill(["kept"], embedder, 10) == 0
    assert forget_unused(today) == 1
    assert set(stored(["kept", "unused"], embedder)) == {"kept"}
    assert forget_unused(today) == 0

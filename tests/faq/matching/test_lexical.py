"""The weights of the index, against the same arithmetic on dictionaries of strings."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.matching.dense import Vectors
from faq.matching.lexical import Lexical
from faq.matching.store import Store
from faq.matching.tokens import PAIR_SPAN, Tokens, question_pairs
from faq.matching.weights import Asked
from faq.normalize import words
from faq.terms import is_content, stem

WORD = st.sampled_from(["a", "the", "banana", "bananas", "order", "orders", "größe", "заказ", "密码", "x1"])
ROWS = st.lists(st.lists(WORD, min_size=1, max_size=14), min_size=1, max_size=6)


def characters(row: Sequence[str]) -> Counter[str]:
    padded = [f" {word} " for word in row]
    return Counter(p[i : i + size] for p in padded for size in range(2, 6) for i in range(len(p) - size + 1))


def terms(row: Sequence[str]) -> Counter[str]:
    return Counter([*row, *(f"{left} {right}" for left, right in pairwise(row))])


def pairs(row: Sequence[str]) -> dict[str, float]:
    first: dict[str, str] = {}
    for word in row:
        first.setdefault(stem(word), word)
    worth = {name: 1.0 if is_content(word) else 0.4 for name, word in first.items()}
    found = {f"={name}": weight for name, weight in worth.items()}
    for (i, left), (j, right) in combinations(enumerate(worth), 2):
        if j - i < PAIR_SPAN:
            found["+".join(sorted((left, right)))] = worth[left] * worth[right]
    return found


def cosine(asked: dict[str, float], row: dict[str, float], corpus: Sequence[dict[str, float]]) -> float:
    """Return the cosine under the idf of `corpus`, what is unknown counting as if seen once."""
    rows = len(corpus)
    seen = Counter(name for each in corpus for name in each)
    idf = {name: math.log((1 + rows) / (1 + (seen[name] or 1))) + 1 for name in {*seen, *asked}}
    product = sum(weight * row.get(name, 0) * idf[name] ** 2 for name, weight in asked.items())
    sides = [
        math.sqrt(sum((weight * idf[name]) ** 2 for name, weight in each.items())) for each in (asked, row)
    ]
    return product / (sides[0] * sides[1])


def sublinear(counts: Counter[str]) -> dict[str, float]:
    return {name: 1 + math.log(count) for name, count in counts.items()}


@given(ROWS, st.lists(WORD | st.just("unheard"), min_size=1, max_size=12))
def test_similarity_is_the_mean_of_three_cosines(rows: list[list[str]], asked: list[str]) -> None:
    index, weights = Lexical.build(Tokens.of(rows))
    parts = index.parts(Asked.of(asked, weights))
    by_characters = [{name: float(count) for name, count in characters(row).items()} for row in rows]
    by_terms = [dict.fromkeys(terms(row), 1.0) for row in rows]
    by_pairs = [pairs(row) for row in rows]
    for i in range(len(rows)):
        assert parts[0, i] == pytest.approx(
            cosine(sublinear(characters(asked)), by_characters[i], by_characters), abs=1e-4
        )
        assert parts[1, i] == pytest.approx(cosine(sublinear(terms(asked)), by_terms[i], by_terms), abs=1e-4)
        assert parts[2, i] == pytest.approx(cosine(pairs(asked), by_pairs[i], by_pairs), abs=1e-4)


@given(st.lists(WORD, max_size=30))
def test_a_question_has_the_pairs_of_a_row(row: list[str]) -> None:
    counted = Tokens.of([row]).pairs()
    hashes, weight = question_pairs(row)
    assert dict(zip(hashes.tolist(), weight, strict=True)) == dict(
        zip(counted.hashes.tolist(), counted.weight, strict=True)
    )


def test_an_index_may_do_without_pairs() -> None:
    rows = [["reset", "my", "password"], ["cancel", "the", "order"]]
    index, weights = Lexical.build(Tokens.of(rows), pairs=False)
    asked = Asked.of(["cancel", "order"], weights)
    assert index.parts(asked).shape == (2, 2)
    scores = index.scores(asked)
    assert scores[1] > 0.4 > scores[0] and index.kernel(weights).diagonal() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "how " * 30_000, "a b c d e f g h i j " * 3000, "密" * 5000, "\ud800 lone", "à́̂ é"]
)
def test_strange_and_very_long_texts_are_rows_like_others(text: str) -> None:
    store = Store.build([("long", [text]), ("short", ["How do I reset my password?"])])
    assert store.exact(text) == [0]
    query = store.query(words(text))
    assert store.centroids(query)[0] > 0.5 and store.row_scores(query).max() <= 1
    assert int(store.centroids(store.query(words("reset password"))).argmax()) == 1


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_rounded_vectors_keep_their_products(rows: int, seed: int) -> None:
    made = np.random.default_rng(seed).normal(size=(rows, 384)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    exact, small = Vectors.of(made, small=False), Vectors.of(made, small=True)
    assert small.data.dtype == np.int8
    assert small.times(made[0]) == pytest.approx(exact.times(made[0]), abs=0.004)
    assert small.rows(0, rows) == pytest.approx(made, abs=0.002)
    assert small.times(made[0], 1, rows) == pytest.approx(small.times(made[0])[1:], abs=1e-6)

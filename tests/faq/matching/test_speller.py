"""Which words are taken for slips, and of what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.matching.speller import Known, Speller
from faq.terms import is_typo

SPELLER = Speller.of(
    ["password", "order", "card", "test", "subscription", "ripping", "riding", "größe", "заказ"],
    frequent=["text", "receive", "cars", "wording"],
)
LETTERS = st.text("abcdeé", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("pasword", "password"),
        ("passwrod", "password"),
        ("subscirptoin", "subscription"),
        ("recieve", "receive"),  # known from the frequent words only
        ("riping", "ripping"),  # one letter for two, rather than another letter
        ("große", "größe"),
        ("закзз", "заказ"),
    ],
)
def test_a_slip_is_mapped_to_what_was_meant(written: str, meant: str) -> None:
    assert SPELLER.repair(["my", written]) == ["my", meant]


@pytest.mark.parametrize("word", ["text", "cars", "card", "wording", "tset4", "zebra", "ord", "0rder", "a"])
def test_another_word_is_no_slip(word: str) -> None:
    assert SPELLER.repair([word]) == [word]


def test_the_word_that_is_used_most_wins_among_equals() -> None:
    assert Speller.of(["walled", "waited"]).repair(["waled"]) == ["walled"]
    assert Speller.of(["tracked", "wracked"]).nearest("racked") == "tracked"
    assert Speller.of(["wracked", "tracked"]).nearest("racked") == "wracked"


def test_words_are_added_and_replaced_by_an_extension() -> None:
    longer = SPELLER.extended(["invoice"])
    assert longer.repair(["invoce", "pasword"]) == ["invoice", "password"]
    assert longer.extended(["delivery"]).repair(["invoce"]) == ["invoce"] == SPELLER.repair(["invoce"])


def test_nobody_knows_a_word_without_any_list() -> None:
    assert Speller.of([]).repair(["pasword"]) == ["pasword"]
    assert SPELLER.repair([]) == []


@given(st.lists(LETTERS, unique=True), LETTERS)
def test_the_filters_lose_no_word_that_may_be_meant(words: list[str], word: str) -> None:
    assert Known.of(words).near(word) == [known for known in words if is_typo(word, known)]

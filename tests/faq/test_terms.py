"""The words that decide what a question is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.normalize import words
from faq.terms import (
    content,
    contrast,
    correct,
    interrogatives,
    is_typo,
    names_speaker,
    polarity,
    stem,
    within_edits,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cancel", "cancellation"),
        ("cancel", "cancelled"),
        ("invoice", "invoices"),
        ("sync", "syncing"),
        ("verify", "verified"),
        ("bill", "billing"),
        ("reset", "resetting"),
    ],
)
def test_inflections_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"), [("free", "fees"), ("location", "log"), ("status", "state"), ("address", "add")]
)
def test_other_words_do_not(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("typed", "meant", "is_one"),
    [
        ("pasword", "password", True),
        ("passwrod", "password", True),
        ("remindr", "reminder", True),
        ("subscirptoin", "subscription", True),
        ("text", "test", False),
        ("bill", "kill", False),
        ("pro", "prp", False),
        ("calendly", "calendar", False),
        ("booking", "blocking", False),
    ],
)
def test_a_slip_of_the_finger(typed: str, meant: str, is_one: bool) -> None:
    assert is_typo(typed, meant) is is_one


def test_a_known_word_is_never_corrected() -> None:
    assert correct("blocking", {"booking", "blocking"}) == "blocking"
    assert correct("bookng", {"booking", "blocking"}) == "booking"
    assert correct("bitcoin", {"booking"}) == "bitcoin"


@given(st.text(alphabet="abc", max_size=6), st.text(alphabet="abc", max_size=6), st.integers(0, 3))
def test_edits_count_the_same_both_ways(left: str, right: str, limit: int) -> None:
    assert within_edits(left, right, limit) == within_edits(right, left, limit)
    assert not within_edits(left, right, limit) or within_edits(left, right, limit + 1)
    assert within_edits(left, right, 0) == (left == right)


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("can clients cancel", False),
        ("can't clients cancel", True),
        ("they never cancel", True),
        ("it is not true that I can't log in", False),
        ("ich kann mich nicht anmelden", True),
    ],
)
def test_polarity(text: str, negated: bool) -> None:
    assert polarity(words(text)) is negated


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("Why was it cancelled?", {"why"}),
        ("Who reset my password?", {"who"}),
        ("How much is Pro and how many staff?", {"much", "many"}),
        ("How do I reset it?", set()),
        ("Warum nicht?", {"why"}),
    ],
)
def test_what_a_question_is_after(text: str, after: set[str]) -> None:
    assert interrogatives(words(text)) == after


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("Cancel my account for me", True),
        ("Can staff remove me?", True),
        ("Tell me how to cancel", False),
        ("It does not let me in", False),
    ],
)
def test_the_speaker_as_a_part_of_it(text: str, speaker: bool) -> None:
    assert names_speaker(words(text)) is speaker


def test_content_leaves_out_what_questions_are_built_with() -> None:
    assert content(words("How do I turn off the reminders?")) == ["turn", "off", "reminder"]


def test_separating_terms_have_to_agree() -> None:
    booking, account = {"cancel", "book"}, {"cancel", "account"}
    assert contrast({"cancel", "book"}, booking, account).agrees
    assert not contrast({"cancel", "account"}, booking, account).agrees
    assert not contrast({"cancel"}, booking, account).agrees
    assert contrast({"cancel"}, {"cancel"}, account).agrees

"""Which texts are the same question, and which are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.normalize import normalize


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("How do I reset my password?", "how do i reset my PASSWORD"),
        ("Hi! How do I reset my password, please?", "How do I reset my password"),
        ("Hello there, how do I log in? Thanks", "how do i login"),
        ("I can't log in", "i cannot log-in!"),
        ("I can’t sign in", "I cant signin"),
        ("What's the price?", "what is the price"),
        ("Wie setze ich mein Paßwort zurück?", "wie setze ich mein passwort zuruck"),
        ("my e-mail", "my email"),
        ("  Where\tis\nit?  ", "where is it"),
        ("Ｆｏｒｇｏｔ password", "forgot password"),
        ("Turn of reminders", "turn off reminders"),
        ("I switched reminders of.", "I switched reminders off"),
    ],
)
def test_case_marks_contractions_and_courtesy_make_no_other_question(text: str, same_as: str) -> None:
    assert normalize(text) == normalize(same_as) != ""


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Can clients cancel?", "Can't clients cancel?"),
        ("Turn reminders on", "Turn reminders off"),
        ("Limit of Free", "Limit of Pro"),
        ("3 staff", "4 staff"),
        ("Turn of reminders", "Turn on reminders"),
        ("Price of reminders", "Price off reminders"),
    ],
)
def test_a_negation_a_name_or_a_number_makes_another_question(text: str, other: str) -> None:
    assert normalize(text) != normalize(other)


@pytest.mark.parametrize("text", ["", "  ", "?!", "🤷", "\u200b"])
def test_a_text_without_a_word_is_empty(text: str) -> None:
    assert normalize(text) == ""


def test_courtesy_alone_is_kept() -> None:
    assert normalize("Hello!") == "hello"
    assert normalize("thanks") == "thanks"


POLITE = st.lists(st.sampled_from(["hi", "hello", "please", "thanks", "bitte", "reset", "can't"]), max_size=8)


@given(st.text(max_size=300) | POLITE.map(" ".join))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once

"""Which messages may be answered from the store, which answers get there, and what their keys hold."""

from dataclasses import fields, replace
from typing import Any

import pytest

from routing.cache import MOST_CHARACTERS, AnswerKey, Ending, sent_of, why_not_asked, worth_keeping
from routing.config import ModelSpec
from routing.signals import Context, read_signals

KEY = AnswerKey("can clients pay", "common", "lite-1", "abc", "v1", (("7", 2), ("9", 1)), "en", "pro")
MODEL = ModelSpec("lite-1", "gemini", "gemini", "Lite", "lite", 100_000, 8_000, answers_as=("lite-1-latest",))
WHOLE = Ending("completed", "finish", "visitor", "first", 0, False, "lite-1")


def test_each_part_of_a_key_makes_another_one_and_only_two_leave_its_family() -> None:
    changed: dict[str, Any] = {field.name: () for field in fields(KEY)}
    others = {name: replace(KEY, **{name: value}) for name, value in changed.items()}
    assert len({KEY.digest, *(other.digest for other in others.values())}) == 1 + len(others)
    assert {name for name, other in others.items() if other.family == KEY.family} == {"question", "entries"}
    assert replace(KEY).digest == KEY.digest


@pytest.mark.parametrize(
    ("change", "matters"),
    [
        ({"thinking": "low"}, True),
        ({"asked_as": "lite-1-eu"}, True),
        ({"max_output_tokens": 9_000}, True),
        ({"provider": "other"}, True),
        ({"label": "Lite, renamed"}, False),
        ({"context_tokens": 1}, False),
        ({"replaced_by": "lite-2"}, False),
    ],
)
def test_a_models_request_counts_and_what_is_said_about_it_does_not(
    change: dict[str, object], matters: bool
) -> None:
    assert (sent_of(replace(MODEL, **change)) != sent_of(MODEL)) is matters  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "context", "why"),
    [
        ("Can clients switch off deposits?", Context(), ""),
        ("How many staff can I have on Pro in 2 locations?", Context(), ""),
        ("And in Germany?", Context(), "it leans on what was said before"),
        ("Cancel my account for me", Context(), "it is about one account"),
        ("Can clients pay with 12-34 at the till?", Context(), "a number of one case stands in it"),
        ("Why do clients see # 7 on the page?", Context(), "a number of one case stands in it"),
        ("Can clients pay? " * 40, Context(), "it is too long"),
        ("Can clients switch off deposits?", Context(last_rating=-1), "the answer before did not help"),
        (
            "Can clients switch off deposits?",
            Context(previous_texts=("Can clients switch off a deposit?",)),
            "it comes back to an earlier question",
        ),
    ],
)
def test_what_hangs_on_more_than_the_message_is_for_the_model(text: str, context: Context, why: str) -> None:
    assert why_not_asked(text, read_signals(text, context), 0, False) == why


def test_history_and_personal_details_are_told_from_outside() -> None:
    text = "Can clients switch off deposits?"
    assert len(text) < MOST_CHARACTERS
    assert why_not_asked(text, read_signals(text), 1, False) == "the conversation counts"
    assert why_not_asked(text, read_signals(text), 0, True) == "a personal detail stands in it"


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True),
        ({"answering_model": "lite-1-latest"}, True),
        ({"state": "truncated"}, False),
        ({"state": "failed"}, False),
        ({"state": "refused"}, False),
        ({"state": "cancelled"}, False),
        ({"ended_by": "reply_cap"}, False),
        ({"purpose": "demo"}, False),
        ({"cause": "retry"}, False),
        ({"cause": "continue"}, False),
        ({"cause": "escalation"}, False),
        ({"fallbacks": 1}, False),
        ({"continued": True}, False),
        ({"answering_model": "lite-2"}, False),
        ({"answering_model": ""}, False),
    ],
)
def test_only_a_completed_answer_of_the_model_asked_is_kept(change: dict[str, object], kept: bool) -> None:
    assert worth_keeping(replace(WHOLE, **change), MODEL) is kept  # type: ignore[arg-type]

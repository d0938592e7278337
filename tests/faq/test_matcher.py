"""The matcher on the example's entries: what it answers, and what it leaves to a model."""

import csv
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faq import example
from faq.embedder import load_embedder
from faq.matcher import ANSWER_THRESHOLD, Candidate, Matcher

FOLDER = Path(__file__).parent


@cache
def entries() -> tuple[dict[str, Any], ...]:
    return tuple(row for row in example.rows() if (row["status"], row["kind"]) == ("published", "answer"))


@cache
def matcher(semantic: bool = False) -> Matcher:
    rows = [(row["key"], [row["question"], *row["phrasings"]]) for row in entries()]
    return Matcher.build(rows, load_embedder() if semantic else None)


def table(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def answer(text: str, semantic: bool = False) -> str:
    """Return the entry that a desk without a calibration of its own would show, "" for none."""
    ranked = matcher(semantic).rank(text)
    if not ranked or ranked[0].confidence < ANSWER_THRESHOLD or (ranked[0].doubt and not ranked[0].exact):
        return ""
    return ranked[0].entry_id


HALVES = pytest.mark.parametrize("semantic", [False, True], ids=["lexical", "semantic"])


@HALVES
@pytest.mark.parametrize("row", table("hard_negatives.csv"), ids=lambda row: row["text"])
def test_a_question_close_to_an_entry_is_not_answered_by_it(row: dict[str, str], semantic: bool) -> None:
    assert row["not_entry"] in {each["key"] for each in entries()}
    assert answer(row["text"], semantic) == ""


def test_the_hard_negatives_are_close() -> None:
    """At least nine in ten have the entry among the three nearest, or the table would prove nothing."""
    rows = table("hard_negatives.csv")
    near = sum(row["not_entry"] in [each.entry_id for each in matcher().rank(row["text"], 3)] for row in rows)
    assert len(rows) >= 30
    assert near >= 0.9 * len(rows)


@HALVES
def test_paraphrases_and_typos_are_answered_and_never_by_another_entry(semantic: bool) -> None:
    rows = table("paraphrases.csv")
    given_answers = [(row["text"], row["entry"], answer(row["text"], semantic)) for row in rows]
    assert [each for each in given_answers if each[2] not in ("", each[1])] == []
    answered = sum(bool(each[2]) for each in given_answers)
    assert answered >= 0.9 * len(rows)


def test_the_readmes_question_is_answered_and_its_neighbour_is_not() -> None:
    assert answer("i cant log in, forgot my pasword") == "reset-password"
    assert answer("Does it send texts too?") == ""


@pytest.mark.parametrize("row", entries(), ids=lambda row: row["key"])
def test_every_phrasing_of_the_example_finds_its_entry_exactly(row: dict[str, Any]) -> None:
    for text in (row["question"], *row["phrasings"]):
        best = matcher().rank(f"  {text.upper()} ")[0]
        assert (best.entry_id, best.exact, best.confidence) == (row["key"], True, 1.0)


@pytest.mark.parametrize(
    ("text", "entry", "opposite", "other"),
    [
        ("turn the reminders on", "reminders-on", "turn the reminders off", "reminders-off"),
        ("are clients able to cancel", "clients-can-cancel", "cant clients cancel", "clients-cannot-cancel"),
        ("free limits", "free-limit", "pro limits", "pro-limit"),
        ("cancel subscription", "cancel-subscription", "cancel booking", "cancel-booking"),
        ("delete account", "close-account", "delete clients data", "erase-client"),
    ],
)
def test_the_traps_are_told_apart(text: str, entry: str, opposite: str, other: str) -> None:
    for asked, wanted in ((text, entry), (opposite, other)):
        assert answer(asked) in ("", wanted)


def test_a_message_with_a_second_concern_is_not_answered() -> None:
    assert answer("How do I reset my password?") == "reset-password"
    assert answer("How do I reset my password? And how many locations does Studio have?") == ""
    assert answer("How do I reset my password? " + "It is urgent for the whole studio. " * 20) == ""


@pytest.mark.parametrize("text", ["", "   ", "?!", "\x00", "🤷", "qzxv", "的"])
def test_nothing_in_common_is_no_candidate_or_an_unsure_one(text: str) -> None:
    assert all(each.confidence < ANSWER_THRESHOLD for each in matcher().rank(text))


def test_an_empty_faq_has_no_candidates() -> None:
    assert Matcher.build([]).rank("anything") == []
    assert Matcher.build([("1", []), ("2", ["?!"])]).rank("anything") == []


def test_the_version_follows_the_phrasings() -> None:
    one = Matcher.build([("1", ["How do I pay?"])])
    assert one.version == Matcher.build([("1", ["How do I pay?"])]).version
    assert one.version != Matcher.build([("1", ["How do I pay now?"])]).version


def test_the_semantic_half_finds_what_is_said_in_other_words() -> None:
    rows = [("1", ["How do I pay?"]), ("2", ["Where is my parcel?"]), ("3", ["Can I bring my dog?"])]
    both = Matcher.build(rows, embedder=load_embedder())
    assert both.semantic
    assert not Matcher.build(rows).semantic
    assert both.rank("What has become of the shipment?")[0].entry_id == "2"
    assert both.version.startswith("semantic-")


def sound(candidates: list[Candidate]) -> bool:
    confidences = [each.confidence for each in candidates]
    return confidences == sorted(confidences, reverse=True) and all(
        0 <= each.confidence <= 1 and math.isfinite(each.score) for each in candidates
    )


def test_a_slip_of_the_fingers_keeps_an_exact_phrasing_exact_and_another_word_does_not() -> None:
    rows = [
        ("reset", ["Passwort vergessen"]),
        ("off", ["Konto deaktivieren"]),
        ("in", ["How does importing work"]),
    ]
    small = Matcher.build(rows, negatives=[("", "Passwort vergessen bitte helfen")])
    assert small.rank("passwort vergesen")[0].exact
    assert small.rank("pasword vergesen")[0].entry_id == "reset"
    for text in ("Konto reaktivieren", "How does exporting work", "Passwrt vergessen bitte helfen"):
        assert not any(each.exact for each in small.rank(text)), text


@settings(max_examples=150)
@given(
    st.text(max_size=120)
    | st.lists(st.sampled_from(["cancel", "my", "booking", "on", "off", "not"])).map(" ".join)
)
def test_any_text_gets_sound_candidates(text: str) -> None:
    assert sound(matcher().rank(text))


QUESTION = st.lists(st.sampled_from(["reset", "cancel", "move", "pay", "export", "client"]), min_size=1).map(
    " ".join
)


@settings(max_examples=100)
@given(st.lists(QUESTION, min_size=1, max_size=8, unique=True), st.data())
def test_an_exact_phrasing_always_wins(questions: list[str], data: st.DataObject) -> None:
    small = Matcher.build([(str(i), [question]) for i, question in enumerate(questions)])
    i = data.draw(st.integers(0, len(questions) - 1))
    best = small.rank(questions[i])[0]
    assert best.exact
    assert best.confidence == 1.0
    assert questions[int(best.entry_id)] == questions[i]

"""What the signals see in a message, what they must not see, and that no message is expensive."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.lexicon import account, code, code_score, finding, paste, people, questions
from routing.lexicon.text import FOLDED_CHARS, fold, read
from routing.signals import SIGNALS, Context, Signals, estimate_tokens, read_signals
from tests.routing import messages

DOCS = Path(__file__).parents[2] / "docs" / "routing.md"


def is_code(signals: Signals) -> bool:
    return signals.code_pasted or signals.code_existing or signals.code_requested


TABLES: list[tuple[str, Callable[[Signals], bool], list[str], list[str]]] = [
    ("code", is_code, messages.CODE, messages.NO_CODE),
    ("person", lambda signals: signals.asks_for_person, messages.PERSON, messages.NO_PERSON),
    ("account", lambda signals: signals.account_bound, messages.ACCOUNT, messages.NO_ACCOUNT),
]


@pytest.mark.parametrize(("seen", "yes", "no"), [row[1:] for row in TABLES], ids=[row[0] for row in TABLES])
def test_a_signal_sees_its_messages_and_no_others(
    seen: Callable[[Signals], bool], yes: list[str], no: list[str]
) -> None:
    assert [text for text in yes if not seen(read_signals(text))] == []
    assert [text for text in no if seen(read_signals(text))] == []


def test_none_of_these_messages_is_small_talk() -> None:
    every = [text for row in TABLES for text in (*row[2], *row[3])]
    assert {read_signals(text).small_talk for text in every} == {"none"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hi", "greeting"),
        ("Hello there!", "greeting"),
        ("Guten Tag", "greeting"),
        ("Good morning, how are you today?", "greeting"),
        ("hey, anyone there?", "greeting"),
        ("👋", "greeting"),
        ("thanks", "thanks"),
        ("Ok, thank you so much for your help!", "thanks"),
        ("merci beaucoup", "thanks"),
        ("Great, that worked, thanks", "thanks"),
        ("ok", "ok"),
        ("got it", "ok"),
        ("👍", "ok"),
        ("alles klar", "ok"),
        ("ok thanks, bye", "bye"),
        ("See you later!", "bye"),
        ("au revoir", "bye"),
        ("hi, how do I reset my password?", "none"),
        ("thanks but that did not help", "none"),
        ("yes", "none"),
        ("no", "none"),
        ("help", "none"),
        ("this", "none"),
        ("", "none"),
        ("???", "none"),
    ],
)
def test_small_talk_is_the_whole_message_or_none_of_it(text: str, kind: str) -> None:
    assert read_signals(text).small_talk == kind


@pytest.mark.parametrize(
    ("text", "alone", "later"),
    [
        ("and in Germany?", True, True),
        ("What about Studio?", True, True),
        ("Does it send texts too?", True, True),
        ("in Germany?", True, True),
        ("Is it free?", False, True),
        ("how much is that?", False, True),
        ("Pro?", False, True),
        ("How do I reset my password?", False, False),
        ("In which countries are you available?", False, False),
        ("Is it too late to cancel a booking that starts within the next hour?", False, False),
        ("", False, False),
    ],
)
def test_a_follow_up_leans_on_what_was_said(text: str, alone: bool, later: bool) -> None:
    assert read_signals(text).elliptical is alone
    assert read_signals(text, Context(depth=1)).elliptical is later


@pytest.mark.parametrize(
    ("text", "account_order", "account_bound"),
    [
        ("cancel my account for me", True, True),
        ("Where is invoice 4711?", True, True),
        ("Please cancel my subscription today", True, True),
        ("cancel my account", False, True),
        ("What plan am I on?", False, True),
        ("how do I cancel my account?", False, False),
        ("Where are my invoices?", False, False),
    ],
)
def test_an_order_is_told_from_a_question(text: str, account_order: bool, account_bound: bool) -> None:
    signals = read_signals(text)
    assert (signals.account_order, signals.account_bound) == (account_order, account_bound)


@pytest.mark.parametrize(
    ("text", "pasted"),
    [
        ("Why?\n```\nx = 1\n```", True),
        ("when I run client.bookings.list(limit=5) it fails", True),
        ('{"id": "bk_1", "status": "open"}', True),
        ("def total(items):\n    return sum(items)", True),
        ('Traceback (most recent call last):\n  File "a.py", line 3', True),
        ("total = 3\nprice = 4\n", True),
        ("<script src='x'></script>", True),
        ("I need this: opening hours, prices; and the address.", False),
        ("BEGIN:VEVENT\nSUMMARY:Haircut\nEND:VEVENT", False),
        ("- first\n- second\n- third", False),
        ("Our class (yoga) costs 12.50 (or 100 for ten).", False),
        ("```\n```", False),
    ],
)
def test_pasted_code_is_told_from_prose(text: str, pasted: bool) -> None:
    assert read_signals(text).code_pasted is pasted


@pytest.mark.parametrize(
    ("text", "small"),
    [
        ("Write a Python function that verifies your webhook signature", True),
        ("Build me a complete Flask application with a database and retries", False),
        ("Write a script that " + "lists and sorts and prints all of them " * 8, False),
    ],
)
def test_only_a_short_simple_request_for_code_is_small(text: str, small: bool) -> None:
    signals = read_signals(text)
    assert (signals.code_requested, signals.code_small) == (True, small)


@pytest.mark.parametrize(
    ("text", "questions_asked", "comparison", "why"),
    [
        ("How much is Pro?", 1, False, False),
        ("How much is Pro, and does it include SMS?", 2, False, False),
        ("What is a location? Can it have its own prices?", 2, False, False),
        ("Hi, can you help me? How do I add a location?", 1, False, False),
        ("My card has not arrived. Where is it?", 1, False, False),
        ("I forgot my password", 0, False, False),
        ("Is Pro better than Studio for two locations?", 1, True, False),
        ("What is the difference between Pro and Studio?", 1, True, False),
        ("Vergleichen Sie bitte Pro und Studio", 1, True, False),
        ("Why was the reminder late?", 1, False, True),
        ("Pourquoi le rappel est-il en retard ?", 1, False, True),
    ],
)
def test_the_shape_of_a_question(text: str, questions_asked: int, comparison: bool, why: bool) -> None:
    signals = read_signals(text)
    assert (signals.questions, signals.comparison, signals.why) == (questions_asked, comparison, why)


def test_parts_count_list_items_and_steps() -> None:
    listed = "Please tell me:\n1. the price\n2. the limits\n3. the support hours"
    assert read_signals(listed).parts == 3
    assert read_signals("How much is Pro?").parts == 1


@pytest.mark.parametrize(
    ("text", "before", "re_ask", "asks_again"),
    [
        ("How do I connect Google Calendar?", "how can i connect my google calendar", True, True),
        ("How do I turn reminders off?", "How do I turn reminders on?", False, True),
        ("Do reminders work for groups?", "How do I turn reminders on for groups?", False, True),
        ("What does Pro cost?", "How do I turn reminders on?", False, False),
        ("help!", "Help", True, True),
    ],
)
def test_a_re_ask_is_compared_with_what_was_asked(
    text: str, before: str, re_ask: bool, asks_again: bool
) -> None:
    signals = read_signals(text, Context(depth=1, previous_texts=(before,)))
    assert (signals.re_ask, signals.asks_again) == (re_ask, asks_again)
    assert not read_signals(text).re_ask


@pytest.mark.parametrize(
    ("text", "alone", "later"),
    [
        ("that did not help", True, True),
        ("No, that's not what I asked", True, True),
        ("wrong answer", True, True),
        ("Das hat mir nicht geholfen", True, True),
        ("it still doesn't work", False, True),
        ("funktioniert immer noch nicht", False, True),
        ("How do I turn off reminders?", False, False),
        ("thanks, that helped", False, False),
    ],
)
def test_a_complaint_about_the_answer(text: str, alone: bool, later: bool) -> None:
    assert read_signals(text).did_not_help is alone
    assert read_signals(text, Context(depth=1)).did_not_help is later


def test_follow_ups_in_a_row_end_where_another_matter_begins() -> None:
    chain = ("How do I add a location?", "What does a second location cost?", "and a third location?")
    signals = read_signals("is it the same for each?", Context(depth=3, previous_texts=chain))
    assert signals.follow_up_depth == 3
    other = ("How do I add a location?", "Which payment methods are there?", "Where do I find invoices?")
    assert (
        read_signals("What do reminders cost?", Context(depth=3, previous_texts=other)).follow_up_depth == 0
    )
    assert read_signals("What do reminders cost?", Context(depth=3)).follow_up_depth == 3


@pytest.mark.parametrize(
    ("plan", "kind"), [("", "none"), ("free", "free"), ("pro", "paid"), ("studio", "paid")]
)
def test_a_plan_is_none_free_or_paid(plan: str, kind: str) -> None:
    signals = read_signals("hello", Context(plan=plan))
    assert (signals.plan, signals.plan_name) == (kind, plan)


def test_the_context_is_handed_through() -> None:
    context = Context(
        last_rating=-1,
        faq_confidence=0.9,
        faq_threshold=0.8,
        faq_entry_id="7",
        faq_suggested=True,
        language="de",
        common_message_tokens=2,
    )
    signals = read_signals("How do I add a location?", context)
    assert (signals.thumbs_down, signals.faq_match, signals.over_common_budget) == (True, True, True)
    assert (signals.faq_entry, signals.faq_suggest, signals.language) == ("7", True, "de")
    below = read_signals(
        "How do I add a location?", Context(last_rating=1, faq_confidence=0.7, faq_threshold=0.8)
    )
    assert (below.thumbs_down, below.faq_match, below.over_common_budget) == (False, False, False)
    assert not below.faq_suggest
    assert not read_signals("x", Context(faq_confidence=0.0, faq_threshold=0.0)).faq_match


def test_the_estimate_of_tokens_grows_with_what_tokenizers_count() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("word " * 400) == 500
    assert estimate_tokens("漢字" * 100) == 200
    assert estimate_tokens("12:34;" * 100) > estimate_tokens("abcdef" * 100)
    assert estimate_tokens("ü" * 100) == 50
    assert estimate_tokens("\ud800") > 0


@pytest.mark.parametrize(
    ("before", "text", "small_talk", "person"),
    [
        ("thanks!", "Yes", "ok", False),
        ("thanks!", "No.", "none", True),
        ("Danke", "nein", "none", True),
        ("ありがとう", "はい", "ok", False),
        ("Obrigado!", "não", "none", True),
        ("Do reminders cost extra?", "No", "none", False),
        ("thanks!", "No idea how to log in", "none", False),
    ],
)
def test_did_that_solve_it_is_answered_in_words_too(
    before: str, text: str, small_talk: str, person: bool
) -> None:
    signals = read_signals(text, Context(depth=1, previous_texts=("How do I log in?", before)))
    assert (signals.small_talk, signals.asks_for_person) == (small_talk, person)


def test_what_is_pasted_is_not_taken_for_the_visitors_words() -> None:
    text = (
        "Please look:\n```\n# I want to talk to a person, cancel my account for me\n```\n> speak to an agent"
    )
    signals = read_signals(text)
    assert (signals.asks_for_person, signals.account_bound) == (False, False)
    assert read_signals("I want to talk to a person").asks_for_person


# ---- every signal is described ---------------------------------------------------------------------


def test_every_signal_has_words_and_fitting_operators() -> None:
    by_type = {
        "flag": {"is_true", "is_false"},
        "number": {"at_least", "at_most"},
        "choice": {"is", "is_not"},
        "pattern": {"matches"},
        "time": {"during", "not_during"},
    }
    assert {*SIGNALS, "claims"} == set(Signals.__annotations__)  # each claim is a signal of its own
    for name, spec in SIGNALS.items():
        assert set(spec.operators) <= by_type.get(spec.type, {"is", "is_not", "contains"}), name
        assert bool(spec.choices) == (spec.type == "choice"), name


def test_every_signal_is_documented_with_its_words() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", DOCS.read_text(), re.MULTILINE)
    assert {name: label.strip() for name, label in rows if name in SIGNALS} == {
        name: spec.label for name, spec in SIGNALS.items()
    }


def test_facts_leave_the_words_of_the_visitor_out() -> None:
    facts = read_signals("my name is Zaphod").as_facts()
    assert set(facts) == set(SIGNALS) - {"words", "text", "share"}
    assert "zaphod" not in str(facts).lower()


# ---- any input, at a bounded price -----------------------------------------------------------------

LEXICON = (account, code, code_score, paste, people, questions)


def patterns_of(value: object) -> list[re.Pattern[str]]:
    if isinstance(value, finding.Finder):
        return [value.pattern]
    if isinstance(value, paste.Lines):
        return [pattern for _, pattern in value.patterns]
    return [value] if isinstance(value, re.Pattern) else []


PATTERNS = {
    f"{module.__name__}.{name}.{number}": pattern
    for module in LEXICON
    for name, value in vars(module).items()
    for number, pattern in enumerate(patterns_of(value))
}
# The largest count a single repeat may have, and the product of repeats within one another.
MOST_REPEATS, MOST_NESTED = 300, 400


def deepest(tree: Any, around: int = 1) -> int:
    """Return the largest product of nested repeat counts in a parsed pattern."""
    worst = around
    for operation, value in tree:
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            _, most, inner = value
            assert most != _constants.MAXREPEAT, "unbounded repeat"
            assert most <= MOST_REPEATS
            worst = max(worst, deepest(inner, around * max(1, most)))
        elif operation is _constants.BRANCH:
            worst = max([worst, *(deepest(branch, around) for branch in value[1])])
        elif operation is _constants.SUBPATTERN:
            worst = max(worst, deepest(value[3], around))
        elif operation in (_constants.ASSERT, _constants.ASSERT_NOT):
            worst = max(worst, deepest(value[1], around))
    return worst


def test_the_judge_of_patterns_knows_a_bad_one() -> None:
    with pytest.raises(AssertionError, match="unbounded"):
        deepest(_parser.parse(r"(?:a+)b"))
    assert deepest(_parser.parse(r"(?:a{1,30} ){0,20}")) == 600


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_no_pattern_can_run_away(name: str) -> None:
    assert deepest(_parser.parse(PATTERNS[name].pattern)) <= MOST_NESTED


def steps(text: str) -> int:
    """Return how many lines of Python reading a message executes."""
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        read_signals(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "piece",
    [
        *("word ", "a", "how do i write a ", "x = 1\n", "? ", "\ufdfa", "- item\n", "```\n", "talk to a "),
        *("7", "> ", "#", "[a](b) ", "(", "\n", "e\u0301", "my code function script error in python. "),
    ],
)
def test_work_is_linear_and_then_stops_growing(piece: str) -> None:
    def of(chars: int) -> str:
        return (piece * (chars // len(piece) + 1))[:chars]

    small, double, paste_, huge = (steps(of(chars)) for chars in (1_000, 2_000, 20_000, 400_000))
    assert double <= 2.2 * small + 100
    assert huge <= 1.05 * paste_ + 100
    assert len(read(of(400_000)).line) <= 2 * FOLDED_CHARS


@given(st.text(max_size=600), st.lists(st.text(max_size=80), max_size=8), st.integers(0, 9))
def test_any_text_can_be_read(text: str, before: list[str], depth: int) -> None:
    signals = read_signals(text, Context(depth=depth, previous_texts=tuple(before)))
    assert signals == read_signals(text, Context(depth=depth, previous_texts=tuple(before)))
    assert set(signals.as_facts()) == set(SIGNALS) - {"words", "text", "share"}
    assert signals.message_tokens <= 2 * len(text) + 1


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200))
def test_folding_is_stable_for_any_code_points(text: str) -> None:
    once = fold(text)
    assert fold(once) == once

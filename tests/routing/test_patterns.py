"""Patterns of staff: RE2 and nothing beyond it, refused in words with the place, linear whatever they are."""

import pytest

from routing.config import ConditionSpec, RuleSpec
from routing.patterns import MAX_LENGTH, READS, BadPattern, compiled
from routing.policy import decide, flaw
from routing.signals import read_signals


def fires(pattern: str, text: str) -> bool:
    row = ConditionSpec("text", "matches", pattern)
    rules = (RuleSpec(1, 1, "own", "a", "", ((row,),)), RuleSpec(2, 2, "rest", "b", ""))
    return decide(read_signals(text), rules).route == "a"


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (r"\binv-\d{4}\b", "where is INV-2041?", "where is INV-20412?"),
        (r"^how (much|many)", "How much is Pro?", "So how much is Pro?"),
        (r"ä|\p{Greek}", "Ärger", "Arger"),
        (r"(refund|money back).*(today|now)", "a refund, and that now", "now a refund"),
    ],
)
def test_a_pattern_is_looked_for_anywhere_and_case_never_counts(pattern: str, yes: str, no: str) -> None:
    assert flaw(ConditionSpec("text", "matches", pattern)) is None
    assert (fires(pattern, yes), fires(pattern, no)) == (True, False)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("", "it is empty"),
        ("x" * (MAX_LENGTH + 1), "longer than 200"),
        ("ab(c[)]", "opened and not closed, at character 3"),
        ("abc)", "closed that was not opened"),
        ("ab[c", "a [ is opened and not closed, at character 3"),
        ("ab**", "a repetition is repeated, at character 3"),
        ("ab[z-a]", "a range runs backwards, at character 4"),
        (r"(a)\1", "none that refers back to a group, at character 4"),
        ("ab(?=c)", "looking ahead or behind is not possible, at character 3"),
        ("a{1001}", "more than 1,000 times, or counts backwards, at character 2"),
        ("ab\\", "ends in a backslash, at character 3"),
        ("*a", "there is nothing to repeat, at character 1"),
        ("(x|y)*", "even an empty message"),
        ("((a{100}){100}){100}", "more than 1,000 times"),
    ],
)
def test_what_is_no_pattern_is_refused_in_words_and_never_holds(pattern: str, says: str) -> None:
    with pytest.raises(BadPattern) as refused:
        compiled(pattern)
    assert says in str(refused.value)
    assert says in (flaw(ConditionSpec("text", "matches", pattern)) or "")
    assert not fires(pattern, "abc")


def test_only_the_beginning_of_a_long_message_is_read() -> None:
    assert fires("needle", "x" * (READS - 6) + "needle")
    assert not fires("needle", "x" * (READS - 5) + "needle")


def test_a_pattern_that_would_ruin_a_backtracking_engine_is_answered() -> None:
    """`re` needs 2^30 steps and more for this; the suite's time limit would end it."""
    assert not fires("(a+)+$", "a" * 1500 + "!")
    assert not fires("(a|a)*b$", "a" * 1500)

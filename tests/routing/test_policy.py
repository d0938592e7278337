"""First match wins, AND within a group, OR between groups, and every trial says why."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.config import ConditionSpec, RuleSpec
from routing.policy import OPERATORS, NoRuleMatched, decide, flaw, holds, in_words, try_rule
from routing.shares import share_of
from routing.signals import SIGNALS, Context, Signals, claims_of, read_signals


def signals(**changes: object) -> Signals:
    return replace(read_signals("How do I add a location?"), **changes)  # type: ignore[arg-type]


def rule(number: int, route: str, *groups: tuple[ConditionSpec, ...]) -> RuleSpec:
    return RuleSpec(number, number, f"rule {number}", route, f"reason {number}", groups)


WHY = ConditionSpec("why", "is_true")
FREE = ConditionSpec("plan", "is", "free")
TWO = ConditionSpec("questions", "at_least", "2")


def test_the_first_rule_that_holds_wins_and_the_rest_is_not_tried() -> None:
    rules = (rule(1, "a", (WHY,)), rule(2, "b", (FREE,)), rule(3, "c"), rule(4, "d"))
    decision = decide(signals(plan="free"), rules)
    assert (decision.route, decision.reason, decision.rule_id, decision.rule_name) == (
        "b",
        "reason 2",
        2,
        "rule 2",
    )
    assert [(trial.rule_id, trial.matched) for trial in decision.tried] == [(1, False), (2, True)]
    assert decide(signals(), rules).route == "c"
    assert decide(signals(why=True, plan="free"), rules).route == "a"


def test_without_a_rule_that_holds_there_is_an_error() -> None:
    with pytest.raises(NoRuleMatched):
        decide(signals(), (rule(1, "a", (WHY,)),))
    with pytest.raises(NoRuleMatched):
        decide(signals(), ())


@pytest.mark.parametrize(
    ("why", "plan", "questions", "matched"),
    [
        (True, "free", 0, True),
        (True, "none", 0, False),
        (False, "free", 0, False),
        (False, "none", 2, True),
        (True, "free", 2, True),
    ],
)
def test_and_within_a_group_or_between_groups(why: bool, plan: str, questions: int, matched: bool) -> None:
    both = rule(1, "a", (WHY, FREE), (TWO,))
    assert try_rule(signals(why=why, plan=plan, questions=questions), both)[0] is matched


def test_a_trial_says_why_in_plain_words() -> None:
    both = rule(1, "a", (WHY, FREE), (TWO,))
    assert try_rule(signals(why=True, plan="free"), both) == (True, "asks why: yes and plan: free, is free")
    assert try_rule(signals(why=True, plan="paid"), both) == (
        False,
        "plan: paid, is not free; number of questions: 1, less than 2",
    )
    assert try_rule(signals(), rule(2, "b"))[1] == "has no conditions, so it always holds"


@pytest.mark.parametrize(
    ("row", "yes", "no"),
    [
        (ConditionSpec("why", "is_true"), {"why": True}, {"why": False}),
        (ConditionSpec("why", "is_false"), {"why": False}, {"why": True}),
        (ConditionSpec("parts", "at_least", "3"), {"parts": 3}, {"parts": 2}),
        (ConditionSpec("parts", "at_most", " 3 "), {"parts": 3}, {"parts": 4}),
        (
            ConditionSpec("faq_confidence", "at_least", "0,5"),
            {"faq_confidence": 0.5},
            {"faq_confidence": 0.49},
        ),
        (ConditionSpec("small_talk", "is_not", "none"), {"small_talk": "thanks"}, {"small_talk": "none"}),
        (ConditionSpec("language", "is", "de"), {"language": "de"}, {"language": "en"}),
        (
            ConditionSpec("words", "contains", "gift card, Gutschein"),
            {"words": "a gift card"},
            {"words": "gift a card"},
        ),
        (ConditionSpec("words", "contains", "Können"), {"words": "wie konnen wir"}, {"words": "bekonnen"}),
    ],
)
def test_each_operator_holds_and_fails(
    row: ConditionSpec, yes: dict[str, object], no: dict[str, object]
) -> None:
    assert flaw(row) is None
    assert holds(signals(**yes), row)
    assert not holds(signals(**no), row)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (ConditionSpec("colour", "is_true"), "no signal called"),
        (ConditionSpec("why", "at_least", "1"), "cannot be compared"),
        (ConditionSpec("why", "matches", ".*"), "cannot be compared"),
        (ConditionSpec("parts", "at_least", "many"), "needs a number"),
        (ConditionSpec("parts", "at_least", "nan"), "needs a number"),
        (ConditionSpec("parts", "at_most", "inf"), "needs a number"),
        (ConditionSpec("plan", "is", "gold"), "is one of none, free, paid"),
        (ConditionSpec("words", "contains", " , "), "at least one word"),
        (ConditionSpec("words", "contains", "a," * 41), "at most 40"),
    ],
)
def test_a_flawed_row_is_explained_and_never_holds(row: ConditionSpec, says: str) -> None:
    assert says in (flaw(row) or "")
    assert not holds(signals(why=True, parts=9), row)
    assert says in try_rule(signals(), rule(1, "a", (row,)))[1]


def test_staff_words_are_words_and_not_patterns() -> None:
    row = ConditionSpec("words", "contains", "(a+)+$, .*")
    assert not holds(signals(words="aaaaaaaaaaaaaaaaaaaaaaaa!"), row)


def conversations(count: int = 4000) -> list[str]:
    return [f"conversation {number}" for number in range(count)]


def test_a_share_takes_the_same_conversations_each_time_and_a_larger_one_keeps_them() -> None:
    def taken(limit: str, rule_id: int = 7) -> set[str]:
        row = ConditionSpec("share", "at_most", limit)
        rules = (rule(rule_id, "canary", (row,)), rule(9, "rest"))
        return {one for one in conversations() if decide(signals(share=one), rules).route == "canary"}

    ten, twenty, other = taken("10"), taken("20"), taken("10", rule_id=8)
    assert ten == taken("10,0") and ten < twenty
    # Five standard deviations of a binomial of 4,000 with 10, 20 and 1 %.
    assert abs(len(ten) - 400) < 95 and abs(len(twenty) - 800) < 127
    assert abs(len(ten & other) - 40) < 32, "drawn independently"
    assert taken("0") == set() and len(taken("100")) == len(conversations())


def test_a_share_is_told_in_words_and_never_met_by_nobody() -> None:
    rest = rule(7, "a", (ConditionSpec("share", "at_least", "90"),))
    assert share_of("c", "7") < 90
    assert try_rule(signals(share="c"), rest) == (False, "share of the conversations, %: less than 90")
    assert try_rule(signals(share=""), rest)[0] is False
    everybody = rule(7, "a", (ConditionSpec("share", "at_most", "100"),))
    assert try_rule(signals(share="c"), everybody)[0]
    assert not try_rule(signals(share=""), everybody)[0]
    assert "from 0 to 100" in (flaw(ConditionSpec("share", "at_most", "101")) or "")


def test_two_rule_sets_in_turn_are_each_decided_by_their_own_rules() -> None:
    """What is kept ready of one set never answers for another, nor for the same rules with another value."""
    sets = [
        (rule(1, f"r{limit}", (ConditionSpec("parts", "at_least", str(limit)),)), rule(9, "no"))
        for limit in range(12)
    ]
    for _ in range(2):
        found = [decide(signals(parts=6), rules).route for rules in sets]
        assert found == [f"r{limit}" if limit <= 6 else "no" for limit in range(12)]
    told = [decide(signals(parts=seen), sets[9]).tried[0].why for seen in (3, 4, 3)]
    assert told == [f"number of parts: {seen}, less than 9" for seen in (3, 4, 3)]


def test_a_row_reads_as_a_sentence() -> None:
    assert in_words(FREE) == "plan: is free"
    assert in_words(WHY) == "asks why: yes"
    assert in_words(ConditionSpec("gone", "is_true")) == "gone is_true"


def test_what_a_site_says_of_its_visitor_can_be_asked_for_by_name() -> None:
    seen = read_signals("hi", Context(claims=claims_of({"seats": 80, "beta": True, "tier": "gold"})))
    table = (
        ("claim.seats", "at_least", "50", True),
        ("claim.seats", "at_most", "50", False),
        ("claim.beta", "is", "yes", True),
        ("claim.tier", "is", "gold", True),
        ("claim.tier", "is_not", "gold", False),
        ("claim.tier", "at_least", "1", False),  # no number: nothing holds
        ("claim.region", "is", "EU", False),  # not told of this visitor
        ("claim.region", "is_not", "EU", True),
        ("claim.region", "at_most", "5", False),
    )
    for signal, operator, value, expected in table:
        row = ConditionSpec(signal, operator, value)
        assert flaw(row) is None
        assert holds(seen, row) is expected, row
        assert decide(seen, (rule(1, "a", (row,)), rule(9, "last"))).rule_id == (1 if expected else 9)
    assert (
        in_words(ConditionSpec("claim.seat_count", "at_least", "5"))
        == "seat count (from the site): at least 5"
    )
    assert (
        flaw(ConditionSpec("claim.seats", "at_least", "many"))
        == "“seats (from the site)” needs a number, not “many”"
    )
    assert flaw(ConditionSpec("claim.Seats", "is", "1")) == "there is no signal called “claim.Seats”"
    assert seen.as_facts()["claim.seats"] == "80"
    _, why = try_rule(seen, rule(1, "a", (ConditionSpec("claim.seats", "at_least", "100"),)))
    assert why == "seats (from the site): 80, less than 100"


rows = st.builds(
    ConditionSpec,
    st.sampled_from([*SIGNALS, "claim.tier", "gone"]),
    st.sampled_from([*OPERATORS, "like"]),
    st.text(max_size=8),
)
rule_specs = st.builds(
    lambda groups: rule(1, "a", *groups),
    st.lists(st.lists(rows, min_size=1, max_size=3).map(tuple), max_size=3),
)


@given(st.lists(rule_specs, max_size=5), st.text(max_size=60), st.integers(0, 5))
def test_any_rules_decide_and_explain(some: list[RuleSpec], text: str, depth: int) -> None:
    seen = read_signals(text, Context(depth=depth))
    decision = decide(seen, (*some, rule(9, "last")))
    assert [trial.matched for trial in decision.tried] == [False] * (len(decision.tried) - 1) + [True]
    assert all(trial.why for trial in decision.tried)
    fired = (*some, rule(9, "last"))[len(decision.tried) - 1]
    assert not fired.groups or any(all(holds(seen, row) for row in group) for group in fired.groups)

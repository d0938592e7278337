"""Rules that were made ready decide as they would read anew each time, and are made ready once."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from routing.compiled import MOST_TRIALS, compiled
from routing.config import ConditionSpec, RuleSpec
from routing.policy import _COMPARE, OPERATORS, RuleTrial, decide, flaw, holds, try_rule
from routing.signals import SIGNALS, Context, claims_of, read_signals

TEXTS = (
    "How do I add a location?",
    "Why was I charged twice? Talk to a person",
    "hi",
    "a, b and the gift card",
)
VALUES = ("", "free", "2", "0,5", " 3 ", "x", "nan", "add a", "gift card, x", "location", "1e3", ",", "true")
ROWS = st.builds(
    ConditionSpec,
    st.sampled_from([*SIGNALS, "claim.seats", "claim.not_told", "claim.", "nosuch"]),
    st.sampled_from(list(OPERATORS)),
    st.sampled_from(VALUES),
)
GROUPS = st.lists(st.lists(ROWS, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple)
ALWAYS = RuleSpec(99, 99, "else", "common", "else")


def rules_of(groups: list[tuple[tuple[ConditionSpec, ...], ...]]) -> tuple[RuleSpec, ...]:
    made = [RuleSpec(at, at, f"rule {at}", f"route {at}", "why", each) for at, each in enumerate(groups)]
    return (*made, ALWAYS)


@given(st.lists(GROUPS, max_size=6), st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4))
def test_every_trial_is_that_of_a_rule_read_anew(
    groups: list[tuple[tuple[ConditionSpec, ...], ...]], texts: list[str]
) -> None:
    rules = rules_of(groups)
    for text in texts:  # later messages meet the trials that earlier ones left
        claims = claims_of({"seats": len(text) % 5, "beta": True})
        context = Context(plan="free", faq_confidence=0.5, depth=len(text) % 4, claims=claims)
        signals = read_signals(text, context)
        tried = decide(signals, rules).tried
        for rule, trial in zip(rules, tried, strict=False):
            assert trial == RuleTrial(rule.id, rule.name, rule.route, *try_rule(signals, rule))
            assert trial.matched == (
                not rule.groups or any(all(holds(signals, row) for row in group) for group in rule.groups)
            )
        assert tried[-1].matched


def test_a_configurations_rules_are_looked_through_once_and_a_list_that_may_change_each_time() -> None:
    looked: list[ConditionSpec] = []

    def counting(row: ConditionSpec) -> str | None:
        looked.append(row)
        return flaw(row)

    rules = rules_of([((ConditionSpec("why", "is_true"),),)])
    first = compiled(rules, counting, _COMPARE)
    assert compiled(rules, counting, _COMPARE) is first
    assert len(looked) == 1
    compiled(list(rules), counting, _COMPARE)
    compiled(list(rules), counting, _COMPARE)
    assert len(looked) == 3


def test_what_rules_remember_is_bounded_and_never_the_visitors_words() -> None:
    at_least = ConditionSpec("message_tokens", "at_least", "1000000")
    contains = ConditionSpec("words", "contains", "never said")
    rules = rules_of([((at_least,),), ((contains,),)])
    signals = read_signals("My name is Zaphod")
    for tokens in range(3 * MOST_TRIALS):
        decide(replace(signals, message_tokens=tokens), rules)
    ready = compiled(rules, flaw, _COMPARE)
    assert len(ready[0].trials) == MOST_TRIALS
    assert len(ready[1].trials) == 1
    assert "zaphod" not in repr([(rule.trials, rule.spec) for rule in ready]).lower()
    said = decide(replace(signals, message_tokens=7), rules).tried[0].why
    assert said == "length of the message in tokens: 7, less than 1000000"

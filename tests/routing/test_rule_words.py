"""The difference between two rule sets in plain words, and the rows made again from a snapshot."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import publishing, snapshot
from routing.catalogue import seed_routing
from routing.config import ConditionSpec, ModelSpec, RouteSpec, RuleSpec
from routing.models import Condition, LadderStep, Route, Rule
from routing.restoring import _SAME_NAME, CannotRestore, restore
from routing.rule_words import FIELDS, _flat, _moved, changes

MODELS = [ModelSpec(name, "p", "openai", name.title(), "lite", 9000, 900) for name in ("one", "two")]
ROUTES = [
    RouteSpec("common", "Common", "model", "lite", ("one", "two")),
    RouteSpec("complex", "Complex", "model", "heavy", ("two",)),
]
FREE, WHY = ConditionSpec("plan", "is", "free"), ConditionSpec("why", "is_true")
WORDS = ConditionSpec("words", "contains", "a, b")
RULES = [
    RuleSpec(1, 1, "First", "complex", "r", ((WHY,),)),
    RuleSpec(2, 2, "Second", "common", "r", ((FREE, WHY), (WORDS,))),
    RuleSpec(3, 3, "Rest", "common", "r"),
]
KEPT: dict[str, Any] = {"routes": {}, "rules": []}


def content(
    rules: list[RuleSpec] = RULES, routes: list[RouteSpec] = ROUTES, kept: dict[str, Any] | None = KEPT
) -> dict[str, Any]:
    return snapshot.dump(MODELS, routes, rules, {}, kept)


def told(after: dict[str, Any], before: dict[str, Any] | None = None) -> list[str]:
    found = changes(before if before is not None else content(), after)
    return [
        " ".join(part for part in (one.part, one.kind, one.name, one.text, one.before, one.after) if part)
        for one in found
    ]


def test_the_same_is_no_change_also_under_other_positions() -> None:
    assert told(content()) == []
    assert told(content([replace(rule, position=rule.position * 10) for rule in RULES])) == []


@pytest.mark.parametrize(
    ("number", "change", "says"),
    [
        (0, {"route": "common"}, "rule changed First goes somewhere else Complex Common"),
        (0, {"name": "Primus"}, "rule changed Primus has another name First Primus"),
        (0, {"reason": "q"}, "rule changed First gives another reason r q"),
        (
            1,
            {"groups": ((FREE,),)},
            "rule changed Second has other conditions plan: is free and asks why: yes; or message: contains "
            "any of “a, b” plan: is free",
        ),
    ],
)
def test_a_changed_rule_says_what(number: int, change: dict[str, Any], says: str) -> None:
    rules = [replace(rule, **change) if at == number else rule for at, rule in enumerate(RULES)]
    assert told(content(rules)) == [says]


def test_rules_come_go_move_and_are_switched() -> None:
    new = RuleSpec(9, 1, "New", "complex", "r", ((FREE,),))
    assert told(content([RULES[0], new, *RULES[1:]])) == [
        "rule added New is new, in place 2 plan: is free → Complex"
    ]
    assert told(content(RULES[1:])) == ["rule removed First is removed asks why: yes → Complex"]
    moved = [replace(RULES[1], position=0), RULES[0], RULES[2]]
    assert told(content(moved)) == ["rule moved Second moves from place 2 to 1"]
    off = {**KEPT, "rules": [{**content()["rules"][1], "enabled": False}]}
    assert told(content([RULES[0], RULES[2]], kept=off)) == ["rule changed Second is switched off"]
    assert told(content(), before=content([RULES[0], RULES[2]], kept=off)) == [
        "rule changed Second is switched on"
    ]


@given(st.permutations(range(8)), st.sets(st.integers(0, 7)))
def test_as_few_rules_as_possible_are_said_to_move(order: list[int], gone: set[int]) -> None:
    """Those that do not move stand in their old order; moving one fewer would not do (checked by length)."""
    new = [rule for rule in order if rule not in gone]
    old = sorted(new)
    stays = [rule for rule in new if rule not in _moved(old, new)]
    assert stays == sorted(stays)
    longest = [1] * len(new)
    for at, rule in enumerate(new):
        longest[at] += max((longest[one] for one in range(at) if new[one] < rule), default=0)
    assert len(stays) == max(longest, default=0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ladder": ("two",)}, "asks other models, or in another order One, then Two Two"),
        ({"ladder": ()}, "asks other models, or in another order One, then Two no model"),
        ({"enabled": False}, "is switched off"),
        ({"redact": True}, "take personal details out no yes"),
        ({"daily_budget_usd": Decimal("1.50")}, "daily budget none 1.5 USD"),
        ({"allowed_providers": ("a", "b")}, "allowed providers all a, b"),
        ({"escalates_to": "complex"}, "escalates to none Complex"),
        ({"sticky_turns": 3}, "stay for 0 messages 3 messages"),
        ({"cache": "exact"}, "stored answers off the same question"),
        ({"cache_hours": 48}, "keep stored answers 24 hours 48 hours"),
        (
            {"when_spent": "message"},
            "when a budget is spent answer from the FAQ only say so and offer a person",
        ),
        ({"max_prompt_tokens": 1_000_000}, "prompt, up to 8,000 tokens 1,000,000 tokens"),
        ({"instructions": "x" * 90}, f"instructions none {'x' * 90}"),
    ],
)
def test_a_changed_route_says_what(change: dict[str, Any], says: str) -> None:
    assert told(content(routes=[replace(ROUTES[0], **change), ROUTES[1]])) == [f"route changed Common {says}"]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("One.\nTwo.\nThree.", "One.\n2.\nThree.\nFour.", ("Two.", "2.\nFour.")),
        ("One.\r\nTwo.", "One.", ("Two.", "")),
        ("a" * 300 + " now", "a" * 300 + " then", (f"… {'a' * 59} now", f"… {'a' * 59} then")),
    ],
)
def test_of_long_instructions_the_lines_are_shown_that_differ(
    before: str, after: str, shown: tuple[str, str]
) -> None:
    old, new = (
        content(routes=[replace(ROUTES[0], instructions=text), ROUTES[1]]) for text in (before, after)
    )
    (change,) = changes(old, new)
    assert (change.before, change.after) == shown
    assert len(change.sentence) < 200 and "\n" not in change.sentence


def test_every_field_is_told_in_the_words_of_its_form() -> None:
    told_by_sentence = {"slug", "ladder", "enabled"}
    assert set(_flat(content()["routes"][0])) - told_by_sentence == set(FIELDS)
    for field in ("kind", "tier", "when_spent", "cache"):
        assert FIELDS[field].choices == dict(Route._meta.get_field(field).choices or ())  # type: ignore[union-attr]


def test_what_an_older_release_did_not_know_is_no_change() -> None:
    old = content(kept=None)
    for route in old["routes"]:
        del route["redact"], route["sticky_turns"]
    along = {**content()["rules"][1], "id": 7, "name": "Off all along", "enabled": False}
    off = {"routes": {"common": {"meaning": "m", "position": 1}}, "rules": [along]}
    assert told(content(routes=[replace(ROUTES[0], redact=True), ROUTES[1]], kept=off), before=old) == []
    assert told(content(routes=[replace(ROUTES[0], hedge=True), ROUTES[1]]), before=old) != []


# ---- rows again ------------------------------------------------------------------------------------


@pytest.fixture
def seeded(db: None) -> dict[str, Any]:
    seed_routing()
    publishing.forget()
    publishing.publish(settings={})
    return dict(publishing.newest_snapshot())


def test_a_snapshot_of_an_older_release_deletes_nobodys_work(seeded: dict[str, Any]) -> None:
    old = {name: part for name, part in seeded.items() if name != snapshot.KEPT}
    rule = Rule.objects.create(position=0, name="Since", route_id="complex", reason="r")
    Condition.objects.create(rule=rule, signal="why", operator="is_true")
    Route.objects.filter(pk="common").update(sticky_turns=3, meaning="Ours")
    for route in old["routes"]:
        del route["sticky_turns"]
    restore(old)
    rule.refresh_from_db()
    assert (rule.enabled, rule.conditions.count()) == (False, 1)
    common = Route.objects.get(pk="common")
    assert (common.sticky_turns, common.meaning) == (3, "Ours"), "what it does not say stays"
    last = Rule.objects.order_by("position").last()
    assert last is not None and last.locked
    found, meant = publishing.publish().rules, snapshot.load(1, "", old).rules
    assert [replace(rule, position=0) for rule in found] == [replace(rule, position=0) for rule in meant]


def test_what_cannot_be_made_again_is_said(seeded: dict[str, Any]) -> None:
    lacking = {**seeded, "rules": seeded["rules"][:-1]}
    with pytest.raises(CannotRestore, match="not the last rule of today"):
        restore(lacking)
    LadderStep.objects.all().delete()
    gone = {**seeded, "routes": [{**route, "ladder": ["gone"]} for route in seeded["routes"]]}
    with pytest.raises(CannotRestore, match=r"gone, on the ladder of .* is no longer in the catalogue"):
        restore(gone)


def test_every_field_of_a_route_is_written_back() -> None:
    elsewhere = {"slug", "ladder", "deadlines", "sla", "escalates_to", "allowed_providers"}
    assert {field.name for field in fields(RouteSpec)} == {*_SAME_NAME, *elsewhere}

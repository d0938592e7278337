"""What is a change of answers, which minutes stand on its sides, and what is said of the two."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.intervals import gap, mean, mean_of_sums
from routing import flip_verdicts, flip_windows, tally
from routing.flip_verdicts import Gates, compare, shares
from routing.flips import Flip, flips, with_parts
from routing.models import RouteOutcome
from routing.tally import Tally

# ---- what changes answers ------------------------------------------------------------------------

ROUTE = {
    "slug": "common",
    "name": "Common",
    "kind": "model",
    "ladder": ["a", "b"],
    "instructions": "Be brief.",
    "max_prompt_tokens": 8000,
    "max_output_tokens": 1000,
    "daily_budget_usd": None,
}
FAQ = {**ROUTE, "slug": "faq", "name": "FAQ", "kind": "faq", "ladder": [], "instructions": ""}
RULE = {"id": 1, "position": 1, "name": "Rest", "route": "common", "reason": "none other", "groups": []}
BASE: dict[str, Any] = {
    "models": [{"id": "a", "label": "Model A"}, {"id": "b", "label": ""}],
    "routes": [ROUTE, FAQ],
    "rules": [RULE],
    "settings": {"name": "Desk", "tone": "", "greeting": "Hello"},
}


def one(content: dict[str, Any]) -> Flip:
    (flip,) = flips(BASE, content)
    return flip


def route(**values: Any) -> dict[str, Any]:
    return with_parts(BASE, "common", values)


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (route(ladder=["b", "a"]), "model", ["asks other models, or in another order"]),
        (route(instructions="Be kind."), "prompt", ["instructions"]),
        (route(max_output_tokens=500), "prompt", ["answer, up to"]),
        (
            route(ladder=["a"], instructions=""),
            "both",
            ["asks other models, or in another order", "instructions"],
        ),
        ({**BASE, "settings": {**BASE["settings"], "tone": "Warm"}}, "prompt", ["tone"]),
    ],
)
def test_a_change_of_answers_is_told(content: dict[str, Any], kind: str, words: list[str]) -> None:
    flip = one(content)
    assert (flip.route, flip.kind, [change.text for change in flip.changes]) == ("common", kind, words)
    assert (flip.old, flip.new) == (("a", "b"), tuple(content["routes"][0]["ladder"]))


def test_a_ladder_is_told_by_the_names_of_its_models() -> None:
    (change,) = one(route(ladder=["b", "a"])).changes
    assert (change.before, change.after) == ("Model A, then b", "b, then Model A")


@pytest.mark.parametrize(
    "content",
    [
        route(daily_budget_usd="5"),
        route(name="Everyday"),
        route(instructions="Be brief.\r\n".strip("\n")),
        with_parts(BASE, "faq", {"instructions": "No model reads this."}),
        {**BASE, "settings": {**BASE["settings"], "greeting": "Hi"}},
        {**BASE, "settings": {**BASE["settings"], "house_instructions": "An older release knew none."}},
        {**BASE, "rules": [{**RULE, "name": "Others", "reason": "said otherwise"}]},
    ],
)
def test_what_changes_no_answer_is_none(content: dict[str, Any]) -> None:
    assert flips(BASE, content) == []


def test_the_rule_set_is_one_change_beside_those_of_routes() -> None:
    extra = {**RULE, "id": 2, "name": "First", "route": "faq", "groups": [[]]}
    content = {**route(ladder=["b"]), "rules": [{**extra, "position": 1}, {**RULE, "position": 2}]}
    found = flips(BASE, content)
    assert [(flip.route, flip.kind) for flip in found] == [("common", "model"), ("all", "rules")]
    assert [change.name for change in found[1].changes] == ["First"]


def test_a_route_that_comes_or_goes_is_a_change_of_its_models() -> None:
    content = {**BASE, "routes": [FAQ]}
    assert [(flip.old, flip.new) for flip in flips(BASE, content)] == [(("a", "b"), ())]
    assert [(flip.old, flip.new, flip.kind) for flip in flips(content, BASE)] == [((), ("a", "b"), "model")]


# ---- windows -------------------------------------------------------------------------------------

AT = datetime(2026, 11, 23, 12, 0, 40, tzinfo=UTC)
MINUTE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_minute_of_the_change_is_on_neither_side() -> None:
    first = flip_windows.before(AT, None)
    second = flip_windows.after(AT, None, MINUTE + timedelta(minutes=9, seconds=5))
    assert (first.start, first.end) == (MINUTE - timedelta(days=7), MINUTE)
    assert (second.start, second.end) == (MINUTE + timedelta(minutes=1), MINUTE + timedelta(minutes=9))
    assert not second.over


def test_the_changes_around_it_bound_the_sides() -> None:
    first = flip_windows.before(AT, AT - timedelta(hours=2))
    assert first.start == MINUTE - timedelta(hours=2) + timedelta(minutes=1)
    later = AT + timedelta(hours=3)
    assert not flip_windows.after(AT, later, later - timedelta(minutes=2)).over
    second = flip_windows.after(AT, later, later + timedelta(days=30))
    assert (second.end, second.over) == (MINUTE + timedelta(hours=3), True)
    assert flip_windows.after(AT, None, AT + timedelta(days=30)).length == timedelta(days=7)
    same = flip_windows.after(AT, AT + timedelta(seconds=5), AT + timedelta(days=30))
    assert (same.length, same.over) == (timedelta(0), True), "two changes in one minute"
    assert flip_windows.before(AT, AT - timedelta(seconds=5)).length == timedelta(0)


# ---- verdicts ------------------------------------------------------------------------------------


def replies(n: int, **values: Any) -> Tally:
    """Return the tally of `n` replies, each a little slower and dearer than the one before."""
    facts = {"state": "completed", "ended_by": "finish", "queue_ms": 0, "match_ms": 1, "heavy_cost_pico": 0}
    slow = values.pop("times", 1.0)
    listed = [
        RouteOutcome(
            **{
                **facts,
                "first_text_ms": round(slow * (500 + at % 50)),
                "total_ms": round(slow * (2000 + at % 50)),
                "input_tokens": 1000 + at % 7,
                "output_tokens": 100 + at % 5,
                "cost_pico": 10**9 + at % 3,
                **values,
            }
        )
        for at in range(n)
    ]
    return tally.of_replies(listed)


def word(name: str, before: Tally, after: Tally) -> str:
    return next(row.word for row in compare(before, after) if row.name == name)


MANY, DOUBLE = 400, {"cost_pico": 2 * 10**9}


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        ("first_text_p50", replies(MANY), replies(MANY, times=1.5), "worse"),
        ("first_text_p95", replies(MANY), replies(MANY, times=0.5), "better"),
        ("total_p95", replies(MANY), replies(MANY, times=2.0), "worse"),
        ("first_text_p95", replies(MANY), replies(MANY, times=1.005), "no difference shown"),
        ("first_text_p95", replies(MANY), replies(60, times=9.0), "too few"),
        ("cost", replies(MANY), replies(MANY, **DOUBLE), "worse"),
        ("cost", replies(MANY), replies(MANY), "no difference shown"),
        ("cost", replies(MANY), replies(19, **DOUBLE), "too few"),
        ("input_tokens", replies(MANY), replies(MANY, input_tokens=500), "fewer"),
        ("output_tokens", replies(MANY), replies(MANY, output_tokens=500), "more"),
        ("errors", replies(200), replies(150) + replies(50, state="failed"), "worse"),
        ("errors", replies(150) + replies(50, state="failed"), replies(200), "better"),
        ("errors", replies(200), replies(17) + replies(2, state="failed"), "too few"),
        ("errors", replies(200), replies(198) + replies(2, state="failed"), "no difference shown"),
        ("truncations", replies(200), replies(100) + replies(100, truncated=True), "worse"),
        ("refused", replies(200), replies(150) + replies(50, state="refused"), "worse"),
        ("escalations", replies(200), replies(150) + replies(50, escalated_after=True), "worse"),
        ("thumbs", replies(40, feedback=1), replies(40, feedback=-1), "worse"),
        ("thumbs", replies(40, feedback=-1), replies(40, feedback=1), "better"),
        ("thumbs", replies(400), replies(400, feedback=1), "too few"),
        (
            "grounded",
            replies(40, support=0.2, judged_by="vectors"),
            replies(40, support=0.9, judged_by="vectors"),
            "better",
        ),
    ],
)
def test_the_word_for_a_difference(name: str, before: Tally, after: Tally, said: str) -> None:
    assert word(name, before, after) == said


def test_an_unknown_price_is_no_free_reply() -> None:
    (row,) = (
        row for row in compare(replies(40) + replies(40, cost_pico=None), replies(40)) if row.name == "cost"
    )
    assert (row.before.n, round(row.before.value or 0)) == (40, round(row.after.value or 0))


def test_minutes_of_a_release_without_squares_have_a_mean_and_no_interval() -> None:
    now = replies(MANY)
    old = Tally(
        {name: count for name, count in now.counts.items() if name[-3:] != "_sq" and name != "squared"}
    )
    (row,) = (row for row in compare(old + now, now) if row.name == "cost")
    assert row.before.value is not None and row.before.bounds is None and row.word == "too few"


def test_shares_of_routes_are_neither_better_nor_worse() -> None:
    found = {row.name: row.word for row in shares({"a": 90, "b": 10}, {"a": 40, "b": 10, "c": 50})}
    assert found == {"a": "fewer", "b": "no difference shown", "c": "more"}


def test_intervals_of_sums_and_gaps_are_the_usual_ones() -> None:
    values = [3.0, 5.0, 9.0, 4.0]
    low, high = mean_of_sums(sum(values), sum(value**2 for value in values), 4) or (0, 0)
    assert (low, high) == pytest.approx(mean(values))
    assert mean_of_sums(3, 9, 1) is None
    assert gap((10, (9, 11)), (14, (14, 14))) == (3.0, 5.0)


# ---- gates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gates", "before", "after", "broken"),
    [
        (Gates(error_rate=0.05), replies(300), replies(200) + replies(100, state="failed"), ["Errors"]),
        (Gates(error_rate=0.4), replies(300), replies(200) + replies(100, state="failed"), []),
        (
            Gates(truncation_rate=0.05),
            replies(300),
            replies(200) + replies(100, truncated=True),
            ["Truncations"],
        ),
        (Gates(refusal_rate=0.05), replies(300), replies(200) + replies(100, state="refused"), ["Refusals"]),
        (Gates(first_text_share=0.5), replies(MANY), replies(MANY, times=2.0), ["First text p95"]),
        (Gates(first_text_share=0.5), replies(MANY), replies(MANY, times=1.4), []),
        (Gates(error_rate=0.05), replies(300), replies(3, state="failed"), None),
        (Gates(error_rate=0.05, first_text_share=0.5), replies(300), replies(100, times=9.0), []),
        (Gates(), replies(300), replies(300, state="failed"), None),
        # Surely worse for one look in twenty, and not for one of ten thousand.
        (Gates(error_rate=0.0), replies(300), replies(294) + replies(6, state="failed"), []),
    ],
)
def test_a_gate_breaks_only_on_what_is_sure(
    gates: Gates, before: Tally, after: Tally, broken: list[str] | None
) -> None:
    found = gates.broken(before, after)
    assert (None if found is None else [row.label for row in found]) == broken
    assert gates.any == (gates != Gates())


def test_the_last_row_of_that_table_would_break_at_the_usual_interval() -> None:
    assert word("errors", replies(300), replies(294) + replies(6, state="failed")) == "worse"
    assert flip_verdicts.GATE_Z > 3

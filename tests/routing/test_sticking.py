"""A conversation stays on a tier for as many messages as its route says, and never flaps."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.config import RouteSpec, Tier
from routing.policy import RouteDecision
from routing.sticking import Answered, stick

RANK = {"none": 0, "lite": 1, "standard": 2, "heavy": 3}


def route(slug: str, tier: Tier, sticky: int = 0) -> RouteSpec:
    kind = "model" if tier != "none" else "faq"
    return RouteSpec(slug, slug.title(), kind, tier, ("a model",), sticky_turns=sticky)  # type: ignore[arg-type]


ROUTES = {
    one.slug: one
    for one in (
        route("faq", "none"),
        route("common", "lite"),
        route("middle", "standard", 1),
        route("complex", "heavy", 2),
        route("code", "heavy"),
    )
}


def wanted(slug: str) -> RouteDecision:
    return RouteDecision(slug, "by a rule", 1, "a rule", ())


def talk(
    wants: list[str], routes: dict[str, RouteSpec] = ROUTES, earlier: tuple[Answered, ...] = ()
) -> list[RouteDecision]:
    """Return the decisions of a conversation whose messages the rules would send to `wants`."""
    made: list[RouteDecision] = []
    known = list(earlier)
    for want in wants:
        decision, used = stick(wanted(want), known, routes)
        assert used.slug == decision.route
        known.append(Answered(decision.route, decision.stayed))
        made.append(decision)
    return made


def routes_of(wants: list[str], earlier: tuple[Answered, ...] = ()) -> list[str]:
    return [decision.route for decision in talk(wants, earlier=earlier)]


@pytest.mark.parametrize(
    ("wants", "used"),
    [
        ("common common", "common common"),
        ("complex common common common common", "complex complex complex common common"),
        ("complex common complex common common common", "complex complex complex complex complex common"),
        ("complex common faq common common", "complex complex faq complex common"),
        ("complex faq faq faq common", "complex faq faq faq complex"),
        ("complex middle common common", "complex complex complex common"),
        ("complex common middle middle common", "complex complex complex middle middle"),
        ("common complex", "common complex"),
        ("complex code common", "complex code common"),
        ("faq common", "faq common"),
    ],
)
def test_a_conversation_stays_and_then_goes_down(wants: str, used: str) -> None:
    assert routes_of(wants.split()) == used.split()


def test_the_receipt_says_where_the_rules_would_have_sent_it() -> None:
    first, second, third, fourth = talk(["complex", "common", "common", "common"])
    assert (first.reason, first.wanted, first.stayed) == ("by a rule", "", 0)
    said = "The rules would have sent this to Common; the conversation stays on Complex"
    assert (second.reason, second.wanted, second.stayed) == (f"{said} for 1 more message.", "common", 1)
    assert (third.reason, third.stayed) == (f"{said} for this message.", 2)
    assert (fourth.reason, fourth.wanted, fourth.rule_name) == ("by a rule", "", "a rule")


def test_an_escalation_begins_the_stay_anew() -> None:
    kept = routes_of(["common", "common", "common"], earlier=(Answered("common"), Answered("complex")))
    assert kept == ["complex", "complex", "common"]


@pytest.mark.parametrize(
    ("held", "tokens"),
    [({"enabled": False}, 0), ({"ladder": ()}, 0), ({"sticky_turns": 0}, 0), ({"max_message_tokens": 9}, 10)],
)
def test_a_route_that_cannot_answer_keeps_nobody(held: dict[str, object], tokens: int) -> None:
    routes = {**ROUTES, "complex": replace(ROUTES["complex"], **held)}  # type: ignore[arg-type]
    assert stick(wanted("common"), [Answered("complex")], routes, tokens)[0].route == "common"
    assert stick(wanted("common"), [Answered("complex")], ROUTES, tokens)[0].route == "complex"
    assert stick(wanted("common"), [Answered("gone")], ROUTES)[0].route == "common"


def test_who_stays_lets_out_no_more_than_below() -> None:
    below = replace(ROUTES["common"], redact=True, allowed_providers=("a", "b"))
    above = replace(ROUTES["complex"], redact=False, allowed_providers=("b", "c"))
    decision, used = stick(wanted("common"), [Answered("complex")], {"common": below, "complex": above})
    assert (decision.route, used.redact, used.allowed_providers) == ("complex", True, ("b",))
    apart = replace(above, allowed_providers=("c",))
    decision, used = stick(wanted("common"), [Answered("complex")], {"common": below, "complex": apart})
    assert (decision.route, decision.stayed, used) == ("common", 0, below)


@given(st.lists(st.sampled_from(sorted(ROUTES)), max_size=40), st.integers(0, 4), st.integers(0, 4))
def test_no_conversation_flaps(wants: list[str], middle: int, heavy: int) -> None:
    """Down only after more than n in a row below; at the latest then; and never below what the rules want."""
    routes = {
        **ROUTES,
        "middle": route("middle", "standard", middle),
        "complex": route("complex", "heavy", heavy),
    }
    used = [decision.route for decision in talk(wants, routes)]
    pairs = list(zip(used, wants, strict=True))
    assert all(one == "faq" for one, want in pairs if want == "faq")
    asked = [(one, want) for one, want in pairs if want != "faq"]
    for at, (one, want) in enumerate(asked):
        assert RANK[routes[one].tier] >= RANK[routes[want].tier]
        margin = routes[one].sticky_turns
        kept = asked[max(0, at - margin) : at + 1]
        if one != want:
            assert (
                not all(RANK[routes[each].tier] < RANK[routes[one].tier] for _, each in kept)
                or len(kept) <= margin
            ), "longer than it may"
        if at and RANK[routes[one].tier] < RANK[routes[asked[at - 1][0]].tier]:
            before = asked[at - 1][0]
            margin = routes[before].sticky_turns
            row = [each for _, each in asked[at - margin : at + 1]]
            assert len(row) == margin + 1, "down too early"
            assert all(RANK[routes[each].tier] < RANK[routes[before].tier] for each in row)

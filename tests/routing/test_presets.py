"""Proposals of ladders: offers matched with the catalogue, the three presets, and what staff are told."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from routing.config import ModelSpec, Price, RouteSpec
from routing.defaults import ROUTES
from routing.offers import Candidate, ProviderOffer, candidates, default_pair
from routing.presets import CannotPropose, Choice, Preset, Proposal, propose, recommended
from routing.providers.choosing import UNKNOWN_CONTEXT_TOKENS
from routing.providers.listing import Listed
from routing.setup_words import offer_lines, plan_lines

TODAY = date(2026, 11, 24)
PRICES = (Price(date(2026, 1, 1), 0, Decimal("0.0000003"), Decimal("0.0000025")),)


def row(model: str, provider: str, tier: str, **more: object) -> ModelSpec:
    spec = ModelSpec(model, provider, provider, model.title(), tier, 1_000_000, 64_000, PRICES)  # type: ignore[arg-type]
    return replace(spec, **more)  # type: ignore[arg-type]


FLASH = row("gemini-3.5-flash-lite", "gemini", "lite", released_on=date(2026, 7, 21))
EIGHT = row("gemini-3.8-flash", "gemini", "standard", released_on=date(2026, 9, 2))
OLD = row("gemini-2.0-flash-lite", "gemini", "lite", retires_on=date(2026, 6, 1), replaced_by=FLASH.id)
ENDING = row("gemini-2.5-flash", "gemini", "standard", retires_on=date(2026, 12, 1))
HAIKU = row("claude-haiku-5-5", "anthropic", "lite")
SONNET = row("claude-sonnet-5-5", "anthropic", "heavy")
OPUS = row("claude-opus-5-5", "anthropic", "heavy", released_on=date(2026, 11, 1))
DATED = row("claude-haiku-4-5-20251001", "anthropic", "lite")
CATALOGUE = (FLASH, EIGHT, OLD, ENDING, HAIKU, SONNET, OPUS, DATED)

ROUTE_SPECS = tuple(
    RouteSpec(
        default.slug,
        default.name,
        default.kind,
        default.tier,
        default.ladder,
        max_message_tokens=default.max_message_tokens,
        max_prompt_tokens=default.max_prompt_tokens,
        max_output_tokens=default.max_output_tokens,
    )
    for default in ROUTES
)


def offer(provider: str, *models: str | Listed, wire: str = "", **more: object) -> ProviderOffer:
    listed = tuple(model if isinstance(model, Listed) else Listed(model) for model in models)
    base = ProviderOffer(provider, wire or provider, f"https://{provider}.example/v1", listed)
    return replace(base, **more)  # type: ignore[arg-type]


GEMINI = offer("gemini", FLASH.id, EIGHT.id, OLD.id, "gemini-embedding-001")
CLAUDE = offer("anthropic", HAIKU.id, SONNET.id, OPUS.id, "claude-haiku-4-5")
HOME = offer("home", "llama3.1:8b", "qwen3-235b", "nomic-embed-text", wire="openai")


def proposal(
    *offers: ProviderOffer,
    preset: Preset = "two",
    routes: tuple[RouteSpec, ...] = ROUTE_SPECS,
    **choice: object,
) -> Proposal:
    return propose(
        candidates(offers, CATALOGUE), Choice(preset, **choice), routes, TODAY  # type: ignore[arg-type]
    )  # fmt: skip


def ladders(made: Proposal) -> dict[str, tuple[str, ...]]:
    return {route.slug: route.after for route in made.routes}


# ---- offers and catalogue ---------------------------------------------------------------------------


def test_offers_are_matched_by_id_by_alias_and_by_dated_form() -> None:
    found = {one.offered: one for one in candidates([GEMINI, CLAUDE], CATALOGUE)}
    assert found["claude-haiku-4-5"].spec is DATED
    assert found[FLASH.id].spec is FLASH
    assert "gemini-embedding-001" not in found
    assert not any(one.new for one in found.values())


def test_unknown_models_get_cautious_rows_and_the_limits_that_their_server_tells() -> None:
    told = offer("lab", Listed("mystery-mini", 0, 8_192, 1_024), Listed("mystery"), wire="openai")
    mini, large = (one.spec for one in candidates([told], CATALOGUE))
    assert (mini.tier, mini.context_tokens, mini.max_output_tokens) == ("lite", 8_192, 1_024)
    assert (large.tier, large.context_tokens, large.prices) == ("heavy", UNKNOWN_CONTEXT_TOKENS, ())
    assert (large.max_tokens_field, large.wire, large.provider) == ("max_tokens", "openai", "lab")


def test_the_same_id_at_another_provider_is_a_row_of_its_own_without_its_price() -> None:
    gateway = offer("gateway", SONNET.id, wire="openai")
    (one,) = candidates([gateway], CATALOGUE)
    assert (one.spec.id, one.spec.sent_id, one.new) == (f"gateway/{SONNET.id}", SONNET.id, True)
    assert (one.spec.tier, one.spec.context_tokens, one.spec.prices) == ("heavy", 1_000_000, ())
    # Found again by its own provider once it is in the catalogue.
    (again,) = candidates([gateway], (*CATALOGUE, one.spec))
    assert (again.new, again.spec) == (False, one.spec)
    twice = candidates([offer("a", "x", wire="openai"), offer("b", "x", wire="openai")], ())
    assert [one.spec.id for one in twice] == ["x", "b/x"]


def test_a_model_that_the_environment_names_needs_no_list() -> None:
    silent = offer("home", wire="openai", named=("my-model",), problem="answered 404")
    made = proposal(silent, preset="one")
    assert set(ladders(made).values()) == {("my-model",)}
    assert made.new_models[0].id == "my-model"
    assert any("does not list my-model" in warning for warning in made.warnings)


@pytest.mark.parametrize(
    ("offers", "light", "heavy"),
    [
        ((GEMINI, CLAUDE), FLASH.id, SONNET.id),
        ((CLAUDE,), HAIKU.id, SONNET.id),
        ((GEMINI,), FLASH.id, EIGHT.id),
        ((HOME,), "llama3.1:8b", "qwen3-235b"),
        ((offer("gemini", OLD.id),), OLD.id, OLD.id),
        ((offer("lab", Listed("a-1", 5), Listed("a-2", 10**9), wire="openai"),), "a-2", "a-2"),
    ],
)
def test_the_default_pair(offers: tuple[ProviderOffer, ...], light: str, heavy: str) -> None:
    pair = default_pair(candidates(offers, CATALOGUE), TODAY)
    assert pair is not None
    assert (pair[0].spec.id, pair[1].spec.id) == (light, heavy)


@pytest.mark.parametrize(
    ("offers", "preset"),
    [
        ((GEMINI,), "all"),
        ((GEMINI, CLAUDE), "all"),
        ((HOME,), "two"),
        ((offer("x", "only"),), "one"),
        ((), "one"),
    ],
)
def test_the_preset_to_begin_with(offers: tuple[ProviderOffer, ...], preset: str) -> None:
    assert recommended(candidates(offers, CATALOGUE), TODAY) == preset


# ---- the three presets ------------------------------------------------------------------------------


def test_one_model_stands_on_every_model_route() -> None:
    made = proposal(GEMINI, CLAUDE, preset="one")
    assert set(ladders(made).values()) == {(SONNET.id,)}
    assert {route.slug for route in made.routes} == {r.slug for r in ROUTE_SPECS if r.kind == "model"}
    assert set(ladders(proposal(GEMINI, preset="one", light=FLASH.id)).values()) == {(FLASH.id,)}
    with pytest.raises(CannotPropose, match="single model"):
        proposal(GEMINI, preset="one", light=FLASH.id, heavy=EIGHT.id)


def test_two_tiers_stand_in_for_each_other() -> None:
    made = ladders(proposal(GEMINI, CLAUDE, light=HAIKU.id, heavy=EIGHT.id))
    assert made["common"] == made["draft"] == (HAIKU.id, EIGHT.id)
    assert made["complex"] == made["long"] == (EIGHT.id, HAIKU.id)
    assert set(ladders(proposal(offer("x", "only"), window=200_000)).values()) == {("only",)}


@pytest.mark.parametrize("preset", ["one", "two", "all"])
def test_the_default_setup_is_the_proposal_where_every_model_is_offered(preset: Preset) -> None:
    made = proposal(GEMINI, CLAUDE, preset=preset)
    assert made.changes == (preset != "all")
    assert not made.unserved


def test_all_routes_keep_what_lives_and_take_what_is_named_first() -> None:
    assert ladders(proposal(CLAUDE, preset="all"))["common"] == (HAIKU.id,)
    assert ladders(proposal(CLAUDE, preset="all"))["complex"] == (SONNET.id,)
    named = ladders(proposal(GEMINI, CLAUDE, preset="all", heavy=OPUS.id))
    assert named["complex"] == (OPUS.id, SONNET.id, EIGHT.id)
    assert named["common"] == (FLASH.id, HAIKU.id)
    own = RouteSpec("own", "Own", "model", "heavy", ())
    assert ladders(proposal(GEMINI, preset="all", routes=(own,)))["own"] == (EIGHT.id,)
    assert ladders(proposal(HOME, preset="all"))["common"] == ("llama3.1:8b",)


# ---- what cannot be, and what is said -------------------------------------------------------------


def test_a_route_whose_messages_do_not_fit_keeps_its_ladder_and_says_why() -> None:
    made = proposal(HOME, window=8_000)
    plans = {plan.slug: plan for plan in made.routes}
    assert "take up to 12,000 tokens, the window holds 8,000" in plans["code"].problem
    assert plans["code"].after == plans["code"].before
    assert plans["common"].after == ("llama3.1:8b", "qwen3-235b")
    assert not made.serves_nothing
    assert proposal(HOME, window=100).serves_nothing
    assert not proposal(HOME, window=100).new_models, "no row for a model that stands nowhere"


def test_a_route_that_allows_other_providers_only_is_not_led_astray() -> None:
    strict = replace(ROUTE_SPECS[3], allowed_providers=("anthropic",))
    assert ladders(proposal(GEMINI, CLAUDE, routes=(strict,)))[strict.slug] == (SONNET.id,)
    refused = proposal(GEMINI, routes=(strict,))
    assert refused.serves_nothing
    assert "may only ask anthropic" in refused.routes[0].problem
    other = proposal(GEMINI, CLAUDE, routes=(strict,), light=FLASH.id, heavy=EIGHT.id)
    assert other.routes[0].after[0].startswith("claude")


@pytest.mark.parametrize(
    ("offers", "choice", "words"),
    [
        ((GEMINI,), {}, "rests on gemini alone"),
        ((offer("gemini", OLD.id),), {}, "was retired on 2026-06-01. Its successor is gemini-3.5-flash-lite"),
        ((offer("gemini", ENDING.id),), {}, "retires on 2026-12-01"),
        ((HOME,), {}, "window of 32,768 tokens, smaller than prompt and answer of: Code, Long message"),
        ((HOME,), {}, "qwen3-235b has no price"),
        ((GEMINI,), {"prices": {FLASH.id: (Decimal(1), Decimal(2))}}, "has a price in the catalogue already"),
    ],
)
def test_warnings(offers: tuple[ProviderOffer, ...], choice: dict[str, object], words: str) -> None:
    assert any(words in warning for warning in proposal(*offers, **choice).warnings)  # type: ignore[arg-type]


def test_no_warning_where_nothing_is_wrong() -> None:
    assert proposal(GEMINI, CLAUDE, light=FLASH.id, heavy=SONNET.id).warnings == ()


def test_prices_are_noted_for_models_without_one_and_only_there() -> None:
    both = proposal(HOME, GEMINI, light="llama3.1:8b", heavy=EIGHT.id, prices={"": (Decimal(1), Decimal(2))})
    assert [(p.model, p.input, p.output) for p in both.prices] == [("llama3.1:8b", Decimal(1), Decimal(2))]
    assert not any("no price" in warning for warning in both.warnings)
    named = proposal(HOME, prices={"qwen3-235b": (Decimal(1), Decimal(2))})
    assert [priced.model for priced in named.prices] == ["qwen3-235b"]


@pytest.mark.parametrize(
    ("offers", "choice", "words"),
    [
        ((), {}, "offers a chat model"),
        ((offer("gemini", problem="401"),), {}, "offers a chat model"),
        ((GEMINI,), {"light": "gemini-3.5-flash-light"}, "Did you mean gemini-3.5-flash-lite"),
        ((GEMINI,), {"heavy": SONNET.id}, "offers claude-sonnet-5-5"),
        (
            (
                offer("a", "x", wire="openai"),
                offer("b", "y", "x", wire="openai"),
                offer("c", "x", wire="openai"),
            ),
            {"light": "b/z"},
            "offers b/z",
        ),
    ],
)
def test_what_is_not_on_offer_is_refused(
    offers: tuple[ProviderOffer, ...], choice: dict[str, object], words: str
) -> None:
    with pytest.raises(CannotPropose, match=words):
        proposal(*offers, **choice)  # type: ignore[arg-type]


def test_a_model_of_two_providers_is_named_with_its_provider() -> None:
    offers = (offer("a", "x", wire="openai"), offer("b", "x", wire="openai"))
    assert proposal(*offers, preset="one", heavy="a/x", window=200_000).heavy == "x"
    assert proposal(*offers, preset="one", heavy="b/x", window=200_000).heavy == "b/x"


def test_a_second_run_proposes_nothing() -> None:
    first = proposal(HOME, prices={"": (Decimal(1), Decimal(2))}, window=200_000)
    after = {plan.slug: plan.after for plan in first.routes}
    routes = tuple(replace(route, ladder=after.get(route.slug, ())) for route in ROUTE_SPECS)
    rows = (*CATALOGUE, *(replace(spec, prices=PRICES) for spec in first.new_models))
    found = candidates([HOME], rows)
    again = propose(found, Choice("two", prices={"": (Decimal(1), Decimal(2))}), routes, TODAY)
    assert not again.changes


def test_the_lines_say_what_is_offered_and_what_would_change() -> None:
    offers = (GEMINI, HOME, offer("lab", wire="openai", problem="lab answered 401: no key"))
    found = candidates(offers, CATALOGUE)
    said = "\n".join(offer_lines(offers, found, TODAY, shown=2))
    for words in ("gemini at gemini.example: 3 chat models", "$0.30 in, $2.50 out", "and 1 more", "no price"):
        assert words in said
    assert "! lab answered 401: no key" in said
    plan = "\n".join(plan_lines(proposal(HOME, prices={"": (Decimal("0.1"), Decimal(2))})))
    for words in ("common", "->  llama3.1:8b, qwen3-235b", "+ catalogue: qwen3-235b", "$0.10 in, $2.00 out"):
        assert words in plan


def test_candidates_are_plain_values() -> None:
    assert candidates([GEMINI], CATALOGUE)[0] == Candidate(FLASH, FLASH.id, new=False)

"""The seed makes DESIGN's table, a second run changes nothing of the staff's, and the lint sees trouble."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from assistant.models import AssistantSettings
from assistant.settings_snapshot import as_snapshot
from routing import publishing
from routing.catalogue import load_catalogue, read_file, seed_routing
from routing.checks import Finding, lint, refusals
from routing.config import Config
from routing.cost import reserve_of
from routing.defaults import ROUTES
from routing.models import CatalogueModel, ConfigVersion, FlipRecord, ModelPrice, Route, Rule
from routing.policy import in_words

TODAY = date(2026, 11, 23)

# The design's table, route by route: kind, ladder, next route up.
TABLE: dict[str, tuple[str, tuple[str, ...], str]] = {
    "faq": ("faq", (), "common"),
    "small_talk": ("fixed", (), "common"),
    "person": ("person", (), ""),
    "common": ("model", ("gemini-3.5-flash-lite", "claude-haiku-5-5"), "complex"),
    "complex": ("model", ("claude-sonnet-5-5", "gemini-3.8-flash"), ""),
    "code": ("model", ("claude-sonnet-5-5", "gemini-3.8-flash"), ""),
    "scaffold": ("model", ("claude-haiku-5-5", "gemini-3.5-flash-lite"), "code"),
    "draft": ("model", ("claude-haiku-5-5", "gemini-3.5-flash-lite"), "complex"),
    "long": ("model", ("claude-sonnet-5-5", "gemini-3.8-flash"), ""),
}

# The design's eleven rules in order; its seventh has two outcomes and so two rows.
RULES: list[tuple[str, str]] = [
    ("person", "asks for a person in words: yes"),
    ("small_talk", "small talk: is not none"),
    (
        "faq",
        "equals a phrasing of an FAQ entry: yes"
        " / an FAQ entry matches at the answer threshold: yes + leans on what was said before: no"
        " + names one case by number or orders a change in the account: no",
    ),
    ("person", "can only be dealt with in the visitor's account: yes"),
    ("long", "longer than the common route takes: yes"),
    ("code", "pastes code: yes / asks about existing code: yes"),
    ("scaffold", "asks for new code: yes + is short and simple for a request for code: yes"),
    ("code", "asks for new code: yes"),
    (
        "complex",
        "asks the same again: yes / gave the last answer a thumbs-down: yes"
        " / says that the answer did not help: yes"
        " / plan: is paid + comes back to an earlier question: yes",
    ),
    ("draft", "plan: is free"),
    (
        "complex",
        "number of questions: at least 2 / compares things: yes / asks why: yes"
        " / follow-ups in a row on one matter: at least 3 / number of parts: at least 3",
    ),
    ("common", ""),
]


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    publishing.forget()
    yield
    publishing.forget()


@pytest.fixture
def config(db: None) -> Config:
    seed_routing()
    return publishing.publish(settings={})


def test_the_seeded_routes_are_those_of_the_design(config: Config) -> None:
    assert {
        slug: (route.kind, route.ladder, route.escalates_to) for slug, route in config.routes.items()
    } == TABLE
    common = config.routes["common"]
    assert (common.max_message_tokens, common.max_prompt_tokens) == (1500, 8000)
    assert all(bool(route.instructions) == (route.kind == "model") for route in config.routes.values())
    assert "no risky refactors" in config.routes["code"].instructions


def test_the_seeded_rules_are_those_of_the_design(config: Config) -> None:
    found = [
        (rule.route, " / ".join(" + ".join(in_words(cell) for cell in group) for group in rule.groups))
        for rule in config.rules
    ]
    assert found == RULES
    assert all(rule.reason for rule in config.rules)


def test_only_the_last_rule_is_locked(config: Config) -> None:
    assert [rule.name for rule in Rule.objects.filter(locked=True)] == [config.rules[-1].name]


def test_ladders_hold_living_models_and_any_one_vendor_serves_every_route(config: Config) -> None:
    for route in config.routes.values():
        steps = [config.models[model] for model in route.ladder]
        assert all(step.retires_on is None for step in steps), route.slug
        assert route.kind != "model" or {step.provider for step in steps} == {"gemini", "anthropic"}


# ---- facts -----------------------------------------------------------------------------------------


def usd(config: Config, model: str, tokens: int, on: date) -> Decimal:
    pico = reserve_of(config.models[model], tokens, 0, on)
    assert pico is not None
    return Decimal(pico) / 10**12


def test_prices_follow_the_day_and_the_size_of_the_prompt(config: Config) -> None:
    flash = "gemini-3.8-flash"
    assert usd(config, flash, 1_000_000, date(2026, 12, 31)) == Decimal("0.75")
    assert usd(config, flash, 1_000_000, date(2027, 1, 1)) == Decimal("1.50")
    assert usd(config, "claude-haiku-5-5", 100_000, TODAY) == Decimal("0.01")
    assert usd(config, "claude-haiku-5-5", 100_001, TODAY) == Decimal("0.0500005")
    assert usd(config, "claude-sonnet-4-5-20250929", 200_000, TODAY) == Decimal("0.6")
    assert usd(config, "claude-sonnet-4-5-20250929", 200_001, TODAY) == Decimal("1.200006")


def test_the_file_is_complete_for_each_model() -> None:
    every = read_file()
    ids = {facts["id"] for facts in every}
    for facts in every:
        assert facts["prices"], facts["id"]
        assert facts.get("replaced_by", next(iter(ids))) in ids, facts["id"]
        assert facts.get("retires_on") is None or facts["replaced_by"], facts["id"]
        assert (facts["wire"] == "anthropic") == bool(facts.get("api_version")), facts["id"]
        new = "5-5" in facts["id"]
        assert not (new and (facts.get("sends_sampling") or facts.get("allows_prefill"))), facts["id"]
        if "flash" in facts["id"] and not facts["id"].startswith("gemini-2.0"):
            assert facts["thinking"], facts["id"]


# ---- upgrades --------------------------------------------------------------------------------------


def facts_of(model: str, **changes: Any) -> list[dict[str, Any]]:
    return [{**facts, **changes} for facts in read_file() if facts["id"] == model]


@pytest.mark.django_db
def test_an_upgrade_adds_and_retires_and_leaves_staff_edits() -> None:
    added, changed = load_catalogue()
    assert (added, changed) == (len(read_file()), 0)
    assert load_catalogue() == (0, 0)
    row = CatalogueModel.objects.get(pk="gemini-3.5-flash-lite")
    row.label, row.staff_edited = "Our light one", ["label"]
    row.save()
    news = facts_of(row.pk, label="New name", retires_on="2027-06-01", max_output_tokens=70000)
    assert load_catalogue(news) == (0, 1)
    row.refresh_from_db()
    assert (row.label, row.retires_on, row.max_output_tokens) == ("Our light one", date(2027, 6, 1), 70000)
    assert load_catalogue([{**news[0], "id": "gemini-9"}]) == (1, 0)
    assert CatalogueModel.objects.filter(pk="gemini-9", label="New name").exists()


@pytest.mark.django_db
def test_a_price_list_is_replaced_as_a_whole_unless_staff_edited_it() -> None:
    load_catalogue()
    new = facts_of(
        "claude-haiku-5-5", prices=[{"effective_from": "2026-12-01", "input": "0.2", "output": "1"}]
    )
    assert load_catalogue(new) == (0, 1)
    assert ModelPrice.objects.get(model="claude-haiku-5-5").input == Decimal("0.2")
    CatalogueModel.objects.filter(pk="claude-haiku-5-5").update(staff_edited=["prices"])
    assert load_catalogue(facts_of("claude-haiku-5-5")) == (0, 0)
    assert ModelPrice.objects.get(model="claude-haiku-5-5").input == Decimal("0.2")


@pytest.mark.django_db
def test_routes_and_rules_are_the_staffs_after_the_first_run() -> None:
    assert seed_routing() is True
    Rule.objects.filter(name="Free plan").delete()
    Route.objects.filter(slug="common").update(instructions="Ours.")
    assert seed_routing() is False
    assert not Rule.objects.filter(name="Free plan").exists()
    assert Route.objects.get(slug="common").instructions == "Ours."
    assert Route.objects.count() == len(ROUTES)


# ---- the command -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_seed_publishes_once_and_keeps_the_settings_that_staff_wrote() -> None:
    call_command("seed", "--no-example", verbosity=0)
    assert AssistantSettings.objects.get().name == "Support assistant"
    AssistantSettings.objects.update(name="Ours", link_hosts="a.example\nb.example", daily_cost_cap_usd=7)
    publishing.publish(settings=as_snapshot(AssistantSettings.objects.get()))
    call_command("seed", "--no-example", verbosity=0)
    settings = publishing.current().settings
    assert (settings["name"], settings["link_hosts"]) == ("Ours", ["a.example", "b.example"])
    assert settings["daily_cost_cap_usd"] == "7.00"
    assert ConfigVersion.objects.count() == 2
    assert set(FlipRecord.objects.values_list("kind", flat=True)) == {"prompt"}, "its name is in each"


@pytest.mark.django_db
def test_the_example_is_larkfield_and_seeding_it_twice_changes_nothing() -> None:
    call_command("seed", verbosity=0)
    first = publishing.current()
    assert first.settings["contact"] == "support@larkfield.example"
    call_command("seed", verbosity=0)
    assert publishing.current().sha == first.sha
    assert ConfigVersion.objects.count() == 1


# ---- the lint --------------------------------------------------------------------------------------


def findings(config: Config, today: date = TODAY, **reasons: str) -> list[tuple[str, str, str]]:
    def usable(model: Any) -> str | None:
        return reasons.get(model.provider)

    return [(found.level, found.route, found.text) for found in lint(config, today, usable)]


def changed(config: Config, slug: str, **changes: Any) -> Config:
    return replace(config, routes={**config.routes, slug: replace(config.routes[slug], **changes)})


def test_the_seeded_desk_has_no_findings(config: Config) -> None:
    assert findings(config) == []


@pytest.mark.parametrize(
    ("changes", "level", "text"),
    [
        ({"ladder": ()}, "error", "ladder is empty"),
        (
            {"ladder": ("claude-3-7-sonnet-20250219",)},
            "error",
            "retired on 2026-02-19. Its successor is claude-sonnet",
        ),
        ({"ladder": ("claude-sonnet-4-5-20250929",)}, "warning", "retires on 2026-11-30"),
        ({"ladder": ("gone", "claude-haiku-5-5")}, "warning", "not in the catalogue"),
        ({"ladder": ("claude-haiku-5-5", "claude-haiku-4-5-20251001")}, "error", "may not fit"),
        ({"max_prompt_tokens": 1_000_000}, "error", "cannot hold"),
        ({"max_output_tokens": 100_000}, "warning", "writes 65,536 tokens at most"),
        (
            {"promises_fallback": True, "ladder": ("claude-haiku-5-5", "claude-sonnet-5-5")},
            "error",
            "models of anthropic only",
        ),
        ({"escalates_to": "common"}, "error", "circle: common > common"),
        ({"escalates_to": "nowhere"}, "warning", "switched off"),
        ({"allowed_providers": ("elsewhere",)}, "error", "provider allowed on this route"),
        ({"allowed_providers": ("gemini",)}, "warning", "skipped: not allowed on this route"),
        ({"allowed_providers": ("gemini",)}, "warning", "may ask providers that are not allowed here"),
    ],
)
def test_the_lint_names_what_is_wrong(config: Config, changes: dict[str, Any], level: str, text: str) -> None:
    mine = [found for found in findings(changed(config, "common", **changes)) if found[1] == "common"]
    assert [found[:2] for found in mine if text in found[2]] == [(level, "common")], mine


def test_a_missing_key_is_a_warning_also_where_no_model_can_be_asked(config: Config) -> None:
    one = findings(config, gemini="no key for gemini")
    assert {found[0] for found in one} == {"warning"}
    both = findings(config, gemini="no key for gemini", anthropic="no key for anthropic")
    models = {slug for slug, route in config.routes.items() if route.kind == "model"}
    assert {found[0] for found in both} == {"warning"}
    assert {found[1] for found in both if "No model can be asked" in found[2]} == models
    assert not any("No model can be asked" in found[2] for found in one)


def test_a_promised_second_provider_is_a_promise_kept_by_two(config: Config) -> None:
    assert findings(changed(config, "common", promises_fallback=True)) == []
    confined = changed(config, "common", promises_fallback=True, allowed_providers=("gemini",))
    assert any("models of gemini only" in found[2] for found in findings(confined) if found[0] == "error")


def test_what_stands_published_refuses_no_more_but_for_price_and_retirement(config: Config) -> None:
    def usable(model: Any) -> str | None:
        return None

    def judged(**changes: Any) -> list[Finding]:
        return list(lint(changed(config, "common", **changes), TODAY, usable))

    small = judged(ladder=("claude-haiku-5-5", "claude-haiku-4-5-20251001"))
    assert [found.kind for found in refusals(small, [])] == ["window"]
    assert refusals(small, small) == []
    retired = judged(ladder=("claude-3-7-sonnet-20250219",))
    assert [found.kind for found in refusals(retired, retired)] == ["retired"]
    assert refusals(retired, retired, back=True) == []
    assert [found.kind for found in refusals(retired, [], back=True)] == ["retired"]


def test_an_escalation_that_lets_personal_details_out_is_found(config: Config) -> None:
    found = findings(changed(config, "complex", redact=False))
    assert ("warning", "common") in {each[:2] for each in found}
    assert all("personal details" in each[2] for each in found)


def test_a_missing_price_and_an_unused_route_are_found(config: Config) -> None:
    model = replace(config.models["claude-haiku-5-5"], prices=())
    unpriced = replace(config, models={**config.models, model.id: model})
    assert {found[:2] for found in findings(unpriced)} == {
        ("error", "common"),
        ("error", "scaffold"),
        ("error", "draft"),
    }
    rules = tuple(rule for rule in config.rules if rule.route != "long")
    assert findings(replace(config, rules=rules)) == [
        ("warning", "long", "No rule leads here, so it is never used.")
    ]

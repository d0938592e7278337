"""Which provider serves a model: keys, the sandbox, and any OpenAI-compatible server."""

from dataclasses import replace
from datetime import date

import pytest
from pytest_django import Settings

from common.env import ProviderEnv, read_providers
from routing import breaker
from routing.config import RouteSpec
from routing.ladder import steps_of
from routing.providers import registry
from tests.control import Control
from tests.environment import free_port
from tests.routing.conftest import MemoryLedger
from tests.routing.jobs import ANTHROPIC, GEMINI, OPENAI, job, play

MODELS = {model.id: model for model in (GEMINI, ANTHROPIC)}
ROUTES = [
    RouteSpec("common", "Common", "model", "lite", ("gemini-lite", "anthropic-lite")),
    RouteSpec("middle", "Middle", "model", "standard", ("gemini-lite",)),
    RouteSpec("complex", "Complex", "model", "heavy", ("anthropic-lite",)),
]


def use(settings: Settings, *providers: ProviderEnv, **more: object) -> None:
    settings.ENV = replace(settings.ENV, providers=providers, **more)


def own(
    base_url: str, *models: str, name: str = "openai", wire: str = "openai", key: str = "k"
) -> ProviderEnv:
    return ProviderEnv(name, wire, base_url, key, models)


GOOGLE = ProviderEnv("gemini", "gemini", "https://gemini.example/v1beta", "g-key")


def test_the_sandbox_stands_in_only_without_a_provider(settings: Settings) -> None:
    use(settings)
    assert registry.sandbox_active()
    assert registry.usable(GEMINI) is None
    assert registry.target(GEMINI).base_url == f"http://127.0.0.1:{settings.ENV.sandbox_port}/v1beta"
    assert registry.target(ANTHROPIC).wire == "anthropic"

    use(settings, GOOGLE)
    assert not registry.sandbox_active()
    assert registry.usable(ANTHROPIC) == "no key for anthropic"
    target = registry.target(GEMINI)
    assert (target.base_url, target.key, target.sandbox) == (GOOGLE.base_url, "g-key", False)
    with pytest.raises(LookupError):
        registry.target(ANTHROPIC)

    use(settings, GOOGLE, sandbox=True)
    assert registry.target(GEMINI).sandbox
    use(settings, debug=False, sandbox=False)
    assert not registry.sandbox_active()
    assert registry.usable(GEMINI) == "no key for gemini"


def test_a_row_on_the_wrong_wire_is_said(settings: Settings) -> None:
    use(settings, own("http://127.0.0.1:1/v1", name="gemini"))
    assert registry.usable(GEMINI) == "gemini speaks openai, this row says gemini"
    assert registry.usable(replace(GEMINI, wire="smoke")) == "unknown wire 'smoke'"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.tier)
def test_one_key_serves_every_route_without_the_sandbox(settings: Settings, route: RouteSpec) -> None:
    use(settings, GOOGLE)
    steps = steps_of(registry.ladder(route, MODELS))
    assert [step.id for step in steps] == ["gemini-lite"]
    assert not any(registry.target(step).sandbox for step in steps)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.tier)
def test_named_models_of_any_server_serve_every_route(settings: Settings, route: RouteSpec) -> None:
    use(settings, own("http://127.0.0.1:1/v1", "tiny", "large"))
    (step,) = steps_of(registry.ladder(route, MODELS))
    assert (step.id, step.wire, step.max_tokens_field) == (
        "large" if route.tier == "heavy" else "tiny",
        "openai",
        "max_tokens",
    )
    assert step.prices == ()


def test_a_catalogue_row_of_the_provider_comes_on_its_own_ladder(settings: Settings) -> None:
    use(settings, own("http://127.0.0.1:1/v1"))
    route = replace(ROUTES[0], ladder=("openai-lite", "gemini-lite"))
    assert steps_of(registry.ladder(route, {**MODELS, OPENAI.id: OPENAI})) == (OPENAI,)
    views = registry.ladder(ROUTES[0], {**MODELS, OPENAI.id: OPENAI})
    assert [(view.model.id, view.last_resort) for view in views] == [
        ("gemini-lite", False),
        ("anthropic-lite", False),
        ("openai-lite", True),
    ]


async def test_an_unnamed_server_is_asked_what_it_serves_and_answers(
    settings: Settings, control: Control, ledger: MemoryLedger
) -> None:
    use(settings, own(f"http://127.0.0.1:{control.port}/v1"), sandbox_port=free_port())
    lite = steps_of(registry.ladder(ROUTES[0], MODELS))
    heavy = steps_of(registry.ladder(ROUTES[2], MODELS))
    assert registry.sandbox_active() is False
    assert (lite[0].id, heavy[0].id) == ("claude-haiku-5-5", "claude-sonnet-5-5")
    told = await play(job(*lite), ledger)
    assert told.ended.state == "completed"
    (request,) = control.requests()
    assert (request["path"], request["model"]) == ("/v1/chat/completions", lite[0].id)
    assert told.ended.last is not None
    assert told.ended.last[1].cost_pico is None, "an unknown price is not free"


async def test_a_dead_server_still_gets_an_attempt_that_names_it(
    settings: Settings, ledger: MemoryLedger
) -> None:
    port = free_port()
    use(settings, own(f"http://127.0.0.1:{port}/v1"))
    steps = steps_of(registry.ladder(ROUTES[0], MODELS))
    assert [step.id for step in steps] == [registry.UNNAMED]
    told = await play(job(*steps), ledger)
    assert told.ended.state == "failed"
    assert f"cannot reach openai at 127.0.0.1:{port}: connection refused" in told.ended.detail


def test_retired_rows_are_no_last_resort(settings: Settings) -> None:
    use(settings, GOOGLE)
    retired = replace(GEMINI, retires_on=date(2020, 1, 1))
    assert steps_of(registry.ladder(ROUTES[2], {"gemini-lite": retired})) == ()


async def test_a_rate_limit_takes_the_model_off_the_front_of_the_ladder(
    control: Control, ledger: MemoryLedger
) -> None:
    control.fault("status", GEMINI.id, status=429, retry_after=3600)
    await play(job(GEMINI, ANTHROPIC), ledger)
    first, second = registry.ladder(ROUTES[0], MODELS)
    assert first.status.startswith("open: too many requests (status 429), asked to wait 3600 s; since "), (
        first.status
    )
    assert (second.status, first.open, first.usable) == ("", True, False)
    assert steps_of((first, second)) == (ANTHROPIC, GEMINI)
    assert steps_of(registry.ladder(ROUTES[1], MODELS)) == (GEMINI,), "better a model at rest than none"
    breaker.reset("gemini", GEMINI.id)
    assert [view.status for view in registry.ladder(ROUTES[0], MODELS)] == ["", ""]


def test_models_are_named_in_the_environment() -> None:
    found = read_providers(
        {
            "OPENAI_BASE_URL": "http://localhost:11434/v1/",
            "OPENAI_MODEL": "llama3",
            "PROVIDER_HOUSE_WIRE": "anthropic",
            "PROVIDER_HOUSE_BASE_URL": "http://gw/v1",
            "PROVIDER_HOUSE_MODELS": "small, large",
        }
    )
    assert [(provider.name, provider.models) for provider in found] == [
        ("openai", ("llama3",)),
        ("house", ("small", "large")),
    ]

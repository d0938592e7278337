"""`manage.py setup_models` on a seeded desk, with the shipped sandbox in the place of the providers."""

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from common.env import ProviderEnv
from routing import publishing, setup
from routing.models import CatalogueModel, Condition, ConfigVersion, FlipRecord, LadderStep, Route, Rule
from routing.presets import Choice
from tests import servers
from tests.control import Control
from tests.environment import ROOT, free_port
from tests.example_rows import make_once


@pytest.fixture
def desk(db: None) -> Iterator[None]:
    make_once("seed", lambda: call_command("seed", verbosity=0))
    publishing.refresh(force=True)
    yield
    publishing.forget()


def provider(name: str, wire: str, port: int, *models: str) -> ProviderEnv:
    root = {"openai": "/v1", "gemini": "/v1beta", "anthropic": "/v1"}[wire]
    return ProviderEnv(name, wire, f"http://127.0.0.1:{port}{root}", "a-key-that-nobody-may-see", models)


def use(settings: Settings, *providers: ProviderEnv) -> None:
    settings.ENV = replace(settings.ENV, providers=providers)


def setup_models(*args: str) -> str:
    said = StringIO()
    call_command("setup_models", *args, stdout=said, stderr=said)
    return said.getvalue()


def ladder(slug: str) -> list[str]:
    return list(LadderStep.objects.filter(route=slug).values_list("model_id", flat=True))


def test_a_single_vendor_gets_the_ladders_once_and_a_second_run_changes_nothing(
    desk: None, settings: Settings, control: Control
) -> None:
    use(settings, provider("anthropic", "anthropic", control.port))
    before = ConfigVersion.objects.count()
    rules = list(Condition.objects.values_list("pk", "signal")), list(Rule.objects.values_list("pk", "route"))
    texts = list(Route.objects.values_list("slug", "instructions"))
    shown = setup_models()
    assert "--yes publishes it" in shown
    assert ConfigVersion.objects.count() == before, "looked at only"

    said = setup_models("--yes")
    assert "gemini-3.5-flash-lite, claude-haiku-5-5  ->  claude-haiku-5-5" in said
    assert ladder("common") == ["claude-haiku-5-5"]
    assert ladder("complex") == ["claude-sonnet-5-5"]
    newest = ConfigVersion.objects.latest("number")
    assert ConfigVersion.objects.count() == before + 1
    assert newest.created_by
    assert "preset all" in newest.note
    changed = FlipRecord.objects.filter(config_number=newest.number).values_list("route_slug", flat=True)
    assert set(changed) == {"common", "complex", "code", "scaffold", "draft", "long"}
    assert "Nothing changes" in setup_models("--yes")
    assert ConfigVersion.objects.count() == before + 1
    assert rules == (
        list(Condition.objects.values_list("pk", "signal")),
        list(Rule.objects.values_list("pk", "route")),
    )
    assert texts == list(Route.objects.values_list("slug", "instructions"))


def test_an_own_server_gets_catalogue_rows_with_a_price_and_keeps_them(
    desk: None, settings: Settings, control: Control
) -> None:
    use(settings, provider("home", "openai", control.port, "qwen3-mini"))
    args = ("--preset", "one", "--light", "qwen3-mini", "--yes", "--price-in", "0.1", "--price-out", "0.4")
    assert "home does not list qwen3-mini" in setup_models(*args)
    row = CatalogueModel.objects.get(pk="qwen3-mini")
    price = row.prices.get()
    assert (row.provider, row.wire, price.input, price.output) == (
        "home", "openai", Decimal("0.1"), Decimal("0.4"),
    )  # fmt: skip
    assert ladder("common") == ["qwen3-mini"]
    row.context_tokens, row.staff_edited = 65_000, [*row.staff_edited, "context_tokens"]
    row.save()
    number = publishing.publish().number
    again = setup_models(*args, "--window", "9000")
    assert "keeps it" not in again
    assert "Nothing changes" in again
    row.refresh_from_db()
    assert row.context_tokens == 65_000
    assert publishing.publish().number == number


def test_a_gateway_with_the_vendors_ids_stands_beside_them(
    desk: None, settings: Settings, control: Control
) -> None:
    use(settings, provider("gateway", "openai", control.port))
    setup_models("--preset", "two", "--yes")
    names = ladder("common")
    assert names == ["gateway/gemini-3.5-flash-lite", "gateway/claude-sonnet-5-5"]
    row = CatalogueModel.objects.get(pk=names[0])
    assert (row.asked_as, row.provider) == ("gemini-3.5-flash-lite", "gateway")
    assert publishing.current().models[names[0]].sent_id == "gemini-3.5-flash-lite"
    assert CatalogueModel.objects.get(pk="gemini-3.5-flash-lite").provider == "gemini"


def test_providers_that_do_not_answer_are_named_and_the_rest_goes_on(
    desk: None, settings: Settings, control: Control
) -> None:
    use(
        settings,
        provider("gemini", "gemini", control.port),
        provider("dead", "openai", free_port()),
        provider("anthropic", "anthropic", control.port),
    )
    control.call(
        "POST", "/_control/faults", {"model": "(list)", "fault": "status", "status": 401, "times": 1}
    )
    said = setup_models("--yes")
    assert "connection refused" in said
    assert said.count("answered 401") == 1
    assert "Check this provider's key" in said
    assert "a-key-that" not in said
    assert "Published as configuration" in said


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--light", "gemini-9"), "No configured provider offers gemini-9"),
        (("--preset", "one", "--light", "claude-haiku-5-5", "--heavy", "claude-sonnet-5-5"), "single model"),
        (("--price-in", "0.1"), "belong together"),
        (("--price-in", "cheap", "--price-out", "1"), "is no price"),
        (("--price-in", "NaN", "--price-out", "1"), "is no price"),
        (("--window", "0"), "number of tokens"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_changes(
    desk: None, settings: Settings, control: Control, args: tuple[str, ...], words: str
) -> None:
    use(settings, provider("anthropic", "anthropic", control.port))
    before = ConfigVersion.objects.count()
    with pytest.raises(CommandError, match=words):
        setup_models(*args, "--yes")
    assert ConfigVersion.objects.count() == before


def test_without_a_provider_or_without_an_answer_it_ends_with_an_error(
    desk: None, settings: Settings
) -> None:
    with pytest.raises(CommandError, match="GEMINI_API_KEY"):
        setup_models("--yes")
    use(settings, provider("gemini", "gemini", free_port()))
    with pytest.raises(CommandError, match="no route can be served"):
        setup_models("--yes")


def test_a_ladder_that_changed_meanwhile_is_not_overwritten(
    desk: None, settings: Settings, control: Control
) -> None:
    use(settings, provider("anthropic", "anthropic", control.port))
    proposal = setup.prepare(setup.ask_providers(), Choice("one"))
    LadderStep.objects.filter(route="common", position=1).delete()
    number = publishing.publish().number
    with pytest.raises(setup.Stale, match="Common"):
        setup.apply(proposal, "me")
    assert publishing.publish().number == number
    assert ladder("complex") == ["claude-sonnet-5-5", "gemini-3.8-flash"]


def test_at_a_terminal_it_asks_and_takes_no_for_an_answer(tmp_path: Path, control: Control) -> None:
    env = {
        **os.environ,
        "DATA_DIR": str(tmp_path),
        "ANTHROPIC_API_KEY": "a-key",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{control.port}/v1",
    }
    shutil.copy(servers.seeded_sqlite("1"), tmp_path / "desk.sqlite3")
    keyboard, terminal = pty.openpty()
    os.write(keyboard, b"nonsense\ntwo\n\n\nno\n")
    try:
        done = subprocess.run(
            [sys.executable, "manage.py", "setup_models"],
            cwd=ROOT, env=env, check=True, stdin=terminal, stdout=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert "Type one, two, all." in done.stdout
    assert "Heavy model [claude-sonnet-5-5]" in done.stdout
    assert "Nothing was changed." in done.stdout

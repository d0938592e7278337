"""Own name and contact at the terminal: checked as in the admin, published, and shown when all is down."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assistant.models import AssistantSettings
from routing import publishing
from tests.example_rows import make_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seeded() -> None:
    make_once("seed", lambda: call_command("seed", verbosity=0))


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("desk_settings", *arguments, stdout=out)
    return out.getvalue()


def test_a_change_is_stored_and_in_force() -> None:
    before = publishing.refresh(force=True) or publishing.current()
    said = run("name=Acme help", "contact=help@acme.example", "link_hosts=acme.example, docs.acme.example")
    row = AssistantSettings.objects.get()
    assert (row.name, row.contact, row.link_hosts) == (
        "Acme help", "help@acme.example", "acme.example\ndocs.acme.example",
    )  # fmt: skip
    publishing.refresh(force=True)
    config = publishing.current()
    assert config.settings["name"] == "Acme help"
    assert config.settings["tone"] == row.tone
    assert f"Configuration {config.number}." in said
    assert before != config
    assert "name=Acme help\n" in run()


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ("nmae=Acme", "'nmae=Acme' sets nothing: write NAME=VALUE with one of name, greeting"),
        ("name", "'name' sets nothing"),
        ("id=2", "sets nothing"),
        ("contact=javascript:alert(1)", "Nothing was changed. contact: Write an e-mail address"),
        ("time_zone=Mars/Olympus", "Nothing was changed. time_zone: "),
        ("daily_cost_cap_usd=-1", "A cap cannot be negative"),
    ],
)
def test_a_wrong_value_changes_nothing(pair: str, sentence: str) -> None:
    before = AssistantSettings.objects.values().get()
    with pytest.raises(CommandError) as refused:
        run("hours=Never", pair)
    assert sentence in str(refused.value)
    assert AssistantSettings.objects.values().get() == before


def test_the_page_for_an_outage_names_the_contact(tmp_path: Path) -> None:
    run("name=Acme <help>", "contact=help@acme.example", "hours=weekdays", "--page", str(tmp_path))
    page = (tmp_path / "unavailable.html").read_text()
    assert "Acme &lt;help&gt; does not answer just now" in page
    assert '<a href="mailto:help@acme.example">help@acme.example</a> (weekdays)' in page
    assert "http" not in page
    run("contact=Phone 020 7946 0000", "--page", str(tmp_path))
    assert "here: Phone 020 7946 0000" in (tmp_path / "unavailable.html").read_text()
    with pytest.raises(CommandError, match="could not be written: No such file"):
        run("--page", str(tmp_path / "missing"))

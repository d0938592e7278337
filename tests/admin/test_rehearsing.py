"""A rehearsed outage shows what a visitor would have seen, and touches nothing that is real."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from assistant.admin import rehearse as page
from assistant.models import Conversation
from assistant.trials import rehearsing
from routing.fault_words import FAULT_WORDS
from routing.models import Budget, ModelCall, RouteOutcome
from routing.rehearsal import Order, Rehearsal, Watched, dump, load
from routing.sandbox.faults import KINDS
from tests.admin.conftest import SignIn
from tests.admin.pages import form_of, text_of
from tests.breakers import forget_calls

FAST = {"first_text_ms": 10, "gap_ms": 1}
LITE, HAIKU = "gemini-3.5-flash-lite", "claude-haiku-5-5"


@pytest.fixture(autouse=True)
def alone(seeded: None) -> Iterator[None]:
    """Forget the calls of a rehearsal, which has a process of its own outside tests."""
    forget_calls()
    yield
    forget_calls()


def rehearsed(fault: str, **more: Any) -> Rehearsal:
    return rehearsing.rehearse(Order("common", fault, rehearsing.QUESTION, **more), FAST)


def kinds(watched: Watched) -> list[str]:
    return [moment.kind for moment in watched.moments]


def test_a_cut_on_the_first_model_is_gone_on_with_by_the_next() -> None:
    before = settings.ENV
    found = rehearsed("cut", after_tokens=5)
    calm, struck = found.undisturbed, found.disturbed
    assert (kinds(calm), calm.state, len(calm.attempts)) == (["status", "text", "end"], "completed", 1)
    assert kinds(struck) == ["status", "text", "status", "seam", "text", "notice", "end"]
    assert struck.state == "completed"
    assert [(tried.model, tried.cause) for tried in struck.attempts] == [
        (LITE, "first"),
        (HAIKU, "continuation"),
    ]
    assert "ended prematurely" in struck.attempts[0].detail and not struck.attempts[1].error
    read = "".join(moment.text for moment in struck.moments if moment.kind == "text")
    assert read == calm.moments[1].text  # the same answer, whoever wrote its end
    times = [moment.at_ms for moment in struck.moments]
    assert times == sorted(times) and struck.first_text_ms == times[1]
    assert load(dump(found)) == found
    assert settings.ENV is before


def test_with_every_model_failing_the_visitor_is_shown_the_next_step() -> None:
    struck = rehearsed("status", on="all", status=401).disturbed
    assert (kinds(struck)[-2:], struck.state, struck.first_text_ms) == (["notice", "end"], "failed", None)
    assert "a person answers by" in struck.moments[-2].text
    assert {tried.error for tried in struck.attempts} == {"KeyRefused"}
    assert {tried.model for tried in struck.attempts} == {LITE, HAIKU}


def test_nothing_real_is_called_counted_or_paid() -> None:
    rehearsed("error_mid")
    tables = (ModelCall, RouteOutcome, Budget, Conversation)
    assert [table.objects.count() for table in tables] == [0, 0, 0, 0]


def test_every_fault_of_the_sandbox_has_words() -> None:
    assert FAULT_WORDS.keys() == KINDS.keys()


def test_the_command_tells_the_story_and_refuses_what_is_not_there() -> None:
    said = StringIO()
    call_command("rehearse", fault="eof", after_tokens=3, stdout=said)
    for words in (
        "Undisturbed",
        "With eof",
        "The answer was cut off; another model continues",
        f"{HAIKU} (cont",
    ):
        assert words in said.getvalue()
    with pytest.raises(CommandError, match="no route with a model"):
        call_command("rehearse", route="faq")
    with pytest.raises(CommandError, match="no fault of the sandbox"):
        call_command("rehearse", fault="earthquake")


def test_the_page_shows_both_runs_to_support_and_to_nobody_without_the_right(
    support: Client, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The process of its own would not see this test's database; what it runs is the same.
    monkeypatch.setattr(page, "in_own_process", lambda data: rehearsed(data["fault"], on=data["on"]))
    url = reverse("admin:rehearse")
    assert sign_in("manager").get(url).status_code == 403
    form = form_of(support.get(url)) | {"fault": "cut"}
    text = text_of(support.post(url, form))
    assert "asked in this order: Gemini 3.5 Flash-Lite, then Claude Haiku 5.5" in text
    assert "The answer was interrupted and then completed by another model." in text
    assert text.count(">Answered</span>") == 2  # the badges of both runs
    assert "not one of the available choices" in text_of(support.post(url, form | {"fault": "earthquake"}))


def test_a_second_rehearsal_waits_its_turn(support: Client) -> None:
    url = reverse("admin:rehearse")
    form = form_of(support.get(url))
    with page._one_at_a_time:
        assert "Another rehearsal is running" in text_of(support.post(url, form))

"""What a provider really received: no personal detail, over every wire and at every kind of attempt."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.control import Control
from tests.flows.client import Chat
from tests.flows.conftest import NewChat, new_cookie
from tests.servers import running_desk

DETAILS = (
    "ann.lee+shop@mail.example.org",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "+49 171 1234567",
)
QUESTION = (
    "Please explain in your own words why my studio should move to another calendar: I am "
    "ann.lee+shop@mail.example.org, I paid with 4111 1111 1111 1111 and DE89 3704 0044 0532 0130 00, "
    "my number is +49 171 1234567."
)
PLACEHOLDERS = ("[e-mail 1]", "[card 1]", "[IBAN 1]", "[phone 1]")


def bodies(control: Control, after: int) -> list[dict[str, Any]]:
    """Return what the sandbox was sent since it had received `after` requests."""
    return control.requests()[after:]


def assert_nothing_leaked(requests: list[dict[str, Any]], count: int) -> None:
    assert len(requests) == count
    for request in requests:
        text = json.dumps(request, ensure_ascii=False)
        assert [detail for detail in DETAILS if detail in text or detail.replace(" ", "") in text] == []
        assert [mark for mark in PLACEHOLDERS if mark not in text] == []
        assert "support@larkfield.example" in text, "the company's own contact stays"


async def test_first_fallback_continuation_retry_and_a_later_turn_leave_nothing(
    new_chat: NewChat, control: Control
) -> None:
    async with new_chat() as chat:
        at = len(control.requests())
        control.fault("status", times=1, after_tokens=-1, status=503)
        control.fault("cut", times=1, after_tokens=6)
        reply = await chat.ask(QUESTION)
        sent = bodies(control, at)
        assert reply.done is not None and reply.done["state"] in ("completed", "truncated")
        assert_nothing_leaked(sent, 3)
        at = len(control.requests())
        again = await chat.ask("And what of that did I tell you already, and why does it matter to you?")
        assert again.done is not None
        assert_nothing_leaked(bodies(control, at), 1)


async def test_a_retry_and_a_continue_of_the_visitor_leave_nothing(
    new_chat: NewChat, control: Control
) -> None:
    async with new_chat() as chat:
        control.fault("status", times=9, after_tokens=-1, status=401)
        failed = await chat.ask(QUESTION)
        assert failed.done is not None and failed.done["state"] == "failed"
        control.clear()
        at = len(control.requests())
        for _ in range(3):
            control.fault("length", times=1, after_tokens=12)
        cut = await chat.finished(await chat.verb("retry", failed.reply_id))
        assert cut.done is not None and cut.done["state"] == "truncated"
        control.clear()
        retried = bodies(control, at)
        assert_nothing_leaked(retried, len(retried))
        at = len(control.requests())
        gone_on = await chat.finished(await chat.verb("continue", cut.reply_id))
        assert gone_on.done is not None
        assert_nothing_leaked(bodies(control, at), 1)


@pytest.mark.parametrize(
    "env",
    [
        {"GEMINI_API_KEY": "g-key", "GEMINI_BASE_URL": "{vendor}"},
        {"ANTHROPIC_API_KEY": "a-key", "ANTHROPIC_BASE_URL": "{vendor}"},
        {"OPENAI_API_KEY": "o-key", "OPENAI_BASE_URL": "{vendor}/v1"},
    ],
    ids=["gemini", "anthropic", "openai"],
)
async def test_every_wire_is_sent_placeholders(tmp_path: Path, sandbox: str, env: dict[str, str]) -> None:
    """Ask a desk with one provider three ways: at first, after a failure, and to go on with a cut answer."""
    control = Control(sandbox)
    control.clear()
    filled = {name: value.format(vendor=sandbox) for name, value in env.items()}
    with running_desk(tmp_path / "var", sandbox, env=filled) as desk:
        at = len(control.requests())
        async with Chat(desk.url, new_cookie()) as chat:
            control.fault("status", times=1, after_tokens=-1, status=503)
            control.fault("cut", times=1, after_tokens=6)
            reply = await chat.ask(QUESTION)
            assert reply.text
        requests = bodies(control, at)
        assert_nothing_leaked(requests, len(requests))
        assert len(requests) >= 2
    control.clear()


ALLOW = """
from routing.models import Route
from routing.publishing import publish
from django.db import transaction
with transaction.atomic():
    Route.objects.filter(kind="model").update(allowed_providers=["anthropic"])
    publish(by="test")
"""


async def test_an_allowed_list_holds_also_when_that_provider_is_down(tmp_path: Path, sandbox: str) -> None:
    control = Control(sandbox)
    control.clear()
    with running_desk(tmp_path / "var", sandbox) as desk:
        desk.manage("shell", "-v", "0", "-c", ALLOW)
        at = len(control.requests())
        async with Chat(desk.url, new_cookie()) as chat:
            up = await chat.ask(QUESTION)
            assert up.done is not None and up.done["state"] == "completed"
            control.fault("status", times=20, after_tokens=-1, status=503)
            down = await chat.ask("And compare Pro and Studio for 3 locations and 12 staff, please?")
            assert down.done is not None
            assert (down.done["state"], down.done["offer_person"]) == ("failed", True), "with a next step"
            control.clear()
            control.fault("cut", times=1, after_tokens=4)
            cut = await chat.finished(await chat.verb("retry", down.reply_id))
            assert cut.done is not None
        asked = bodies(control, at)
        assert len(asked) >= 4
        assert {request["path"] for request in asked} == {"/v1/messages"}
    control.clear()

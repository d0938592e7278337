"""A stored answer as a visitor is told of it, over a socket; the rest is in tests/assistant."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.control import Control
from tests.environment import ROOT
from tests.flows.conftest import NewChat
from tests.servers import DeskServer

QUESTION = "Can clients switch off deposits?"
SET = """
from django.db import transaction
from routing.models import Route, StoredAnswer
from routing.publishing import publish
with transaction.atomic():
    Route.objects.filter(slug="common").update(cache="{cache}")
    StoredAnswer.objects.all().delete()
    publish(by="test")
"""


@pytest.fixture
def storing(desk: DeskServer) -> Iterator[None]:
    """Let the shared desk's common route use stored answers for one test."""
    desk.manage("shell", "-v", "0", "-c", SET.format(cache="exact"))
    yield
    desk.manage("shell", "-v", "0", "-c", SET.format(cache="off"))


TRIES = 20  # a version is polled every half second; a loaded machine may be late


async def test_the_second_visitor_reads_at_once_what_the_first_was_written(
    storing: None, control: Control, new_chat: NewChat
) -> None:
    for _ in range(TRIES):
        async with new_chat() as chat:
            first = await chat.ask(QUESTION)
        asked = len(control.requests())
        async with new_chat() as chat:
            second = await chat.ask(QUESTION)
            if (done := second.done or {})["stored"]:
                break
        await asyncio.sleep(0.3)
    assert len(control.requests()) == asked, "no model was asked"
    assert (second.text, second.stages, second.seq) == (first.text, ["routing"], 3)
    assert (done["state"], done["route"], done["label"]) == ("completed", "common", "AI answer")
    assert done["stored"]["model"] == "Gemini 3.5 Flash-Lite"
    assert (first.done or {})["html"] == done["html"]
    async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as tab:
        (turn,) = tab.opened["turns"]
        assert turn["replies"][0]["stored"] == done["stored"]
        again = await tab.finished(await tab.verb("escalate", second.reply_id))
        assert (again.done or {})["stored"] is None
    assert len(control.requests()) == asked + 1
    async with new_chat() as chat:
        anew = await chat.ask(QUESTION)
    assert (anew.done or {})["stored"] is None, "it did not do, so nobody is given it again"
    told = (ROOT / "docs/protocol.md").read_text().splitlines()
    row = next(line for line in told if line.startswith("| `done`"))
    assert [name for name in done if name != "type" and f"`{name}`" not in row] == []

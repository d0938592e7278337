"""What a desk does when somebody takes too much, and what becomes of what was given up on."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from assistant.limits import FRAME_BURST, VISITOR_SOCKETS
from tests.flows.client import Chat
from tests.flows.conftest import NewChat, new_cookie
from tests.servers import DeskServer, running_desk

COMPARE = "Compare Pro and Studio for 3 locations; what happens if we downgrade?"
TEXTS = "Does it send texts too?"
RESET = "How do I reset my password?"


@pytest.fixture
def own_desk(tmp_path: Path, sandbox: str) -> Iterator[DeskServer]:
    with running_desk(tmp_path / "var", sandbox) as desk:
        yield desk


def rows(desk: DeskServer, expression: str) -> object:
    """Return what an expression over the desk's models gives, as JSON."""
    code = (
        "import json\nfrom assistant.models import *\nfrom routing.models import *\n"
        f"print('ROW' + json.dumps({expression}, default=str))"
    )
    return json.loads(desk.manage("shell", "-v", "0", "-c", code).split("ROW", 1)[1])


def set_cap(desk: DeskServer, usd: str) -> None:
    code = (
        "from django.db import transaction\nfrom assistant.models import AssistantSettings\n"
        "from assistant.settings_snapshot import as_snapshot\nfrom routing.publishing import publish\n"
        "with transaction.atomic():\n"
        "    row = AssistantSettings.objects.get()\n"
        f"    row.daily_cost_cap_usd = '{usd}'\n"
        "    row.save()\n    row.refresh_from_db()\n"
        "    publish(by='test', settings=as_snapshot(row))\n"
    )
    desk.manage("shell", "-v", "0", "-c", code)


async def test_a_spent_cap_leaves_the_approved_answers(own_desk: DeskServer) -> None:
    set_cap(own_desk, "0.0001")
    async with Chat(own_desk.url, new_cookie()) as chat:
        for _ in range(20):
            refused = await chat.ask(COMPARE)
            if (refused.done or {})["ended_by"] == "budget":
                break
            await asyncio.sleep(0.3)
        done = refused.done or {}
        assert (done["state"], done["ended_by"], done["retryable"]) == ("failed", "budget", False)
        assert "No AI model can be asked about this." in done["notice"]  # no day holds one answer
        assert "support@larkfield.example" in refused.text
        approved = await chat.ask(RESET)
        assert (approved.done or {})["route"] == "faq"
    taken = "[str(row.spent_pico + row.reserved_pico) for row in Budget.objects.all()]"
    assert rows(own_desk, taken) in ([], ["0"])
    assert rows(own_desk, "ModelCall.objects.count()") == 0


async def test_a_queued_message_that_is_stopped_is_counted(desk: DeskServer, new_chat: NewChat) -> None:
    async with new_chat() as chat:
        running = await chat.send(COMPARE)
        queued = await chat.send(TEXTS)
        await chat.put(type="stop", reply_id=queued)
        stopped = await chat.finished(queued)
        assert (stopped.done or {})["state"] == "cancelled"
        known = await chat.send(RESET)
        await chat.put(type="stop", reply_id=known)
        await chat.finished(known)
        await chat.finished(running)
        # Asked after all it is answered as if for the first time: by the FAQ, where that knows it.
        asked = await chat.finished(await chat.verb("retry", known))
        assert (asked.done or {})["route"] == "faq"
    outcome = rows(desk, f"list(RouteOutcome.objects.filter(pk='{queued}').values_list('state', 'attempts'))")
    assert outcome == [["cancelled", 0]]


async def test_solved_belongs_to_the_answer_it_was_said_of(desk: DeskServer, new_chat: NewChat) -> None:
    async with new_chat() as chat:
        first = await chat.ask(RESET)
        second = await chat.ask("How do I cancel my subscription?")
        await chat.put(type="resolve", solved=True, reply_id=first.reply_id)
        await chat.put(type="ping")
        await chat.until(lambda frame: frame["type"] == "pong")
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as again:
            replies = [turn["replies"][0] for turn in again.opened["turns"]]
    assert [reply["reply_id"] for reply in replies] == [first.reply_id, second.reply_id]
    assert [reply["resolved"] for reply in replies] == [True, None]


async def test_a_visitor_holds_only_so_many_sockets(desk: DeskServer) -> None:
    cookie = new_cookie()
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(VISITOR_SOCKETS):
            await stack.enter_async_context(Chat(desk.url, cookie))
        with pytest.raises(ConnectionClosed) as closed:
            await stack.enter_async_context(Chat(desk.url, cookie))
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4429
    async with Chat(desk.url, cookie) as later:
        assert later.opened["protocol"] == 1


async def test_a_flood_of_frames_is_cut_off(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        with pytest.raises(ConnectionClosed) as closed:
            for _ in range(FRAME_BURST * 3):
                await chat.put(type="ping")
            await chat.until(lambda frame: False)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4429


async def test_a_reply_is_resumed_in_its_own_conversation_only(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        shown = await chat.ask(RESET)
        async with new_chat(cookie=chat.cookie) as other:
            error = await other.error(type="resume", reply_id=shown.reply_id, epoch=1, after=0)
    assert error["code"] == "not_found"

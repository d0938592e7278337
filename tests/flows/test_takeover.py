"""A reply survives its process: killed, ended in order or paused, it is gone on with by another one."""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.redis import async_client
from tests.control import Control
from tests.flows.client import Chat, Shown
from tests.flows.conftest import BRISK, new_cookie
from tests.servers import DeskServer, running_desk, wait_until

pytestmark = [pytest.mark.slow]

QUESTION = "Does it send texts too?"
SLOW = {"first_text_ms": 30, "gap_ms": 40, "tokens": 150}  # six seconds of writing
SHORT = {"REPLY_LEASE": "2", "DRAIN_PATIENCE": "1", "LEFT_PATIENCE": "1", "DATABASE_URL": ""}


def rows(desk: DeskServer, query: str, reply_id: str) -> list[dict[str, Any]]:
    """Return what a query finds in the desk's file, read beside it: a command would take seconds to start."""
    with contextlib.closing(sqlite3.connect(desk.data_dir / "desk.sqlite3", timeout=20)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query, (UUID(reply_id).hex,))]


def stored(desk: DeskServer, reply_id: str) -> dict[str, Any]:
    """Return a reply, its calls and its outcomes as the database has them."""
    (row,) = rows(desk, "SELECT * FROM assistant_reply WHERE id = ?", reply_id)
    row["why"] = [note["why"] for note in json.loads(row["decision"]).get("takeovers", [])]
    row["calls"] = rows(desk, "SELECT * FROM routing_modelcall WHERE reply_id = ? ORDER BY attempt", reply_id)
    row["outcomes"] = rows(desk, "SELECT * FROM routing_routeoutcome WHERE reply_id = ?", reply_id)
    return row


@pytest.fixture(scope="module")
def pair(sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    """Run two web processes on one database, with short leases."""
    folder = tmp_path_factory.mktemp("takeover")
    with running_desk(folder / "var", sandbox, webs=2, env=SHORT) as desk:
        yield desk


@pytest.fixture
def desks(pair: DeskServer, control: Control) -> Iterator[DeskServer]:
    """Lend both processes, slow models; what a test ended is started again."""
    control.pace(**SLOW)
    yield pair
    control.pace(**BRISK)
    for index, web in enumerate(list(pair.webs)):
        if web.popen.poll() is not None:
            pair.start_web(index)


async def begun(chat: Chat, reply_id: str, length: int) -> Shown:
    """Return a reply once this much of it is shown."""
    shown = chat.shown[reply_id]
    while len(shown.text) < length:
        await chat.get()
    return shown


def again(desk: DeskServer, index: int, before: Chat) -> Chat:
    return Chat(desk.urls[index], before.cookie, before.conversation_id)


async def finished_elsewhere(desk: DeskServer, index: int, before: Chat, reply_id: str) -> Shown:
    """Return a reply as a page shows it that has reconnected to another process."""
    async with again(desk, index, before) as chat:
        return await chat.finished(reply_id)


async def test_a_killed_process_loses_no_text_and_another_one_goes_on(desks: DeskServer) -> None:
    async with Chat(desks.urls[0], new_cookie()) as chat:
        reply_id = await chat.send(QUESTION)
        shown = await begun(chat, reply_id, 40)
        kept = shown.text
        await asyncio.sleep(0.5)  # text that is older at a kill is kept
        desks.webs[0].kill()
    after = await finished_elsewhere(desks, 1, chat, reply_id)
    row = stored(desks, reply_id)
    assert row["text"].startswith(kept)
    assert after.text == row["text"]
    assert (after.done or {})["html"] == row["html"]
    assert (row["state"], row["ended_by"], row["epoch"], row["takeovers"]) == ("completed", "finish", 2, 1)
    assert row["continued"] and row["notice"] == "The answer was interrupted and then completed."
    first, second = row["calls"]
    assert (first["error_class"], first["usage_estimated"]) == ("WorkerLost", True)
    assert first["cost_pico"] > 0
    assert (second["attempt"], second["cause"]) == (2, "continuation")
    (outcome,) = row["outcomes"]
    assert (outcome["state"], outcome["attempts"], outcome["continued"]) == ("completed", 2, True)


async def test_a_process_that_ends_in_order_hands_its_answers_on(desks: DeskServer) -> None:
    async with Chat(desks.urls[0], new_cookie()) as chat, again(desks, 1, chat) as other:
        reply_id = await chat.send(QUESTION)
        await begun(chat, reply_id, 40)
        await other.until(lambda frame: frame["type"] == "turn")
        desks.webs[0].popen.send_signal(signal.SIGTERM)
        after = await other.finished(reply_id)
    assert desks.webs[0].popen.wait(20) == 0
    row = stored(desks, reply_id)
    assert after.text == row["text"]
    assert (row["state"], row["epoch"], row["why"], row["takeovers"]) == ("completed", 2, ["released"], 0)
    first, second = row["calls"]
    assert first["error_class"] == "", "its process lived to settle it"
    assert first["ended_at"] and second["ended_at"]
    assert "continuing" in after.stages


async def test_a_paused_process_that_comes_back_writes_nothing(desks: DeskServer) -> None:
    async with Chat(desks.urls[0], new_cookie()) as chat:
        reply_id = await chat.send(QUESTION)
        await begun(chat, reply_id, 40)
        os.kill(desks.webs[0].pid, signal.SIGSTOP)
        try:
            async with again(desks, 1, chat) as other:
                while other.shown[reply_id].epoch == 1:
                    await other.get()
                os.kill(desks.webs[0].pid, signal.SIGCONT)
                after = await other.finished(reply_id)
        finally:
            os.kill(desks.webs[0].pid, signal.SIGCONT)
        woken = await chat.finished(reply_id)
    row = stored(desks, reply_id)
    assert after.text == woken.text == row["text"]
    assert (row["state"], row["epoch"], row["takeovers"]) == ("completed", 2, 1)
    assert [call["attempt"] for call in row["calls"]] == [1, 2]
    assert len(row["outcomes"]) == 1
    assert "is another process's now" in desks.webs[0].log()


async def test_before_its_first_text_a_reply_is_simply_asked_anew(
    desks: DeskServer, control: Control
) -> None:
    control.pace(first_text_ms=3000, gap_ms=4)
    async with Chat(desks.urls[0], new_cookie()) as chat:
        reply_id = await chat.send(QUESTION)
        await chat.until(lambda frame: frame["type"] == "status" and frame["stage"] == "waiting")
        desks.webs[0].kill()
    control.pace(**BRISK)
    after = await finished_elsewhere(desks, 1, chat, reply_id)
    row = stored(desks, reply_id)
    assert after.text == row["text"]
    assert (row["state"], row["epoch"], bool(row["continued"]), row["notice"]) == ("completed", 2, False, "")
    assert [call["cause"] for call in row["calls"]] == ["first", "first"]
    assert row["total_ms"] > 0


async def test_an_answer_that_nobody_reads_ends_with_continue(desks: DeskServer) -> None:
    async with Chat(desks.urls[0], new_cookie()) as chat:
        reply_id = await chat.send(QUESTION)
        await begun(chat, reply_id, 20)
    await asyncio.to_thread(wait_until, lambda: stored(desks, reply_id)["ended_by"] != "")
    row = stored(desks, reply_id)
    assert (row["state"], row["ended_by"]) == ("truncated", "abandoned")
    (call,) = row["calls"]
    assert call["ended_at"] and call["cost_pico"] is not None
    async with again(desks, 1, chat) as back:
        done = back.shown[reply_id].done or {}
        assert done["continuable"] and done["text"] == row["text"]
        rest = await back.finished(await back.verb("continue", reply_id))
        assert (rest.done or {})["state"] == "completed"


async def test_a_redis_that_is_emptied_and_full_costs_a_reader_elsewhere_no_letter(desks: DeskServer) -> None:
    redis = async_client(desks.redis_url)
    async with Chat(desks.urls[0], new_cookie()) as chat, again(desks, 1, chat) as other:
        reply_id = await chat.send(QUESTION)
        await other.until(lambda frame: frame["type"] == "turn")
        await begun(other, reply_id, 20)
        await redis.flushall()
        await begun(other, reply_id, 120)
        await redis.config_set("maxmemory", "1")
        try:
            shown = await other.finished(reply_id)
        finally:
            await redis.config_set("maxmemory", "0")
            await redis.aclose()
        first = await chat.finished(reply_id)
    row = stored(desks, reply_id)
    assert shown.text == first.text == row["text"]
    assert (row["state"], row["epoch"]) == ("completed", 1)


async def test_one_message_sent_through_two_processes_at_once_is_answered_once(
    desks: DeskServer, control: Control
) -> None:
    control.pace(**BRISK)
    message = str(uuid4())
    async with Chat(desks.urls[0], new_cookie()) as chat, again(desks, 1, chat) as other:
        replies = await asyncio.gather(chat.send(QUESTION, message), other.send(QUESTION, message))
        assert replies[0] == replies[1]
        shown = [await each.finished(replies[0]) for each in (chat, other)]
    row = stored(desks, replies[0])
    assert shown[0].text == shown[1].text == row["text"]
    assert len(row["calls"]) == len(row["outcomes"]) == 1
    turns = rows(desks, "SELECT id FROM assistant_turn WHERE conversation_id = ?", str(chat.conversation_id))
    assert len(turns) == 1


@pytest.fixture
def alone(sandbox: str, control: Control, tmp_path: Path) -> Iterator[DeskServer]:
    control.pace(**SLOW)
    with running_desk(tmp_path / "var", sandbox, env=SHORT) as desk:
        yield desk
    control.pace(**BRISK)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_process_that_is_started_again_goes_on_with_its_own(alone: DeskServer, number: int) -> None:
    async with Chat(alone.url, new_cookie()) as chat:
        reply_id = await chat.send(QUESTION)
        await begun(chat, reply_id, 40)
        alone.webs[0].popen.send_signal(number)
        alone.webs[0].popen.wait(20)
    alone.start_web(0)
    after = await finished_elsewhere(alone, 0, chat, reply_id)
    row = stored(alone, reply_id)
    assert after.text == row["text"]
    assert (row["state"], row["epoch"], bool(row["continued"])) == ("completed", 2, True)

"""The visitor's own conversations: listed, named and deleted over the socket, in every tab and process."""

import asyncio
import sqlite3
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.control import Control
from tests.flows.client import Chat
from tests.flows.conftest import NewChat, new_cookie
from tests.flows.events import EventChat
from tests.servers import DeskServer

RESET = "How do I reset my password?"
COMMON = "Does it send texts too?"
STAFF = """
from assistant.models import Conversation, Message
Message.objects.create(conversation_id="%s", author="staff", text="It is mended.")
"""


async def listed(chat: Chat, before: str | None = None) -> dict[str, Any]:
    await chat.put(type="list", **({"before": before} if before else {}))
    return await chat.until(lambda frame: frame["type"] == "conversations")


async def rows(chat: Chat) -> list[dict[str, Any]]:
    found = await listed(chat)
    return list(found["conversations"])


def left(desk: DeskServer, conversation: str) -> int:
    """Return in how many rows of the database a conversation is still named."""
    names = (conversation, conversation.replace("-", ""))
    with sqlite3.connect(desk.data_dir / "desk.sqlite3") as database:
        return sum(any(name in line for name in names) for line in database.iterdump())


async def test_conversations_are_listed_latest_first_under_their_first_question(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        assert await rows(chat) == []  # a reserved one is none yet
        await chat.ask(RESET)
        first = chat.conversation_id
        async with new_chat(cookie=chat.cookie) as second:
            running = await second.send(f"{COMMON}\n\nI should like to know that " + "before I buy it " * 20)
            await second.until(lambda frame: frame["type"] == "delta")
            one, two = await rows(second)
            assert (one["conversation_id"], two["conversation_id"]) == (second.conversation_id, first)
            assert one["title"].startswith(COMMON)
            assert len(one["title"]) <= 80
            assert (two["title"], two["state"], two["unread"]) == (RESET, "open", 0)
            assert (one["answering"], two["answering"]) == (True, False)
            await second.put(type="stop", reply_id=running)
            await second.finished(running)
            assert [row["answering"] for row in await rows(second)] == [False, False]
    async with new_chat() as stranger:
        assert await rows(stranger) == []


def add_conversations(desk: DeskServer, of: str, count: int) -> list[str]:
    """Store further conversations, each older than the one before, of the visitor who has this one."""
    made = [uuid4().hex for _ in range(count)]
    with sqlite3.connect(desk.data_dir / "desk.sqlite3", timeout=30) as database:
        (visitor,) = database.execute(
            "SELECT visitor_id FROM assistant_conversation WHERE id = ?", [of.replace("-", "")]
        ).fetchone()
        database.executemany(
            "INSERT INTO assistant_conversation"
            " (id, visitor_id, state, purpose, title, created_at, updated_at)"
            " VALUES (?, ?, 'open', 'visitor', 'An older one', ?, ?)",
            [
                (name, visitor, at, at)
                for index, name in enumerate(made)
                for at in [f"2026-01-{28 - index:02d} 10:00:00"]
            ],
        )
    return [str(UUID(name)) for name in made]


async def test_a_long_list_comes_in_pages_that_leave_nothing_out(new_chat: NewChat, desk: DeskServer) -> None:
    async with new_chat() as chat:
        await chat.ask(RESET)
        first = str(chat.conversation_id)
        older = add_conversations(desk, first, 23)
        page = await listed(chat)
        assert (len(page["conversations"]), page["first"]) == (20, True)
        # One that moves to the top meanwhile is not missed below, and moves none of the others.
        await chat.put(type="open", conversation_id=older[1])
        await chat.greeted()
        await chat.ask(RESET)
        rest = await listed(chat, page["next"])
        assert (rest["first"], rest["next"]) == (False, None)
        names = [row["conversation_id"] for row in [*page["conversations"], *rest["conversations"]]]
        assert names == [first, *older]
        assert (await rows(chat))[0]["conversation_id"] == older[1]


async def test_a_name_is_told_to_all_tabs_and_keeps_the_place(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        await chat.ask(RESET)
        old = chat.conversation_id
        async with new_chat(cookie=chat.cookie) as other:
            await other.ask(COMMON)
            await other.put(type="rename", conversation_id=old, title="  My   account ")
            renamed = await chat.until(lambda frame: frame["type"] == "renamed")
            assert (renamed["conversation_id"], renamed["title"]) == (old, "My account")
            assert await other.until(lambda frame: frame["type"] == "renamed") == renamed
            assert [row["title"] for row in await rows(other)] == [COMMON, "My account"]
            error = await other.error(type="rename", conversation_id=old, title="x" * 121)
            assert (error["code"], error["conversation_id"]) == ("too_long", old)
        async with new_chat() as stranger:
            error = await stranger.error(type="rename", conversation_id=old, title="Theirs")
            assert (error["code"], error["conversation_id"]) == ("not_found", old)
        assert (await rows(chat))[1]["title"] == "My account"


async def test_what_staff_wrote_is_unread_until_the_conversation_is_open(
    new_chat: NewChat, desk: DeskServer
) -> None:
    async with new_chat() as chat:
        await chat.ask(RESET)
        old = chat.conversation_id
        async with new_chat(cookie=chat.cookie) as other:
            await other.ask(COMMON)
            await asyncio.to_thread(desk.manage, "shell", "-v", "0", "-c", STAFF % old)
            await chat.until(lambda frame: frame["type"] == "message")  # shown there, and not yet looked at
            assert [row["unread"] for row in await rows(other)] == [0, 1]
            assert [row["unread"] for row in await rows(chat)] == [0, 0]  # this tab has it on its screen
            await asyncio.to_thread(desk.manage, "shell", "-v", "0", "-c", STAFF % old)
            await chat.until(lambda frame: frame["type"] == "message")
            assert [row["unread"] for row in await rows(other)] == [0, 1]
            await chat.put(type="open", conversation_id=other.conversation_id)  # left for another one
            await chat.greeted()
            assert [row["unread"] for row in await rows(other)] == [0, 0]


async def test_a_deleted_conversation_leaves_nothing_and_every_tab_hears_of_it(
    new_chat: NewChat, desk: DeskServer, control: Control
) -> None:
    async with new_chat() as chat:
        await chat.ask(RESET)
        kept = chat.conversation_id
        async with new_chat(cookie=chat.cookie) as other, new_chat(cookie=chat.cookie) as third:
            gone = other.conversation_id
            assert gone is not None
            await other.ask(COMMON)
            await other.put(
                type="handoff",
                reason="button",
                email="ada@example.org",
                text="Call me",
                client_request_id="1",
            )
            await other.until(lambda frame: frame["type"] == "message")
            await third.put(type="open", conversation_id=gone)
            await third.greeted()
            control.pace(first_text_ms=20, gap_ms=200)
            await other.send("Explain in detail how a waiting list works, step by step")
            await other.until(lambda frame: frame["type"] == "delta")
            assert left(desk, gone) > 5
            await chat.put(type="delete", conversation_id=gone)
            for tab in (chat, other, third):
                deleted = await tab.until(lambda frame: frame["type"] == "deleted")
                assert deleted == {"type": "deleted", "conversation_id": gone}
            assert left(desk, gone) == 0
            assert [row["conversation_id"] for row in await rows(chat)] == [kept]
            # Who was in it is in none, and goes on in a new one.
            assert (await other.error(type="list"))["code"] == "not_open"
            await other.put(type="open", conversation_id=None)
            await other.greeted()
            assert (await other.ask(RESET)).done is not None
            await chat.put(type="delete", conversation_id=gone)  # again: its answer may have been lost
            await chat.until(lambda frame: frame["type"] == "deleted")
    async with new_chat() as stranger:
        error = await stranger.error(type="delete", conversation_id=kept)
        assert (error["code"], error["conversation_id"]) == ("not_found", kept)
    assert left(desk, str(kept)) > 0


async def test_lists_and_deletions_work_where_sockets_are_blocked(
    new_chat: NewChat, desk: DeskServer
) -> None:
    async with new_chat() as chat, EventChat(desk.url, chat.cookie) as blocked:
        await blocked.ask(RESET)
        assert [row["title"] for row in await rows(blocked)] == [RESET]
        await blocked.put(type="delete", conversation_id=blocked.conversation_id)
        for tab in (blocked, chat):
            deleted = await tab.until(lambda frame: frame["type"] == "deleted")
            assert deleted["conversation_id"] == blocked.conversation_id
        assert await rows(chat) == []


@pytest.mark.postgres
async def test_a_tab_at_another_process_hears_of_names_and_deletions(desk_pair: DeskServer) -> None:
    cookie = new_cookie()
    here, there = desk_pair.urls
    async with Chat(here, cookie) as chat, Chat(there, cookie) as other:
        await chat.ask(RESET)
        await other.put(type="open", conversation_id=chat.conversation_id)
        await other.greeted()
        running = await other.send("Explain in detail how a waiting list works, step by step")
        await other.until(lambda frame: frame["type"] == "delta")
        await chat.put(type="rename", conversation_id=chat.conversation_id, title="Mine")
        assert (await other.until(lambda frame: frame["type"] == "renamed"))["title"] == "Mine"
        await chat.put(type="delete", conversation_id=chat.conversation_id)
        await other.until(lambda frame: frame["type"] == "deleted")
        done = [frame for frame in other.frames if frame["type"] == "done" and frame["reply_id"] == running]
        assert [frame["state"] for frame in done] in ([], ["cancelled"])  # stopped before it was erased
        await chat.put(type="open", conversation_id=None)
        await chat.greeted()
        assert await rows(chat) == []

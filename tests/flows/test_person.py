"""The way to a person, as a visitor goes it: over the socket, with a mail server that takes the mail."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from tests.flows.client import Chat
from tests.flows.conftest import NewChat, new_cookie
from tests.servers import DeskServer

COMMON = "Does it send texts too?"


def handoff(**more: Any) -> dict[str, Any]:
    """Return a `handoff` frame of its own request id."""
    return {
        "type": "handoff",
        "reason": "button",
        "email": "anna@visitor.example",
        "text": "My invoice is wrong.",
        "client_request_id": str(uuid4()),
        **more,
    }


async def hand_over(chat: Chat, **frame: Any) -> dict[str, Any]:
    """Send a handoff and return the receipt that answers it."""
    await chat.put(**frame)
    return await chat.until(lambda answer: answer["type"] == "message")


@pytest.mark.parametrize(
    ("text", "opening", "step"),
    [
        ("I want to talk to a person", "Of course.", "Leave your e-mail address below"),
        ("Ich möchte mit einem Menschen sprechen", "Selbstverständlich.", "Hinterlassen Sie unten"),
        ("Je voudrais parler à un humain", "Bien sûr.", "Laissez votre adresse e-mail"),
        ("Quiero hablar con una persona", "Por supuesto.", "Deje abajo su correo"),
        ("Quero falar com uma pessoa", "Claro.", "Deixe abaixo o seu e-mail"),
        ("人と話したいです", "かしこまりました。下にメールアドレス", "。こちらでもご連絡"),
        ("Where is invoice 4711?", "I have no access to accounts", "Leave your e-mail address below"),
        ("Wo ist meine Rechnung 4711?", "Ich habe keinen Zugriff", "Hinterlassen Sie unten"),
    ],
)
async def test_who_asks_for_a_person_gets_the_form_in_their_language(
    new_chat: NewChat, text: str, opening: str, step: str
) -> None:
    async with new_chat() as chat:
        shown = await chat.ask(text)
    done = shown.done or {}
    assert (done["route"], done["offer_person"]) == ("person", True)
    assert done["person_reason"] == ("account" if "4711" in text else "asked")
    assert shown.text.startswith(opening)
    assert step in shown.text


async def test_an_ordinary_answer_offers_no_form(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        shown = await chat.ask(COMMON)
    assert ((shown.done or {})["offer_person"], (shown.done or {})["person_reason"]) == (False, "")


async def test_a_request_is_stored_and_its_receipt_reaches_every_tab_and_every_visit(
    new_chat: NewChat,
) -> None:
    async with new_chat() as chat:
        first = await chat.ask(COMMON)
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as tab:
            frame = handoff(reply_id=first.reply_id)
            receipt = await hand_over(chat, **frame)
            there = await tab.until(lambda answer: answer["type"] == "message")
            state = await tab.until(lambda answer: answer["type"] == "conversation")
        assert there["message_id"] == receipt["message_id"]
        assert state["state"] == "waiting"
        assert receipt["author"] == "system"
        assert receipt["request"]["client_request_id"] == frame["client_request_id"]
        assert receipt["request"]["state"] == "new"
        assert receipt["request"]["text"] == there["request"]["text"] == frame["text"]
        assert f"no. {receipt['request']['number']} " in receipt["text"]
        assert "a…@visitor.example" in receipt["text"]
        assert "anna@" not in json.dumps(receipt)
        assert receipt["after_turn"] == next(one["turn_id"] for one in chat.frames if one["type"] == "ack")
        # The assistant keeps answering meanwhile.
        assert ((await chat.ask(COMMON)).done or {})["state"] == "completed"
    async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as later:
        assert [{"type": "message", **message} for message in later.opened["messages"]] == [receipt]
        assert later.opened["state"] == "waiting"


async def test_the_same_request_twice_is_one_and_is_answered_twice(new_chat: NewChat) -> None:
    frame = handoff()
    async with new_chat() as chat:
        one = await hand_over(chat, **frame)
        other = await hand_over(chat, **frame)
    assert one["message_id"] == other["message_id"]
    assert one["request"] == other["request"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"email": "no address"}, "bad_email"),
        ({"email": ""}, "bad_email"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "bad_email"),
        ({"email": f"{'a' * 250}@b.example"}, "bad_email"),
        ({"text": ""}, "empty"),
        ({"text": "x" * 4001}, "too_long"),
        ({"reason": "because"}, "bad_frame"),
        ({"reply_id": str(uuid4())}, "not_found"),
    ],
)
async def test_a_request_that_cannot_be_stored_says_what_to_mend_and_the_next_try_counts(
    new_chat: NewChat, fields: dict[str, Any], code: str
) -> None:
    frame = handoff()
    async with new_chat() as chat:
        error = await chat.error(**{**frame, **fields})
        assert (error["code"], error["client_request_id"]) == (code, frame["client_request_id"])
        assert error["message"]
        assert (await hand_over(chat, **frame))["request"]["number"] > 0


async def test_the_question_stands_in_for_an_empty_text(desk: DeskServer, new_chat: NewChat) -> None:
    async with new_chat() as chat:
        shown = await chat.ask("Where is invoice 4711?")
        receipt = await hand_over(chat, **handoff(reason="account", text="", reply_id=shown.reply_id))
    code = f"""
from assistant.models import Request
row = Request.objects.get(number={receipt["request"]["number"]})
print("ROW", row.text, row.reason, row.reply.route)
"""
    printed = desk.manage("shell", "-v", "0", "-c", code)
    assert "ROW Where is invoice 4711? account person" in printed
    assert receipt["request"]["text"] == ""  # it stands there as a message already


async def test_a_flood_of_requests_is_told_when_to_go_on(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        for _ in range(5):
            await hand_over(chat, **handoff())
        error = await chat.error(**handoff())
    assert error["code"] == "rate_limited"
    assert 0 < error["retry_after"] <= 600
    assert "min" in error["message"]


async def test_thanks_asks_whether_it_is_solved_and_books_it_on_the_answer(
    desk: DeskServer, new_chat: NewChat
) -> None:
    async with new_chat() as chat:
        answer = await chat.ask("How do I reset my password?")
        thanks = await chat.ask("thanks")
        assert (thanks.done or {})["feedback_actions"] == ["solved_yes", "solved_no"]
        await chat.put(type="resolve", solved=True, reply_id=thanks.reply_id)
        await chat.put(type="ping")
        await chat.until(lambda frame: frame["type"] == "pong")
    code = f"""
from routing.models import RouteOutcome
print("ROW", RouteOutcome.objects.get(pk="{answer.reply_id}").resolved)
"""
    assert "ROW True" in desk.manage("shell", "-v", "0", "-c", code)


async def test_staff_s_answer_appears_in_the_open_chat_of_another_process(desk_pair: DeskServer) -> None:
    cookie = new_cookie()
    async with Chat(desk_pair.urls[0], cookie) as first:
        receipt = await hand_over(first, **handoff())
        async with Chat(desk_pair.urls[1], cookie, first.conversation_id) as second:
            code = f"""
from django.contrib.auth.models import User
from assistant.person import requests
from assistant.models import Request
row = Request.objects.get(pk="{receipt["request"]["request_id"]}")
requests.answer(row.pk, User.objects.get(username="support"), "We have corrected it.", 0)
"""
            await asyncio.to_thread(desk_pair.manage, "shell", "-v", "0", "-c", code)
            for chat in (first, second):
                answer = await chat.until(
                    lambda frame: frame["type"] == "message" and frame["author"] == "staff"
                )
                assert answer["text"] == "We have corrected it."
                assert answer["request"]["state"] == "answered"
            assert (await second.until(lambda frame: frame["type"] == "conversation"))["state"] == "open"
            told = [frame["message_id"] for frame in first.frames if frame["type"] == "message"]
            assert len(told) == len(set(told)) == 2

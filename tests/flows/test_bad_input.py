"""What a socket answers to what nobody should send; it lives on wherever it can."""

import json
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.flows.client import Chat
from tests.flows.conftest import NewChat, new_cookie
from tests.servers import DeskServer

NOBODYS = "7c9f5a0e-6f0b-4c55-9d2f-0a6c0e6f7b11"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", None),
        ("{", "bad_json"),
        ("[1]", "bad_json"),
        ('{"type": "dance"}', "unknown_type"),
        ('{"type": 7}', "unknown_type"),
        ('{"type": "send", "text": "hi"}', "bad_frame"),
        ('{"type": "send", "client_message_id": "a", "text": 7}', "bad_frame"),
        ('{"type": "send", "client_message_id": "a", "text": ""}', "empty"),
        ('{"type": "send", "client_message_id": "a", "text": " \\u0000 "}', "empty"),
        ('{"type": "stop", "reply_id": "nope"}', "bad_frame"),
        (f'{{"type": "retry", "reply_id": "{NOBODYS}"}}', "not_found"),
        (f'{{"type": "resume", "reply_id": "{NOBODYS}", "epoch": -1, "after": 0}}', "bad_frame"),
        ('{"type": "handoff", "reason": "x"}', "bad_frame"),
        (f'{{"type": "choose", "turn_id": "{NOBODYS}", "entry_id": "1"}}', "not_found"),
        (f'{{"type": "choose", "turn_id": "{NOBODYS}"}}', "bad_frame"),
        (f'{{"type": "escalate", "reply_id": "{NOBODYS}", "reason": "tone"}}', "bad_frame"),
        (f'{{"type": "delete", "conversation_id": "{NOBODYS}"}}', "not_found"),
        (f'{{"type": "rename", "conversation_id": "{NOBODYS}", "title": "Mine"}}', "not_found"),
        (f'{{"type": "rename", "conversation_id": "{NOBODYS}", "title": "  "}}', "empty"),
        ('{"type": "rename", "conversation_id": null, "title": "Mine"}', "bad_frame"),
        ('{"type": "list", "before": "yesterday"}', "bad_frame"),
        (f'{{"type": "list", "before": "9999-12-31T23:59:59-14:00 {NOBODYS}"}}', "bad_frame"),
    ],
)
async def test_a_bad_frame_is_answered_and_the_socket_lives(
    new_chat: NewChat, frame: str, code: str | None
) -> None:
    async with new_chat() as chat:
        await chat.socket.send(frame)
        if code is not None:
            error = await chat.until(lambda answer: answer["type"] == "error")
            assert error["code"] == code
        await chat.put(type="ping")
        await chat.until(lambda answer: answer["type"] == "pong")


async def test_a_text_over_the_limit_is_refused_by_length_and_named(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        error = await chat.error(type="send", client_message_id="long", text="a" * 9_000)
        assert (error["code"], error["client_message_id"]) == ("too_long", "long")
        assert error["message"] == "This is too long: 1,000 over the limit of 8,000 characters."
        huge = await chat.error(type="send", client_message_id="huge", text="a" * 300_000)
        assert huge["code"] == "too_long"
        shown = await chat.ask(
            "Hello\x00 \ud800 there".encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        )
        assert (shown.done or {})["state"] == "completed"


async def test_nul_and_lone_surrogates_are_stored_harmlessly(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        raw = '{"type": "send", "client_message_id": "odd", "text": "thanks\\u0000 \\ud83d"}'
        await chat.socket.send(raw)
        ack = await chat.until(lambda frame: frame["type"] == "ack")
        await chat.finished(ack["reply_id"])
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as again:
            assert again.opened["turns"][0]["text"] == "thanks �"


async def test_another_visitors_things_do_not_exist(new_chat: NewChat) -> None:
    async with new_chat() as mine:
        reply = await mine.ask("How do I reset my password?")
        async with new_chat() as theirs:
            for verb in ("stop", "retry", "escalate", "continue"):
                error = await theirs.error(type=verb, reply_id=reply.reply_id)
                assert error["code"] == "not_found", verb
            error = await theirs.error(type="resume", reply_id=reply.reply_id, epoch=1, after=0)
            assert error["code"] == "not_found"
            error = await theirs.error(type="feedback", reply_id=reply.reply_id, rating="up")
            assert error["code"] == "not_found"
            error = await theirs.error(type="open", conversation_id=mine.conversation_id)
            assert error["code"] == "not_found"
            error = await theirs.error(type="open", conversation_id=str(uuid4()))
            assert error["code"] == "not_found"


@pytest.mark.parametrize("origin", [None, "http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1"])
async def test_a_foreign_or_missing_origin_is_turned_away(desk: DeskServer, origin: str | None) -> None:
    async with connect(desk.ws_urls[0], origin=origin, additional_headers={"Cookie": new_cookie()}) as socket:  # type: ignore[arg-type]  # an Origin is a NewType of str
        error = json.loads(await socket.recv())
        assert (error["type"], error["code"]) == ("error", "refused")
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


async def test_a_socket_without_a_visitor_is_told_to_load_the_page(desk: DeskServer) -> None:
    chat = Chat(desk.url, "visitor=made-up")
    with pytest.raises((ConnectionClosed, InvalidStatus)) as closed:
        async with chat:
            pass
    assert isinstance(closed.value, ConnectionClosed)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401

"""The chat where WebSockets are blocked: a stream and POSTs, on both servers, and across two processes."""

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import redis

from assistant.errands import MOST_FRAMES
from assistant.limits import FRAME_BURST, VISITOR_SOCKETS
from assistant.protocol import FRAME_LIMIT, TEXT_LIMIT
from tests.control import Control
from tests.environment import free_port
from tests.flows.client import Chat
from tests.flows.conftest import BRISK, new_cookie
from tests.flows.events import PATH, TLS, EventChat, client
from tests.servers import DeskServer, listens, running_desk, start_warm, wait_until

TEXTS = "Does it send texts too?"
RESET = "How do I reset my password?"
SLOW = {"first_text_ms": 30, "gap_ms": 40, "tokens": 1000}
DAPHNE, UVICORN = 0, 1


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, sandbox: str) -> Iterator[DeskServer]:
    """Run a desk of two web processes on one database and Redis: Daphne, then uvicorn."""
    folder = tmp_path_factory.mktemp("events")
    with running_desk(folder / "var", sandbox, webs=2, server="daphne uvicorn") as desk:
        yield desk


@pytest.fixture
def own_pair(tmp_path: Path, sandbox: str) -> Iterator[DeskServer]:
    """Run such a desk for one test that leaves nothing of it."""
    with running_desk(tmp_path / "var", sandbox, webs=2, server="daphne uvicorn") as desk:
        yield desk


def chat_at(desk: DeskServer, stream: int, posts: int, cookie: str = "") -> EventChat:
    return EventChat(desk.urls[stream], cookie or new_cookie(), posts=desk.urls[posts])


async def stored(chat: Chat, base: str) -> dict[str, str]:
    """Return the text of each reply as another page, on a socket, is shown it."""
    async with Chat(base, chat.cookie, chat.conversation_id) as other:
        return {reply_id: shown.text for reply_id, shown in other.shown.items()}


@pytest.mark.parametrize("posts", [DAPHNE, UVICORN])
@pytest.mark.parametrize("stream", [DAPHNE, UVICORN])
async def test_a_conversation_is_the_same_wherever_its_stream_and_its_posts_go(
    pair: DeskServer, control: Control, stream: int, posts: int
) -> None:
    async with chat_at(pair, stream, posts) as chat:
        assert chat.headers["content-type"].startswith("text/event-stream")
        assert (chat.headers["x-accel-buffering"], chat.headers["cache-control"]) == (
            "no",
            "no-store, no-transform",
        )
        approved, written = await chat.ask(RESET), await chat.ask(TEXTS)
        control.pace(**SLOW)
        running = await chat.send("Und geht das auch mit Umlauten: ä, ö, ü, 🙂?")
        async with asyncio.timeout(30):
            while not chat.shown[running].text:
                await chat.get()
        await chat.put(type="stop", reply_id=running)
        stopped = await chat.finished(running)
        control.pace(**BRISK)
        shown = {reply_id: reply.text for reply_id, reply in chat.shown.items()}
        assert shown == await stored(chat, pair.url)
    assert [reply.done and reply.done["state"] for reply in (approved, written, stopped)] == [
        "completed",
        "completed",
        "cancelled",
    ]
    assert stopped.done
    assert stopped.done["ended_by"] == "stop"


async def test_a_post_whose_answer_was_lost_is_repeated_without_harm(pair: DeskServer) -> None:
    async with chat_at(pair, DAPHNE, UVICORN) as chat:
        frame = {"type": "send", "client_message_id": "lost", "text": TEXTS}
        await chat.post([frame])  # its answer is thrown away
        turn = await chat.until(lambda heard: heard["type"] == "turn")
        shown = await chat.finished(turn["reply_id"])
        assert await chat.send(TEXTS, "lost") == shown.reply_id
        refused = await chat.error(**{**frame, "text": RESET})
        assert (refused["code"], refused["client_message_id"]) == ("conflict", "lost")
        async with Chat(pair.url, chat.cookie, chat.conversation_id) as other:
            assert [turn["client_message_id"] for turn in other.opened["turns"]] == ["lost"]


async def test_several_frames_of_one_post_are_done_in_their_order(pair: DeskServer) -> None:
    async with chat_at(pair, UVICORN, UVICORN) as chat:
        sends = [{"type": "send", "client_message_id": text, "text": text} for text in (RESET, TEXTS)]
        answer = await chat.post([{"type": "ping"}, *sends, {"type": "open", "conversation_id": None}])
        kinds = [(frame["type"], frame.get("client_message_id")) for frame in answer.json()]
        told = [kind for kind in kinds if kind[0] in ("pong", "ack", "error")]
        assert told == [("pong", None), ("ack", RESET), ("ack", TEXTS), ("error", None)]


async def test_what_a_reply_said_is_given_again_from_any_record_on(pair: DeskServer) -> None:
    async with chat_at(pair, DAPHNE, DAPHNE) as chat:
        shown = await chat.ask(TEXTS)
        for base in pair.urls:
            chat.posts = base
            frame = {"type": "resume", "reply_id": shown.reply_id, "epoch": shown.epoch, "after": 2}
            again = (await chat.post([frame])).json()
            texts = [part["text"] for part in again if part["type"] in ("snapshot", "delta")]
            assert shown.text.endswith("".join(texts)) and texts, again
            assert again[-1]["type"] == "done"


async def test_another_tab_on_a_socket_sees_the_same(pair: DeskServer) -> None:
    async with (
        chat_at(pair, DAPHNE, UVICORN) as chat,
        Chat(pair.url, chat.cookie, chat.conversation_id) as other,
    ):
        mine = await chat.ask(RESET)
        await other.until(lambda frame: frame["type"] == "turn")
        assert (await other.finished(mine.reply_id)).text == mine.text
        theirs = await other.ask(TEXTS)
        await chat.until(lambda frame: frame["type"] == "turn" and frame["reply_id"] == theirs.reply_id)
        assert (await chat.finished(theirs.reply_id)).text == theirs.text


@pytest.mark.parametrize("server", [DAPHNE, UVICORN])
async def test_only_our_own_page_with_its_visitor_gets_in(pair: DeskServer, server: int) -> None:
    base, own = pair.urls[server], {"Cookie": new_cookie()}
    post = {**own, "Origin": base, "Content-Type": "application/json"}
    nowhere = {"type": "open", "conversation_id": str(uuid4())}  # so that the stream ends at once
    read, empty = {**own, "X-Desk-Open": json.dumps(nowhere)}, (200, "not_found")
    evil = {"Origin": "https://evil.example"}
    body = json.dumps({"conversation_id": None, "frames": [{"type": "ping"}]})
    async with httpx.AsyncClient(base_url=base, timeout=30, verify=TLS) as browser:

        async def asked(method: str, headers: dict[str, str]) -> tuple[int, str]:
            content = body if method == "POST" else None
            answer = await browser.request(method, PATH, content=content, headers=headers)
            assert not [name for name in answer.headers if name.startswith("access-control")]
            if answer.headers["content-type"].startswith("text/event-stream"):
                return answer.status_code, answer.text.split('"code":"')[1].split('"')[0]
            frames = answer.json()
            return answer.status_code, frames[0].get("code", frames[0]["type"]) if frames else ""

        def without(headers: dict[str, str], name: str) -> dict[str, str]:
            return {key: value for key, value in headers.items() if key != name}

        assert await asked("POST", post) == (200, "pong")
        assert await asked("POST", {**post, **evil}) == (403, "refused")
        assert await asked("POST", without(post, "Origin")) == (403, "refused")
        assert await asked("POST", without(post, "Cookie")) == (401, "sign_in")
        assert await asked("POST", {**post, "Cookie": f"{own['Cookie']}x"}) == (401, "sign_in")
        assert await asked("POST", {**post, "Content-Type": "text/plain"}) == (415, "bad_json")
        assert await asked("GET", read) == empty
        assert await asked("GET", {**read, "Origin": base, "Sec-Fetch-Site": "same-origin"}) == empty
        assert await asked("GET", {**read, **evil}) == (403, "refused")
        assert await asked("GET", {**read, "Sec-Fetch-Site": "cross-site"}) == (403, "refused")
        assert await asked("GET", {**read, "Sec-Fetch-Site": "same-site"}) == (403, "refused")
        assert await asked("GET", own) == (403, "refused"), "an EventSource or an image cannot set the header"
        assert await asked("GET", without(read, "Cookie")) == (401, "sign_in")
        preflight = {**evil, "Access-Control-Request-Headers": "x-desk-open"}
        assert await asked("OPTIONS", preflight) == (405, "")


async def test_a_conversation_of_somebody_else_does_not_exist(pair: DeskServer) -> None:
    async with chat_at(pair, DAPHNE, UVICORN) as owner:
        shown = await owner.ask(RESET)
        stranger = chat_at(pair, DAPHNE, UVICORN)
        stranger.conversation_id = owner.conversation_id
        stranger.client = client(stranger.cookie)
        async with stranger.client:
            await stranger.follow()
            assert json.loads(await stranger.receive())["code"] == "not_found"
            async with asyncio.timeout(10):
                await stranger.ended.wait()
            frames = [
                {"type": "send", "client_message_id": "mine", "text": "hello"},
                {"type": "history", "before": None},
                {"type": "resume", "reply_id": shown.reply_id, "epoch": 1, "after": 0},
            ]
            answers = (await stranger.post(frames)).json()
            assert [answer["code"] for answer in answers] == ["not_found"] * 3
            assert answers[0]["client_message_id"] == "mine"
        assert "hello" not in json.dumps((await owner.post([{"type": "ping"}])).json())
        async with Chat(pair.url, owner.cookie, owner.conversation_id) as page:
            assert [turn["text"] for turn in page.opened["turns"]] == [RESET]


async def test_too_much_is_refused_in_words_and_the_stream_lives(pair: DeskServer) -> None:
    for server in (DAPHNE, UVICORN):
        async with chat_at(pair, server, server) as chat:

            async def code(frames: list[Any]) -> tuple[int, str]:
                answer = await chat.post(frames)
                return answer.status_code, answer.json()[0]["code"]

            long = {"type": "send", "client_message_id": "long", "text": "x" * (TEXT_LIMIT + 1)}
            assert await code([long]) == (200, "too_long")
            assert await code([{**long, "text": "x" * FRAME_LIMIT}]) == (413, "too_long")
            assert await code([{"type": "ping"}] * (MOST_FRAMES + 1)) == (400, "bad_frame")
            assert await code(["no object"]) == (200, "bad_json")
            for body in ("{", "[]", '{"frames": []}', '{"conversation_id": 1, "frames": []}'):
                headers = {"Origin": chat.origin, "Content-Type": "application/json"}
                answer = await chat.client.post(chat.posts + PATH, content=body, headers=headers)
                assert (answer.status_code, answer.json()[0]["code"]) == (400, "bad_json"), body
            assert (await chat.ask(RESET)).done


async def test_one_visitor_has_only_so_many_frames_and_streams(pair: DeskServer) -> None:
    async with chat_at(pair, UVICORN, UVICORN) as chat, chat_at(pair, UVICORN, UVICORN) as other:
        for _ in range(FRAME_BURST * 2 // MOST_FRAMES):
            answer = await chat.post([{"type": "ping"}] * MOST_FRAMES)
            if answer.status_code != 200:
                break
        assert answer.status_code == 429
        (error,) = [frame for frame in answer.json() if frame["type"] == "error"]
        assert (error["code"], error["retry_after"] > 0) == ("rate_limited", True)
        assert (await other.post([{"type": "ping"}])).status_code == 200
    cookie = new_cookie()
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(VISITOR_SOCKETS):
            await stack.enter_async_context(chat_at(pair, UVICORN, UVICORN, cookie))
        extra = chat_at(pair, UVICORN, UVICORN, cookie)
        extra.client = await stack.enter_async_context(client(cookie))
        await extra.follow()
        await extra.ended.wait()
        assert extra.status == 429
    async with chat_at(pair, UVICORN, UVICORN, cookie) as later:
        assert later.opened["protocol"] == 1


# A stream that always has more to say, on the server of the desk; it prints what it held when it gave up.
TALKING = """
import sys
import daphne.server
import django
django.setup()
from types import SimpleNamespace
from assistant import event_stream, lines
from assistant.servers import Listen, serve_daphne, serve_uvicorn
from assistant.turn_log import Feed

lines.STUCK_S = lines.STUCK_WITH_MUCH_S = 0.5

async def talk(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    stream = event_stream.Stream(SimpleNamespace(feed=Feed()), send)
    most = 0
    while await stream._has_room():
        await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        most = max(most, stream._line.unsent())
    print("gave up with", most, flush=True)

serve = {"daphne": serve_daphne, "uvicorn": serve_uvicorn}[sys.argv[1]]
serve(talk, Listen("127.0.0.1", int(sys.argv[2])), lambda: None)
"""


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_a_reader_that_takes_nothing_is_cut_and_holds_little(
    pair: DeskServer, tmp_path: Path, kind: str
) -> None:
    port = free_port()
    env = {**pair.env, "DJANGO_SETTINGS_MODULE": "assistant.settings"}
    server = start_warm(["-c", TALKING, kind, str(port)], tmp_path / "log", env)
    try:
        wait_until(lambda: listens(port), server, kind)
        with socket.socket() as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", port))
            reader.sendall(b"GET /events/chat/ HTTP/1.1\r\nHost: desk\r\n\r\n")
            told = re.compile(r"gave up with (\d+)\n")  # print() writes the line's end by itself
            wait_until(lambda: bool(told.search(server.log())), server, kind)
            held = int(told.findall(server.log())[0])
            assert 16 * 1024 < held < 256 * 1024
            reader.settimeout(30)
            with contextlib.suppress(ConnectionResetError):  # Daphne's cut; uvicorn's is an end
                while reader.recv(65536):
                    pass
    finally:
        server.stop()
    assert "without completing" not in server.log()


@pytest.mark.slow
async def test_a_killed_process_a_dead_redis_and_a_drained_process_cost_a_pause(
    own_pair: DeskServer, control: Control
) -> None:
    control.pace(**SLOW)
    async with chat_at(own_pair, DAPHNE, UVICORN) as chat:
        running = await chat.send(TEXTS)
        async with asyncio.timeout(30):
            while len(chat.shown[running].text) < 40:
                await chat.get()
        before = chat.shown[running].text
        await asyncio.to_thread(own_pair.webs[DAPHNE].kill)
        async with asyncio.timeout(30):
            await chat.ended.wait()
        chat.base = own_pair.urls[UVICORN]
        await chat.follow()
        await chat.greeted()
        assert chat.shown[running].text.startswith(before)
        await chat.put(type="stop", reply_id=running)
        await chat.finished(running)
        assert {running: chat.shown[running].text} == await stored(chat, chat.base)

    control.pace(**BRISK)
    await asyncio.to_thread(own_pair.start_web, DAPHNE)
    with contextlib.suppress(redis.ConnectionError):
        redis.Redis.from_url(own_pair.redis_url).shutdown(nosave=True)
    async with chat_at(own_pair, DAPHNE, UVICORN) as chat, chat_at(own_pair, UVICORN, UVICORN) as near:
        for page in (chat, near):
            approved, written = await page.ask(RESET), await page.ask(TEXTS)
            assert approved.text and written.text
            shown = {reply_id: reply.text for reply_id, reply in page.shown.items()}
            assert shown == await stored(page, own_pair.url)
        # A second tab in another process hears of what began and ended between two of its looks.
        async with Chat(own_pair.urls[DAPHNE], chat.cookie, chat.conversation_id) as other:
            mine = await chat.ask("How do I cancel my subscription?")
            await other.until(lambda frame: frame["type"] == "turn")
            assert (await other.finished(mine.reply_id)).text == mine.text

    for server in (UVICORN, DAPHNE):
        async with chat_at(own_pair, server, DAPHNE) as chat:
            await asyncio.to_thread(own_pair.webs[server].stop)
            await chat.ended.wait()
            assert chat.closed == 4503

"""A visitor on a running desk, with faults and a crash: no log quotes them, and an erasure leaves nothing."""

import asyncio
import http.client
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import redis
from websockets.exceptions import ConnectionClosed

from tests import postgres
from tests.control import Control
from tests.flows.client import Chat
from tests.flows.conftest import new_cookie
from tests.servers import DeskServer, running_desk

WORD, EMAIL, KEY = "Quittengelee", "q.gelee@example.org", "secret-key-holunder"
MARKS = (WORD, EMAIL, KEY, "4111 1111 1111 1111")
QUESTION = (
    f"Please explain in your own words why my {WORD} studio should move to another calendar: "
    f"I am {EMAIL}, I paid with 4111 1111 1111 1111."
)
BREAK = """
from django.db import transaction
from routing.models import Route
from routing.publishing import current, publish
settings = dict(current().settings)
with transaction.atomic():
    Route.objects.filter(kind="model").update(cache="near")
    publish(by="test", settings={**settings, "link_hosts": %s})
"""


def logs(desk: DeskServer) -> str:
    return "\n".join(path.read_text(errors="replace") for path in sorted(desk.data_dir.glob("*.log")))


def assert_silent(desk: DeskServer) -> None:
    found = [line for line in logs(desk).splitlines() if any(mark in line for mark in MARKS)]
    assert found == []


def in_redis(desk: DeskServer) -> str:
    client = redis.Redis.from_url(desk.redis_url, decode_responses=True)
    parts = []
    for key in client.scan_iter():
        match client.type(key):
            case "stream":
                value: Any = client.xrange(key)
            case "list":
                value = client.lrange(key, 0, -1)
            case "string":
                value = client.get(key)
            case "hash":
                value = client.hgetall(key)
            case "zset":
                value = client.zrange(key, 0, -1)
            case _:
                value = client.smembers(key)
        parts.append(f"{key} {value}")
    client.close()
    return "\n".join(parts)


def in_files(desk: DeskServer) -> list[str]:
    """Return the files of the desk that hold a mark, raw: database, its log, everything but mail."""
    wanted = [mark.encode() for mark in MARKS if mark != KEY]
    return [
        str(path)
        for path in desk.data_dir.rglob("*")
        if path.is_file() and "mail" not in path.parts and any(mark in path.read_bytes() for mark in wanted)
    ]


def dumped(database: str) -> str:
    """Return a whole PostgreSQL database as its own program writes it."""
    programs = postgres.postgres_programs()
    assert programs is not None
    command = [str(programs / "pg_dump"), "--dbname", database]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return str(done.stdout)


def post(desk: DeskServer, cookie: str, path: str) -> tuple[int, str, bytes]:
    """Send one of the page's forms with its token; return status, where it leads, and the body."""
    connection = http.client.HTTPConnection(urlsplit(desk.url).netloc, timeout=60)
    connection.request("GET", "/", headers={"Cookie": cookie})
    page = connection.getresponse()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
    held = next(value for name, value in page.getheaders() if name == "Set-Cookie" and "csrftoken" in value)
    headers = {
        "Cookie": f"{cookie}; {held.split(';')[0]}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Referer": desk.url,
    }
    body = urlencode({"csrfmiddlewaretoken": token[1] if token else ""})
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    sent = (answer.status, answer.getheader("Location") or "", answer.read())
    connection.close()
    return sent


def replies_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    turns = [turn for conversation in document["conversations"] for turn in conversation["turns"]]
    return [reply for turn in turns for reply in turn["replies"]]


async def play(desk: DeskServer, cookie: str, control: Control) -> None:
    """Talk through a good answer, every kind of failure, a crash inside, and a request for a person."""
    async with Chat(desk.url, cookie) as chat:
        first = await chat.ask(QUESTION)
        assert first.done is not None and first.done["state"] == "completed"
        control.fault("cut", times=1, after_tokens=5)
        await chat.ask(f"{QUESTION} And when it is cut?")
        control.fault("status", times=1, after_tokens=-1, status=500)
        await chat.ask(f"{QUESTION} And when it is down?")
        control.fault("status", times=9, after_tokens=-1, status=401)
        await chat.ask(f"{QUESTION} And again?")
        control.clear()
        await chat.error(type="send", client_message_id="x", text=[WORD])
        await chat.error(type="feedback", reply_id=WORD, rating="up")
        await chat.put(type="handoff", reason="button", email=EMAIL, text=QUESTION, client_request_id="one")
        await chat.until(lambda frame: frame["type"] == "message")
    desk.manage("shell", "-v", "0", "-c", BREAK % "5")
    await asyncio.sleep(1.5)  # every process looks for a new configuration twice a second
    async with Chat(desk.url, cookie) as chat:
        with pytest.raises(ConnectionClosed):
            await chat.ask(f"How do I reset my password for {WORD}, as {EMAIL}?")
            await chat.ask("How do I reset my password?")
    desk.manage("shell", "-v", "0", "-c", BREAK % "[]")
    await asyncio.sleep(1.5)
    async with Chat(desk.url, cookie) as chat:
        kept = await chat.ask(f"Is there a waiting list for a full {WORD} class?")
        assert kept.done is not None and kept.done["state"] == "completed"


@pytest.fixture(params=["sqlite", "postgresql"])
def busy_desk(
    request: pytest.FixtureRequest, tmp_path: Path, sandbox: str
) -> Iterator[tuple[DeskServer, str]]:
    Control(sandbox).clear()
    Control(sandbox).pace(first_text_ms=60, gap_ms=4)
    database = ""
    if request.param == "postgresql":
        database = postgres.new_database(request.getfixturevalue("postgres_url"), "privacy")
    env = {"LOG_LEVEL": "DEBUG", "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": sandbox}
    webs = 2 if database else 1
    with running_desk(tmp_path / "var", sandbox, database, webs, worker=True, env=env) as desk:
        yield desk, database
    Control(sandbox).clear()


async def test_no_log_quotes_a_visitor_and_an_erasure_leaves_nothing(
    busy_desk: tuple[DeskServer, str], sandbox: str
) -> None:
    desk, database = busy_desk
    control, cookie = Control(sandbox), new_cookie()
    await play(desk, cookie, control)
    assert "failed: " in logs(desk), "the faults are in the log"
    assert "Exception inside application" in logs(desk), "so is the crash"
    assert_silent(desk)

    status, _, body = post(desk, cookie, "/my-data/download")
    document = json.loads(body)
    assert (status, document["requests"][0]["email"]) == (200, EMAIL)
    assert len(document["conversations"]) >= 1
    assert [WORD in row["question"] for row in document["stored_answers"]] == [True]
    streams = [f"support:reply:{reply['id']}" for reply in replies_of(document)]
    assert any(stream in in_redis(desk) for stream in streams)

    control.pace(first_text_ms=100, gap_ms=400)
    other = Chat(desk.urls[-1], cookie, document["conversations"][0]["id"])
    async with other as chat:
        await chat.send(f"Compare all plans for my {WORD} in detail, and why each fits or not")
        await chat.until(lambda frame: frame["type"] == "delta")
        status, where, _ = post(desk, cookie, "/my-data/delete")
        assert (status, where) == (302, "/?deleted"), "the running answer was stopped first"
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await chat.get()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
    control.pace(first_text_ms=60, gap_ms=4)
    await asyncio.sleep(3)  # longer than any checkpoint, poll and write-back of a process that had not heard
    left = in_redis(desk)
    assert [mark for mark in (*MARKS, *streams, "support:reply:") if mark in left] == []
    assert_silent(desk)
    if database:
        dump = dumped(database)
        assert "assistant_visitordataaction" in dump
        assert [mark for mark in MARKS if mark in dump] == []
    assert in_files(desk) == []
    status, _, body = post(desk, cookie, "/my-data/download")
    assert (status, json.loads(body)["visitor"]) == (200, None)

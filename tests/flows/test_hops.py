"""How often a turn goes to the database between `send` and `done`: twice, and an approved answer once.

Nor does it ask for much there: each statement is work in the one thread that SQLite allows. The work that
a process does beside the turns (its polls, its lease, its checkpoints) is not counted.
"""

import http.client
import json
from pathlib import Path

import pytest

from tests.environment import free_port
from tests.flows.client import Chat
from tests.flows.conftest import new_cookie
from tests.servers import DeskServer, http_status, start_warm, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]

# The shipped application and server, telling on /hops what went through the door since it was asked last.
COUNTING = """
import asyncio, json, sys, threading
import django
django.setup()
from django.db import connection
from assistant import db, servers

BESIDE = ("repeated", "_told", "keep_going")
seen = []
run = db.run

async def counted(work, *args, **kwargs):
    if asyncio.current_task().get_coro().__name__ in BESIDE:
        return await run(work, *args, **kwargs)
    statements = []
    seen.append((work.__name__, statements))

    def note(execute, sql, params, many, context):
        if not sql.startswith("BEGIN"):  # which Django sends itself on SQLite alone
            statements.append(sql)
        return execute(sql, params, many, context)

    def noted(*args, **kwargs):
        with connection.execute_wrapper(note):
            return work(*args, **kwargs)

    return await run(noted, *args, **kwargs)

db.run = counted
from faq.finding import Finder

matched = Finder._match

def told(self, text, *others):
    seen.append(("match", [threading.current_thread().name]))
    return matched(self, text, *others)

Finder._match = told
from assistant.asgi import application
from assistant.process import refresh

async def telling(scope, receive, send):
    if scope["path"] != "/hops":
        return await application(scope, receive, send)
    said, seen[:] = list(seen), []
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})

db.use_pool()
refresh()
servers.serve_uvicorn(telling, servers.Listen("127.0.0.1", int(sys.argv[1])), lambda: None)
"""


# At most, with one budget and no sign of a re-asked question. A first message reads whether it or its
# conversation is there, and the plan, and writes visitor, conversation, turn, question and reply. A later
# one also reads what runs, the history and the last number; it finds the first two rows and touches one.
APPROVED_FIRST = 9  # and the outcome
APPROVED_LATER = 12
WRITTEN_FIRST = 12  # and the caps, the budget's row and what is taken of it, the call
WRITTEN_LATER = 15
FINISHED = 6  # reply, open calls, call, budget, what it cost, outcome


def hops(port: int) -> list[tuple[str, list[str]]]:
    """Return what went through the door since the last call, with its statements."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/hops")
    said = [(name, statements) for name, statements in json.loads(connection.getresponse().read())]
    connection.close()
    where = [threads[0] for name, threads in said if name == "match"]
    assert len(where) == names(said).count("accept_message")
    assert all(each.startswith("matching") for each in where), "the matcher's arithmetic is done elsewhere"
    return [each for each in said if each[0] != "match"]


def names(said: list[tuple[str, list[str]]]) -> list[str]:
    return [name for name, _ in said]


@pytest.mark.parametrize("which", ["desk", "desk_pair"])
async def test_a_turn_goes_to_the_database_twice_and_an_approved_answer_once(
    request: pytest.FixtureRequest, tmp_path: Path, which: str
) -> None:
    desk: DeskServer = request.getfixturevalue(which)
    port = free_port()
    own = {"PORT": str(port), "ORIGINS": f"http://127.0.0.1:{port}"}
    env = {**desk.env, **own, "DJANGO_SETTINGS_MODULE": "assistant.settings"}
    web = start_warm(["-c", COUNTING, str(port)], tmp_path / "log", env)
    try:
        wait_until(lambda: http_status(port, "/readyz") == 200, web, "the process that counts")
        base = f"http://127.0.0.1:{port}"
        async with Chat(base, new_cookie()) as chat:
            await answered(chat, "Does it send texts too?")  # the day's first call makes the budget's row
            hops(port)
        async with Chat(base, new_cookie()) as chat:
            assert "read" in names(hops(port)), "the opening of the page is seen, so a turn would be as well"
            await answered(chat, "How do I reset my password?", "faq")
            first = hops(port)
            assert names(first) == ["accept_message"]
            await answered(chat, "Does it send texts too?")
            written = hops(port)
            assert names(written)[:2] == ["accept_message", "finish_reply"]
            # Behind `done`, and perhaps not yet: whether another message waits.
            assert names(written)[2:] in ([], ["start_queued"])
            await answered(chat, "How do I change my e-mail address?", "faq")
            later = [each for each in hops(port) if each[0] != "start_queued"]
        async with Chat(base, new_cookie()) as chat:
            hops(port)
            await answered(chat, "Does it send texts too?")
            written_first = hops(port)
        within(APPROVED_FIRST, first[0])
        within(APPROVED_LATER, later[0])
        within(WRITTEN_LATER, written[0])
        within(WRITTEN_FIRST, written_first[0])
        within(FINISHED, written[1])
        within(FINISHED, written_first[1])
    finally:
        web.stop()


async def answered(chat: Chat, text: str, route: str = "") -> None:
    shown = await chat.ask(text)
    assert shown.done
    assert shown.done["state"] == "completed"
    assert (shown.done["route"] == "faq") == (route == "faq")


def within(most: int, hop: tuple[str, list[str]]) -> None:
    name, statements = hop
    assert len(statements) > most // 2, "the statements are seen"
    listed = "\n".join(each[:110] for each in statements)
    assert len(statements) <= most, f"{name} asks {len(statements)} times:\n{listed}"

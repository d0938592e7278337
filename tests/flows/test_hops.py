"""How often a turn goes to the database between `send` and `done`: twice, and an approved answer once.

The work that a process does beside the turns (its polls, its lease, its checkpoints) is not counted.
"""

import http.client
import json
import sys
from pathlib import Path

import pytest

from tests.environment import free_port
from tests.flows.client import Chat
from tests.flows.conftest import new_cookie
from tests.servers import DeskServer, http_status, start, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]

# The shipped application and server, telling on /hops what went through the door since it was asked last.
COUNTING = """
import asyncio, json, sys
import django
django.setup()
from assistant import db, servers

BESIDE = ("repeated", "_told", "keep_going")
seen = []
run = db.run

async def counted(work, *args, **kwargs):
    if asyncio.current_task().get_coro().__name__ not in BESIDE:
        seen.append(work.__name__)
    return await run(work, *args, **kwargs)

db.run = counted
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


def hops(port: int) -> list[str]:
    """Return what went through the door since the last call."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/hops")
    said: list[str] = json.loads(connection.getresponse().read())
    connection.close()
    return said


@pytest.mark.parametrize("which", ["desk", "desk_pair"])
async def test_a_turn_goes_to_the_database_twice_and_an_approved_answer_once(
    request: pytest.FixtureRequest, tmp_path: Path, which: str
) -> None:
    desk: DeskServer = request.getfixturevalue(which)
    port = free_port()
    own = {"PORT": str(port), "ORIGINS": f"http://127.0.0.1:{port}"}
    env = {**desk.env, **own, "DJANGO_SETTINGS_MODULE": "assistant.settings"}
    web = start([sys.executable, "-c", COUNTING, str(port)], tmp_path / "log", env)
    try:
        wait_until(lambda: http_status(port, "/readyz") == 200, web, "the process that counts")
        async with Chat(f"http://127.0.0.1:{port}", new_cookie()) as chat:
            assert "read" in hops(port), "the opening of the page is seen, so a turn would be as well"
            approved = await chat.ask("How do I reset my password?")
            assert approved.done
            assert approved.done["route"] == "faq"
            assert hops(port) == ["accept_message"]
            written = await chat.ask("Does it send texts too?")
            assert written.done
            assert written.done["state"] == "completed"
            said = hops(port)
            assert said[:2] == ["accept_message", "finish_reply"]
            # Behind `done`, and perhaps not yet: whether another message waits.
            assert said[2:] in ([], ["start_queued"])
    finally:
        web.stop()

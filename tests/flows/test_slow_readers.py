"""F7 on both servers: a page that does not read is lent a bounded number of bytes, is cut, and comes back."""

import base64
import http.client
import json
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import pytest

from assistant.lines import LOW_BYTES, MOST_BYTES
from tests.control import Control
from tests.environment import free_port
from tests.flows.client import Chat
from tests.flows.conftest import BRISK, new_cookie
from tests.servers import DeskServer, http_status, start_warm, wait_until

pytestmark = pytest.mark.timeout(180)

COMMON = "Does it send texts too?"

# The shipped application on the shipped server, with less patience, and with what its lines held at most.
WATCHED = """
import json, sys
if sys.argv[1] == "daphne":
    import daphne.server
import django
django.setup()
from assistant import lines, servers
lines.STUCK_S = lines.STUCK_WITH_MUCH_S = 1.0
from assistant.asgi import application
from assistant.process import refresh

most = 0

async def watched(scope, receive, send):
    async def noting(message):
        global most
        await send(message)
        most = max(most, line.unsent())

    if scope["path"] == "/unsent":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(most).encode()})
    elif scope["type"] == "websocket":
        line = scope["line"]
        await application(scope, receive, noting)
    else:
        await application(scope, receive, send)

refresh()
serve = {"daphne": servers.serve_daphne, "uvicorn": servers.serve_uvicorn}[sys.argv[1]]
serve(watched, servers.Listen("127.0.0.1", int(sys.argv[2])), lambda: None)
"""


@dataclass
class Watched:
    """A web process whose lines are watched."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def read(self, path: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        body = connection.getresponse().read().decode()
        connection.close()
        return body

    def most_unsent(self) -> int:
        return int(self.read("/unsent"))

    def aborted(self) -> float:
        (line,) = (
            line
            for line in self.read("/metrics").splitlines()
            if line.startswith("support_sockets_aborted_total{")
        )
        return float(line.split()[-1])


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def web(
    request: pytest.FixtureRequest, desk: DeskServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    """Run a further web process of the shared desk."""
    port = free_port()
    env = {
        **desk.env,
        "PORT": str(port),
        "ORIGINS": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "assistant.settings",
    }
    log = tmp_path_factory.mktemp("watched") / "log"
    server = start_warm(["-c", WATCHED, str(request.param), str(port)], log, env)
    try:
        wait_until(lambda: http_status(port, "/readyz") == 200, server, str(request.param))
        yield Watched(port)
    finally:
        server.stop()


class DeafPage:
    """A page that asks and never reads what it is sent."""

    def __init__(self, web: Watched, cookie: str) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(20)
        self.socket.connect(("127.0.0.1", web.port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws/chat/ HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Origin: {web.url}\r\nCookie: {cookie}\r\n\r\n".encode()
        )
        assert self.socket.recv(4096).startswith(b"HTTP/1.1 101 ")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def put(self, **frame: Any) -> None:
        data = json.dumps(frame).encode()
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        self.socket.sendall(b"\x81" + size + b"\0\0\0\0" + data)  # masked with zeros


@pytest.fixture
def long_answers(control: Control) -> Iterator[Control]:
    """Have models write more at once than a kernel takes for a page that does not read."""
    control.pace(first_text_ms=0, gap_ms=0, tokens=6_000)
    yield control
    control.pace(**BRISK)


async def test_a_page_that_does_not_read_is_cut_and_resumes_all_of_it(
    web: Watched, long_answers: Control
) -> None:
    before = web.aborted()
    async with Chat(web.url, new_cookie()) as reads, Chat(web.url, new_cookie()) as other:
        with DeafPage(web, reads.cookie) as deaf:
            deaf.put(type="open", conversation_id=reads.conversation_id)
            replies = [await reads.send(COMMON) for _ in range(3)]
            shown = [await reads.finished(reply) for reply in replies]
            wait_until(lambda: web.aborted() == before + 1, what="the end of the page that does not read")
        assert LOW_BYTES < web.most_unsent() <= MOST_BYTES, "it was behind, and not lent more than promised"
        async with Chat(web.url, reads.cookie, reads.conversation_id) as again:
            assert [again.shown[reply].text for reply in replies] == [one.text for one in shown]
            # Beside it nobody noticed: neither the other tab, nor another visitor on the socket of before.
        assert (await other.ask("How do I reset my password?")).done
        assert web.aborted() == before + 1


async def test_a_page_that_asks_on_without_reading_is_cut_before_its_answers_fill_the_memory(
    web: Watched, long_answers: Control
) -> None:
    before = web.aborted()
    async with Chat(web.url, new_cookie()) as reads:
        await reads.ask(COMMON)
        with DeafPage(web, reads.cookie) as deaf:
            for _ in range(60):  # each answer is the whole conversation
                deaf.put(type="open", conversation_id=reads.conversation_id)
            wait_until(lambda: web.aborted() == before + 1, what="the end of the page that asks on")
        assert web.most_unsent() <= MOST_BYTES
        # One that does read gets as many.
        for _ in range(20):
            await reads.put(type="open", conversation_id=reads.conversation_id)
        for _ in range(20):
            await reads.until(lambda frame: frame["type"] == "opened")
    assert web.aborted() == before + 1

"""`manage.py serve` on a port and on a unix socket: who the visitor is, and an end that a balancer sees."""

import http.client
import json
import os
import secrets
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect, unix_connect

from tests.environment import free_port
from tests.servers import DeskServer, Server, http_status, start_warm, wait_until

pytestmark = pytest.mark.timeout(180)

FORGED = {"X-Forwarded-For": "203.0.113.66", "X-Forwarded-Proto": "https"}

# The server and the outermost layer as the desk runs them, around an application that repeats its scope.
REPEATING = """
import json, sys
import daphne.server
import django
django.setup()
from django.conf import settings
from assistant.forwarded import Forwarded
from assistant.servers import Listen, serve_daphne, serve_uvicorn

async def repeat(scope, receive, send):
    names = {name.decode() for name, _ in scope["headers"]}
    said = json.dumps({"client": (scope["client"] or ["none"])[0], "proto": "x-forwarded-proto" in names})
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": said.encode()})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": said})
        await receive()

serve = {"daphne": serve_daphne, "uvicorn": serve_uvicorn}[sys.argv[1]]
where = sys.argv[2]
listen = Listen("127.0.0.1", int(where)) if where.isdigit() else Listen("", 0, where)
serve(Forwarded(repeat, settings.ENV.trusted_proxies), listen, lambda: None)
"""


def repeating(desk: DeskServer, kind: str, where: str, log: Path, trusted: str) -> Server:
    env = {**desk.env, "TRUSTED_PROXIES": trusted, "FORWARDED_ALLOW_IPS": "*"}
    env["DJANGO_SETTINGS_MODULE"] = "assistant.settings"
    return start_warm(["-c", REPEATING, kind, where], log, env)


def over_http(port: int, source: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    connection.request("GET", "/", headers=FORGED)
    said = json.loads(connection.getresponse().read())
    connection.close()
    return said


def over_websocket(port: int, source: str) -> Any:
    raw = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))
    with connect(f"ws://127.0.0.1:{port}/", sock=raw, additional_headers=FORGED) as browser:
        return json.loads(browser.recv())


@pytest.mark.parametrize("ask", [over_http, over_websocket])
@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_only_a_known_proxy_says_who_the_visitor_is(
    desk: DeskServer, tmp_path: Path, kind: str, ask: Any
) -> None:
    port = free_port()
    server = repeating(desk, kind, str(port), tmp_path / "log", "127.0.0.2")
    try:
        wait_until(lambda: http_status(port, "/") == 200, server, kind)
        assert ask(port, "127.0.0.2") == {"client": "203.0.113.66", "proto": True}
        assert ask(port, "127.0.0.1") == {"client": "127.0.0.1", "proto": False}
    finally:
        server.stop()


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_a_unix_socket_takes_the_proxys_word_and_outlives_a_kill(
    desk: DeskServer, tmp_path: Path, kind: str
) -> None:
    path = f"/tmp/desk-{os.getpid()}-{kind}.sock"  # short: a socket's path has 107 characters at most
    for end in ("kill", "stop"):
        server = repeating(desk, kind, path, tmp_path / "log", "none")
        try:
            wait_until(lambda: _answers(path), server, kind)
            with unix_connect(path, "ws://desk/", additional_headers=FORGED) as browser:
                assert json.loads(browser.recv()) == {"client": "203.0.113.66", "proto": True}
        finally:
            getattr(server, end)()
    assert not _answers(path)
    Path(path).unlink(missing_ok=True)


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_a_process_that_is_asked_to_end_says_so_before_it_stops_listening(
    desk: DeskServer, tmp_path: Path, kind: str
) -> None:
    port = free_port()
    env = {**desk.env, "PORT": str(port), "DRAIN_NOTICE": "4"}
    web = start_warm(["manage.py", "serve", "--server", kind], tmp_path / "log", env)
    try:
        wait_until(lambda: http_status(port, "/readyz?of=process") == 200, web, kind)
        web.popen.terminate()
        wait_until(lambda: http_status(port, "/readyz?of=process") == 503, what="the notice")
        assert http_status(port, "/healthz") == 200, "it still listens, and visitors are still served"
        # uvicorn ends by the signal it was asked with, after its orderly end; systemd counts both as clean.
        assert web.popen.wait(30) in (0, -signal.SIGTERM)
        assert http_status(port, "/healthz") == 0
    finally:
        web.stop()


def test_a_second_process_on_one_sqlite_file_is_told(desk: DeskServer, tmp_path: Path) -> None:
    port = free_port()
    env = {
        **desk.env,
        "PORT": str(port),
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ORIGINS": "https://support.example.com",
        "SANDBOX": "1",
    }
    web = start_warm(["manage.py", "serve"], tmp_path / "log", env)
    try:
        wait_until(lambda: http_status(port, "/healthz") == 200, web, "the second process")
        assert "Another web process uses this SQLite file" in web.log(), "a warning; it serves all the same"
    finally:
        web.stop()
    assert "SQLite" not in desk.webs[0].log_file.read_text()

"""A large import on a running desk: the worker stores it, is killed on the way, and visitors go on asking."""

import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.servers import DeskServer, running_desk

ROWS = 1500
START = "/admin/faq/entry/import/"


@pytest.fixture
def own_desk(tmp_path: Path, sandbox: str) -> Iterator[DeskServer]:
    with running_desk(tmp_path / "var", sandbox, worker=True) as running:
        yield running


class Staff:
    """A browser of a support lead, without its scripts."""

    def __init__(self, desk: DeskServer) -> None:
        headers = {"Origin": desk.url, "Referer": desk.url}
        self.client = httpx.Client(base_url=desk.url, timeout=60, follow_redirects=True, headers=headers)
        self.client.get("/admin/login/")
        signed = self.post("/admin/login/", username="support", password=desk.password, next="/admin/")
        assert str(signed.url).endswith("/admin/")

    def post(self, url: str, file: bytes | None = None, **fields: str) -> httpx.Response:
        data = {**fields, "csrfmiddlewaretoken": self.client.cookies["csrftoken"]}
        return self.client.post(url, data=data, files={"file": ("faq.csv", file)} if file else None)


def number_of(desk: DeskServer, query: str) -> int:
    """Count without touching the desk: a page that asks would itself go on with the work."""
    path = f"file:{desk.data_dir / 'desk.sqlite3'}?mode=ro"
    with sqlite3.connect(path, uri=True, timeout=10) as database:
        found: int = database.execute(f"select count(*) from {query}").fetchone()[0]
    return found


def stored(desk: DeskServer) -> int:
    return number_of(desk, "faq_entry where question like '%thing%'")


def wait_for(desk: DeskServer, number: int) -> None:
    until = time.monotonic() + 90
    while stored(desk) < number:
        assert time.monotonic() < until, f"{stored(desk)} stored; {desk.worker.log() if desk.worker else ''}"
        time.sleep(0.2)


def ask(desk: DeskServer, text: str) -> str:
    """Ask as a visitor and return the state in which the reply ended."""
    with connect(
        desk.ws_urls[0], origin=Origin(desk.url), additional_headers={"Cookie": desk.visitor_cookie()}
    ) as socket:
        socket.send(json.dumps({"type": "open", "conversation_id": None}))
        socket.send(json.dumps({"type": "send", "client_message_id": uuid.uuid4().hex, "text": text}))
        while (frame := json.loads(socket.recv(timeout=20)))["type"] != "done":
            assert frame["type"] != "error", frame
    return f"{frame['state']} {frame['route']}"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_worker_loses_nothing_and_no_visitor_waits_for_it(own_desk: DeskServer) -> None:
    staff = Staff(own_desk)
    data = "question,answer\n" + "".join(f"How does thing {n} work?,Like {n}.\n" for n in range(ROWS))
    columns = staff.post(START, data.encode(), language="en", base_url="")
    preview = staff.post(str(columns.url), sheet="0", heading="on", column_0="question", column_1="answer")
    assert f"{ROWS} new" in preview.text
    waiting = staff.post(str(preview.url), do="store")
    assert "data-import-progress" in waiting.text

    wait_for(own_desk, 100)
    assert own_desk.worker is not None
    own_desk.worker.kill()
    left = stored(own_desk)
    assert 100 <= left < ROWS
    assert number_of(own_desk, "faq_uploadrow where outcome = 'stored'") == left  # whole transactions only
    assert ask(own_desk, "How do I reset my password?") == "completed faq"
    own_desk.start_worker()
    wait_for(own_desk, ROWS)
    assert ask(own_desk, "How do I reset my password?") == "completed faq"
    until = time.monotonic() + 20
    while f"{ROWS} new" not in (text := staff.client.get(str(preview.url)).text) or "Stored" not in text:
        assert time.monotonic() < until, text
        time.sleep(0.3)
    assert stored(own_desk) == ROWS

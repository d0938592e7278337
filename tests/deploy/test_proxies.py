"""The shipped nginx and Caddy files with a real socket through them, over TLS, in production settings."""

import asyncio
import contextlib
import http.client
import json
import re
import threading
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.control import Control
from tests.deploy.edge import HOST, Edge, running_edge
from tests.flows.client import Chat
from tests.servers import DeskServer

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]

QUESTION = "Does it send texts too?"
FORGED = "203.0.113.66"


class Idle(threading.Thread):
    """A page that says nothing from the start of the module on, while the other tests run."""

    def __init__(self, edge: Edge) -> None:
        super().__init__(daemon=True)
        self.edge, self.signs, self.answered = edge, 0, ""
        self.start()

    def run(self) -> None:
        # Where only some tests of the module run, its process or proxy may end first; the test that looks
        # at the signs of life then fails by their number.
        with contextlib.suppress(ConnectionClosed, OSError):
            asyncio.run(self._sit())

    async def _sit(self) -> None:
        async with self.edge.chat() as chat:
            for _ in range(2):
                await chat.until(lambda frame: frame["type"] == "alive")
                self.signs += 1
            self.answered = (await chat.ask("How do I reset my password?")).text


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def edges(production: DeskServer) -> Iterator[dict[str, Edge]]:
    """Run both proxies from the start, so that their idle pages wait at the same time."""
    with running_edge("nginx", production.ports) as nginx, running_edge("caddy", production.ports) as caddy:
        yield {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module")
def edge(kind: str, edges: dict[str, Edge]) -> Edge:
    return edges[kind]


@pytest.fixture(scope="module", autouse=True)
def idle(edges: dict[str, Edge]) -> dict[str, Idle]:
    return {kind: Idle(edge) for kind, edge in edges.items()}


def test_the_page_and_its_files_come_compressed_hashed_and_under_the_policy(edge: Edge) -> None:
    page = edge.get("/")
    assert page.status == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Strict-Transport-Security"], "the desk was told that the visitor came over TLS"
    assert all("Secure" in line for line in page.headers.get_all("Set-Cookie") or [""])
    scripts = re.findall(r'src="(/static/[^"]+\.js)"', page.text)
    assert scripts
    for path in scripts:
        script = edge.get(path, Accept_Encoding="gzip")
        assert (script.status, script.headers["Content-Encoding"]) == (200, "gzip")
        assert re.search(r"\.[0-9a-f]{8}\.js$", path)
        assert "immutable" in script.headers["Cache-Control"]
        for target in re.findall(r'from "\./([^"]+)"', edge.get(path).text):
            assert edge.get(f"{path.rsplit('/', 1)[0]}/{target}").status == 200


async def test_a_reply_is_seen_while_it_is_being_written(edge: Edge, control: Control) -> None:
    control.pace(first_text_ms=60, gap_ms=100, tokens=400)
    async with edge.chat() as chat:
        reply_id = await chat.send(QUESTION)
        await chat.until(lambda frame: frame["type"] == "delta")
        await chat.put(type="stop", reply_id=reply_id)
        shown = await chat.finished(reply_id)
    assert shown.done
    # A buffer would have held the text back until the reply had ended by itself.
    assert (shown.done["state"], shown.done["ended_by"]) == ("cancelled", "stop")


async def test_a_conversation_through_the_proxy_is_complete(edge: Edge) -> None:
    async with edge.chat() as chat:
        approved = await chat.ask("i cant log in, forgot my pasword")
        written = await chat.ask(QUESTION)
    assert approved.done
    assert written.done
    assert (approved.done["route"], written.done["state"]) == ("faq", "completed")
    assert len(written.text) > 20


async def test_a_page_of_another_site_is_refused(edge: Edge) -> None:
    chat = edge.chat(origin="https://support.example.com.evil.example")
    with pytest.raises(ConnectionClosed) as closed:
        async with chat:
            pass
    assert chat.opened == {}
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4403


LAST_ATTEMPT = (
    "from axes.models import AccessAttempt; row = AccessAttempt.objects.latest('pk');"
    "print(row.username, row.ip_address)"
)


def test_a_forged_address_is_not_believed(edge: Edge, kind: str, production: DeskServer) -> None:
    """The desk books a wrong password under the address that the proxy saw, not under the claimed one."""
    page = edge.get("/admin/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    cookie = re.search(r"csrftoken=(\w+)", page.headers["Set-Cookie"])
    assert token
    assert cookie
    body = f"csrfmiddlewaretoken={token[1]}&username=nobody-{kind}&password=wrong".encode()
    answer = edge.ask(
        "POST", "/admin/login/", body, source="127.0.0.2",
        Cookie=f"csrftoken={cookie[1]}", Content_Type="application/x-www-form-urlencoded",
        Referer=f"https://{HOST}/admin/login/", X_Forwarded_For=FORGED, X_Real_IP=FORGED,
        Forwarded=f"for={FORGED}", X_Forwarded_Proto="http", X_Forwarded_Host="evil.example",
    )  # fmt: skip
    assert answer.status == 200
    said = production.manage("shell", "--no-imports", "-c", LAST_ATTEMPT)
    assert said.split() == [f"nobody-{kind}", "127.0.0.2"]


def test_what_is_not_for_visitors_stays_inside(edge: Edge, production: DeskServer) -> None:
    assert edge.get("/metrics").status == 403
    connection = http.client.HTTPConnection("127.0.0.1", production.ports[0], timeout=10)
    connection.request("GET", "/metrics")
    assert connection.getresponse().status == 200
    connection.close()
    ready = edge.get("/readyz")
    assert json.loads(ready.body)["checks"]["redis"] == {"ok": True}
    assert edge.get("/readyz?of=process").status == 200
    assert edge.get("/healthz").status == 200


def test_a_form_that_no_visitor_would_send_is_refused_before_it_reaches_the_desk(
    edge: Edge, kind: str
) -> None:
    answer = edge.ask("POST", "/end/", b"x" * 300_000, Content_Type="application/x-www-form-urlencoded")
    assert answer.status == 413
    assert edge.get("/").status == 200
    if kind == "nginx":  # Debian's Caddy has no such limit; the desk has its own behind it
        tried = [edge.ask("POST", "/person/", b"", source="127.0.0.3").status for _ in range(14)]
        assert 429 not in tried[:10]
        assert tried[-1] == 429
        assert edge.ask("POST", "/person/", b"", source="127.0.0.4").status != 429


async def test_a_page_without_sockets_chats_through_the_proxy(edge: Edge, control: Control) -> None:
    async with edge.events() as chat:
        approved = await chat.ask("How do I reset my password?")
        control.pace(first_text_ms=60, gap_ms=100, tokens=400)
        reply_id = await chat.send(QUESTION)
        await chat.until(lambda frame: frame["type"] == "delta")
        await chat.put(type="stop", reply_id=reply_id)
        stopped = await chat.finished(reply_id)
    assert approved.done
    assert stopped.done
    assert (approved.done["route"], stopped.done["ended_by"]) == ("faq", "stop")


async def test_a_proxy_that_buffers_cuts_and_knows_no_sockets_is_enough(
    production: DeskServer, kind: str, control: Control
) -> None:
    if kind != "nginx":
        pytest.skip("one such proxy is enough")
    with running_edge("strict nginx", production.ports) as strict:
        with pytest.raises(InvalidStatus):
            async with strict.chat():
                pass
        async with strict.events() as chat:
            control.pace(first_text_ms=60, gap_ms=100, tokens=400)
            reply_id = await chat.send(QUESTION)
            await chat.until(lambda frame: frame["type"] == "delta")  # a buffer would have held it back
            await chat.put(type="stop", reply_id=reply_id)
            await chat.finished(reply_id)
            await asyncio.sleep(7)  # longer than the proxy keeps what is silent
            assert not chat.ended.is_set()
            assert (await chat.ask("How do I reset my password?")).done


def test_an_idle_page_is_kept_by_the_signs_of_life(kind: str, idle: dict[str, Idle]) -> None:
    """Two signs are 30 s, and the nginx under test cuts what is silent for 20 s.

    Before the tests that end web processes: neither page must be closed by one of them.
    """
    for page in idle.values():
        page.join(60)
    assert idle[kind].signs == 2
    assert "password" in idle[kind].answered


async def close_code(chat: Chat) -> int:
    """Return how the server closed a socket, 0 when it answers."""
    try:
        await chat.ask("thanks")
    except ConnectionClosed as end:
        return end.rcvd.code if end.rcvd else 1006
    return 0


async def test_the_page_goes_on_when_one_process_is_drained(edge: Edge, production: DeskServer) -> None:
    chats = [edge.chat() for _ in range(4)]
    for chat in chats:
        await chat.__aenter__()
        await chat.ask("How do I reset my password?")
    try:
        await asyncio.to_thread(production.webs[0].stop)
        assert production.webs[0].popen.returncode == 0
        codes = [await close_code(chat) for chat in chats]
        assert set(codes) == {0, 4503}, "both processes had pages, and only one of them has ended"
        for chat in chats:
            async with edge.chat(chat.cookie, chat.conversation_id) as again:
                assert again.opened["turns"]
                assert (await again.ask(QUESTION)).done
    finally:
        await asyncio.to_thread(production.start_web, 0, "daphne")
        for chat in chats:
            await chat.__aexit__()


def test_when_nothing_answers_a_page_names_the_contact(edge: Edge, production: DeskServer) -> None:
    production.manage(
        "desk_settings", "name=Acme help", "contact=help@acme.example", "--page", str(edge.folder)
    )
    (edge.folder / "unavailable.html").chmod(0o644)
    for web in production.webs:
        web.stop()
    try:
        page = edge.get("/")
        assert page.status in (502, 503)
        assert "mailto:help@acme.example" in page.text
        assert (page.headers["Retry-After"], page.headers["Cache-Control"]) == ("30", "no-store")
    finally:
        production.start_web(0, "daphne")
        production.start_web(1, "uvicorn")
    assert edge.get("/healthz").status in (200, 502, 503)

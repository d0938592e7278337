"""The provider door, against servers that misbehave byte by byte."""

import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from routing import errors
from routing.providers import transport
from routing.providers.transport import DeadlinePassed, Target, Transport, list_models
from routing.providers.wire import WireCall
from tests.environment import free_port

KEY = "sk-secret-key-123"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PAUSE = b"<pause>"
CALL = WireCall("/chat/completions", {}, {"model": "m", "text": "Grüße \ud83c"})


@dataclass
class RawServer:
    """A server that answers every request with the same bytes and keeps what it was sent."""

    answer: bytes
    hold: bool = False
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def target(self) -> Target:
        return Target("openai", "openai", f"http://127.0.0.1:{self.port}/v1", KEY)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:  # the deadline passed between connecting and asking
            writer.close()
            self.left.set()
            self.done.set()
            return
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        self.requests.append(head + await reader.readexactly(length))
        try:
            await self.say(reader, writer)
        except ConnectionError:
            self.left.set()
        finally:
            writer.close()
            self.done.set()

    async def say(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *later = self.answer.split(PAUSE)
        writer.write(first)
        for part in later:
            await asyncio.sleep(0.05)
            writer.write(part)
        await writer.drain()
        if self.hold:
            await reader.read()
            self.left.set()


@asynccontextmanager
async def raw(answer: bytes, hold: bool = False) -> AsyncIterator[RawServer]:
    server = RawServer(answer, hold)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server
        async with asyncio.timeout(5):
            await server.done.wait()


async def fetch(target: Target, http: Transport, within: float = 5.0, call: WireCall = CALL) -> bytes:
    """Return all bytes of the stream."""
    deadline = asyncio.get_running_loop().time() + within
    got = b""
    async with http.open(target, call, "m", 2.0, deadline) as upstream:
        while chunk := await upstream.read(deadline):
            got += chunk
    return got


@pytest.fixture
async def http() -> AsyncIterator[Transport]:
    transport = Transport()
    yield transport
    await transport.aclose()


async def test_a_stream_is_read_and_the_key_goes_in_its_wires_header(http: Transport) -> None:
    body = b"data: 1\n\n"
    async with raw(HEAD + b"Content-Length: 9\r\nConnection: close\r\n\r\n" + body) as server:
        assert await fetch(server.target, http) == body
    head, sent = server.requests[0].split(b"\r\n\r\n", 1)
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"post /v1/chat/completions http/1.1"
    assert f"authorization: bearer {KEY}".encode() in lines
    assert b"accept-encoding: identity" in lines
    assert json.loads(sent) == {"model": "m", "text": "Grüße ?"}


FAILURES = [
    (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>Hello</h1>", errors.NotAStream, "text/html"),
    (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}", errors.NotAStream, "application/json"),
    (
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"error": {"code": "model_not_found"}}',
        errors.UnknownModel,
        "answered 200",
    ),
    (
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"data: 1\n\n"),
        errors.NotAStream,
        "instead of an event stream",
    ),
    (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", errors.RequestRejected, "302"),
    (b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>nginx</html>", errors.ProviderDown, "nginx"),
    (
        b'HTTP/1.1 401 Unauthorized\r\n\r\n{"error": {"message": "Incorrect API key: '
        + KEY.encode()
        + b'"}}',
        errors.KeyRefused,
        "Incorrect API key: [key]",
    ),
    (b"", errors.ConnectFailed, "closed before answering"),
    (b"garbage\r\n\r\n", errors.ConnectFailed, "not an HTTP answer"),
]


@pytest.mark.parametrize(("answer", "failure", "words"), FAILURES)
async def test_each_misbehaviour_has_its_error(
    http: Transport, answer: bytes, failure: type[errors.CallFailed], words: str
) -> None:
    async with raw(answer) as server:
        with pytest.raises(errors.CallFailed) as caught:
            await fetch(server.target, http)
    assert type(caught.value) is failure
    assert words in caught.value.detail
    assert KEY not in caught.value.detail
    if failure is not errors.NotAStream:
        assert f"openai at 127.0.0.1:{server.port}" in caught.value.detail


@pytest.mark.parametrize(
    "answer",
    [CHUNKED + b"5\r\ndata:\r\n", HEAD + b"Content-Length: 100\r\n\r\ndata:"],
)
async def test_a_body_that_breaks_off_is_truncated(http: Transport, answer: bytes) -> None:
    async with raw(answer) as server:
        with pytest.raises(errors.TruncatedOutput):
            await fetch(server.target, http)


@pytest.mark.parametrize("answer", [b"", CHUNKED, CHUNKED + b"5\r\ndata:\r\n", CHUNKED + PAUSE + b"zz\r\n"])
async def test_nothing_is_waited_for_beyond_its_deadline(http: Transport, answer: bytes) -> None:
    async with raw(answer, hold=True) as server:
        with pytest.raises((DeadlinePassed, errors.TruncatedOutput)):
            await fetch(server.target, http, within=0.3)
        async with asyncio.timeout(5):
            await server.left.wait()


@pytest.mark.parametrize("late", [b"6\r\nsecond\r\n", b""])
async def test_what_came_while_this_process_stood_still_is_read_before_the_provider_is_judged(
    http: Transport, monkeypatch: pytest.MonkeyPatch, late: bytes
) -> None:
    monkeypatch.setattr(transport, "STOOD_STILL_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        told = threading.Event()

        def serve() -> None:
            provider, _ = listener.accept()
            with provider:
                provider.recv(65536)
                provider.sendall(CHUNKED + b"5\r\nfirst\r\n")
                told.wait(10)
                provider.sendall(late)

        server = threading.Thread(target=serve)
        server.start()
        target = Target("openai", "openai", f"http://127.0.0.1:{listener.getsockname()[1]}/v1", KEY)
        loop = asyncio.get_running_loop()
        try:
            async with http.open(target, CALL, "m", 2.0, loop.time() + 5) as upstream:
                assert await upstream.read(loop.time() + 5) == b"first"
                reading = asyncio.ensure_future(upstream.read(loop.time() + 0.1))
                await asyncio.sleep(0)
                told.set()
                time.sleep(0.5)  # noqa: ASYNC251 - the loop itself stands still
                if late:
                    assert await reading == b"second"
                else:
                    with pytest.raises((DeadlinePassed, errors.TruncatedOutput)):
                        await reading
        finally:
            server.join()


async def test_f13_the_status_of_a_page_that_never_ends_is_enough(http: Transport) -> None:
    page = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 999\r\n\r\n<html>half a pa"
    async with raw(page, hold=True) as server:
        with pytest.raises(errors.ProviderDown, match="half a pa"):
            async with asyncio.timeout(20):
                await fetch(server.target, http, within=60)
        async with asyncio.timeout(5):
            await server.left.wait()


async def test_leaving_the_context_hangs_up(http: Transport) -> None:
    async with raw(CHUNKED + b"5\r\ndata:\r\n", hold=True) as server:
        deadline = asyncio.get_running_loop().time() + 30
        async with http.open(server.target, CALL, "m", 2.0, deadline) as upstream:
            assert await upstream.read(deadline) == b"data:"
        async with asyncio.timeout(5):
            await server.left.wait()


async def test_cookies_are_not_kept(http: Transport) -> None:
    async with raw(HEAD + b"Set-Cookie: a=b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as server:
        await fetch(server.target, http)
        await fetch(server.target, http)
    assert len(server.requests) == 2
    assert b"cookie" not in server.requests[1].lower()


DEAD = [
    ("http://127.0.0.1:{port}/v1", "connection refused"),
    ("http://no-such-host.invalid/v1", "unknown host"),
]


@pytest.mark.parametrize(("base", "words"), DEAD)
async def test_a_dead_host_is_named(http: Transport, base: str, words: str) -> None:
    target = Target("mine", "openai", base.format(port=free_port()), KEY)
    with pytest.raises(errors.ConnectFailed) as caught:
        await fetch(target, http)
    assert words in caught.value.detail
    assert "mine at " in caught.value.detail


async def test_clients_are_shared_within_a_loop_and_not_across(http: Transport) -> None:
    async with raw(HEAD + b"Content-Length: 0\r\n\r\n") as server:
        await fetch(server.target, http)
        first = http.client_for(server.target)
        assert http.client_for(server.target) is first
    await http.aclose()
    assert first.is_closed
    assert http.client_for(server.target) is not first


def test_the_list_of_models_is_read(sandbox: str) -> None:
    target = Target("openai", "openai", f"{sandbox}/v1", KEY)
    assert "gemini-3.5-flash-lite" in {model.id for model in list_models(target, 5)}
    with pytest.raises(errors.UnknownModel):
        list_models(Target("openai", "openai", f"{sandbox}/nothing", KEY), 5)
    with pytest.raises(errors.ConnectFailed):
        list_models(Target("openai", "openai", f"http://127.0.0.1:{free_port()}/v1", KEY), 5)

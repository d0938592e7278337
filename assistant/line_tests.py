"""What the connection doctor's page talks to: a socket and streams that do nothing but be measured.

Outside of everything else of the desk, so that it sees who really called. For administrators only, a few at
once, none for longer than LONGEST_S.
"""

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie

from assistant import db
from assistant.buckets import Buckets, Rate, Want
from assistant.forwarded import Forwarded, peer_is_trusted
from common.clock import now, ticks

PREFIX = "/line-test/"
RIGHT = "assistant.change_assistantsettings"
LONGEST_S, MOST_CHUNKS, LONGEST_GAP_S = 120.0, 20, 2.0
MOST_AT_ONCE = 8  # in this process: one page has two open at a time
RATE = Rate(60, 0.5)  # a run of the page makes some twenty requests
FORWARDED = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "forwarded", "via")
EVENTS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-content-type-options", b"nosniff"),
]
UNBUFFERED = [*EVENTS, (b"x-accel-buffering", b"no")]  # as the chat's own streams are sent

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


class LineTests:
    """Answers the paths below PREFIX and hands everything else on."""

    def __init__(self, application: Forwarded) -> None:
        self.application = application
        self.open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a test, or let the desk answer."""
        if scope["type"] == "lifespan" or not scope["path"].startswith(PREFIX):
            await self.application(scope, receive, send)  # type: ignore[arg-type]
            return
        refused = await self._refused(scope)
        if scope["type"] == "websocket":
            await receive()  # websocket.connect
            if refused:
                await send({"type": "websocket.close"})
                return
            await self._counted(self._socket(scope, receive, send))
        elif refused:
            await _respond(send, refused, {})
        else:
            await self._counted(self._http(scope, receive, send))

    async def _refused(self, scope: Scope) -> int:
        """Return the status for who may not test, 0 for who may."""
        headers = _headers(scope)
        session = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
        if headers.get("sec-fetch-site", "same-origin") != "same-origin" or not session:
            return 403
        if buckets().take((Want(session, RATE, 1.0),), ticks()) > 0 or self.open >= MOST_AT_ONCE:
            return 429
        return 0 if await db.run(may_test, session) else 403

    async def _counted(self, work: Awaitable[None]) -> None:
        self.open += 1
        try:
            with suppress(OSError):
                async with asyncio.timeout(LONGEST_S + 10):
                    await work
        finally:
            self.open -= 1

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = {
            name: values[0] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()
        }
        what = scope["path"].removeprefix(PREFIX).strip("/")
        if what == "seen":
            await _respond(send, 200, {**self._seen(scope), "at_ms": round(now().timestamp() * 1000)})
        elif what == "stream":
            await _stream(send, query)
        elif what == "silence":
            await _silence(receive, send, _number(query, "seconds", LONGEST_S, 75))
        else:
            await _respond(send, 404, {})

    def _seen(self, scope: Scope) -> dict[str, Any]:
        """Return what the desk takes a request for: where it came from, and under which address."""
        peer = (scope.get("client") or ("",))[0] or ""
        believed = self.application.seen(dict(scope))
        headers = _headers(believed)
        told = settings.SECURE_PROXY_SSL_HEADER is not None and headers.get("x-forwarded-proto") == "https"
        sent = _headers(scope)
        return {
            "peer": peer,
            "address": (believed.get("client") or ("",))[0] or "",
            "trusted": peer_is_trusted(peer, self.application.trusted),
            "scheme": "https" if told else scope.get("scheme", "http").replace("ws", "http"),
            "host": headers.get("host", ""),
            "forwarded": [name for name in FORWARDED if sent.get(name)],
        }

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say something every few seconds, until the page leaves or the time is over."""
        query = {
            name: values[0] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()
        }
        seconds, every = _number(query, "seconds", LONGEST_S, 75), _number(query, "every", 60, 15, least=0.2)
        await send({"type": "websocket.accept"})
        leaving = asyncio.ensure_future(_until(receive, "websocket.disconnect"))
        try:
            until = ticks() + seconds
            while (left := until - ticks()) > 0:
                done, _ = await asyncio.wait({leaving}, timeout=min(every, left))
                if done:
                    return
                await send({"type": "websocket.send", "text": '{"type":"sign"}'})
            await send({"type": "websocket.send", "text": '{"type":"end"}'})
            await send({"type": "websocket.close"})
        finally:
            leaving.cancel()


@functools.cache
def buckets() -> Buckets:
    """Return this process's buckets of tests."""
    return Buckets()


def may_test(session_key: str) -> bool:
    """Return whether a session is that of somebody who may change the desk's settings."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    return user.is_active and user.is_staff and user.has_perm(RIGHT)


async def _stream(send: Send, query: Mapping[str, str]) -> None:
    """Send parts some time apart: as the chat's streams are sent, or plain, with their length told.

    nginx passes chunks on as they come even where it buffers; what has a length it keeps to 4 KiB.
    """
    chunks = int(_number(query, "chunks", MOST_CHUNKS, 5, least=1))
    gap = _number(query, "gap", LONGEST_GAP_S, 0.3)
    parts = [f"data: {number:04d}\n\n".encode() for number in range(chunks)]
    length = (b"content-length", str(len(b"".join(parts))).encode())
    headers = [*EVENTS, length] if query.get("plain") else UNBUFFERED
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number, part in enumerate(parts, 1):
        await send({"type": "http.response.body", "body": part, "more_body": number < chunks})
        await asyncio.sleep(gap if number < chunks else 0)


async def _silence(receive: Receive, send: Send, seconds: float) -> None:
    """Begin an answer, and say nothing more for a while.

    Not on a socket: web servers ping those every 20 s, which a browser's script cannot see.
    """
    await send({"type": "http.response.start", "status": 200, "headers": UNBUFFERED})
    await send({"type": "http.response.body", "body": b"data: begin\n\n", "more_body": True})
    leaving = asyncio.ensure_future(_until(receive, "http.disconnect"))
    try:
        await asyncio.wait({leaving}, timeout=seconds)
        if not leaving.done():
            await send({"type": "http.response.body", "body": b"data: end\n\n", "more_body": False})
    finally:
        leaving.cancel()


async def _until(receive: Receive, kind: str) -> None:
    while (await receive())["type"] != kind:
        pass


async def _respond(send: Send, status: int, body: Mapping[str, Any]) -> None:
    data = json.dumps(body).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(data)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})


def _headers(scope: Mapping[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _number(query: Mapping[str, str], name: str, most: float, usual: float, least: float = 0.0) -> float:
    try:
        value = float(query.get(name, usual))
    except ValueError:
        return usual
    return min(most, max(least, value)) if value == value else usual

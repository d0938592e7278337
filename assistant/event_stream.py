"""The chat where WebSockets are blocked: the frames of the socket as server-sent events and POSTs.

`GET /events/chat/` is a stream that opens a conversation and follows it; `POST /events/chat/` carries
frames of the page (`assistant.errands`). Plain ASGI beside Django: a stream costs a task and no thread.
"""

import asyncio
import contextvars
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from assistant import db, protocol
from assistant.admission import (
    OPEN_HEADER,
    TurnedAway,
    counted,
    headers_of,
    identify,
    identify_reader,
    readable_language,
)
from assistant.embed import sites
from assistant.errands import MOST_FRAMES, Errand, check_conversation
from assistant.http_lines import line_of
from assistant.limits import VisitorFrames
from assistant.lines import LOW_BYTES, RECHECK_S, Patience
from assistant.process import process
from assistant.sessions.refusals import ANSWERED, answer_to
from assistant.sessions.session import Session
from assistant.socket_counts import counts
from assistant.translating import said
from common.clock import ticks

logger = logging.getLogger(__name__)

SIGN_S = 3.0  # a comment, so that a proxy which cuts after 5 s of silence keeps the stream
ALIVE_S = 15.0  # the frame, as on a socket
BODY_S = 10.0
STATUS = {
    protocol.CLOSE_PROTOCOL: 400,
    protocol.CLOSE_SIGN_IN: 401,
    protocol.CLOSE_REFUSED: 403,
    protocol.CLOSE_SLOW_DOWN: 429,
    protocol.CLOSE_DRAINING: 503,
}
GUARDED = [(b"cache-control", b"no-store, no-transform"), (b"x-content-type-options", b"nosniff")]
JSON = [(b"content-type", b"application/json"), *GUARDED]
# The third is nginx's: it passes the response on as it comes, whatever its own setting.
EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8"), *GUARDED, (b"x-accel-buffering", b"no")]

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Unusable(Exception):
    """A request that carries no frames; `status` and the `error` frame say why."""

    def __init__(self, status: int, code: str, words: str, **holes: object) -> None:
        super().__init__(words.format(**holes))
        self.status, self.code, self.words, self.holes = status, code, words, holes


async def event_stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request to /events/chat/."""
    method, language = scope["method"], readable_language(headers_of(scope))
    try:
        if method == "GET":
            await _stream(scope, receive, send)
        elif method == "POST":
            status, frames = await _errand(scope, receive)
            await _respond(send, status, frames)
        else:
            await _respond(send, 405, [], [(b"allow", b"GET, POST")])
    except TurnedAway as away:
        await _respond(send, STATUS[away.close_code], [_error(away.code, away.message_in(language))])
    except Unusable as unusable:
        words = said(unusable.words, language, **unusable.holes)
        await _respond(send, unusable.status, [_error(unusable.code, words)])


def _error(code: str, message: str) -> dict[str, Any]:
    return {"type": "error", "code": code, "message": message}


async def _respond(
    send: Send, status: int, frames: Sequence[Mapping[str, Any]], more: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    body = f"[{','.join(protocol.encode(frame) for frame in frames)}]".encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*JSON, length, *more]})
    await send({"type": "http.response.body", "body": body})


# -- POST: frames of the page ----------------------------------------------------------------------


async def _errand(scope: Scope, receive: Receive) -> tuple[int, list[Mapping[str, Any]]]:
    """Do what a POST asks for; return the status and the frames of its response."""
    who = identify(scope)
    held = process()
    kind = headers_of(scope).get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":  # which no form can send
        raise Unusable(415, "bad_json", "Frames are JSON, sent as application/json.")
    with counted(held, who):
        conversation_id, frames, token = _read(await _body(receive))
        try:
            if who.site:
                who = await db.run(sites.admit, who, token)
            if conversation_id is not None:
                await check_conversation(who, conversation_id)
        except ANSWERED as error:
            code, message, _ = answer_to(error, who.language)
            if code in protocol.CLOSES_BY_ERROR:
                raise TurnedAway(code, message, protocol.CLOSES_BY_ERROR[code]) from error
            return 200, [{**_error(code, message), **_named(frame)} for frame in frames]
        errand = Errand(who, held, conversation_id)
        answers = await errand.run(frames)
        return STATUS.get(errand.feed.close_code or 0, 200), answers


def _named(frame: Mapping[str, Any]) -> dict[str, str]:
    """Return the ids by which the page knows what an error is about."""
    return protocol.ids_in(json.dumps(frame, ensure_ascii=False))


async def _body(receive: Receive) -> bytes:
    """Return the body of a request. Raises Unusable when it is too large, too slow or cut off.

    One that is somewhat too large is read to its end, so that its sender reads the answer.
    """
    body, size = bytearray(), 0
    try:
        async with asyncio.timeout(BODY_S):
            more = True
            while more and size <= protocol.HARD_FRAME_LIMIT:
                message = await receive()
                if message["type"] != "http.request":
                    raise Unusable(400, "bad_json", "The request was cut off.")
                size += len(message.get("body", b""))
                if size <= protocol.FRAME_LIMIT:
                    body += message.get("body", b"")
                more = message.get("more_body", False)
    except TimeoutError:
        raise Unusable(408, "bad_json", "The request took too long to arrive.") from None
    if size > protocol.FRAME_LIMIT:
        raise Unusable(
            413, "too_long", "The request is over {limit} KiB.", limit=protocol.FRAME_LIMIT // 1024
        )
    return bytes(body)


def _read(body: bytes) -> tuple[UUID | None, list[Mapping[str, Any]], str | None]:
    """Return the conversation, the frames and an embedded visitor's token in a body. Raises Unusable."""
    try:
        data = json.loads(body)
        named = data["conversation_id"]
        conversation_id = None if named is None else UUID(named)
        frames = data["frames"]
        token = data.get("token")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise Unusable(400, "bad_json", "The body is not an object of conversation_id and frames.") from None
    if not isinstance(frames, list) or len(frames) > MOST_FRAMES:
        raise Unusable(400, "bad_frame", "frames must be a list of at most {limit}.", limit=MOST_FRAMES)
    if token is not None and not isinstance(token, str):
        raise Unusable(400, "bad_frame", "token must be text.")
    return conversation_id, frames, token


# -- GET: the stream -------------------------------------------------------------------------------


async def _stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Send a conversation's frames until the page leaves, or the desk closes the stream."""
    who = identify_reader(scope)
    held = process()
    with counted(held, who):
        session = Session(who, held, VisitorFrames(who))
        await send({"type": "http.response.start", "status": 200, "headers": EVENTS})
        stream = Stream(session, send)
        # Each in a context of its own, so that nothing in it is bound to this request's.
        carrying = asyncio.create_task(
            stream.carry(headers_of(scope)[OPEN_HEADER]), context=contextvars.Context()
        )
        leaving = asyncio.create_task(_gone(receive), context=contextvars.Context())
        try:
            await asyncio.wait({carrying, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (carrying, leaving):
                task.cancel()
            await asyncio.gather(carrying, leaving, return_exceptions=True)
            held.hub.leave(session.feed)
    if not carrying.cancelled():
        carrying.result()


async def _gone(receive: Receive) -> None:
    """Return once the reader has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Stream:
    """One page's stream: what its feed holds goes out in order, with signs of life in between."""

    def __init__(self, session: Session, send: Send) -> None:
        self.session = session
        self._send = send
        self._line = line_of(send)
        self._alive_at = ticks() + ALIVE_S

    async def carry(self, opening: str) -> None:
        """Open a conversation by the frame that the page sent, and follow it to the stream's end."""
        feed, logs = self.session.feed, self.session.process.hub.logs
        opens = asyncio.create_task(self.session.receive(opening), context=contextvars.Context())
        opens.add_done_callback(lambda _: feed.wake())
        try:
            part = b": the desk\n\n"  # the first bytes, so that every proxy sends the headers on
            while feed.close_code is None and not (opens.done() and feed.conversation_id is None):
                if not await self._has_room():
                    return
                if part:
                    await self._send({"type": "http.response.body", "body": part, "more_body": True})
                part = await self._next()
            if opens.done():
                opens.result()
            end = part + events(feed.collect(logs)) + closing(feed.close_code)
            await self._send({"type": "http.response.body", "body": end, "more_body": False})
        finally:
            opens.cancel()

    async def _next(self) -> bytes:
        """Return the next events, or after SIGN_S without any a sign of life."""
        feed = self.session.feed
        try:
            async with asyncio.timeout(SIGN_S):
                await feed.wait()
        except TimeoutError:
            if ticks() < self._alive_at:
                return b":\n\n"
            feed.put({"type": "alive"})
        frames = feed.collect(self.session.process.hub.logs)
        if frames:
            self._alive_at = ticks() + ALIVE_S
        return events(frames)

    async def _has_room(self) -> bool:
        """Wait until the reader has taken nearly all it was given; False when it was given up.

        What comes meanwhile stays in the logs, where neighbouring deltas merge.
        """
        patience = Patience(self._line.unsent(), ticks())
        while self._line.unsent() > LOW_BYTES:
            if self.session.feed.overfull:
                break
            if patience.over(self._line.unsent(), ticks()):
                return await self._give_up("its reader takes nothing")
            await asyncio.sleep(RECHECK_S)
        return not self.session.feed.overfull or await self._give_up("more waits for it than may")

    async def _give_up(self, reason: str) -> bool:
        counts.aborted += 1
        logger.warning("stream aborted, %d bytes unsent: %s", self._line.unsent(), reason)
        self._line.abort()
        await asyncio.sleep(RECHECK_S)  # the server learns of its own cut a moment later
        return False


def events(frames: Sequence[Mapping[str, Any]]) -> bytes:
    """Return frames as server-sent events; JSON text has no line ends that would cut one apart."""
    return "".join(f"data: {protocol.encode(frame)}\n\n" for frame in frames).encode()


def closing(code: int | None) -> bytes:
    """Return the event that stands for the close code of a socket; nothing when there is none."""
    return b"" if code is None else f'event: close\ndata: {{"code":{code}}}\n\n'.encode()

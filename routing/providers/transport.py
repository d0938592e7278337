"""The one file that knows httpx and aiohttp: pooled streaming requests, and their errors as ours.

httpx-aiohttp 0.2 reports a refused port, an unknown host, a reset and a full pool all as
ConnectTimeout, lets bare aiohttp errors through, and can wait for ever in the middle of a stream.
So errors are told apart by the class of their cause, and every await stands under a deadline of ours.
"""

import asyncio
import json
import socket
import ssl
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from common.clock import now, ticks
from routing.errors import CallFailed, ConnectFailed, NotAStream, TruncatedOutput
from routing.providers.failures import from_response
from routing.providers.listing import Listed, ListPage, headers_of, path_of, read_page
from routing.providers.wire import WireCall

# Streams of one process to one provider; above it a request waits for its connect deadline. One
# process on one core carries some 400 streams (DESIGN.md, "Streaming").
POOL_SIZE = 500
# Shorter than the 5 s at which Node and uvicorn (under vLLM and many gateways) drop an idle connection, so
# that we drop it first: a request that is sent just then is lost, and a POST is not repeated by itself.
KEEPALIVE_S = 4.0
# A provider that hangs while we hang up must not hold a reply; the socket is dropped after this.
CLOSE_S = 1.0
# A timer that fires so late tells of a process that was paused: SIGSTOP, a closed lid, a starved machine.
STOOD_STILL_S, GRACE_S = 1.0, 0.5
CHUNK_BYTES = 16 * 1024  # at most, of one read
# After the end marker; a server that says more than usage and its last chunk is not listened to.
REST_BYTES = 64 * 1024
BODY = "aiohttp_body"  # among a response's extensions, beside httpx's own "network_stream"
# An error body beyond this is a web page; only its beginning is of use.
ERROR_BODY_BYTES = 64 * 1024
# A server that drips its error page must not keep the next model waiting: the status has said enough.
ERROR_BODY_S = 0.5
# The largest list known to us (a gateway of several hundred models with prices) is under 1 MiB.
LIST_BYTES = 8 * 1024 * 1024
LIST_PAGES = 20  # of a thousand; a server whose pages never end is not believed further
LIST = "(list)"  # the model's place in the words of a list that failed

_KEY_HEADERS = {
    "openai": ("authorization", "Bearer "),
    "gemini": ("x-goog-api-key", ""),
    "anthropic": ("x-api-key", ""),
}
_FAULTS = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, aiohttp.ClientError, OSError)


@dataclass(frozen=True)
class Target:
    """Where a model is served, and the key that goes there and nowhere else."""

    provider: str
    wire: str
    base_url: str
    key: str = field(repr=False, default="")
    sandbox: bool = False

    @property
    def who(self) -> str:
        """Return provider and host, for staff."""
        return f"{self.provider} at {urlsplit(self.base_url).netloc}"


class DeadlinePassed(Exception):
    """An await on a stream took longer than its caller allows; the caller knows what that means."""


class Upstream:
    """An open answer with status 200; `read` gives its bytes as they come.

    One timer a stream watches the deadline of whatever read is waiting; it moves with the deadline.
    """

    def __init__(self, response: httpx.Response, target: Target) -> None:
        self._target = target
        # Bytes that have come are taken without a turn of the event loop, and without a timer.
        self._body: aiohttp.StreamReader = response.extensions[BODY]
        self._loop = asyncio.get_running_loop()
        self._until = 0.0
        self._waiting = False
        self._watch: asyncio.TimerHandle | None = None

    async def read(self, deadline: float) -> bytes:
        """Return the next bytes, nothing at the clean end of the stream.

        `deadline` is in seconds of the loop's clock. Raises DeadlinePassed, or TruncatedOutput when
        the connection breaks.
        """
        body = self._body
        try:
            came = body.read_nowait(CHUNK_BYTES)
            if came or body.at_eof():
                return came
            self._watch_until(deadline)
            self._waiting = True
            try:
                return await body.read(CHUNK_BYTES)
            finally:
                self._waiting = False
        except _FAULTS as error:
            raise TruncatedOutput(f"{self._target.who} broke the connection: {_reason(error)}") from error

    async def read_rest(self, deadline: float) -> None:
        """Read what follows a proper end, which lets the connection be used again."""
        left = REST_BYTES
        try:
            while left > 0 and (came := await self.read(deadline)):
                left -= len(came)
        except (DeadlinePassed, TruncatedOutput):
            return  # the answer is there; its connection is closed then

    def close(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _watch_until(self, deadline: float) -> None:
        if deadline <= self._loop.time():
            raise DeadlinePassed
        self._until = deadline
        if self._watch is None or self._watch.when() > deadline:
            self.close()
            self._watch = self._loop.call_at(deadline, self._look)

    def _look(self) -> None:
        self._watch = None
        if not self._waiting:
            return  # the next read that must wait begins to watch again
        late = self._loop.time() - self._until
        if 0 <= late <= STOOD_STILL_S:
            self._body.set_exception(DeadlinePassed())
            return
        if late > 0:
            # Not the provider stood still but this process: what has come meanwhile is read first.
            self._until += late + GRACE_S
        self._watch = self._loop.call_at(self._until, self._look)


class _Aiohttp(AiohttpTransport):
    """httpx-aiohttp, with the body's reader beside the response.

    Its own iterator takes a coroutine, two generators and an error mapping for each piece.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        response.extensions[BODY] = response.stream._aiohttp_response.content  # type: ignore[union-attr]
        return response


class Transport:
    """Pooled clients, one per provider and event loop, opened on first use."""

    def __init__(self) -> None:
        self._clients: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[tuple[str, str], httpx.AsyncClient]
        ] = weakref.WeakKeyDictionary()

    def client_for(self, target: Target) -> httpx.AsyncClient:
        """Return the pooled client of this provider for the running loop."""
        clients = self._clients.setdefault(asyncio.get_running_loop(), {})
        client = clients.get((target.provider, target.base_url))
        if client is None:
            client = clients[target.provider, target.base_url] = _new_client(target)
        return client

    @asynccontextmanager
    async def open(
        self, target: Target, call: WireCall, model: str, connect_s: float, deadline: float
    ) -> AsyncIterator[Upstream]:
        """Send `call` and give out its stream; leaving the context closes the connection at once.

        `deadline`, in seconds of the loop's clock, holds for the headers. Raises DeadlinePassed, or
        the CallFailed that status, headers or the connection ask for.
        """
        response = await self._send(target, call, connect_s, deadline)
        upstream = Upstream(response, target)
        try:
            await _check(target, model, response, upstream, deadline)
            yield upstream
        finally:
            upstream.close()
            await _close(response)

    async def _send(
        self, target: Target, call: WireCall, connect_s: float, deadline: float
    ) -> httpx.Response:
        client = self.client_for(target)
        request = client.build_request(
            "POST",
            target.base_url + call.path,
            content=json.dumps(call.body, ensure_ascii=False).encode("utf-8", "replace"),
            headers={**call.headers, **_headers(target)},
            timeout=httpx.Timeout(None, connect=connect_s, pool=connect_s),
        )
        with _as_ours(target):
            try:
                async with asyncio.timeout_at(deadline):
                    return await client.send(request, stream=True)
            except TimeoutError as error:
                if isinstance(error, aiohttp.ClientError):
                    raise
                raise DeadlinePassed from error

    async def aclose(self) -> None:
        """Close this loop's clients."""
        for client in self._clients.pop(asyncio.get_running_loop(), {}).values():
            await client.aclose()


_shared = Transport()


def transport() -> Transport:
    """Return the process's transport; its clients belong to the running loop."""
    return _shared


def list_models(target: Target, timeout_s: float) -> tuple[Listed, ...]:
    """Return what the provider says it serves, on any of the three wires; blocks at most `timeout_s`.

    Raises CallFailed.
    """
    deadline = ticks() + timeout_s
    found: dict[str, Listed] = {}
    after = ""
    with _as_ours(target), httpx.Client(trust_env=False, timeout=timeout_s) as client:
        for _ in range(LIST_PAGES):
            page = _list_page(client, target, after, deadline)
            found.update((model.id, model) for model in page.models)
            after = page.following
            if not after:
                break
    return tuple(found.values())


def _list_page(client: httpx.Client, target: Target, after: str, deadline: float) -> ListPage:
    url = target.base_url + path_of(target.wire, after)
    headers = {**_headers(target), **headers_of(target.wire)}
    with client.stream("GET", url, headers=headers) as response:
        body = b""
        for chunk in response.iter_bytes():
            body += chunk
            if ticks() > deadline:  # a server that drips never runs into a read timeout
                raise ConnectFailed(f"{target.who} did not finish its list of models in time")
            if len(body) > LIST_BYTES:
                raise NotAStream(f"{target.who} answered its model list with more than {LIST_BYTES:,} bytes")
    if response.status_code != 200:
        raise _without_key(
            from_response(target.who, LIST, response.status_code, _lower(response), body, now()), target
        )
    try:
        return read_page(target.wire, json.loads(body))
    except ValueError as error:
        kind = response.headers.get("content-type", "no content type")
        failure = NotAStream(f"{target.who} answered its model list with {kind} that is no list of models")
        failure.output = body[:ERROR_BODY_BYTES].decode("utf-8", "replace")
        raise failure from error


def _new_client(target: Target) -> httpx.AsyncClient:
    context = ssl.create_default_context() if target.base_url.startswith("https") else None

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=POOL_SIZE, ssl=context if context is not None else True, keepalive_timeout=KEEPALIVE_S
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )

    return httpx.AsyncClient(
        transport=_Aiohttp(client=session, trust_env=False, verify=context or False),
        # httpx keeps cookies of its own, beside aiohttp's; nobody's session belongs into the next call.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
    )


def _headers(target: Target) -> dict[str, str]:
    headers = {
        "accept": "text/event-stream, application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": "support-desk",
    }
    if target.key:
        name, prefix = _KEY_HEADERS[target.wire]
        headers[name] = prefix + target.key
    return headers


async def _check(
    target: Target, model: str, response: httpx.Response, upstream: Upstream, deadline: float
) -> None:
    """Raise what an answer that is no event stream means."""
    headers = _lower(response)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    encoded = headers.get("content-encoding", "identity").lower() != "identity"
    # Some compatible servers stream under text/plain; a page or a plain object is never a stream.
    if response.status_code == 200 and kind not in {"text/html", "application/json"} and not encoded:
        return
    until = min(deadline, asyncio.get_running_loop().time() + ERROR_BODY_S)
    body = await _body(upstream, until)
    raise _without_key(from_response(target.who, model, response.status_code, headers, body, now()), target)


async def _body(upstream: Upstream, deadline: float) -> bytes:
    body = b""
    try:
        while len(body) < ERROR_BODY_BYTES:
            chunk = await upstream.read(deadline)
            if not chunk:
                break
            body += chunk
    except (DeadlinePassed, TruncatedOutput):
        return body  # the rest of its page does not matter
    return body[:ERROR_BODY_BYTES]


def _without_key(failure: CallFailed, target: Target) -> CallFailed:
    """Return `failure` with the key blotted out: providers quote it in their error messages."""
    if target.key and target.key in failure.detail:
        failure.detail = failure.detail.replace(target.key, "[key]")
    return failure


async def _close(response: httpx.Response) -> None:
    try:
        async with asyncio.timeout(CLOSE_S):
            await response.aclose()
    except (*_FAULTS, TimeoutError):
        return  # it is gone, which is what was wanted


def _lower(response: httpx.Response) -> Mapping[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


@contextmanager
def _as_ours(target: Target) -> Iterator[None]:
    try:
        yield
    except _FAULTS as error:
        raise ConnectFailed(f"cannot reach {target.who}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """Return why a connection failed, from the first cause that knows."""
    seen: BaseException | None = error
    while seen is not None:
        words = _words(seen)
        if words:
            return words
        seen = seen.__cause__ or seen.__context__  # httpcore raises again "from None"
    # Last, because httpx-aiohttp says ConnectTimeout of everything.
    return "no answer in time" if isinstance(error, httpx.TimeoutException) else _plainly(error)


def _plainly(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "unknown host"),
    (aiohttp.ClientConnectorCertificateError, "its TLS certificate is not trusted"),
    (aiohttp.ClientSSLError, "TLS failed"),
    (aiohttp.ConnectionTimeoutError, "no connection in time"),
    (aiohttp.ServerTimeoutError, "no connection in time"),
    (aiohttp.ServerDisconnectedError, "closed before answering"),
    (aiohttp.ClientPayloadError, "the body broke off"),
    (aiohttp.ClientResponseError, "not an HTTP answer"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "connection reset"),
    (socket.gaierror, "unknown host"),
    (ssl.SSLCertVerificationError, "its TLS certificate is not trusted"),
    (ssl.SSLError, "TLS failed"),
)


def _words(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return "connection refused"
    return next((words for kind, words in _WORDS if isinstance(error, kind)), "")

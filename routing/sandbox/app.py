"""The sandbox as a raw ASGI application: three wires and a control API on one port."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

from routing.sandbox.asking import Ask, BadRequest, WireName, read_ask
from routing.sandbox.billing import Bill, open_bill
from routing.sandbox.channel import Channel
from routing.sandbox.control import NO_CREDIT, BadControl, Control, Fault
from routing.sandbox.error_words import error_body, no_credit_body
from routing.sandbox.listing import Model, list_body, list_wire
from routing.sandbox.replying import Reply

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_GEMINI = re.compile(r"/v1beta/models/(?P<model>.+):streamGenerateContent$")
_SECRET_HEADERS = {"authorization", "x-api-key", "x-goog-api-key", "cookie"}
CALL_ID_HEADER = "x-client-request-id"  # a caller's own number, as OpenAI takes it
BODY_LIMIT = 32 * 1024 * 1024  # what Anthropic documents; the others take less


class Sandbox:
    """Answers requests; `models` are listed by their id, `control` remembers."""

    def __init__(self, control: Control, models: Mapping[str, Model]) -> None:
        self._control = control
        self._models = models

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        if scope["type"] != "http":
            return
        path, method = str(scope["path"]), str(scope["method"])
        body = await _read(receive)
        if path.startswith("/_control/"):
            await _json(send, *self._controlled(method, path.removeprefix("/_control/"), body))
        elif method == "GET":
            await self._list(scope, send)
        else:
            await self._call(scope, body, receive, send)

    def _controlled(self, method: str, what: str, body: bytes) -> tuple[int, Any]:
        """Return status and body of a control request."""
        control = self._control
        actions: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("POST", "faults"): lambda asked: vars(control.add_fault(asked)),
            ("GET", "faults"): lambda _: [vars(fault) for fault in control.faults],
            ("DELETE", "faults"): lambda _: control.faults.clear(),
            ("GET", "invoice"): lambda _: control.invoice(),
            ("DELETE", "invoice"): lambda _: control.lines.clear(),
            ("GET", "requests"): lambda _: list(control.requests),
            ("DELETE", "requests"): lambda _: control.forget_requests(),
            ("PUT", "pace"): lambda asked: vars(control.set_pace(asked)),
            ("PUT", "usage"): lambda asked: vars(control.set_claims(asked)),
            ("PUT", "prices"): control.set_prices,
            ("DELETE", "prices"): lambda _: control.prices.forget(),
        }
        action = actions.get((method, what))
        if action is None:
            return 404, {"error": f"no control {method} /_control/{what}"}
        try:
            return 200, action(json.loads(body) if body else None)
        except BadControl as error:
            return 400, {"error": str(error)}
        except ValueError:
            return 400, {"error": "the body is not JSON"}

    async def _list(self, scope: Scope, send: Send) -> None:
        path = str(scope["path"])
        wire = list_wire(path, _headers(scope))
        if wire is None:
            await _json(send, 404, {"error": {"message": f"no such path: {path}", "type": "not_found_error"}})
            return
        fault = self._control.take_list_fault()
        if fault is not None:
            await asyncio.sleep(fault.delay_ms / 1000)
            await _json(send, fault.status, _told(wire, fault))
            return
        query = bytes(scope.get("query_string", b"")).decode("latin-1")
        await _json(send, 200, list_body(wire, self._models, query))

    async def _call(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        wire, path_model = _wire_of(str(scope["path"]))
        if wire is None:
            await _json(send, 404, error_body("openai", 404, f"no such path: {scope['path']}"))
            return
        record: dict[str, Any] = {
            "path": scope["path"],
            "headers": {name: _masked(name, value) for name, value in headers.items()},
            "model": path_model,
            "call_id": headers.get(CALL_ID_HEADER, ""),
            "fault": None,
            "status": None,
            "ended": "",
            **_billed(Bill(), 0, usage_sent=False),
        }
        self._control.keep(record)
        try:
            payload = json.loads(body)
            record["body"] = payload
            ask = read_ask(wire, path_model, headers, payload)
        except ValueError as error:
            what = str(error) if isinstance(error, BadRequest) else "The body is not valid JSON."
            record.update(status=400, ended="rejected")
            await _json(send, 400, error_body(wire, 400, what))
            return
        record["model"] = ask.model
        fault = self._control.take_fault(ask.model)
        record["fault"] = fault.fault if fault else None
        await self._reply(ask, fault, record, scope, receive, send)

    async def _reply(
        self,
        ask: Ask,
        fault: Fault | None,
        record: dict[str, Any],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if fault is not None and fault.fault == "status":
            record.update(status=fault.status, ended="rejected")
            self._control.bill(ask.model, Bill())
            extra = [(b"retry-after", fault.retry_after.encode())] if fault.retry_after else []
            await asyncio.sleep(fault.delay_ms / 1000)
            await _json(send, fault.status, _told(ask.wire, fault), extra)
            return
        channel = Channel(send, scope["extensions"]["transport"]["transport"])
        book = _Book(self._control, ask.model, record)
        bill = open_bill(ask, self._control.claims)
        reply = Reply(ask, bill, fault, self._control.pace, channel, lambda: book.settle(reply))
        watch = asyncio.ensure_future(_gone(receive, channel.gone))
        try:
            await reply.run()
        finally:
            watch.cancel()
            book.settle(reply)
            record["ended"] = reply.ended


class _Book:
    """Books one answer, once: when its end is about to be said, else when it is over."""

    def __init__(self, control: Control, model: str, record: dict[str, Any]) -> None:
        self._control = control
        self._model = model
        self._record = record
        self._open = True

    def settle(self, reply: Reply) -> None:
        """Put the answer on the invoice and its tokens into its record."""
        if not self._open:
            return
        self._open = False
        answered = reply.channel.begun and not reply.gave_page
        bill = reply.bill if answered else Bill()
        cost = self._control.bill(self._model, bill)
        status = HTTPStatus.OK if reply.channel.begun else None
        self._record.update(
            _billed(bill, cost, usage_sent=reply.usage_sent), status=status, ended=reply.ended
        )


def _billed(bill: Bill, cost_pico: int, *, usage_sent: bool) -> dict[str, Any]:
    """Return what a request's record says of its tokens; `tokens` are those of the text alone."""
    return {
        "tokens": bill.text_tokens,
        "input_tokens": bill.input_tokens,
        "cached_tokens": bill.cached_tokens,
        "cache_write_tokens": bill.cache_write_tokens,
        "thinking_tokens": bill.thinking_tokens,
        "output_tokens": bill.output_tokens,
        "cost_pico": cost_pico,
        "usage_sent": usage_sent,
    }


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _told(wire: WireName, fault: Fault) -> dict[str, Any]:
    """Return the body of a `status` fault: the wire's own words for an empty account, else its usual ones."""
    if fault.reason == NO_CREDIT:
        return no_credit_body(wire)
    return error_body(wire, fault.status, f"The sandbox was told to answer {fault.status}.")


def _wire_of(path: str) -> tuple[WireName | None, str]:
    if path == "/v1/chat/completions":
        return "openai", ""
    if path == "/v1/messages":
        return "anthropic", ""
    found = _GEMINI.match(path)
    return ("gemini", found["model"]) if found else (None, "")


def _masked(name: str, value: str) -> str:
    if name not in _SECRET_HEADERS:
        return value
    return f"***{value[-4:]}" if len(value) > 12 else "***"


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body") or len(body) > BODY_LIMIT:
            return body


async def _gone(receive: Receive, gone: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()


async def _json(send: Send, status: int, body: Any, extra: list[tuple[bytes, bytes]] | None = None) -> None:
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers + (extra or [])})
    await send({"type": "http.response.body", "body": content})

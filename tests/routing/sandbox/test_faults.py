"""What each fault of the sandbox puts onto the connection, read from a plain socket."""

import json
import socket
from typing import Any

import pytest

from routing.sandbox.faults import KINDS, strikes_at
from tests.control import Control

ASK: dict[str, Any] = {"role": "user", "content": "Hi"}
PATHS = {
    "openai": "/v1/chat/completions",
    "gemini": "/v1beta/models/m:streamGenerateContent",
    "anthropic": "/v1/messages",
}
BODIES: dict[str, dict[str, Any]] = {
    "openai": {"model": "m", "stream": True, "messages": [ASK], "stream_options": {"include_usage": True}},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
    "anthropic": {"model": "m", "stream": True, "max_tokens": 50, "messages": [ASK]},
}
FINISHES = {"openai": '"finish_reason": "stop"', "gemini": '"finishReason": "STOP"', "anthropic": "end_turn"}
EVERY_WIRE = pytest.mark.parametrize("wire", PATHS)
OPEN_S = 0.3  # a connection that is silent for so long is one that was left open


def raw(control: Control, wire: str, enough: bytes = b"\r\n0\r\n\r\n") -> tuple[bytes, str]:
    """Return what came up to `enough`, and how it ended: `told`, `eof`, `reset` or `open`."""
    body = json.dumps(BODIES[wire]).encode()
    head = (
        f"POST {PATHS[wire]} HTTP/1.1\r\nHost: x\r\nanthropic-version: 2023-06-01\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", control.port), timeout=5) as client:
        client.sendall(head.encode() + body)
        client.settimeout(OPEN_S)
        got = b""
        try:
            while enough not in got:
                more = client.recv(65_536)
                if not more:
                    return got, "eof"
                got += more
        except TimeoutError:
            return got, "open"
        except ConnectionResetError:
            return got, "reset"
        return got, "told"


# fault, order, how the connection ends, what has come by then, what has not
STRIKES = [
    ("refuse", {}, "reset", "", "HTTP"),
    ("rst_headers", {}, "reset", "", "\r\n\r\n"),
    ("eof_headers", {}, "eof", "HTTP/1.1 200 OK", "\r\n\r\n"),
    ("no_headers", {}, "open", "", "HTTP"),
    ("stall", {"after_tokens": -1}, "open", "", "HTTP"),
    ("stall", {"after_tokens": 2}, "open", "\r\n\r\n", FINISHES),
    ("no_text", {}, "open", "\r\n\r\n", FINISHES),
    ("eof", {"after_tokens": 2}, "told", "\r\n\r\n", FINISHES),
    ("cut", {"after_tokens": 2}, "eof", "\r\n\r\n", FINISHES),
    ("empty", {}, "told", "\r\n\r\n0\r\n\r\n", "data:"),
    ("role_only", {}, "told", "text/event-stream", FINISHES),
    ("cut_json", {"after_tokens": 2}, "told", "data:", FINISHES),
    ("html_200", {}, "told", "text/html", "data:"),
    ("html_200", {"after_tokens": 2}, "told", "<!doctype html>", FINISHES),
    ("json_200", {}, "told", "application/json", "data:"),
    ("unframed_error", {"after_tokens": 2}, "told", '"error"', FINISHES),
    ("error_mid", {"after_tokens": 2}, "told", '"error"', FINISHES),
    ("bad_chunk", {"after_tokens": 2}, "open", "\r\nzz\r\n", FINISHES),
    ("slow_close", {}, "open", FINISHES, "\r\n0\r\n\r\n"),
    ("bad_json", {"after_tokens": 2}, "told", FINISHES, "\x00"),
    ("null_delta", {"after_tokens": 2}, "told", FINISHES, "\x00"),
    ("split_utf8", {"after_tokens": 2}, "told", FINISHES, "Grüße"),
    ("bad_utf8", {"after_tokens": 2}, "told", FINISHES, "Grüße"),
    ("giant_token", {"after_tokens": 2}, "told", "giant " * 50_000, "\x00"),
]


@EVERY_WIRE
@pytest.mark.parametrize(
    ("fault", "order", "end", "there", "missing"),
    STRIKES,
    ids=[f"{fault}-{order.get('after_tokens', '')}" for fault, order, *_ in STRIKES],
)
def test_a_fault_does_what_it_says(
    control: Control, wire: str, fault: str, order: dict[str, int], end: str, there: Any, missing: Any
) -> None:
    control.pace(first_text_ms=0, gap_ms=0, tokens=6)
    control.fault(fault, "m", **order)
    got, ended = raw(control, wire)
    text = got.decode("utf-8", "replace")
    assert ended == end
    assert (there[wire] if isinstance(there, dict) else there) in text
    assert (missing[wire] if isinstance(missing, dict) else missing) not in text
    assert control.call("GET", "/_control/faults") == (200, [])
    got, ended = raw(control, wire)
    assert (ended, FINISHES[wire] in got.decode()) == ("told", True), "used up after once"


@EVERY_WIRE
def test_what_never_ends_goes_on_until_the_client_leaves(control: Control, wire: str) -> None:
    control.pace(first_text_ms=0, gap_ms=0, tokens=6)
    enough = {
        "endless": b"and so on " * 8,
        "endless_line": b"a" * 5_000,
        "pings": b'"ping"' if wire == "anthropic" else b": keep-alive",
        "drip": b"1\r\ne\r\n1\r\nv\r\n" if wire == "anthropic" else b"1\r\nd\r\n1\r\na\r\n",
    }
    for fault, some in enough.items():
        control.fault(fault, "m", after_tokens=0)
        assert raw(control, wire, some)[1] == "told"
    control.fault("drip", "m", after_tokens=-1)
    got, ended = raw(control, wire, b"HTTP")
    assert (got, ended) == (b"HTTP", "told"), "before the headers as well, a byte at a time"


@EVERY_WIRE
def test_the_end_of_an_answer_is_told_twice_late_or_without_its_tokens(control: Control, wire: str) -> None:
    usage = {"openai": '"prompt_tokens"', "gemini": "usageMetadata", "anthropic": '"output_tokens"'}[wire]
    length = {"openai": '"length"', "gemini": "MAX_TOKENS", "anthropic": "max_tokens"}[wire]
    control.pace(first_text_ms=0, gap_ms=0, tokens=6)
    said = {}
    for fault in ("dup_finish", "after_finish", "usage_missing", "usage_twice"):
        control.fault(fault, "m")
        said[fault] = raw(control, wire)[0].decode()
    plain = raw(control, wire)[0].decode()
    assert said["dup_finish"].index(FINISHES[wire]) < said["dup_finish"].index(length)
    assert said["after_finish"].index(FINISHES[wire]) < said["after_finish"].index("too late.")
    assert usage not in said["usage_missing"]
    assert said["usage_twice"].count(usage) == plain.count(usage) + 1
    assert [row["usage_sent"] for row in control.requests()] == [True, True, False, True, True]


def test_every_fault_has_its_place() -> None:
    assert strikes_at("refuse", 5, 40) == strikes_at("status", 5, 40) == strikes_at("eof", -1, 40) == -1
    assert strikes_at("empty", 5, 40) == strikes_at("pings", -1, 40) == strikes_at("eof", 0, 40) == 0
    assert (strikes_at("eof", 5, 40), strikes_at("eof", 5, 3), strikes_at("eof", 5, 0)) == (5, 2, 0)
    assert strikes_at("dup_finish", 5, 40) is strikes_at("obey", 5, 40) is strikes_at("", 0, 9) is None
    assert {name for name, kind in KINDS.items() if kind.after_tokens < 0} == {"html_200", "json_200"}

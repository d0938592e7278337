"""Lists of models: read on the three wires as vendors send them, and had over a real socket."""

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from routing.catalogue import read_file
from routing.errors import CallFailed, ConnectFailed, KeyRefused, NotAStream, QuotaExhausted
from routing.providers.listing import Listed, NotAList, path_of, read_page
from routing.providers.transport import Target, list_models
from tests.control import Control
from tests.environment import free_port

ROOTS = {"openai": "/v1", "gemini": "/v1beta", "anthropic": "/v1"}


@pytest.mark.parametrize(
    ("wire", "payload", "models", "following"),
    [
        (
            "openai",
            {"data": [{"id": "a", "created": 17}, {"id": "vllm", "max_model_len": 8192}, {"object": "x"}]},
            (Listed("a", 17), Listed("vllm", 0, 8192)),
            "",
        ),
        (
            "openai",
            {
                "data": [
                    {"id": "g", "created": 1.5, "context_length": 131072},
                    {"id": "b", "created": "new"},
                ]
            },
            (Listed("g", 1, 131072), Listed("b")),
            "",
        ),
        (
            "gemini",
            {
                "models": [
                    {
                        "name": "models/g",
                        "inputTokenLimit": 1048576,
                        "outputTokenLimit": 65536,
                        "supportedGenerationMethods": ["generateContent"],
                    },
                    {"name": "models/embed", "supportedGenerationMethods": ["embedContent"]},
                ],
                "nextPageToken": "p2",
            },
            (Listed("g", 0, 1048576, 65536),),
            "p2",
        ),
        (
            "anthropic",
            {
                "data": [
                    {"id": "c", "created_at": "2026-10-07T00:00:00Z"},
                    {"id": "d", "created_at": "soon"},
                ],
                "has_more": True,
                "last_id": "d",
            },
            (Listed("c", 1791331200), Listed("d")),
            "d",
        ),
        ("anthropic", {"data": [], "has_more": False, "last_id": None}, (), ""),
    ],
)
def test_a_page_is_read(wire: str, payload: Any, models: tuple[Listed, ...], following: str) -> None:
    page = read_page(wire, payload)
    assert (page.models, page.following) == (models, following)


@pytest.mark.parametrize("payload", [None, [], "x", {}, {"data": {}}, {"models": "no"}, {"error": {}}])
@pytest.mark.parametrize("wire", ROOTS)
def test_what_is_no_list_is_refused(wire: str, payload: Any) -> None:
    with pytest.raises(NotAList):
        read_page(wire, payload)


def test_the_next_page_is_asked_for_with_its_mark_quoted() -> None:
    assert path_of("gemini", "a&b") == "/models?pageSize=1000&pageToken=a%26b"
    assert path_of("anthropic", "x y") == "/models?limit=1000&after_id=x%20y"
    assert path_of("openai", "ignored") == "/models"


def target(wire: str, port: int, key: str = "k-secret-0123456789") -> Target:
    return Target(wire, wire, f"http://127.0.0.1:{port}{ROOTS[wire]}", key)


@pytest.mark.parametrize("wire", ROOTS)
def test_the_sandbox_lists_its_models_on_each_wire(
    control: Control, wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routing.providers.listing.PAGE", 3)  # several pages, as of a large vendor
    listed = list_models(target(wire, control.port), 5)
    rows = [row["id"] for row in read_file() if wire in ("openai", row["wire"])]
    assert [model.id for model in listed] == rows
    assert all(model.created for model in listed) == (wire != "gemini")


@pytest.mark.parametrize("wire", ROOTS)
@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ({"status": 401}, KeyRefused),
        ({"status": 402, "reason": "no_credit"}, QuotaExhausted),
        ({"status": 429, "reason": "no_credit"}, QuotaExhausted),
    ],
    ids=["wrong key", "402", "429"],
)
def test_a_refused_list_says_why_without_the_key(
    control: Control, wire: str, fault: dict[str, Any], failure: type[CallFailed]
) -> None:
    control.call("POST", "/_control/faults", {"model": "(list)", "fault": "status", **fault})
    with pytest.raises(failure) as told:
        list_models(target(wire, control.port), 5)
    assert "k-secret" not in told.value.detail
    assert f"127.0.0.1:{control.port}" in told.value.detail
    assert list_models(target(wire, control.port), 5), "used up"


def test_a_fault_for_every_model_leaves_the_lists_alone(control: Control) -> None:
    control.fault("status", "*", status=500)
    assert list_models(target("openai", control.port), 5)
    control.call("DELETE", "/_control/faults")


@contextmanager
def server(answer: Callable[[http.server.BaseHTTPRequestHandler], None]) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield listening.server_port
        listening.shutdown()


def web_page(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("content-type", "text/html")
    handler.end_headers()
    handler.wfile.write(b"<html>Welcome to the router</html>")


def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(600):
            handler.wfile.write(b" ")
            time.sleep(0.05)
    except OSError:
        return  # the client has hung up, which is the point


def test_a_web_page_is_no_list_and_a_drip_ends(control: Control) -> None:
    with server(web_page) as port, pytest.raises(NotAStream, match="text/html") as told:
        list_models(target("openai", port), 5)
    assert "Welcome" in told.value.output
    with server(drip) as port, pytest.raises(ConnectFailed, match="in time"):
        list_models(target("gemini", port), 0.3)


def test_a_dead_or_unknown_host_is_named() -> None:
    port = free_port()
    with pytest.raises(ConnectFailed, match=f"127.0.0.1:{port}: connection refused"):
        list_models(target("openai", port), 2)
    nowhere = Target("openai", "openai", "http://no-such-host.invalid/v1", "k")
    with pytest.raises(ConnectFailed, match=r"no-such-host.invalid: unknown host"):
        list_models(nowhere, 5)

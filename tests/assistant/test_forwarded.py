"""A visitor's address is the one that a known proxy saw, whatever the visitor itself claims."""

import asyncio
from typing import Any

import pytest

from assistant.forwarded import Forwarded, visitor_address
from common.guards import proxies

PROXIES = proxies(["127.0.0.1", "::1", "10.1.0.0/16"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # a stranger's own word
        ("127.0.0.1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),  # what a stranger sent to the proxy
        ("127.0.0.1", ["198.51.100.1", "203.0.113.9, 10.1.2.3"], "203.0.113.9"),  # two proxies, two headers
        ("127.0.0.1", ["10.1.2.3, 10.1.2.4"], "10.1.2.3"),
        ("127.0.0.1", ["203.0.113.9, unknown"], "127.0.0.1"),
        ("10.1.7.7", ["203.0.113.9:51234"], "203.0.113.9"),
        ("10.1.7.7", ["[2001:db8::7]:51234"], "2001:db8::7"),
        ("::ffff:10.1.7.7", ["2001:db8::7"], "2001:db8::7"),
        ("10.2.7.7", ["203.0.113.9"], "10.2.7.7"),
        (None, ["203.0.113.9"], "203.0.113.9"),  # a unix socket
        (None, [], ""),
    ],
)
def test_the_right_end_counts_as_far_as_proxies_are_known(
    peer: str | None, forwarded: list[str], address: str
) -> None:
    assert visitor_address(peer, forwarded, PROXIES) == address


def test_nobody_is_believed_when_no_proxy_is_named() -> None:
    assert visitor_address("127.0.0.1", ["203.0.113.9"], proxies(["none"])) == "127.0.0.1"


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_scope_tells_the_visitor_and_no_stranger_says_that_it_is_https(kind: str) -> None:
    seen: list[dict[str, Any]] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(scope)

    headers = [(b"x-forwarded-proto", b"https"), (b"x-forwarded-for", b"203.0.113.9"), (b"host", b"desk")]
    for peer in (["127.0.0.1", 5000], ["198.51.100.1", 5000], None):
        scope = {"type": kind, "client": peer, "headers": headers}
        asyncio.run(Forwarded(application, PROXIES)(scope, None, None))
        assert scope["client"] is peer
    assert [scope["client"] for scope in seen] == [
        ("203.0.113.9", 0),
        ["198.51.100.1", 5000],
        ("203.0.113.9", 0),
    ]
    assert [b"x-forwarded-proto" in dict(scope["headers"]) for scope in seen] == [True, False, True]

"""Who a request comes from when a proxy stands in between: the outermost ASGI layer, for both servers.

`X-Forwarded-For` is a list to which each proxy appends the address it was called from, so only its right
end, written by proxies that we know, can be believed (RFC 7239, section 8.1). Whoever calls from elsewhere
keeps the address it called from, whatever its headers say.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from common.guards import Network

Address = IPv4Address | IPv6Address
Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


def read_address(text: str) -> Address | None:
    """Return the address in one entry, with or without a port; None when there is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A server that listens on both families sees 10.0.0.1 as ::ffff:10.0.0.1.
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    """Return whether an address is one of the proxies."""
    return any(address in network for network in trusted)


def peer_is_trusted(peer: str | None, trusted: Sequence[Network]) -> bool:
    """Return whether who called is a proxy; a unix socket has no address and only local programs on it."""
    if not peer:
        return True
    address = read_address(peer)
    return address is not None and is_trusted(address, trusted)


def visitor_address(peer: str | None, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """Return the address nearest to the desk that is not a proxy's.

    `forwarded` holds the values of all X-Forwarded-For headers in order; `peer` is who called. An entry
    that is no address ends the list: what stands left of it was not written by a proxy that we know.
    """
    found = peer or ""
    if not peer_is_trusted(peer, trusted):
        return found
    for entry in reversed(",".join(forwarded).split(",")):
        address = read_address(entry)
        if address is None:
            break
        found = str(address)
        if not is_trusted(address, trusted):
            break
    return found


class Forwarded:
    """Puts the visitor's address into the scope, and takes out what a stranger claims to have forwarded."""

    def __init__(self, application: Application, trusted: Sequence[Network]) -> None:
        self.application = application
        self.trusted = trusted

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Hand the connection on as the desk should see it."""
        if scope["type"] in ("http", "websocket"):
            scope = self.seen(scope)
        await self.application(scope, receive, send)

    def seen(self, scope: Scope) -> Scope:
        """Return the scope with the visitor's address as its client."""
        peer: str | None = (scope.get("client") or (None,))[0]
        headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        if not peer_is_trusted(peer, self.trusted):
            # Django believes this header; X-Forwarded-For stays, as /metrics refuses whoever sends it.
            kept = [(name, value) for name, value in headers if name.lower() != b"x-forwarded-proto"]
            return {**scope, "headers": kept}
        forwarded = [value.decode("latin-1") for name, value in headers if name.lower() == b"x-forwarded-for"]
        address = visitor_address(peer, forwarded, self.trusted)
        if not address or address == peer:
            return scope
        return {**scope, "client": (address, 0)}

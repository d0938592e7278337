"""Who may open a line to the desk: its Origin, its visitor, and how many they hold already.

The same rules for a socket and for whatever else carries the frames.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from assistant import protocol
from assistant.limits import ADDRESS_SOCKETS, VISITOR_SOCKETS, network_of
from assistant.origins import Refused, check_origin
from assistant.process import Process
from assistant.visitors import read_visitor
from assistant.who import Who

logger = logging.getLogger(__name__)


class TurnedAway(Exception):
    """This line is not opened; `code` and `message` are for the page, `close_code` for a socket."""

    def __init__(self, code: str, message: str, close_code: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.close_code = close_code


def identify(scope: Mapping[str, Any]) -> Who:
    """Return the visitor of a connection, its cookies read by Channels. Raises TurnedAway."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        check_origin(headers.get("origin"), settings.ENV.origins)
    except Refused as refused:
        logger.warning("%s", refused.log_line)
        raise TurnedAway("refused", refused.message, protocol.CLOSE_REFUSED) from refused
    cookies = scope.get("cookies", {})
    visitor = read_visitor(cookies.get(settings.VISITOR_COOKIE))
    if visitor is None:
        raise TurnedAway("sign_in", protocol.ERROR_CODES["sign_in"], protocol.CLOSE_SIGN_IN)
    client = scope.get("client") or ("", 0)
    session = cookies.get(settings.SESSION_COOKIE_NAME, "")
    return Who(visitor.id, visitor.plan, _language(headers), session, str(client[0]))


@contextmanager
def counted(process: Process, who: Who) -> Iterator[None]:
    """Count a line while it is open. Raises TurnedAway when its visitor or address holds too many here."""
    counts = process.sockets
    limits = (
        (f"v{who.visitor_id}", VISITOR_SOCKETS),
        (f"a{network_of(who.address)}", ADDRESS_SOCKETS),
    )
    if settings.ENV.rate_limits and any(counts[key] >= most for key, most in limits):
        raise TurnedAway("rate_limited", "Too many connections.", protocol.CLOSE_SLOW_DOWN)
    keys = [key for key, _ in limits]
    counts.update(keys)
    try:
        yield
    finally:
        counts.subtract(keys)
        for key in keys:
            if not counts[key]:
                del counts[key]


def _language(headers: Mapping[str, str]) -> str:
    """Return the browser's first language as a two-letter code, "" when it names none."""
    first = headers.get("accept-language", "").split(",")[0].split(";")[0].split("-")[0].strip().lower()
    return first if first.isalpha() and len(first) == 2 else ""

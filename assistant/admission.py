"""Who may open a line to the desk: its Origin, its visitor, and how many they hold already.

The same rules for a socket and for whatever else carries the frames.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.http import parse_cookie

from assistant import protocol
from assistant.limits import ADDRESS_SOCKETS, VISITOR_SOCKETS, network_of
from assistant.origins import Refused, check_origin
from assistant.process import Process
from assistant.visitors import read_visitor
from assistant.who import Who

logger = logging.getLogger(__name__)

EVENTS_PATH = "/events/chat/"  # where frames go that no socket can carry
OPEN_HEADER = "x-desk-open"  # carries the `open` frame of a stream


class TurnedAway(Exception):
    """This line is not opened; `code` and `message` are for the page, `close_code` for a socket."""

    def __init__(self, code: str, message: str, close_code: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.close_code = close_code


def identify(scope: Mapping[str, Any]) -> Who:
    """Return the visitor of a connection. Raises TurnedAway."""
    headers = headers_of(scope)
    _check_origin(headers.get("origin"))
    return _visitor(scope, headers)


def identify_reader(scope: Mapping[str, Any]) -> Who:
    """Return the visitor of a GET that asks for a stream. Raises TurnedAway.

    Browsers send no Origin with a GET to the page's own address. What only our own page can send is the
    header OPEN_HEADER: it is none of the few that a page may put on a request to another origin, so the
    browser asks with OPTIONS first (CORS preflight), and the desk never says yes. Forms, images and
    EventSource cannot set a header at all. An Origin that is sent, and Sec-Fetch-Site, must fit as well.
    """
    headers = headers_of(scope)
    if headers.get("origin") is not None:
        _check_origin(headers["origin"])
    if headers.get("sec-fetch-site", "same-origin") != "same-origin" or OPEN_HEADER not in headers:
        raise TurnedAway("refused", "Only the page of the desk itself may read here.", protocol.CLOSE_REFUSED)
    return _visitor(scope, headers)


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a connection by their small names."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _check_origin(origin: str | None) -> None:
    try:
        check_origin(origin, settings.ENV.origins)
    except Refused as refused:
        logger.warning("%s", refused.log_line)
        raise TurnedAway("refused", refused.message, protocol.CLOSE_REFUSED) from refused


def _visitor(scope: Mapping[str, Any], headers: Mapping[str, str]) -> Who:
    cookies = parse_cookie(headers.get("cookie", ""))
    visitor = read_visitor(cookies.get(settings.VISITOR_COOKIE))
    if visitor is None:
        raise TurnedAway("sign_in", protocol.ERROR_CODES["sign_in"], protocol.CLOSE_SIGN_IN)
    client = scope.get("client") or ("", 0)
    session = cookies.get(settings.SESSION_COOKIE_NAME, "")
    return Who(visitor.id, visitor.plan, _language(headers), session, str(client[0]))


def count_in(process: Process, who: Who) -> tuple[str, ...]:
    """Count a line and return the keys to count it out with.

    Raises TurnedAway when its visitor or address holds too many here.
    """
    counts = process.sockets
    limits = (
        (f"v{who.visitor_id}", VISITOR_SOCKETS),
        (f"a{network_of(who.address)}", ADDRESS_SOCKETS),
    )
    if settings.ENV.rate_limits and any(counts[key] >= most for key, most in limits):
        raise TurnedAway("rate_limited", "Too many connections.", protocol.CLOSE_SLOW_DOWN)
    keys = tuple(key for key, _ in limits)
    counts.update(keys)
    return keys


def count_out(process: Process, keys: tuple[str, ...]) -> None:
    """Take a line that has ended out of the count."""
    counts = process.sockets
    counts.subtract(keys)
    for key in keys:
        if not counts[key]:
            del counts[key]


@contextmanager
def counted(process: Process, who: Who) -> Iterator[None]:
    """Count a line while it is open. Raises TurnedAway when its visitor or address holds too many here."""
    keys = count_in(process, who)
    try:
        yield
    finally:
        count_out(process, keys)


def _language(headers: Mapping[str, str]) -> str:
    """Return the browser's first language as a two-letter code, "" when it names none."""
    first = headers.get("accept-language", "").split(",")[0].split(";")[0].split("-")[0].strip().lower()
    return first if first.isalpha() and len(first) == 2 else ""

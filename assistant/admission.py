"""Who may open a line to the desk: its Origin, its visitor, and how many they hold already.

The same rules for a socket and for whatever else carries the frames.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from django.conf import settings
from django.http import parse_cookie

from assistant import protocol
from assistant.languages import main_language, preferred
from assistant.limits import ADDRESS_SOCKETS, VISITOR_SOCKETS, network_of
from assistant.origins import Refused, check_origin
from assistant.process import Process
from assistant.translating import said
from assistant.visitors import read_visitor
from assistant.who import Who

logger = logging.getLogger(__name__)

EVENTS_PATH = "/events/chat/"  # where frames go that no socket can carry
OPEN_HEADER = "x-desk-open"  # carries the `open` frame of a stream
SITE_KEY = re.compile(r"[-\w]{1,40}", re.ASCII)


class TurnedAway(Exception):
    """This line is not opened; `code` and `message_in` are for the page, `close_code` for a socket."""

    def __init__(self, code: str, words: str, close_code: int, **holes: object) -> None:
        super().__init__(words.format(**holes))
        self.code = code
        self.words = words
        self.close_code = close_code
        self.holes = holes

    def message_in(self, language: str) -> str:
        """Return what the visitor is told, in a language."""
        return said(self.words, language, **self.holes)


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
        raise TurnedAway("refused", "Only the chat page itself may read here.", protocol.CLOSE_REFUSED)
    return _visitor(scope, headers)


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a connection by their small names."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _check_origin(origin: str | None) -> None:
    try:
        check_origin(origin, settings.ENV.origins)
    except Refused as refused:
        logger.warning("%s", refused.log_line)
        raise TurnedAway("refused", refused.words, protocol.CLOSE_REFUSED, origin=refused.shown) from refused


def _visitor(scope: Mapping[str, Any], headers: Mapping[str, str]) -> Who:
    client = scope.get("client") or ("", 0)
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    if "embed" in query:
        return _embedded(query, headers, str(client[0]))
    cookies = parse_cookie(headers.get("cookie", ""))
    visitor = read_visitor(cookies.get(settings.VISITOR_COOKIE))
    if visitor is None:
        raise TurnedAway("sign_in", protocol.SIGN_IN, protocol.CLOSE_SIGN_IN)
    session = cookies.get(settings.SESSION_COOKIE_NAME, "")
    return Who(visitor.id, visitor.plan, browser_language(headers), session, str(client[0]))


def _embedded(query: Mapping[str, list[str]], headers: Mapping[str, str], address: str) -> Who:
    """Return a visitor nobody has been before, of a line that an embedded chat opens.

    Its `open` says who it really is. The cookie is not looked at even where a browser sends it: what a page
    of another site can frame must never speak for the visitor of the desk's own page.
    """
    key = query["embed"][0]
    if not SITE_KEY.fullmatch(key):
        raise TurnedAway("refused", "There is no such site.", protocol.CLOSE_REFUSED)
    language = _first_language(query.get("lang", [""])[0]) or browser_language(headers)
    return Who(uuid4(), language=language, address=address, site=key)


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


def browser_language(headers: Mapping[str, str]) -> str:
    """Return the first language that the browser asks for, as two letters; "" when it names none."""
    return _first_language(headers.get("accept-language", ""))


def _first_language(tags: str) -> str:
    first = main_language(tags.partition(",")[0].partition(";")[0])
    return first if first.isalpha() and len(first) == 2 else ""


def readable_language(headers: Mapping[str, str]) -> str:
    """Return which of our languages the browser asks for, "" for none: that of a line that is not opened."""
    return preferred(headers.get("accept-language", ""))

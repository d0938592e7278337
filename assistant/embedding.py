"""What a site needs to embed the chat, in words: its origins, the lines of its policy, the snippet. Pure."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from common.text import shorten

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
SHOWN: Final = 100  # characters of what is no address, in the sentence that says so
MOST_ORIGINS: Final = 50  # each stands in a header of every page of the chat
_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


class BadOrigin(ValueError):
    """Not an address that may show the chat; the message says what is wrong with it."""


def clean_origin(text: str) -> str:
    """Return an origin as browsers write it: scheme, host, and the port where it is not the usual one.

    Raises BadOrigin. Only https, since whoever can change a page on the way can change who it frames; this
    machine's own addresses may be http, for trying.
    """
    shown = shorten(text, SHOWN)
    if "*" in shown:
        raise BadOrigin(f"“{shown}” has a star: write each address by itself, as in https://www.example.com.")
    try:
        parts = urlsplit(text.strip())
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise BadOrigin(f"“{shown}” is no address: its host or port cannot be read.") from None
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise BadOrigin(f"“{shown}” is no address: write it whole, such as https://www.example.com.")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise BadOrigin(f"“{shown}” has something behind the host: write {parts.scheme}://{parts.netloc}.")
    if parts.username or parts.password:
        raise BadOrigin(f"“{shown}” has a name or password in it: write scheme and host alone.")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadOrigin(f"“{shown}” is not encrypted: write https://{parts.netloc}.")
    named = f"[{host}]" if ":" in host else _ascii_host(host, shown)
    usual = port is None or port == DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{named}" if usual else f"{parts.scheme}://{named}:{port}"


def clean_origins(text: str) -> str:
    """Return the origins of a text, one a line, each once. Raises BadOrigin for the first that is none."""
    origins = list(dict.fromkeys(clean_origin(part) for part in text.replace(",", " ").split()))
    if len(origins) > MOST_ORIGINS:
        raise BadOrigin(f"At most {MOST_ORIGINS} addresses; a second site has a list of its own.")
    return "\n".join(origins)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself, whatever the network."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _ascii_host(host: str, shown: str) -> str:
    """Return a host name as it stands in headers. Raises BadOrigin."""
    try:
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise BadOrigin(f"“{shown}” has a host that is no name.") from None
    if not all(_LABEL.fullmatch(label) for label in ascii_host.split(".")):
        raise BadOrigin(f"“{shown}” has a host that is no name.")
    return ascii_host


def snippet(desk: str, key: str, version: str = "", integrity: str = "") -> str:
    """Return the element that a page needs; with a version the file is held to its sum by the browser."""
    if not version:
        return f'<script async src="{desk}/widget.js" data-site="{key}"></script>'
    return (
        f'<script async src="{desk}/widget/{version}/widget.js" integrity="{integrity}"'
        f' crossorigin="anonymous" data-site="{key}"></script>'
    )


# What the content security policy of a page must allow, each with what it is for.
POLICY: Final = (
    ("script-src", "for the loader"),
    ("frame-src", "for the chat in its frame"),
    ("connect-src", "for what is set here: colour, corner, words"),
)


def policy(desk: str) -> str:
    """Return the lines of the policy."""
    return "\n".join(f"{directive} {desk};" for directive, _ in POLICY)

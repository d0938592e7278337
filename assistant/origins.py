"""Which pages may open a socket: an exact list of scheme, host and port.

Channels' own validator compares hosts only, so a page on another port or scheme could ride on the
visitor's cookie. A missing Origin is refused as well: browsers always send one.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from assistant.languages import translatable

DEFAULT_PORTS = {"http": 80, "https": 443}

NO_ADDRESS = translatable("This page has no web address of its own, so it may not use the chat.")
NOT_ALLOWED = translatable("This page ({origin}) may not use the chat. Its operator can allow it.")
NO_ORIGIN = translatable("A socket needs an Origin header, as browsers send it.")


class Refused(Exception):
    """This Origin may not open a socket; `log_line` tells the operator what would allow it.

    `words` say it to a visitor, where {origin} stands for `shown`.
    """

    def __init__(self, origin: str | None, allowed: Sequence[str]) -> None:
        shown = (origin or "").encode("ascii", "backslashreplace").decode()[:200]
        super().__init__(shown)
        self.shown = shown
        if shown and parts_of(shown) is None:
            self.words = NO_ADDRESS
            self.log_line = f"socket refused for Origin {shown}: it is no web address and cannot be allowed"
        elif shown:
            self.words = NOT_ALLOWED
            line = ",".join([*allowed, shown])
            self.log_line = (
                f"socket refused for Origin {shown}; to allow it put this into .env: ORIGINS={line}"
            )
        else:
            self.words = NO_ORIGIN
            self.log_line = "socket refused: no Origin header"


def parts_of(origin: str) -> tuple[str, str, int] | None:
    """Return (scheme, host, port) of an origin, None when it is none."""
    try:
        parts = urlsplit(origin)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if not parts.hostname or not port or parts.path not in ("", "/") or parts.query or parts.username:
        return None
    return parts.scheme, parts.hostname, port


def check_origin(origin: str | None, allowed: Sequence[str]) -> None:
    """Raise Refused unless `origin` is one of `allowed`, compared by scheme, host and port."""
    given = parts_of(origin) if origin else None
    if given is None or given not in {parts_of(known) for known in allowed}:
        raise Refused(origin, allowed)

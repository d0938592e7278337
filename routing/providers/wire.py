"""What every wire has: a call built from a prompt, and a mapper from its events to ours."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from routing.config import ModelSpec
from routing.errors import NotAStream
from routing.events import ModelRequest, ProviderEvent
from routing.providers.failures import from_event
from routing.providers.sse import UNFRAMED, SseEvent

# What the ledger's columns hold (a signed 32-bit integer on PostgreSQL); no prompt comes near it.
COUNT_LIMIT = 2**31 - 1
# Not strict: a raw NUL or tab inside a string is a broken server's, its text is read all the same.
_decode = json.JSONDecoder(strict=False).decode
_NESTED = {dict, type(None)}
TEMPERATURE = 0.2  # support answers repeat what the help texts say; sent only where a model takes it


@dataclass(frozen=True, slots=True)
class WireCall:
    """One request without its key: path below the base URL, headers and JSON body."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Mapper(Protocol):
    """Reads one stream; knows by its protocol's state whether the end was really seen."""

    @property
    def finished(self) -> bool:
        """Return whether the provider's own end marker was seen."""

    @property
    def closed(self) -> bool:
        """Return whether nothing that matters can follow, not even usage."""

    @property
    def late_text(self) -> int:
        """Return how many characters came after the end marker and were left out."""

    def feed(self, event: SseEvent) -> list[ProviderEvent]:
        """Return what `event` says. Raises CallFailed for an error event or unreadable data."""


class Wire(Protocol):
    """The module of one wire."""

    def build(self, request: ModelRequest, model: ModelSpec) -> WireCall: ...
    def mapper(self) -> Mapper: ...


def read_payload(event: SseEvent) -> dict[str, Any] | None:
    """Return the JSON object of an event, None for one that carries nothing for us.

    Raises the error that the event carries, or NotAStream when a framed event is not JSON.
    """
    try:
        payload = _decode(event.data)
    except (ValueError, RecursionError) as error:
        if event.event == UNFRAMED:
            return None
        raise NotAStream(f"unreadable event in the stream: {event.data[:120]!r}") from error
    failure = from_event(payload)
    if failure is not None:
        raise failure
    return payload if isinstance(payload, dict) and event.event != UNFRAMED else None


def texts(value: Any) -> str:
    """Return `value` when it is a string, else nothing: null and numbers are not text."""
    return value if isinstance(value, str) else ""


def count(value: Any) -> int | None:
    """Return a token count, None when the provider did not say one that can be true."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= COUNT_LIMIT else None


def merged(before: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """Return the later of two usage objects, with the earlier one's counts where it says none or null.

    Counts are cumulative on every wire: a later one replaces the earlier, also a lower one; none is added.
    """
    if _NESTED.isdisjoint(map(type, later.values())):
        return {**before, **later}  # Gemini says its counts again in every event
    kept = dict(before)
    for name, value in later.items():
        if isinstance(value, dict):
            kept[name] = merged(mapping(kept.get(name)), value)
        elif value is not None:
            kept[name] = value
    return kept


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; anything else is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    """Return `value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}

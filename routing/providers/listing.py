"""What a provider says it offers: the request for its list and the reading of each page, for the three wires.

Pure. A list is page by page: OpenAI's has one page, Anthropic's says `has_more` and `last_id`, Gemini's
gives a `nextPageToken`. Windows are taken where a server tells them (Gemini, vLLM, many gateways).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from routing.providers.wire import count, mapping, objects, texts

# The largest page that Anthropic and Gemini give; a gateway's list of hundreds comes in one.
PAGE = 1000
ANTHROPIC_VERSION = "2023-06-01"  # the oldest that is still accepted; lists did not change with it

_WINDOWS = ("inputTokenLimit", "max_input_tokens", "max_model_len", "context_length", "context_window")
_OUTPUTS = ("outputTokenLimit", "max_output_tokens", "max_tokens")


class NotAList(ValueError):
    """The payload is no list of models of this wire."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One model of a provider's list: its id, when it was made (Unix seconds, 0 unsaid), and its limits."""

    id: str
    created: int = 0
    context_tokens: int | None = None
    max_output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page, and where the next one begins; empty when there is none."""

    models: tuple[Listed, ...]
    following: str = ""


def path_of(wire: str, after: str = "") -> str:
    """Return the path, below the API root, of the page that begins `after`."""
    if wire == "gemini":
        return f"/models?pageSize={PAGE}" + (f"&pageToken={quote(after, safe='')}" if after else "")
    if wire == "anthropic":
        return f"/models?limit={PAGE}" + (f"&after_id={quote(after, safe='')}" if after else "")
    return "/models"


def headers_of(wire: str) -> dict[str, str]:
    """Return the headers that the wire asks for beside the key."""
    return {"anthropic-version": ANTHROPIC_VERSION} if wire == "anthropic" else {}


def read_page(wire: str, payload: Any) -> ListPage:
    """Return the models of one page; rows without an id are left out. Raises NotAList."""
    rows = mapping(payload).get("models" if wire == "gemini" else "data")
    if not isinstance(rows, list):
        raise NotAList(f"no list of models on the {wire} wire")
    models = tuple(_listed(row) for row in _writing(wire, objects(rows)))
    return ListPage(models, _following(wire, mapping(payload)))


def _writing(wire: str, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the rows that have an id and, where the list tells, can write text."""
    for row in rows:
        methods = row.get("supportedGenerationMethods")
        silent = isinstance(methods, list) and not any("generatecontent" in str(m).lower() for m in methods)
        if not silent and (texts(row.get("name")) if wire == "gemini" else texts(row.get("id"))):
            yield row


def _listed(row: Mapping[str, Any]) -> Listed:
    name = texts(row.get("id")) or texts(row.get("name"))
    return Listed(
        name.removeprefix("models/"),
        _created(row),
        next((size for key in _WINDOWS if (size := count(row.get(key)))), None),
        next((size for key in _OUTPUTS if (size := count(row.get(key)))), None),
    )


def _created(row: Mapping[str, Any]) -> int:
    stamp, seconds = texts(row.get("created_at")), row.get("created")
    try:
        if stamp:
            return max(0, int(datetime.fromisoformat(stamp).timestamp()))
        return max(0, int(seconds)) if isinstance(seconds, int | float) else 0
    except (ValueError, OverflowError):
        return 0  # a date that cannot be read is no date


def _following(wire: str, payload: Mapping[str, Any]) -> str:
    if wire == "gemini":
        return texts(payload.get("nextPageToken"))
    if wire == "anthropic" and payload.get("has_more") is True:
        return texts(payload.get("last_id"))
    return ""

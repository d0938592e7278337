"""The sandbox's lists of models, in the shape of each wire, page by page as the vendors send them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from routing.sandbox.asking import WireName

_PATHS = {"/v1beta/models", "/v1/models"}


def list_wire(path: str, headers: Mapping[str, str]) -> WireName | None:
    """Return the wire on which a list is asked for, None when the path is none of a list.

    OpenAI and Anthropic have the same path; Anthropic's callers name a version.
    """
    if path not in _PATHS:
        return None
    if path == "/v1beta/models":
        return "gemini"
    return "anthropic" if "anthropic-version" in headers or "x-api-key" in headers else "openai"


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the sandbox: on which vendor's wire it is at home, and when it was made (Unix seconds)."""

    wire: str
    created: int


def list_body(wire: WireName, all_models: Mapping[str, Model], query: str) -> dict[str, Any]:
    """Return the page that `query` asks for: a vendor lists its own models, a compatible server all."""
    models = {name: m.created for name, m in all_models.items() if wire in ("openai", m.wire)}
    asked = {name: values[-1] for name, values in parse_qs(query).items()}
    if wire == "openai":
        return {
            "object": "list",
            "data": [
                {"id": model, "object": "model", "created": created, "owned_by": "sandbox"}
                for model, created in models.items()
            ],
        }
    names = list(models)
    if wire == "gemini":
        start, size = _number(asked, "pageToken", 0), _number(asked, "pageSize", 50)
        rows = [
            {"name": f"models/{model}", "supportedGenerationMethods": ["generateContent", "countTokens"]}
            for model in names[start : start + size]
        ]
        more = {"nextPageToken": str(start + size)} if start + size < len(names) else {}
        return {"models": rows, **more}
    after = asked.get("after_id", "")
    start, size = names.index(after) + 1 if after in names else 0, _number(asked, "limit", 20)
    page = names[start : start + size]
    return {
        "data": [
            {"type": "model", "id": model, "display_name": model, "created_at": _day(models[model])}
            for model in page
        ],
        "has_more": start + size < len(names),
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
    }


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    raw = asked.get(name, "")
    return int(raw) if raw.isdecimal() else default


def _day(created: int) -> str:
    return datetime.fromtimestamp(created, UTC).isoformat().replace("+00:00", "Z")

"""What the wires share when they speak: the form of an event, and their words for an end."""

import json
from typing import Any

# The word each wire uses for how an answer ended.
ENDINGS = {
    "openai": {"complete": "stop", "length": "length", "refusal": "content_filter"},
    "gemini": {"complete": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"},
    "anthropic": {"complete": "end_turn", "length": "max_tokens", "refusal": "refusal"},
}
THOUGHT = "The visitor asks something; the help texts may hold it."


def event(payload: dict[str, Any], name: str = "", line_end: str = "\n") -> bytes:
    """Return one server-sent event."""
    head = f"event: {name}{line_end}" if name else ""
    return f"{head}data: {json.dumps(payload, ensure_ascii=False)}{line_end}{line_end}".encode()

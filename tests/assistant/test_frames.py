"""What a stored reply's frames offer: Retry and Continue."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from assistant import frames
from common.clock import now

HELP = "Open Settings, then Billing, and choose the card."


def row(**values: Any) -> Any:
    """Return a reply that has simply completed, but for `values`."""
    simple: dict[str, Any] = {
        "id": uuid4(), "epoch": 1, "seq": 3, "state": "completed", "ended_by": "finish", "text": HELP, "html":
        "", "route": "common", "tier": "lite", "label": "", "notice": "", "cause": "first", "rating": None,
        "rating_reason": "", "resolved": None, "sources": [], "decision": {}, "continues_id": None,
        "created_at": now(),
    }  # fmt: skip
    return Row(simple | values)


@dataclass
class Row:
    values: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return self.values[name]


@pytest.mark.parametrize(
    ("state", "ended_by", "text", "offered"),
    [
        ("completed", "finish", HELP, (False, False)),
        ("failed", "upstream", "", (True, False)),
        ("failed", "budget", "", (False, False)),
        ("cancelled", "stop", "Open", (True, True)),
        ("cancelled", "stop", "", (True, False)),
        ("truncated", "finish", "Open", (False, True)),
        ("truncated", "reply_cap", "Open", (True, False)),  # Continue would ask for more of the same
    ],
)
def test_when_retry_and_continue_are_offered(
    state: str, ended_by: str, text: str, offered: tuple[bool, bool]
) -> None:
    body = frames.done_body(row(state=state, ended_by=ended_by, text=text))
    assert (body["retryable"], body["continuable"]) == offered

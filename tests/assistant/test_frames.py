"""What a stored reply's frames offer: Retry, Continue, a person, and nothing where nobody asked."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from assistant import frames, unasked
from common.clock import now

NO_HELP = "I could not find this in the help texts."
HELP = "Open Settings, then Billing, and choose the card."
UNASKED = {"from": "x", "because": "cannot_help"}


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
    assert body["quiet"] is False


@pytest.mark.parametrize(
    ("because", "quiet"),
    [
        ("cannot_help", True),
        ("unsupported", True),
        ("thumbs_down", False),
        ("visitor", False),
        ("", False),
    ],
)
@pytest.mark.parametrize(
    ("state", "ended_by"),
    [
        ("failed", "upstream"),
        ("failed", "orphan"),
        ("cancelled", "stop"),
        ("truncated", "budget"),
        ("failed", "budget"),
    ],
)
def test_only_what_nobody_asked_for_fails_quietly(
    state: str, ended_by: str, because: str, quiet: bool
) -> None:
    decision = {"from": "x", "because": because}
    escalation = row(state=state, ended_by=ended_by, text="", cause="escalation", decision=decision)
    body = frames.done_body(escalation)
    assert body["quiet"] is quiet
    if quiet:
        assert (body["retryable"], body["offer_person"], body["person_reason"]) == (False, False, "")
    else:
        assert body["retryable"] or body["offer_person"]
    views = frames.reply_views([row(), escalation])
    assert [view["cause"] for view in views] == (["first"] if quiet else ["first", "escalation"])
    # With some text it is shown as any other, and a running one is no news yet.
    kept = row(state=state, ended_by=ended_by, text="Open", cause="escalation", decision=decision)
    assert frames.done_body(kept)["quiet"] is False
    running = row(state="streaming", ended_by="", text="", cause="escalation", decision=decision)
    assert frames.done_body(running)["quiet"] is False


@pytest.mark.parametrize(
    ("above", "text", "quiet", "reason"),
    [
        (NO_HELP, HELP, False, ""),
        (NO_HELP, NO_HELP + "\n", True, "button"),
        (NO_HELP, "I am sorry. I could not find an answer.", False, "button"),
        (HELP, HELP, True, ""),
    ],
)
def test_a_larger_model_at_a_loss_offers_a_person(above: str, text: str, quiet: bool, reason: str) -> None:
    decision = UNASKED | unasked.beside(above, text)
    escalation = row(text=text, cause="escalation", decision=decision)
    body = frames.done_body(escalation)
    assert (body["quiet"], body["person_reason"]) == (quiet, reason)
    views = frames.reply_views([row(text=above), escalation])
    assert len(views) == (1 if quiet else 2)
    assert (views[-1]["offer_person"], views[-1]["person_reason"]) == (bool(reason), reason)
    first = row(text=text, decision=unasked.beside(above, text))
    assert frames.done_body(first)["offer_person"] is False, "only an escalation is the last that is asked"

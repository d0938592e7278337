"""The replies that need no model: small talk, the way to a person, and what we say when we cannot help.

Pure: settings and signals in, Markdown out.
"""

from collections.abc import Mapping
from typing import Any

SMALL_TALK: Mapping[str, str] = {
    "greeting": "Hello! What can I help you with?",
    "thanks": "You are welcome. Did that solve it?",
    "ok": "Good. Ask away if anything else comes up.",
    "bye": "Goodbye, and thanks for writing. You can come back to this conversation at any time.",
}
SMALL_TALK_OTHER = "I am here to help. What would you like to know?"


def small_talk(kind: str) -> str:
    """Return the reply to a greeting, thanks, ok or goodbye."""
    return SMALL_TALK.get(kind, SMALL_TALK_OTHER)


def contact_line(settings: Mapping[str, Any]) -> str:
    """Return how to reach a person, as one sentence; a plain one when no contact is set."""
    contact, hours = settings.get("contact", ""), settings.get("hours", "")
    if not contact:
        return "Please use the contact details on our website; I cannot see them from here."
    return f"You can reach a person here: {contact}." + (f" Hours: {hours}." if hours else "")


def person(settings: Mapping[str, Any], account_bound: bool) -> str:
    """Return what a visitor reads who asks for a person, or for something only a person may do."""
    if account_bound:
        return (
            "I have no access to accounts, bookings or payments, so I cannot look that up or change it "
            f"for you. A person can. {contact_line(settings)}"
        )
    return f"Of course. {contact_line(settings)} I am an AI and stay here for everything else."


def no_model(settings: Mapping[str, Any]) -> str:
    """Return the answer of a desk that can only use its approved answers at the moment."""
    return (
        "I can only give approved answers at the moment, and none of them fits your question for certain. "
        f"{contact_line(settings)}"
    )


def no_model_notice(settings: Mapping[str, Any], ended_by: str) -> str:
    """Return why no model was asked, and when that ends where it is known."""
    if ended_by == "budget":
        return f"No AI model can be asked until midnight ({settings.get('time_zone') or 'UTC'})."
    return "No AI model is available at the moment."


FAILED_NOTICE = "The answer could not be finished. Your question is kept; please try again."
STOPPED_NOTICE = "Stopped."
CUT_NOTICE = "The answer was cut off here."
ABANDONED_NOTICE = "The answer stopped while nobody was connected."
CANARY_NOTICE = "This answer was withheld. Please ask in another way."
CAP_NOTICE = "The answer grew too long and was cut off here."
DRAIN_NOTICE = "The desk was restarted while it answered. Please try again."
CONTINUED_NOTICE = "The answer was interrupted and then completed by another model."


def notice_of(state: str, ended_by: str) -> str:
    """Return the plain words under a reply that did not simply complete."""
    by_cause = {
        "stop": STOPPED_NOTICE,
        "abandoned": ABANDONED_NOTICE,
        "canary": CANARY_NOTICE,
        "reply_cap": CAP_NOTICE,
        "drain": DRAIN_NOTICE,
        "orphan": DRAIN_NOTICE,
    }
    if ended_by in by_cause:
        return by_cause[ended_by]
    return {"truncated": CUT_NOTICE, "failed": FAILED_NOTICE}.get(state, "")

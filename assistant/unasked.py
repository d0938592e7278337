"""Escalations that the desk began by itself: what their visitor sees of one that brought nothing.

Pure. Nobody asked for such a reply, so a failure of it is no news: the answer above it stands alone.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from routing.evidence import cannot_help

SILENT = "with_staff"  # of the decision record: a person had the conversation, so nothing was answered
KEY = "again"  # of the decision record: what an unasked escalation's text is beside the answer above it
OF_THE_VISITOR = frozenset({"visitor", "thumbs_down"})


class EscalationRow(Protocol):
    """The columns of a reply that say whether it was asked for, and what it brought."""

    state: str
    ended_by: str
    text: str
    cause: str
    decision: Any


def is_unasked(row: EscalationRow) -> bool:
    """Return whether the desk began this reply itself, under an answer that was found wanting."""
    if row.cause != "escalation" or not isinstance(row.decision, Mapping):
        return False
    because = row.decision.get("because")
    return bool(because) and because not in OF_THE_VISITOR


def is_quiet(row: EscalationRow) -> bool:
    """Return whether an ended reply is not shown: left to a person, or unasked and without a new word."""
    if is_silent(row):
        return True
    if not row.ended_by or not is_unasked(row):
        return False
    return not row.text.strip() or bool(_again(row).get("same"))


def is_silent(row: EscalationRow) -> bool:
    """Return whether this reply says nothing because a person has the conversation."""
    return isinstance(row.decision, Mapping) and bool(row.decision.get(SILENT))


def is_at_a_loss(row: EscalationRow) -> bool:
    """Return whether the larger model of an unasked escalation could not help either."""
    return is_unasked(row) and bool(_again(row).get("cannot_help"))


def beside(above: str, text: str) -> dict[str, Any]:
    """Return what the decision record keeps of an unasked escalation's `text` under the answer `above`."""
    if not text.strip():
        return {}
    return {KEY: {"cannot_help": cannot_help(text), "same": text.split() == above.split()}}


def _again(row: EscalationRow) -> Mapping[str, Any]:
    found = row.decision.get(KEY)
    return found if isinstance(found, Mapping) else {}

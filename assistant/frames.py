"""Server frames made from stored rows: whatever a socket missed can be rebuilt from here.

Pure: reads attributes and the FAQ titles it is given, touches no database.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from assistant import offering, unasked
from assistant.fixed_replies import without_answer
from assistant.languages import language_of_answer

CONTINUABLE = frozenset({"truncated", "cancelled"})
RETRYABLE = frozenset({"failed", "cancelled"})
CAPPED = "reply_cap"  # an endless model would go on in the same way; asked anew, it may end
FEEDBACK_ACTIONS = ("solved", "not_asked", "more")
SOLVED_ACTIONS = ("solved_yes", "solved_no")  # under our reply to a "thanks"
TAKEOVERS = "takeovers"  # of a decision record: each with its epoch, why, when and how much was kept
LANG = "lang"  # of a decision record: the language of a reply that is in our own words
STORE = "store"  # of a decision record: why no stored answer was looked for, or its key and the one used


class ReplyRow(Protocol):
    """The columns of a reply that its frames show."""

    id: UUID
    epoch: int
    seq: int
    state: str
    ended_by: str
    text: str
    html: str
    route: str
    tier: str
    label: str
    notice: str
    cause: str
    rating: int | None
    rating_reason: str
    resolved: bool | None
    sources: Any
    decision: Any
    continues_id: UUID | None
    created_at: datetime


def retryable(row: ReplyRow) -> bool:
    """Return whether Retry makes sense: not when the day's budget is spent, as it would fail again."""
    if unasked.is_quiet(row):
        return False
    return (row.state in RETRYABLE and row.ended_by != "budget") or row.ended_by == CAPPED


def continuable(row: ReplyRow) -> bool:
    """Return whether Continue makes sense: there is a beginning, and it was cut or stopped."""
    return row.state in CONTINUABLE and bool(row.text) and row.ended_by != CAPPED


def suggestions(row: ReplyRow) -> list[str]:
    """Return up to three follow-up questions, as the decision record kept them."""
    return list(_record(row).get("suggestions", []))[:3]


def _record(row: ReplyRow) -> Mapping[str, Any]:
    return row.decision if isinstance(row.decision, Mapping) else {}


def lang(row: ReplyRow) -> str:
    """Return the language of a reply's text, "" where that is not certain.

    An approved answer has that of its entry, our own words have that in which they were said.
    """
    if row.route == "faq":
        return str(row.sources[0].get("language") or "") if row.sources else ""
    return str(_record(row).get(LANG) or "") or language_of_answer(row.text)


def feedback_actions(row: ReplyRow) -> list[str]:
    """Return which buttons stand under a reply."""
    if row.route == "faq":
        return list(FEEDBACK_ACTIONS)
    if row.route == offering.ROUTE:
        return ["none_of_these"] if offering.offer_of(row.decision) else []
    thanked = row.route == "small_talk" and _signals(row).get("small_talk") == "thanks"
    return list(SOLVED_ACTIONS) if thanked else []


def _signals(row: ReplyRow) -> Mapping[str, Any]:
    found = row.decision.get("signals") if isinstance(row.decision, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def person_reason(row: ReplyRow) -> str:
    """Return why a person is offered under an ended reply, "" when none is.

    "button" offers the button alone; with any other reason the form itself stands there.
    """
    if not row.ended_by:
        return ""
    if unasked.is_at_a_loss(row):
        return "button"
    if unasked.is_quiet(row):
        return ""
    if row.route == "person":
        signals = _signals(row)
        account = signals.get("account_bound") and not signals.get("asks_for_person")
        return "account" if account else "asked"
    if row.ended_by == "budget":
        return "budget"
    return "failed" if without_answer(row.state, row.ended_by) else ""


def used_answer(decision: object) -> Mapping[str, Any] | None:
    """Return what a decision record says of the stored answer that its reply was given, None of others."""
    part = decision.get(STORE) if isinstance(decision, Mapping) else None
    used = part.get("used") if isinstance(part, Mapping) else None
    return used if isinstance(used, Mapping) else None


def stored(row: ReplyRow) -> dict[str, str] | None:
    """Return when, and by which model, the stored answer of a reply was written; None for a fresh one."""
    used = used_answer(row.decision)
    return {"written_at": used["written_at"], "model": used["model_label"]} if used else None


def done_body(row: ReplyRow) -> dict[str, Any]:
    """Return what `done` says beyond reply id and seq."""
    return {
        "state": row.state,
        "ended_by": row.ended_by,
        "route": row.route,
        "tier": row.tier,
        "label": row.label,
        "stored": stored(row),
        "html": row.html,
        "sources": row.sources,
        "suggestions": suggestions(row),
        "suggestions_lang": _record(row).get("suggestions_lang") or "",
        "lang": lang(row),
        "did_you_mean": offering.offer_of(row.decision),
        "chosen": offering.chosen_of(row.decision),
        "retryable": retryable(row),
        "continuable": continuable(row),
        "notice": row.notice,
        "feedback_actions": feedback_actions(row),
        "offer_person": bool(person_reason(row)),
        "person_reason": person_reason(row),
        "quiet": unasked.is_quiet(row),
    }


def done(row: ReplyRow) -> dict[str, Any]:
    """Return the `done` frame of an ended reply."""
    return {
        "type": "done",
        "reply_id": str(row.id),
        "epoch": row.epoch,
        "seq": row.seq,
        **done_body(row),
    }


def snapshot(row: ReplyRow) -> dict[str, Any]:
    """Return the `snapshot` frame that precedes the `done` of an ended reply."""
    return {
        "type": "snapshot",
        "reply_id": str(row.id),
        "epoch": row.epoch,
        "seq": max(0, row.seq - 1),
        "text": row.text,
        "html": "",
        "upto": 0,
        "did_you_mean": offering.offer_of(row.decision),
    }


def interrupted_at(row: ReplyRow) -> int | None:
    """Return how much of a running reply stood when its last process was lost, None when none was."""
    taken = row.decision.get(TAKEOVERS) if isinstance(row.decision, Mapping) else None
    return (taken[-1]["kept"] or None) if taken and not row.ended_by else None


def reply_view(row: ReplyRow) -> dict[str, Any]:
    """Return a reply as `opened` shows it; a running one is completed from its log by the caller."""
    return {
        "reply_id": str(row.id),
        "epoch": row.epoch,
        "seq": row.seq,
        "text": row.text,
        "upto": len(row.text) if row.html else 0,
        "cause": row.cause,
        "continues": str(row.continues_id) if row.continues_id else None,
        "created_at": row.created_at.isoformat(),
        "rating_reason": row.rating_reason,
        "seam": interrupted_at(row),
        "resolved": row.resolved,
        "rating": {1: "up", -1: "down"}.get(row.rating or 0),
        **done_body(row),
    }


def reply_views(rows: Sequence[ReplyRow]) -> list[dict[str, Any]]:
    """Return the replies of a turn as they are shown: a quiet one hands its offer to the answer above it."""
    views: list[dict[str, Any]] = []
    for row in rows:
        if not unasked.is_quiet(row):
            views.append(reply_view(row))
        elif views and person_reason(row):
            views[-1].update(offer_person=True, person_reason=person_reason(row))
    return views


def turn_frame(turn_id: UUID, client_message_id: str, text: str, row: ReplyRow) -> dict[str, Any]:
    """Return the `turn` frame that tells the other sockets of a conversation about a new reply."""
    return {
        "type": "turn",
        "turn_id": str(turn_id),
        "client_message_id": client_message_id,
        "text": text,
        "reply_id": str(row.id),
        "epoch": row.epoch,
        "cause": row.cause,
        "chosen": offering.chosen_of(row.decision),
    }


def ack_frame(client_message_id: str | None, turn_id: UUID, row: ReplyRow) -> dict[str, Any]:
    """Return the `ack`: the message, or the verb on a reply, is stored."""
    return {
        "type": "ack",
        "client_message_id": client_message_id,
        "turn_id": str(turn_id),
        "reply_id": str(row.id),
        "epoch": row.epoch,
        "cause": row.cause,
        "chosen": offering.chosen_of(row.decision),
    }


class RequestRow(Protocol):
    """The columns of a request that its visitor sees."""

    id: UUID
    number: int
    state: str
    answer_by: datetime | None
    client_request_id: str
    language: str


class MessageRow(Protocol):
    """The columns of a message that its frames show."""

    id: UUID
    author: str
    text: str
    html: str
    created_at: datetime
    after_turn_id: UUID | None


def message_view(row: MessageRow, request: RequestRow | None, words: str = "") -> dict[str, Any]:
    """Return what staff or the desk wrote, with the request that it belongs to.

    `words` are the visitor's own, as they stand beside the receipt of a request; "" elsewhere.
    """
    view: dict[str, Any] = {
        "message_id": str(row.id),
        "author": row.author,
        "text": row.text,
        "html": row.html,
        "lang": _said_in(row, request),
        "created_at": row.created_at.isoformat(),
        "after_turn": str(row.after_turn_id) if row.after_turn_id else None,
    }
    if request is not None:
        view["request"] = {
            "request_id": str(request.id),
            "number": request.number,
            "state": request.state,
            "answer_by": request.answer_by.isoformat() if request.answer_by else None,
            "client_request_id": request.client_request_id,
            "text": words,
        }
    return view


def _said_in(row: MessageRow, request: RequestRow | None) -> str:
    """Return the language of a message: our own are in that of their request; "" where it is not certain."""
    if row.author == "system" and request is not None and request.language:
        return request.language
    return language_of_answer(row.text)


def opened_frame(
    conversation_id: UUID, turns: Sequence[Mapping[str, Any]], desk: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `opened`: a snapshot of the conversation and what the page must know of the desk."""
    return {"type": "opened", "conversation_id": str(conversation_id), "turns": list(turns), **desk}

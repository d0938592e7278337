"""All that the desk holds of one visitor, as one JSON value. docs/privacy.md describes its shape."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

from assistant.models import Conversation, Message, Request, RequestSummary, Visitor
from assistant.privacy.trail import trail_of
from common.clock import now

FORMAT = 1
# Made from other fields of the same row, or about this machine and not about the visitor.
LEFT_OUT = frozenset({"html", "owner", "epoch", "seq", "stop_requested", "rolled_up", "mail_attempts"})


def export(visitor_id: UUID) -> dict[str, Any]:
    """Return everything stored about a visitor; `visitor` is None when there is no row.

    Every field of every row is in it but those of LEFT_OUT and the links that the nesting already says.
    """
    trail = trail_of(visitor_id)
    visitor = Visitor.objects.filter(pk=visitor_id).first()
    conversations = Conversation.objects.filter(visitor_id=visitor_id).order_by("created_at")
    requests = Request.objects.filter(visitor_id=visitor_id).order_by("number")
    messages = list(trail.messages())
    document = {
        "format": FORMAT,
        "exported_at": now(),
        "visitor": _row(visitor) if visitor else None,
        "conversations": [
            _conversation(row, messages) for row in conversations.prefetch_related("turns__replies")
        ],
        "requests": [_request(row, messages) for row in requests.prefetch_related("events")],
        "asked_questions": _rows(trail.asked()),
        "model_calls": _rows(trail.calls()),
        "outcomes": _rows(trail.outcomes()),
        "stored_answers": _rows(trail.stored()),
        "providers": _providers(trail.calls()),
    }
    plain: dict[str, Any] = json.loads(json.dumps(document, cls=DjangoJSONEncoder))
    return plain


def as_json(document: dict[str, Any]) -> str:
    """Return an export as the text of a file."""
    return json.dumps(document, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder) + "\n"


def _conversation(row: Conversation, messages: Iterable[Message]) -> dict[str, Any]:
    turns = [
        {
            **_row(turn, "visitor_id", "conversation_id"),
            "replies": [_row(reply, "turn_id", "conversation_id") for reply in turn.replies.all()],
        }
        for turn in row.turns.all()
    ]
    mine = _rows(message for message in messages if message.conversation_id == row.pk)
    sent = _rows(row.transcripts.all())
    return {**_row(row, "visitor_id"), "turns": turns, "messages": mine, "transcripts": sent}


def _request(row: Request, messages: Iterable[Message]) -> dict[str, Any]:
    return {
        **_row(row, "visitor_id"),
        "messages": _rows(message for message in messages if message.request_id == row.pk),
        "events": _rows(row.events.all()),
        "summary": _rows(RequestSummary.objects.filter(pk=row.pk)),
    }


def _rows(rows: Iterable[Model]) -> list[dict[str, Any]]:
    return [_row(row) for row in rows]


def _row(row: Model, *said: str) -> dict[str, Any]:
    names = [field.attname for field in row._meta.concrete_fields]
    return {name: getattr(row, name) for name in names if name not in LEFT_OUT and name not in said}


def _providers(calls: Iterable[Any]) -> dict[str, int]:
    """Return how often which provider was sent something of this visitor."""
    counts: defaultdict[str, int] = defaultdict(int)
    for call in calls:
        counts[call.provider] += 1
    return dict(counts)

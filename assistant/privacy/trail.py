"""Every row that belongs to a visitor, or to one of the visitor's conversations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from assistant.models import Conversation, Message, Reply, Request, Turn, Visitor
from faq.models import AskedQuestion
from routing.models import ModelCall, RouteOutcome, StoredAnswer

CHUNK = 500  # below SQLite's limit of variables in one statement


@dataclass(frozen=True)
class Trail:
    """The ids of all that a visitor has left, in one conversation if it names one.

    `exists` says whether there is a row of the visitor, or of that conversation.
    """

    visitor_id: UUID
    exists: bool = False
    conversation_id: UUID | None = None
    conversations: list[UUID] = field(default_factory=list)
    turns: list[UUID] = field(default_factory=list)
    replies: list[UUID] = field(default_factory=list)
    requests: list[UUID] = field(default_factory=list)

    def messages(self) -> QuerySet[Message]:
        """Return what staff and the desk wrote to the visitor, in a conversation or by mail."""
        mine = Q(conversation__visitor_id=self.visitor_id) | Q(request__visitor_id=self.visitor_id)
        if self.conversation_id is not None:
            mine &= Q(conversation_id=self.conversation_id) | Q(request_id__in=self.requests)
        return Message.objects.filter(mine).distinct().order_by("created_at")

    def asked(self) -> list[AskedQuestion]:
        return [row for ids in chunks(self.turns) for row in AskedQuestion.objects.filter(uuid__in=ids)]

    def calls(self) -> list[ModelCall]:
        found = [row for ids in chunks(self.replies) for row in ModelCall.objects.filter(reply_id__in=ids)]
        known = {row.pk for row in found}
        loose = (row for ids in chunks(self.turns) for row in ModelCall.objects.filter(turn_id__in=ids))
        return sorted(
            [*found, *(row for row in loose if row.pk not in known)], key=lambda row: row.started_at
        )

    def outcomes(self) -> list[RouteOutcome]:
        return [row for ids in chunks(self.replies) for row in RouteOutcome.objects.filter(pk__in=ids)]

    def stored(self) -> list[StoredAnswer]:
        """Return the answers to the visitor that others may be given again."""
        return [row for ids in chunks(self.replies) for row in StoredAnswer.objects.filter(reply_id__in=ids)]

    def counts(self) -> dict[str, int]:
        """Return how much there is of each class of data, as a confirmation names it."""
        return {
            "conversations": len(self.conversations),
            "messages of the visitor": len(self.turns),
            "answers": len(self.replies),
            "messages of staff": self.messages().count(),
            "requests": len(self.requests),
            "asked questions": len(self.asked()),
            "model calls": len(self.calls()),
            "stored answers": len(self.stored()),
        }


_ONE = {
    "conversations": "conversation",
    "messages of the visitor": "message of the visitor",
    "answers": "answer",
    "messages of staff": "message of staff",
    "requests": "request",
    "asked questions": "asked question",
    "model calls": "model call",
    "stored answers": "stored answer",
}


def in_words(counts: Mapping[str, int]) -> str:
    """Return "1 conversation, 2 answers" for what `Trail.counts` gives; "" when all are 0."""
    return ", ".join(
        f"{count:,} {_ONE.get(name, name) if count == 1 else name}" for name, count in counts.items() if count
    )


def chunks(ids: list[UUID]) -> list[list[UUID]]:
    """Return `ids` in pieces that one statement can name."""
    return [ids[at : at + CHUNK] for at in range(0, len(ids), CHUNK)]


def trail_of(visitor_id: UUID, conversation_id: UUID | None = None) -> Trail:
    """Return what there is of a visitor; all of it is empty for one who never sent anything.

    With a conversation's id, of that one alone, with the requests for a person that were made in it.
    """

    def ids(rows: QuerySet[Any], name: str, order: str) -> list[UUID]:
        wanted = rows if conversation_id is None else rows.filter(**{name: conversation_id})
        return list(wanted.order_by(order).values_list("pk", flat=True))

    conversations = ids(Conversation.objects.filter(visitor_id=visitor_id), "pk", "created_at")
    whole = conversation_id is None
    exists = Visitor.objects.filter(pk=visitor_id).exists() if whole else bool(conversations)
    replies = Reply.objects.filter(conversation__visitor_id=visitor_id)
    return Trail(
        visitor_id,
        exists,
        conversation_id,
        conversations,
        ids(Turn.objects.filter(visitor_id=visitor_id), "conversation_id", "created_at"),
        ids(replies, "conversation_id", "created_at"),
        ids(Request.objects.filter(visitor_id=visitor_id), "conversation_id", "number"),
    )

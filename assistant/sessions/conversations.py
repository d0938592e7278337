"""A visitor's own conversations, as their list shows them: a page of it, another name, what has been read.

Each function is one hop through the database door.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from assistant.models import Conversation, Message, Reply
from assistant.selectors import NotFound
from assistant.who import Who
from common.clock import now

PAGE = 20  # what a phone shows on three screens

Place = tuple[datetime, UUID]


def page(who: Who, place: Place | None = None, here: UUID | None = None) -> dict[str, Any]:
    """Return the `conversations` frame: those behind `place`, the latest first.

    `here` is a conversation of which the visitor has everything on the screen.
    """
    if here is not None:
        mark_read(who, here)
    rows = Conversation.objects.filter(visitor_id=who.visitor_id)
    if place is not None:
        at, pk = place
        rows = rows.filter(Q(updated_at__lt=at) | Q(updated_at=at, pk__lt=pk))
    answering = Reply.objects.filter(conversation=OuterRef("pk"), state__in=("queued", "streaming"))
    found = rows.annotate(unread=unread_count(), answering=Exists(answering))
    shown = list(found.order_by("-updated_at", "-pk")[: PAGE + 1])
    more = shown[PAGE - 1] if len(shown) > PAGE else None
    return {
        "type": "conversations",
        "conversations": [_view(row) for row in shown[:PAGE]],
        "next": f"{more.updated_at.isoformat()} {more.pk}" if more else None,
        "first": place is None,
    }


def _view(row: Any) -> dict[str, Any]:
    return {
        "conversation_id": str(row.pk),
        "title": row.title,
        "state": row.state,
        "updated_at": row.updated_at.isoformat(),
        "unread": row.unread or 0,
        "answering": row.answering,
    }


def unread_count() -> Subquery:
    """Return how many messages of staff a conversation has that its visitor has not had open."""
    fresh = Message.objects.filter(
        conversation=OuterRef("pk"),
        author=Message.Author.STAFF,
        created_at__gt=Coalesce(OuterRef("read_at"), OuterRef("created_at")),
    )
    return Subquery(fresh.order_by().values("conversation").annotate(count=Count("pk")).values("count"))


def mark_read(who: Who, conversation_id: UUID) -> None:
    """Note that the visitor has seen what staff wrote there; nothing is written when that is no news."""
    mine = Conversation.objects.filter(pk=conversation_id, visitor_id=who.visitor_id)
    fresh = Message.objects.filter(
        conversation_id=conversation_id,
        author=Message.Author.STAFF,
        created_at__gt=mine.values(seen=Coalesce("read_at", "created_at"))[:1],
    )
    if fresh.exists():
        mine.update(read_at=now())


def rename(who: Who, conversation_id: UUID, title: str) -> None:
    """Give a conversation another name; its place in the list stays. Raises NotFound."""
    mine = Conversation.objects.filter(pk=conversation_id, visitor_id=who.visitor_id)
    if not mine.update(title=title):
        raise NotFound("conversation")


def visitors_own(who: Who, conversation_id: UUID) -> bool:
    """Return whether the visitor has this conversation stored. Raises NotFound for another's."""
    owner = Conversation.objects.filter(pk=conversation_id).values_list("visitor_id", flat=True).first()
    if owner is not None and owner != who.visitor_id:
        raise NotFound("conversation")
    return owner is not None

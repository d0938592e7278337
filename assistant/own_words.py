"""What a visitor wrote in the form to the team, as it stands in the conversation at their request's receipt.

It is read from the request each time, so that it goes with it.
"""

from typing import Any

from django.db.models import Case, Exists, F, OuterRef, QuerySet, Subquery, When

from assistant.models import Message, Turn


def receipt() -> Subquery:
    """Return the key of the receipt of a message's request: the first that the desk wrote to it."""
    of_desk = Message.objects.filter(request=OuterRef("request"), author=Message.Author.SYSTEM)
    return Subquery(of_desk.order_by("created_at").values("pk")[:1])


def with_own_words(rows: QuerySet[Message]) -> QuerySet[Any]:
    """Add to messages `own_words`: what the visitor wrote in the form, at the receipt of their request.

    None elsewhere, and where the conversation has the same words as a message of theirs already (the form
    begins with the question).
    """
    asked = Turn.objects.filter(
        conversation=OuterRef("conversation"),
        text=OuterRef("request__text"),
        created_at__lte=OuterRef("created_at"),
    )
    words = Case(When(~Exists(asked), pk=receipt(), then=F("request__text")), default=None)
    return rows.select_related("request").annotate(own_words=words)

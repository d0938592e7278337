"""Finding conversations by what was written in them, or by an id, whatever their number."""

from uuid import UUID

from django.db import connections
from django.db.models import Exists, OuterRef, Q, QuerySet

from assistant.models import Conversation, Reply, Turn
from common.big_tables import newest_with_words

# Of messages and of answers each: a word that is in every tenth would find a hundred thousand.
NEWEST = 100


def parsed_uuid(text: str) -> UUID | None:
    """Return the id that somebody pasted into the search box, None when it is none."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def searched(rows: QuerySet[Conversation], term: str) -> QuerySet[Conversation]:
    """Return the conversations that a search box's words or id leave."""
    term = term.strip()
    if not term:
        return rows
    found_id = parsed_uuid(term)
    if found_id is not None:
        return rows.filter(_with_id(found_id))
    return rows.filter(_in_index(term) if connections[rows.db].vendor == "postgresql" else _in_texts(term))


def _with_id(found_id: UUID) -> Q:
    # Looked up first: as conditions on conversations, these two would be asked of every one of them.
    of = [
        *Reply.objects.filter(pk=found_id).values_list("conversation_id", flat=True),
        *Turn.objects.filter(pk=found_id).values_list("conversation_id", flat=True),
    ]
    return Q(pk__in=[found_id, *of]) | Q(visitor_id=found_id)


def _in_texts(term: str) -> Q:
    asked = Turn.objects.filter(conversation=OuterRef("pk"), text__icontains=term)
    answered = Reply.objects.filter(conversation=OuterRef("pk"), text__icontains=term)
    return Q(title__icontains=term) | Exists(asked) | Exists(answered)


def _in_index(term: str) -> Q:
    """Return the conversations of the newest messages and of the newest answers with these words."""
    found: set[UUID] = set()
    for rows in (Turn.objects.all(), Reply.objects.all()):
        found.update(newest_with_words(rows, "text", "created_at", "conversation", term, NEWEST))
    return Q(pk__in=found)

"""What happens with a person in a visitor's other conversations, told to pages that have another one open.

A page shows one conversation. Its visitor may wait for a person, or be written to, in another one: the page
is there all the same, so they count as there, and are told where the talk goes on.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from assistant.models import Conversation, Message
from assistant.person.live_shown import Lively
from assistant.sessions.conversations import unread_count
from assistant.turn_log import Feed, TurnLog

News = Mapping[UUID, Mapping[str, Any]]  # the frames of one visitor, by conversation


def read(
    lively: Collection[Lively], here: Mapping[UUID, Collection[UUID]], since: datetime
) -> dict[UUID, dict[UUID, Mapping[str, Any]]]:
    """Return what is to be told, by visitor, of live chats and of what staff wrote since a moment.

    `here` has the visitors with a page open in this process, each with the conversations that are open.
    """
    if not here:
        return {}
    wrote = Message.objects.filter(created_at__gt=since, author=Message.Author.STAFF)
    pairs = wrote.values_list("conversation_id", "conversation__visitor_id").distinct()
    owners = {chat.conversation_id: chat.visitor_id for chat in lively} | dict(pairs)
    wanted = {pk: who for pk, who in owners.items() if who in here and pk not in here[who]}
    if not wanted:
        return {}
    states = {chat.conversation_id: chat.live for chat in lively}
    found: dict[UUID, dict[UUID, Mapping[str, Any]]] = {}
    for row in Conversation.objects.filter(pk__in=wanted).annotate(unread=unread_count()):
        found.setdefault(row.visitor_id, {})[row.pk] = {
            "type": "elsewhere",
            "conversation_id": str(row.pk),
            "title": row.title,
            "live": states.get(row.pk) or None,
            "unread": row.unread or 0,
        }
    return found


def tell(hub: TurnLog, found: Mapping[UUID, News]) -> None:
    """Tell the sockets of this process what they do not know of their visitors' other conversations."""
    for visitor_id, frames in found.items():
        for feed in hub.of_visitor(visitor_id):
            for conversation_id, frame in frames.items():
                _tell_one(feed, conversation_id, frame)


def _tell_one(feed: Feed, conversation_id: UUID, frame: Mapping[str, Any]) -> None:
    if feed.conversation_id == conversation_id or not feed.live:
        return  # it has all of it, or `opened` has told it nothing yet
    # A page that was told nothing of it needs no word that nothing is there.
    quiet = not frame["unread"] and frame["live"] not in ("offered", "waiting", "with_staff")
    if feed.elsewhere.get(conversation_id) == frame or (quiet and conversation_id not in feed.elsewhere):
        return
    feed.elsewhere[conversation_id] = frame
    feed.put(frame)

"""What staff and the desk write into conversations, and their states, as the sockets of a process learn it.

Told at once by the process that stored it, by the doorbell to the others, and by a poll of the database
for what neither said (an answer from the admin, Redis away). Each socket is told a message once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from assistant import db, live_states, selectors
from assistant.person import live_care, live_shown
from assistant.sessions import elsewhere
from assistant.turn_log import Feed, TurnLog
from common.clock import now

# The poll looks back this far: longer than processes' clocks differ and than a database stays away.
LOOK_BACK = timedelta(seconds=60)


@dataclass(frozen=True)
class Found:
    """What one look at the database found for the conversations of this process."""

    messages: list[tuple[UUID, dict[str, Any]]]
    states: list[tuple[UUID, str]]
    lives: dict[UUID, dict[str, Any]]
    person_there: bool
    others: Mapping[UUID, elsewhere.News]


# The conversations that are open here, and the visitors, each with those that they have open.
Here = tuple[Sequence[UUID], Mapping[UUID, Collection[UUID]]]


def _read(here: Here, since: datetime, note_all: bool) -> Found:
    conversations, visitors = here
    lively = live_shown.lively(since)
    lives = live_shown.news(lively, conversations)
    talking = [chat for chat in lively if chat.live in live_states.RUNNING]
    # Whoever has another conversation open is there as well: their page has the line, and is told.
    present = [
        chat.conversation_id
        for chat in talking
        if chat.conversation_id in lives or chat.visitor_id in visitors
    ]
    if present:
        live_care.seen(present)
    if note_all:
        live_care.seen_by_mail(frozenset(conversations), visitors)
    others = elsewhere.read(lively, visitors, since)
    # Behind the live chats: a move in between is then told as a state that is too new, never as a chat with
    # somebody in a conversation that still waits.
    found = selectors.staff_news(conversations, since)
    return Found(found.messages, found.states, lives, live_shown.available(), others)


def _is_older(view: Mapping[str, Any], known: Mapping[str, Any] | None) -> bool:
    return known is not None and view["request_id"] == known["request_id"] and view["since"] < known["since"]


class StaffNews:
    """The messages and states of the conversations that this process has sockets in."""

    def __init__(self, hub: TurnLog) -> None:
        self._hub = hub
        self._noted_at = now() - live_states.SEEN_EVERY

    def tell(self, conversation_id: UUID, message: Mapping[str, Any]) -> None:
        """Send a message to the sockets of its conversation that have not got it."""
        for feed in self._hub.readers(conversation_id):
            self.tell_one(feed, message)

    @staticmethod
    def tell_one(feed: Feed, message: Mapping[str, Any], again: bool = False) -> None:
        """Send a message to a socket; a second time only when it asked `again`."""
        message_id = UUID(message["message_id"])
        if again or message_id not in feed.told:
            feed.told |= {message_id}
            feed.begun = True
            feed.put({"type": "message", **message})

    def state(self, conversation_id: UUID, state: str) -> None:
        """Send a conversation's state to the sockets that know another one."""
        for feed in self._hub.readers(conversation_id):
            if feed.state != state:
                feed.state = state
                feed.put({"type": "conversation", "state": state})

    def live(self, conversation_id: UUID, standing: Mapping[str, Any], but: Feed | None = None) -> None:
        """Send how the live chat of a conversation stands to the sockets that know it otherwise."""
        for feed in self._hub.readers(conversation_id):
            if feed.live != standing and feed is not but:
                self.live_one(feed, standing)

    @staticmethod
    def live_one(feed: Feed, standing: Mapping[str, Any]) -> None:
        """Send a socket how the live chat stands: as news, or as the answer to what it asked for."""
        feed.live, feed.state = standing, standing["state"]
        feed.put({"type": "conversation", **standing})

    def know(self, feed: Feed, desk: Mapping[str, Any]) -> None:
        """Note what `opened` tells a socket, so that it is not told again."""
        feed.told = {UUID(message["message_id"]) for message in desk["messages"]}
        feed.state = desk["state"]
        feed.live = {name: desk[name] for name in ("state", "live", "person_there")}
        feed.elsewhere = {}

    async def poll(self) -> None:
        """Tell what was stored of late and no socket here has heard."""
        if not self._hub.feeds:
            return
        at = now()
        note_all = at - self._noted_at >= live_states.SEEN_EVERY
        self._noted_at = at if note_all else self._noted_at
        here = (list(self._hub.feeds), self._hub.visitors())
        found = await db.run(_read, here, at - LOOK_BACK, note_all)
        for conversation_id, message in found.messages:
            self.tell(conversation_id, message)
        for conversation_id, state in found.states:
            self.state(conversation_id, state)
        for conversation_id, readers in tuple(self._hub.feeds.items()):
            lively = found.lives.get(conversation_id)
            for feed in tuple(readers):
                self._differs(feed, lively, found.person_there)
        elsewhere.tell(self._hub, found.others)

    def _differs(self, feed: Feed, lively: Mapping[str, Any] | None, person_there: bool) -> None:
        """Tell a socket of its live chat, and of whether somebody is there, where it knows otherwise."""
        if not feed.live:
            return  # `opened` has not told it anything yet
        if lively is not None and _is_older(lively, feed.live["live"]):
            lively = None  # read before a move that this socket has been told of meanwhile
        standing = {
            "state": feed.state,
            "live": feed.live["live"] if lively is None else lively,
            "person_there": person_there,
        }
        if standing != feed.live:
            self.live_one(feed, standing)

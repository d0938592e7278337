"""What staff and the desk write into conversations, and their states, as the sockets of a process learn it.

Told at once by the process that stored it, by the doorbell to the others, and by a poll of the database
for what neither said (an answer from the admin, Redis away). Each socket is told a message once.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from assistant import db, selectors
from assistant.turn_log import Feed, TurnLog
from common.clock import now

# The poll looks back this far: longer than processes' clocks differ and than a database stays away.
LOOK_BACK = timedelta(seconds=60)


class StaffNews:
    """The messages and states of the conversations that this process has sockets in."""

    def __init__(self, hub: TurnLog) -> None:
        self._hub = hub

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
            feed.put({"type": "message", **message})

    def state(self, conversation_id: UUID, state: str) -> None:
        """Send a conversation's state to the sockets that know another one."""
        for feed in self._hub.readers(conversation_id):
            if feed.state != state:
                feed.state = state
                feed.put({"type": "conversation", "state": state})

    def know(self, feed: Feed, messages: list[Mapping[str, Any]], state: str) -> None:
        """Note what `opened` tells a socket, so that it is not told again."""
        feed.told = {UUID(message["message_id"]) for message in messages}
        feed.state = state

    async def poll(self) -> None:
        """Tell what was stored of late and no socket here has heard."""
        if not self._hub.feeds:
            return
        found = await db.run(selectors.staff_news, list(self._hub.feeds), now() - LOOK_BACK)
        for conversation_id, message in found.messages:
            self.tell(conversation_id, message)
        for conversation_id, state in found.states:
            self.state(conversation_id, state)

"""What a visitor does to one of their conversations, told to all of that visitor's sockets.

They may be in other conversations: another tab shows the list, or is in what has just been deleted.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from assistant.sessions.neighbours import Neighbours
from assistant.turn_log import Feed, TurnLog

RING = "own"


class OwnNews:
    """Tells `renamed` and `deleted` here and, by the doorbell, in the other processes."""

    def __init__(self, hub: TurnLog, neighbours: Neighbours) -> None:
        self._hub = hub
        self._neighbours = neighbours

    def tell(self, visitor_id: UUID, frame: Mapping[str, Any], asker: Feed) -> None:
        """Tell the visitor's sockets, and the one that asked, which may be in no conversation."""
        feeds = self._hub.of_visitor(visitor_id)
        for feed in feeds if asker in feeds else [*feeds, asker]:
            self.tell_one(feed, frame)
        self._neighbours.ring(RING, visitor=str(visitor_id), frame=frame)

    def heard(self, body: Mapping[str, Any]) -> None:
        """Tell the sockets here what another process did."""
        for feed in self._hub.of_visitor(UUID(body["visitor"])):
            self.tell_one(feed, body["frame"])

    def tell_one(self, feed: Feed, frame: Mapping[str, Any]) -> None:
        """Send the frame to a socket; one in a conversation that is gone is in none from now on."""
        if frame["type"] == "deleted" and str(feed.conversation_id) == frame["conversation_id"]:
            feed.drop()
            self._hub.leave(feed)
            feed.conversation_id = None
        feed.put(frame)

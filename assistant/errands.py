"""What a visitor does without a socket: some frames in one request, done in whichever process it reaches.

The answers that are the frame's own (ack, error, pong, history, ...) come back in the response. What the
replies say comes by the visitor's stream, which may be in another process and follows the conversation
there as a second tab does; only what will not change any more, or was asked for by `resume`, is given here.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from assistant import db, selectors
from assistant.limits import VisitorFrames
from assistant.process import Process
from assistant.protocol import Frame, FrameError
from assistant.reserved import is_reserved
from assistant.sessions.session import Session
from assistant.who import Who

MOST_FRAMES = 16  # of one request: a page that comes back has a few messages and verbs to repeat


class Errand(Session):
    """The frames of one request, in a conversation that the visitor's stream has opened."""

    def __init__(self, who: Who, process: Process, conversation_id: UUID | None) -> None:
        super().__init__(who, process, VisitorFrames(who))
        self.feed.conversation_id = conversation_id  # not joined: nothing is announced to this feed
        self._resumed: set[UUID] = set()

    async def run(self, frames: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Do what the frames ask for, in order, and return their answers.

        Ends early when the feed is closed: the process is being replaced, or too many frames came.
        """
        for frame in frames:
            await self.receive(json.dumps(frame, ensure_ascii=False))
            if self.feed.close_code is not None:
                break
        return self._answers()

    def _answers(self) -> list[Mapping[str, Any]]:
        answers = self.feed.collect({})
        logs = {reply: log for reply in self.feed.seen if (log := self.process.hub.logs.get(reply))}
        return answers + self.feed.collect(
            {reply: log for reply, log in logs.items() if log.closed or reply in self._resumed}
        )

    async def _handle(self, frame: Frame, received: float) -> None:
        if frame.type == "open":
            raise FrameError("not_available", "A conversation is opened by the stream.")
        await super()._handle(frame, received)
        if frame.type == "resume":
            self._resumed.add(frame["reply_id"])


async def check_conversation(who: Who, conversation_id: UUID) -> None:
    """Let a visitor into a conversation. Raises NotFound and DatabaseGone.

    An id that the desk reserved names its visitor by itself, so the database is asked about others only:
    of conversations that began elsewhere, or under an earlier SECRET_KEY.
    """
    if is_reserved(conversation_id, who.visitor_id):
        return
    if await db.run(selectors.conversation_of, who, conversation_id) is None:
        raise selectors.NotFound("conversation")

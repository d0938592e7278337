"""What a visitor's page may do over one line to the desk, whatever carries its frames.

Frames come in as text; every answer goes out through the feed, in order. A verb's effects are stored
before its `ack`. Decides nothing; the verbs stand by subject in `opening`, `answering`, `reaching` and
`own_conversations`.
"""

import logging
from collections.abc import Mapping
from typing import Final

from django.conf import settings

from assistant import db, protocol
from assistant.languages import translatable
from assistant.limits import FrameBucket, VisitorFrames
from assistant.process import Process
from assistant.protocol import Frame, FrameError
from assistant.sessions import answering, opening, own_conversations, reaching
from assistant.sessions.refusals import ANSWERED, about, answer_to
from assistant.sessions.talk import Talk, Verb
from assistant.translating import said
from assistant.who import Who
from common.clock import ticks

logger = logging.getLogger(__name__)

TOO_MANY_FRAMES = translatable("Too many frames.")
VERBS: Final[Mapping[str, Verb]] = {
    **opening.VERBS,
    **answering.VERBS,
    **reaching.VERBS,
    **own_conversations.VERBS,
}


class Session(Talk):
    """One line of one visitor, and the frames that come over it."""

    def __init__(self, who: Who, process: Process, frames_left: VisitorFrames | None = None) -> None:
        super().__init__(who, process)
        self._frames_left = frames_left or FrameBucket()

    async def receive(self, text: str | None) -> None:
        """Do what a frame asks for; None stands for one that was no text. Its answers are in the feed."""
        received = ticks()
        if settings.ENV.rate_limits and not self._frames_left.take(received):
            self.error("rate_limited", said(TOO_MANY_FRAMES, self.who.language), retry_after=5)
            self.feed.close(protocol.CLOSE_SLOW_DOWN)
            return
        if self.process.draining:
            self.feed.put(protocol.RESTARTING)  # pages do not show its words
            self.feed.close(protocol.CLOSE_DRAINING)
            return
        frame: Frame | None = None
        try:
            if text is None:
                raise FrameError("bad_json", "Frames are JSON text.")
            frame = protocol.parse(text)
            await self._handle(frame, received)
        except ANSWERED as error:
            if isinstance(error, db.DatabaseGone):
                logger.error("database away for %s: %s", frame.type if frame else "a frame", error)
            code, message, more = answer_to(error, self.who.language)
            self.error(code, message, **more, **about(frame, text))

    async def _handle(self, frame: Frame, received: float) -> None:
        if frame.type == "ping":
            self.feed.put({"type": "pong"})
            return
        if frame.type not in ("open", "identify") and self.feed.conversation_id is None:
            raise FrameError("not_open", "Send open first.")
        await VERBS[frame.type](self, frame, received)

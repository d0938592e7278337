"""One line of one visitor, as its verbs know it: who talks, in which process, and what is to be sent."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from assistant.process import Process
from assistant.protocol import Frame, FrameError
from assistant.turn_log import Feed
from assistant.who import Who

REPEATS_KNOWN = 8  # messages of a page whose repeats are known as such: more than may wait


class Talk:
    """A line in at most one conversation at a time."""

    def __init__(self, who: Who, process: Process) -> None:
        self.who = who
        self.process = process
        self.feed = Feed()
        self.begun: deque[str] = deque(maxlen=REPEATS_KNOWN)

    @property
    def conversation(self) -> UUID:
        """The conversation that is open. Raises FrameError where none is."""
        if self.feed.conversation_id is None:
            raise FrameError("not_open", "Send open first.")
        return self.feed.conversation_id

    def error(self, code: str, message: str, **more: Any) -> None:
        """Say that something was not acted upon, and why."""
        self.feed.put({"type": "error", "code": code, "message": message, **more})


# What does one verb: the line, its frame, and when that came by the steady clock.
Verb = Callable[[Talk, Frame, float], Awaitable[None]]

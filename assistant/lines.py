"""How much of what a socket was given has not gone out, and when a reader that takes nothing is given up.

Pure. A server puts a `Line` into the scope of each socket (`assistant.servers`); `assistant.consumers` asks
it before it gives the socket more. What waits meanwhile waits as records of the turn log, where it merges.
"""

from dataclasses import dataclass
from typing import Final, Protocol

# More than a tick of the fastest model by far; below it TCP is at work, above it the reader is behind.
LOW_BYTES: Final = 16 * 1024
MOST_BYTES: Final = 256 * 1024  # lent to a reader that is behind only while it goes on reading
# A phone between two cells is silent for some seconds; proxies give up on a dead peer after 60.
STUCK_S: Final = 30.0
STUCK_WITH_MUCH_S: Final = 5.0
RECHECK_S: Final = 0.1  # a reader that is behind sees its text in steps of this
# The kernel takes as much again for each socket (it doubles the value). Left alone it would lend a reader
# that never reads up to 4 MiB, which no count of unsent bytes in this process shows.
SEND_BUFFER_BYTES: Final = 64 * 1024


class Line(Protocol):
    """One accepted socket, as its server knows it."""

    def unsent(self) -> int:
        """Return how many bytes the process holds for it: given to the server, not yet to the kernel."""

    @property
    def paused(self) -> bool:
        """Whether the server would make a sender wait."""

    def abort(self) -> None:
        """Cut it at once, without a closing frame: one could not be read."""


class UnknownLine:
    """A socket of a server that says nothing of it; never behind."""

    paused = False

    def unsent(self) -> int:
        return 0

    def abort(self) -> None:
        pass


@dataclass(slots=True)
class Patience:
    """How long one line that is behind has not moved."""

    unsent: int
    since: float

    def over(self, unsent: int, now: float) -> bool:
        """Note what is unsent now; return whether the reader is stuck.

        One that takes anything at all is slow and not stuck, however much is left.
        """
        if unsent < self.unsent:
            self.since = now
        self.unsent = unsent
        return now - self.since >= (STUCK_WITH_MUCH_S if unsent > MOST_BYTES else STUCK_S)

"""How often something may be asked for by people who are not signed in: so many in a window of time."""

import threading
from collections import deque
from dataclasses import dataclass, field

from common.clock import ticks

MOST_KEYS = 10_000  # some 2 MB; beyond it whatever has been quiet for a window is forgotten


class TooMany(Exception):
    """Asked for too often; `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


@dataclass
class Window:
    """At most `most` takes of a key within `seconds`, counted in this process."""

    most: int
    seconds: float
    taken: dict[str, deque[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str) -> None:
        """Count one for `key`. Raises TooMany, counting nothing, when the window is full."""
        now = ticks()
        with self.lock:
            if len(self.taken) > MOST_KEYS:
                self._forget(now)
            times = self.taken.setdefault(key, deque())
            while times and times[0] <= now - self.seconds:
                times.popleft()
            if len(times) >= self.most:
                raise TooMany(int(times[0] + self.seconds - now) + 1)
            times.append(now)

    def _forget(self, now: float) -> None:
        quiet = [key for key, times in self.taken.items() if not times or times[-1] <= now - self.seconds]
        for key in quiet:
            del self.taken[key]

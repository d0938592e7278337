"""The signs of life of all sockets of a process: one timer, whatever their number.

Pure but for the clock.
"""

import asyncio
from collections import deque
from typing import Final, Protocol

from common.clock import ticks

ALIVE_S: Final = 15.0  # proxies cut idle connections at 60 to 100 s; browsers hide protocol pings
BEAT_S: Final = 0.5  # how late a sign of life may be


class Living(Protocol):
    """Who is to be shown alive until it has gone."""

    gone: bool

    def show_life(self) -> None:
        """Say that the desk is there."""


class Signs:
    """Who is shown alive every ALIVE_S."""

    def __init__(self) -> None:
        self._due: deque[tuple[float, Living]] = deque()  # in order, as all wait equally long

    def start(self, one: Living) -> None:
        """Show `one` alive until it has gone, ALIVE_S from now for the first time."""
        self._due.append((ticks() + ALIVE_S, one))

    def beat(self, now: float) -> None:
        """Give all signs that are due."""
        while self._due and self._due[0][0] <= now:
            _, one = self._due.popleft()
            if not one.gone:
                one.show_life()
                self._due.append((now + ALIVE_S, one))

    async def beat_forever(self) -> None:
        """Give signs as they fall due."""
        while True:
            await asyncio.sleep(BEAT_S)
            self.beat(ticks())

"""How many extra requests there may be: retries a provider, hedges a route, a tenth of the traffic. Pure."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

SHARE = 0.1  # of the first requests of the window
WINDOW_S = 60.0
# A quiet desk may retry all the same: the larger of the two holds, so that a storm gets no more than SHARE.
# Finagle's budget allows 10 a second besides its share, Envoy's 3 at a time; a desk needs fewer.
FLOOR = 10
SLOT_S = 1.0  # requests are counted by the second, so that a storm costs no memory


@dataclass(slots=True)
class _Counts:
    """Requests by second, oldest first, as [second, first, extra], and the sums of the window."""

    slots: deque[list[float]] = field(default_factory=deque)
    first: int = 0
    extra: int = 0


class RetryBudget:
    """Counts requests under a name; times are monotonic seconds handed in by the caller.

    A process counts for itself: where each keeps to its share, all together do.
    """

    def __init__(self, share: float = SHARE, floor: int = FLOOR) -> None:
        self._share, self._floor = share, floor
        self._counts: defaultdict[str, _Counts] = defaultdict(_Counts)

    def _slot(self, name: str, now: float) -> tuple[_Counts, list[float]]:
        counts = self._counts[name]
        while counts.slots and counts.slots[0][0] <= now - WINDOW_S:
            _, first, extra = counts.slots.popleft()
            counts.first -= int(first)
            counts.extra -= int(extra)
        if not counts.slots or now - counts.slots[-1][0] >= SLOT_S:
            counts.slots.append([now, 0, 0])
        return counts, counts.slots[-1]

    def first(self, name: str, now: float) -> None:
        """Count a request that is neither a retry nor a hedge."""
        counts, slot = self._slot(name, now)
        slot[1] += 1
        counts.first += 1

    def allows(self, name: str, now: float) -> bool:
        """Return whether one more extra request fits."""
        counts, _ = self._slot(name, now)
        return counts.extra + 1 <= max(self._floor, self._share * counts.first)

    def take(self, name: str, now: float) -> bool:
        """Count an extra request; return False, counting nothing, when it does not fit."""
        if not self.allows(name, now):
            return False
        counts, slot = self._slot(name, now)
        slot[2] += 1
        counts.extra += 1
        return True

    def clear(self) -> None:
        """Forget all."""
        self._counts.clear()


RETRIES = RetryBudget()  # by provider
HEDGES = RetryBudget()  # by route

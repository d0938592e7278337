"""How many groups wait for review, for the menu: counted anew every few minutes, not on every page."""

from dataclasses import dataclass

from common.clock import ticks
from faq import review

# Counting reads some thousand rows, a fifth of a second; every page of the admin shows the figure.
LIFE_S = 120.0


@dataclass(frozen=True)
class _Count:
    groups: int
    until: float


_held: _Count | None = None


def keep(groups: int) -> None:
    """Take over a count that somebody has just made."""
    global _held  # noqa: PLW0603 - the process's one figure, replaced whole
    _held = _Count(groups, ticks() + LIFE_S)


def forget() -> None:
    """Have the next page count again: something was decided."""
    global _held  # noqa: PLW0603
    _held = None


def held() -> int:
    """Return how many groups of visitors' questions wait, at most LIFE_S old."""
    count = _held
    if count is None or ticks() >= count.until:
        keep(len(review.read(review.Filters()).groups))
        return held()
    return count.groups

"""What share of the questions about an entry it can be expected to answer.

Pure. Two sources: how many ways to ask it has, by the table measured on public questions, and how many of
its own ways to ask it recognises with each left out.
"""

from bisect import bisect_right
from collections.abc import Iterable

# Share of BANKING77's questions that the shipped threshold answers right, in per cent, by number of ways
# to ask: `python -m benchmarks.faq --data DIR`; docs/benchmarks.md has the table.
LEXICAL = ((1, 8), (3, 25), (5, 33), (10, 44))
SEMANTIC = ((1, 19), (3, 41), (5, 51), (10, 60))
# As many questions as the table counts for beside an entry's own: with two or three ways to ask, leaving
# one out says little. Chosen on BANKING77 and CLINC150, see docs/faq.md.
TABLE_COUNTS_FOR = 8
WELL, POORLY = 0.5, 0.2  # from here an entry is well recognised; below this it is poorly


def coverage(semantic: bool) -> tuple[tuple[int, int], ...]:
    """Return the table: ways to ask, and per cent of the questions that are answered."""
    return SEMANTIC if semantic else LEXICAL


def by_number(texts: int, semantic: bool) -> float:
    """Return the share in [0, 1] that the table gives for so many ways to ask, between its points by line."""
    points = [(0, 0), *coverage(semantic)]
    place = bisect_right([number for number, _ in points], texts)
    if place == len(points):
        return points[-1][1] / 100
    (low, a), (high, b) = points[place - 1], points[place]
    return (a + (b - a) * (texts - low) / (high - low)) / 100


def of_entry(texts: int, recognised: int, semantic: bool) -> float:
    """Return the share in [0, 1] of the questions about an entry that it is expected to answer.

    With one way to ask there is nothing to leave out, and the table alone speaks.
    """
    table = by_number(texts, semantic)
    if texts < 2:
        return table
    return (recognised + TABLE_COUNTS_FOR * table) / (texts + TABLE_COUNTS_FOR)


def of_all(entries: Iterable[tuple[float, int]]) -> float | None:
    """Return the expected share over entries of (share, times asked), None without entries.

    Each counts by how often it is asked, and once more, so that what nobody has asked yet counts a little.
    """
    weighed = [(share, times + 1) for share, times in entries]
    total = sum(weight for _, weight in weighed)
    return sum(share * weight for share, weight in weighed) / total if total else None

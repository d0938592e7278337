"""Which questions of each flow are put to the desk where there are too many for all. Pure."""

from collections.abc import Sequence


def chosen(sizes: Sequence[int], most: int) -> list[list[int]]:
    """Return for each flow the places of its members that are judged: all, where they are at most `most`.

    Otherwise as many of each flow as make no more than `most` in all, evenly from its centre to its edge,
    and at least one.
    """
    if sum(sizes) <= most:
        return [list(range(size)) for size in sizes]
    low, high = 1, max(sizes)
    while low < high:
        cap = (low + high + 1) // 2
        low, high = (cap, high) if sum(min(size, cap) for size in sizes) <= most else (low, cap - 1)
    return [spread(size, min(size, low)) for size in sizes]


def spread(size: int, wanted: int) -> list[int]:
    """Return `wanted` places of `size`, evenly from the first on."""
    return [place * size // wanted for place in range(wanted)]

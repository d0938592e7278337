"""Intervals around shares, their differences, and quantiles: how far a figure of few cases can be trusted.

Pure. All are two-sided and hold in 95 of 100 cases unless told otherwise.
"""

from collections.abc import Sequence
from math import ceil, floor, sqrt

Z95 = 1.959964

Interval = tuple[float, float]


def wilson(hits: int, n: int, z: float = Z95) -> Interval:
    """Return the bounds of the share that `hits` of `n` show, in [0, 1]; (0, 1) for none.

    Wilson's score interval (JASA 22, 1927); `z` is that of the normal distribution, for both sides.
    """
    if n <= 0:
        return 0.0, 1.0
    share, over = hits / n, z * z / n
    centre = share + over / 2
    spread = z * sqrt(share * (1 - share) / n + over / (4 * n))
    low, high = (centre - spread) / (1 + over), (centre + spread) / (1 + over)
    return (0.0 if hits <= 0 else max(0.0, low)), (1.0 if hits >= n else min(1.0, high))


def difference(before: tuple[int, int], after: tuple[int, int], z: float = Z95) -> Interval:
    """Return the bounds of the second share less the first, each given as (hits, n); (-1, 1) for none.

    Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10): it holds with few cases
    and shares near 0, where the usual one does not.
    """
    (hits_a, n_a), (hits_b, n_b) = before, after
    if not n_a or not n_b:
        return -1.0, 1.0
    a, b = hits_a / n_a, hits_b / n_b
    (low_a, high_a), (low_b, high_b) = wilson(hits_a, n_a, z), wilson(hits_b, n_b, z)
    gap = b - a
    below = sqrt((b - low_b) ** 2 + (high_a - a) ** 2)
    above = sqrt((high_b - b) ** 2 + (a - low_a) ** 2)
    return gap - below, gap + above


def quantile_ranks(q: float, n: int, z: float = Z95) -> tuple[int, int] | None:
    """Return the ranks (from 1) of the two values, among `n` in order, between which the quantile lies.

    By the binomial distribution's normal approximation; None when `n` is too small for a bound on a side.
    """
    spread = z * sqrt(n * q * (1 - q))
    low, high = floor(n * q - spread), ceil(n * q + spread) + 1
    return (low, high) if low >= 1 and high <= n else None


def mean(values: Sequence[float], z: float = Z95) -> Interval | None:
    """Return the bounds of the mean that `values` are drawn around; None of fewer than two."""
    n = len(values)
    if n < 2:
        return None
    middle = sum(values) / n
    spread = sqrt(sum((value - middle) ** 2 for value in values) / (n - 1) / n)
    return middle - z * spread, middle + z * spread


def mean_of_sums(total: float, squares: float, n: int, z: float = Z95) -> Interval | None:
    """Return what `mean` would of `n` values, from their sum and the sum of their squares."""
    if n < 2:
        return None
    middle = total / n
    spread = sqrt(max(0.0, squares - n * middle * middle) / (n - 1) / n)
    return middle - z * spread, middle + z * spread


def gap(before: tuple[float, Interval], after: tuple[float, Interval]) -> Interval:
    """Return the bounds of the second figure less the first, each given with its own bounds.

    Zou and Donner, Statistics in Medicine 27 (2008): the hybrid of `difference` for any two figures that
    were measured apart; of two means it is the usual interval.
    """
    (a, (low_a, high_a)), (b, (low_b, high_b)) = before, after
    below = sqrt((b - low_b) ** 2 + (high_a - a) ** 2)
    above = sqrt((high_b - b) ** 2 + (a - low_a) ** 2)
    return b - a - below, b - a + above

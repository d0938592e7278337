"""Bounds around figures of few cases, held against published values and against chance itself."""

import random

import pytest

from common.intervals import difference, mean, quantile_ranks, wilson
from routing.histogram import Histogram


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 0, 0.0, 1.0),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
    ],
)
def test_the_interval_of_a_share_is_wilsons(hits: int, n: int, low: float, high: float) -> None:
    """The last two are in Newcombe, Statistics in Medicine 17 (1998), table I."""
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), -0.3339, -0.0524),
        ((9, 10), (3, 10), -0.8091, -0.1705),
        ((10, 10), (0, 10), -1.0, -0.6075),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    """His table II, where the first share less the second is given."""
    assert difference(first, second) == pytest.approx((low, high), abs=5e-4)
    assert difference(second, first) == pytest.approx((-high, -low), abs=5e-4)


def test_nothing_is_known_of_a_difference_to_nothing() -> None:
    assert difference((0, 0), (3, 4)) == (-1.0, 1.0)


def test_a_quantile_lies_within_its_bounds_as_often_as_promised() -> None:
    rng = random.Random(7)
    held = 0
    for _ in range(400):
        values = [rng.expovariate(1 / 1000) for _ in range(200)]
        low, high = Histogram.of(values).interval(0.95) or (0.0, 0.0)
        held += low <= 2995.7 * 1.02 and high >= 2995.7 / 1.02
    assert held >= 370  # 95 of 100 are promised


def test_too_few_values_bound_no_quantile() -> None:
    assert quantile_ranks(0.95, 40) is None
    assert quantile_ranks(0.5, 40) is not None
    assert Histogram.of([1.0] * 40).interval(0.99) is None


def test_the_mean_of_equal_values_is_certain_and_of_one_unknown() -> None:
    assert mean([3.0, 3.0, 3.0]) == (3.0, 3.0)
    assert mean([3.0]) is None

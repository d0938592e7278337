"""The histogram: percentiles within 2 %, merging as good as measuring together."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.histogram import GROWTH, Histogram, bucket_of, middle_of

durations = st.integers(min_value=1, max_value=600_000)


def nearest_rank(values: list[int], q: float) -> int:
    return sorted(values)[max(1, math.ceil(q * len(values))) - 1]


@given(st.lists(durations, min_size=100, max_size=400), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_within_two_percent_of_the_exact_one(values: list[int], q: float) -> None:
    exact = nearest_rank(values, q)
    seen = Histogram.of(values).percentile(q)
    assert seen is not None
    assert abs(seen - exact) <= 0.02 * exact


@given(st.lists(durations), st.lists(durations))
def test_merging_equals_measuring_together(one: list[int], other: list[int]) -> None:
    merged, together = Histogram.of(one) + Histogram.of(other), Histogram.of(one + other)
    assert merged == together
    assert merged.n == len(one) + len(other)
    assert merged.total == sum(one) + sum(other)


@given(st.lists(durations))
def test_the_stored_form_is_json_and_comes_back_equal(values: list[int]) -> None:
    histogram = Histogram.of(values)
    assert Histogram.load(json.loads(json.dumps(histogram.dump()))) == histogram


@pytest.mark.parametrize(("q", "needed"), [(0.5, 1), (0.95, 20), (0.99, 100)])
def test_too_few_values_are_not_drawn(q: float, needed: int) -> None:
    assert Histogram.of([250] * (needed - 1)).percentile(q) is None
    assert Histogram.of([250] * needed).percentile(q) == pytest.approx(250, rel=0.02)


@given(st.floats(min_value=1.0, max_value=1e9))
def test_a_value_lies_within_one_percent_of_its_buckets_middle(value: float) -> None:
    assert abs(middle_of(bucket_of(value)) - value) <= (math.sqrt(GROWTH) - 1 + 1e-9) * value


def test_averaged_percentiles_are_wrong_where_the_merge_is_right() -> None:
    quick, slow = Histogram.of([100] * 990), Histogram.of([5000] * 60)
    averaged = ((quick.percentile(0.95) or 0) + (slow.percentile(0.95) or 0)) / 2
    assert averaged < 3000
    assert (quick + slow).percentile(0.95) == pytest.approx(5000, rel=0.02)


def test_the_mean_is_exact_and_nothing_has_none() -> None:
    assert Histogram.of([1, 2, 6]).mean() == 3
    assert Histogram().mean() is None
    assert Histogram().percentile(0.5) is None


def test_what_is_no_histogram_is_refused() -> None:
    with pytest.raises(ValueError, match="not a stored histogram"):
        Histogram.load({"counts": [1, 2]})

"""The calibration's mathematics: known values, bounds, and what it does with little evidence."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.matching.calibration import Calibration, Weights, choose_threshold, fit, wilson_lower

PRIOR = Weights(-2.0, {"near": 4.0, "margin": 3.0})


@pytest.mark.parametrize(
    ("right", "n", "z", "bound"),
    [
        (0, 0, 1.2816, 0.0),
        (0, 10, 1.2816, 0.0),
        (10, 10, 1.96, 0.7224672),  # 1 / (1 + z^2 / n)
        (15, 20, 1.96, 0.5313),  # Newcombe 1998, 95 % two-sided
        (81, 263, 1.96, 0.2553),  # Newcombe 1998, table I
        (100, 100, 1.2816, 0.98384),
    ],
)
def test_wilsons_bound_at_known_values(right: int, n: int, z: float, bound: float) -> None:
    assert wilson_lower(right, n, z) == pytest.approx(bound, abs=5e-5)


@given(st.integers(1, 500), st.data())
def test_wilsons_bound_lies_below_the_share_and_grows_with_it(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    assert 0 <= wilson_lower(right, n) <= right / n
    assert right == n or wilson_lower(right, n) < wilson_lower(right + 1, n)
    assert wilson_lower(right, n) <= wilson_lower(right * 2, n * 2)


def test_the_lowest_threshold_that_keeps_the_promise_is_chosen() -> None:
    confidences = [0.9] * 100 + [0.7] * 100 + [0.4] * 100
    right = [True] * 100 + [True] * 97 + [False] * 3 + [True] * 50 + [False] * 50
    assert choose_threshold(confidences, right, 0.95) == 0.7
    assert choose_threshold(confidences, right, 0.975) == 0.9
    assert choose_threshold(confidences, right, 0.99) is None  # 100 of 100 show no more than 98.4 %


def test_ten_lucky_answers_prove_nothing() -> None:
    assert choose_threshold([0.9] * 10, [True] * 10, 0.95) is None
    assert choose_threshold([0.9] * 40, [True] * 40, 0.95) == 0.9
    assert choose_threshold([], [], 0.95) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=80), st.floats(0.5, 0.99))
def test_a_chosen_threshold_keeps_its_promise(rows: list[tuple[float, bool]], wanted: float) -> None:
    found = choose_threshold([c for c, _ in rows], [hit for _, hit in rows], wanted)
    if found is not None:
        given_answers = [hit for confidence, hit in rows if confidence >= found]
        assert wilson_lower(sum(given_answers), len(given_answers)) >= wanted


def drawn(n: int, truth: Weights, seed: int = 3) -> tuple[list[dict[str, float]], list[bool]]:
    rng = np.random.default_rng(seed)
    rows = [{"near": float(a), "margin": float(b)} for a, b in rng.uniform(0, 1, (n, 2))]
    return rows, [bool(rng.uniform() < truth.probability(row)) for row in rows]


def test_many_messages_overrule_the_prior_and_few_do_not() -> None:
    truth = Weights(-5.0, {"near": 8.0, "margin": 0.5})
    many, few = fit(*drawn(5000, truth), PRIOR), fit(*drawn(10, truth), PRIOR)
    row = {"near": 0.7, "margin": 0.2}
    assert abs(many.probability(row) - truth.probability(row)) < 0.03
    assert abs(few.of["margin"] - PRIOR.of["margin"]) < 0.25 < abs(many.of["margin"] - PRIOR.of["margin"])


def test_a_fit_of_what_the_prior_already_knows_changes_little() -> None:
    found = fit(*drawn(3000, PRIOR), PRIOR)
    for row in ({"near": 0.1, "margin": 0.1}, {"near": 0.9, "margin": 0.4}):
        assert found.probability(row) == pytest.approx(PRIOR.probability(row), abs=0.05)


def test_a_fit_never_divides_by_a_feature_that_does_not_vary() -> None:
    found = fit([{"near": 0.5}] * 20, [True] * 20, PRIOR)
    assert all(math.isfinite(value) for value in (found.bias, *found.of.values()))


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ValueError, match="as many verdicts"):
        fit([], [], PRIOR)
    with pytest.raises(ValueError, match="as many verdicts"):
        fit([{"near": 1.0}], [True, False], PRIOR)


@given(
    st.dictionaries(st.sampled_from(["near", "margin", "else"]), st.floats(-1e6, 1e6)), st.floats(0.001, 10)
)
def test_a_probability_is_one_and_grows_with_a_feature(row: dict[str, float], more: float) -> None:
    p = PRIOR.probability(row)
    assert 0 < p < 1
    assert PRIOR.probability({**row, "near": row.get("near", 0.0) + more}) >= p


def test_a_calibration_survives_json_and_refuses_nonsense() -> None:
    made = Calibration("test", PRIOR, Weights(0.0, {"dense": 1.0}), 0.9, 0.3)
    assert Calibration.from_dict(json.loads(json.dumps(made.as_dict()))) == made
    for damaged in (
        {},
        {**made.as_dict(), "lexical": []},
        {**made.as_dict(), "answer": 0.1},
        {**made.as_dict(), "semantic": {"bias": float("nan"), "of": {}}},
    ):
        with pytest.raises(ValueError):
            Calibration.from_dict(damaged)

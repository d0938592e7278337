"""A refit on made messages whose true probabilities are known: what it promises, it keeps on fresh ones."""

import numpy as np
import pytest

from faq.matching.calibration import Calibration, Weights, fit
from faq.refitting import (
    FOLDS,
    Case,
    OneSided,
    Unreachable,
    best_precision,
    calibration_error,
    confidences,
    figures,
    fold_of,
    interval,
    out_of_fold,
    refit,
)

TRUE = Weights(-1.0, {"near": 3.0, "margin": 2.0, "noise": 0.0})
# What is shipped ranks as the truth does, but is far too sure: as on a desk with many foreign questions.
SURE = Weights(1.5, {"near": 3.0, "margin": 2.0, "noise": 0.0})
SHIPPED = Calibration("shipped", SURE, SURE, answer=0.95, suggest=0.4)


def made(n: int, seed: int, disputed: str = "") -> list[Case]:
    """Draw messages whose candidates are right with the probability that TRUE gives them."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(n):
        near, margin, noise = (float(each) for each in rng.normal(0, 1, 3))
        features = {"near": near, "margin": margin, "noise": noise}
        right = bool(rng.random() < TRUE.probability(features))
        among = right or bool(rng.random() < 0.4)
        found.append(Case(features, disputed, right, among, fold_of(f"question {number}")))
    return found


@pytest.mark.parametrize("wanted", [0.9, 0.95])
def test_a_refit_keeps_its_promise_on_messages_it_has_not_seen(wanted: float) -> None:
    done = refit(made(800, 1), SHIPPED, None, semantic=True, wanted=wanted)
    fresh = made(20_000, 2)
    kept = figures(fresh, confidences(fresh, done.weights), done.answer, done.suggest)
    before = figures(fresh, confidences(fresh, SURE), SHIPPED.answer, SHIPPED.suggest)
    assert kept.precision >= wanted - 0.01
    assert before.precision < 0.9, "the shipped threshold does not keep it here"
    assert kept.error < 0.03 < before.error
    assert done.fitted.bound >= wanted
    assert done.fitted.coverage == pytest.approx(kept.coverage, abs=0.05)
    assert done.compared["shipped"].precision == pytest.approx(before.precision, abs=0.05)


def test_what_it_says_of_itself_is_out_of_fold() -> None:
    """With a feature for each message a fit can learn the verdicts by heart, which must not count."""
    rng = np.random.default_rng(3)
    blank = {f"f{number}": 0.0 for number in range(60)}
    cases = [
        Case({**blank, f"f{number % 60}": 1.0}, "", bool(rng.random() < 0.5), False, number // 60 % FOLDS)
        for number in range(120)
    ]
    verdicts = [case.right for case in cases]
    prior = Weights(0.0, dict.fromkeys(blank, 0.0))
    outside = out_of_fold(cases, prior)
    inside = confidences(cases, fit([case.features for case in cases], verdicts, prior))
    assert np.corrcoef(inside, verdicts)[0, 1] > 0.5
    assert abs(np.corrcoef(outside, verdicts)[0, 1]) < 0.4


def test_what_the_guards_hold_back_stays_held_back() -> None:
    cases = [*made(600, 4), *made(200, 5, disputed="another plan")]
    done = refit(cases, SHIPPED, None, semantic=False, wanted=0.9, least_answer=0.51)
    assert done.answer >= 0.51
    sure = confidences(cases, done.weights)
    assert max(p for p, case in zip(sure, cases, strict=True) if case.disputed) <= 0.5
    assert done.fitted.answered <= 600


def test_what_is_in_use_is_compared_on_the_same_messages() -> None:
    used = Calibration("en-4", TRUE, TRUE, answer=0.9, suggest=0.3)
    done = refit(made(500, 6), SHIPPED, used, semantic=True, wanted=0.9)
    assert set(done.compared) == {"shipped", "used"}
    assert done.compared["used"].answer == 0.9
    assert {each.messages for each in (done.fitted, *done.compared.values())} == {500}


def test_suggestions_begin_where_they_are_worth_it() -> None:
    done = refit(made(800, 7), SHIPPED, None, semantic=True, wanted=0.95)
    assert 0 < done.suggest <= done.answer
    assert done.fitted.found / done.fitted.offered >= 0.5
    hopeless = [Case(case.features, "", case.right, False, case.fold) for case in made(800, 7)]
    assert refit(hopeless, SHIPPED, None, semantic=True, wanted=0.95).suggest == SHIPPED.suggest


def test_it_refuses_what_cannot_be_learnt() -> None:
    with pytest.raises(OneSided, match="right"):
        refit([Case({}, "", True, True, 0)] * 400, SHIPPED, None, semantic=True, wanted=0.95)
    with pytest.raises(OneSided, match="wrong"):
        refit([Case({}, "", False, True, 0)] * 400, SHIPPED, None, semantic=True, wanted=0.95)
    rng = np.random.default_rng(8)
    luck = [Case({"near": 0.0}, "", bool(rng.random() < 0.7), False, n % FOLDS) for n in range(400)]
    with pytest.raises(Unreachable):
        refit(luck, SHIPPED, None, semantic=True, wanted=0.95)
    assert 0.6 < best_precision(luck, SURE) < 0.95


def test_figures_count_what_they_say() -> None:
    cases = [
        Case({}, "", right, among, 0)
        for right, among in [(True, True), (False, True), (False, False), (True, True)]
    ]
    found = figures(cases, [0.9, 0.8, 0.5, 0.2], answer=0.8, suggest=0.4)
    assert (found.answered, found.right, found.offered, found.found) == (2, 1, 1, 0)
    assert (found.coverage, found.precision) == (0.5, 0.5)
    assert found.as_dict()["coverage_low"] < 0.5 < found.as_dict()["coverage_high"]
    nothing = figures(cases, [0.1] * 4, answer=0.8, suggest=0.4)
    assert (nothing.precision, nothing.bound, nothing.coverage) == (0.0, 0.0, 0.0)
    assert interval(0, 0) == (0.0, 1.0)
    low, high = interval(5, 10)
    assert low == pytest.approx(1 - high)


def test_the_calibration_error_is_the_distance_of_belief_and_truth() -> None:
    assert calibration_error([0.5] * 1000, [True, False] * 500) == pytest.approx(0, abs=1e-9)
    assert calibration_error([1.0] * 100, [True] * 60 + [False] * 40) == pytest.approx(0.4, abs=1e-9)
    assert calibration_error([], []) == 0.0


def test_folds_are_the_same_in_every_run_and_of_like_size() -> None:
    sizes = np.bincount([fold_of(f"how do i do thing {n}") for n in range(1000)], minlength=FOLDS)
    assert len(sizes) == FOLDS
    assert sizes.min() > 150
    assert fold_of("how do i pay") == fold_of("how do i pay")

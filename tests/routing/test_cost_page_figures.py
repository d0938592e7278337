"""Forecast, what-if and verdict as tables: the arithmetic of the cost page, without a database."""

import random
from datetime import date, timedelta

import pytest

from routing.cost_words import verdict
from routing.forecast import forecast
from routing.histogram import Histogram
from routing.what_if import TierFacts, Volume, alone, break_even, in_turn, outlook, percentile, weights

USD = 10**12
LIGHT = TierFacts(100, 1.0, Histogram.of([1000.0] * 100))
HEAVY = TierFacts(100, 10.0, Histogram.of([8000.0] * 100))
VOLUME = Volume(messages=2000, instant=0.5)


def test_costs_follow_the_formula_at_each_rate() -> None:
    found = outlook(VOLUME, LIGHT, HEAVY, (0.0, 0.05, 0.3, 1.0))
    assert [each.after_pico for each in found] == pytest.approx([1000, 1500, 4000, 11000])
    assert [each.at_once_pico for each in found] == pytest.approx([1000, 1450, 3700, 10000])
    assert alone(VOLUME, HEAVY) == pytest.approx(10000)


def test_waiting_turns_from_the_light_answer_to_both_once_more_than_a_twentieth_escalates() -> None:
    few, many = outlook(VOLUME, LIGHT, HEAVY, (0.04, 0.06))
    assert few.after_p95_ms == pytest.approx(1000, rel=0.02)
    assert many.after_p95_ms == pytest.approx(9000, rel=0.02)
    assert many.at_once_p95_ms == pytest.approx(8000, rel=0.02)


def test_the_p95_of_a_mixture_is_that_of_its_values() -> None:
    rng = random.Random(3)
    fast, slow = ([rng.lognormvariate(mean, 0.5) for _ in range(4000)] for mean in (6.5, 8.5))
    drawn = sorted(
        [value if rng.random() > 0.2 else value + rng.choice(slow) for value in fast for _ in range(5)]
    )
    exact = drawn[int(0.95 * len(drawn))]
    both = in_turn(weights(Histogram.of(fast)), weights(Histogram.of(slow)))
    found = percentile([(0.8, weights(Histogram.of(fast))), (0.2, both)], 0.95)
    assert found == pytest.approx(exact, rel=0.05)  # drawn 20,000 times; buckets of 2 %


def test_few_heavy_replies_have_a_cost_but_no_times() -> None:
    (found,) = outlook(VOLUME, LIGHT, TierFacts(3, 10.0, Histogram.of([1.0] * 3)), (0.1,))
    assert found.after_pico == pytest.approx(2000)
    assert found.after_p95_ms is None and found.at_once_p95_ms is None
    assert outlook(VOLUME, LIGHT, TierFacts(), (0.1,)) == []


@pytest.mark.parametrize(("light", "heavy", "even"), [(1.0, 10.0, 0.9), (10.0, 10.0, 0.0), (12.0, 10.0, 0.0)])
def test_two_tiers_break_even_where_the_formula_says(light: float, heavy: float, even: float) -> None:
    one, other = TierFacts(1, light), TierFacts(1, heavy)
    assert break_even(one, other) == pytest.approx(even)
    assert break_even(TierFacts(), other) is None


TODAY = date(2026, 11, 20)


def test_too_few_days_forecast_nothing_and_three_do() -> None:
    two = {TODAY - timedelta(days=back): 100 for back in (1, 2)}
    assert forecast(two, TODAY) is None
    found = forecast({**two, TODAY - timedelta(days=3): 100}, TODAY)
    assert found is not None and not found.by_weekday
    assert found.spent == 300
    assert found.expected == 300 + 100 + 10 * 100  # the rest of today, and ten days to come
    assert (found.low, found.high) == (found.expected, found.expected)


def test_each_weekday_is_expected_as_it_was() -> None:
    busy = {TODAY - timedelta(days=back): 700 for back in range(1, 29)}
    busy = {day: 700 if day.weekday() < 5 else 0 for day in busy}
    found = forecast({day: cost for day, cost in busy.items() if cost} | {TODAY: 900}, TODAY)
    assert found is not None and found.by_weekday
    spent = sum(cost for day, cost in busy.items() if day.month == 11) + 900
    assert found.expected == spent + 6 * 700  # six working days are left, and today has had its share


def test_a_day_without_a_row_cost_nothing() -> None:
    found = forecast({TODAY - timedelta(days=10): 1000}, TODAY)
    assert found is not None
    assert (found.days, found.expected) == (10, 1000 + 100 + 10 * 100)


@pytest.mark.parametrize(
    ("replies", "actual", "heavy", "unknown", "worth", "answer"),
    [
        (99, 1, 100, 0, 0, "too_few"),
        (100, 1, 100, 1, 0, "unknown"),
        (100, 1, 0, 0, 0, "unknown"),
        (100, 40, 100, 0, 50, "tiers"),
        (100, 60, 100, 0, 50, "no_matter"),
        (100, 100, 100, 0, 0, "single"),
        (100, 130, 100, 0, 0, "single"),
    ],
)
def test_the_verdict_weighs_the_saving_against_the_upkeep(
    replies: int, actual: int, heavy: int, unknown: int, worth: int, answer: str
) -> None:
    found = verdict(
        replies=replies, actual_pico=actual, heavy_pico=heavy, unfronted_pico=2 * heavy,
        unknown=unknown, worth_pico=worth, p95=(None, None),
    )  # fmt: skip
    assert found.answer == answer

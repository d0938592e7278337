"""Retries and hedges stay below a tenth of the traffic, and a quiet desk may retry all the same."""

from hypothesis import given
from hypothesis import strategies as st

from routing.retry_budget import FLOOR, SHARE, WINDOW_S, RetryBudget


def test_a_quiet_desk_may_retry_and_a_storm_gets_a_tenth() -> None:
    budget = RetryBudget()
    assert [budget.take("p", 0.0) for _ in range(FLOOR + 1)] == [True] * FLOOR + [False]
    assert budget.take("q", 0.0), "each provider has its own"

    storm, taken = RetryBudget(), 0
    for number in range(1000):
        storm.first("p", number / 1000)
        taken += storm.take("p", number / 1000)
    assert taken == 100
    assert not storm.allows("p", 30.0)
    assert storm.allows("p", 1.0 + WINDOW_S), "a minute later it is quiet again"


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 3)), max_size=200))
def test_no_order_of_requests_gets_more(steps: list[tuple[bool, float]]) -> None:
    budget, now = RetryBudget(), 0.0
    first, extra = list[float](), list[float]()
    for is_first, pause in steps:
        now += pause
        if is_first:
            budget.first("p", now)
            first.append(now)
        elif budget.take("p", now):
            extra.append(now)
        recent = sum(at > now - WINDOW_S for at in extra)
        # Requests are counted by the second, so the window is up to one second longer for both.
        assert recent <= max(FLOOR, SHARE * sum(at > now - WINDOW_S - 1 for at in first)) + (not is_first)

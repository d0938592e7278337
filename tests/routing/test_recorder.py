"""The ledger and the day's budget: exact under parallel reservations, settled once, amended late."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from routing.errors import BudgetExhausted
from routing.models import Budget, ConfigVersion, ModelCall, RouteOutcome
from routing.recorder import (
    amend_outcome,
    erase,
    record_outcome,
    remove_purpose,
    settle_call,
    settle_calls,
    start_call,
)
from tests.routing.ledger import NOON, USD, attempt, config, outcome, outcome_facts, result


def publish(cap: str = "5", zone: str = "UTC", month: str | None = None, **parts: Any) -> None:
    """Publish budgets: of the desk, and in `routes` and `plans` (name -> (day, month), in USD)."""
    rows = {
        kind: [
            {key: name, "daily_budget_usd": day, "monthly_budget_usd": of_month}
            for name, (day, of_month) in parts.get(kind, {}).items()
        ]
        for kind, key in (("routes", "slug"), ("plans", "plan"))
    }
    settings = {"daily_cost_cap_usd": cap, "monthly_cost_cap_usd": month, "time_zone": zone}
    ConfigVersion.objects.create(
        number=ConfigVersion.objects.count() + 1, sha="", snapshot={"settings": settings, **rows}
    )


def books() -> dict[tuple[str, str], tuple[int, int]]:
    """Return (spent, reserved) of every budget."""
    return {
        (row.scope, row.period): (row.spent_pico, row.reserved_pico) for row in Budget.objects.order_by("pk")
    }


@pytest.mark.django_db
def test_a_call_takes_its_reservation_and_gives_back_what_it_did_not_spend() -> None:
    start = attempt(reserved_pico=USD)
    start_call(start)
    budget = Budget.objects.get()
    assert (budget.scope, budget.reserved_pico, budget.spent_pico) == ("all", USD, 0)
    assert budget.cap_pico == 5 * USD
    assert ModelCall.objects.get(pk=start.call_id).ended_at is None

    assert settle_call(start, result(cost_pico=USD // 4))
    budget.refresh_from_db()
    assert (budget.reserved_pico, budget.spent_pico) == (0, USD // 4)
    row = ModelCall.objects.get(pk=start.call_id)
    assert (row.input_tokens, row.output_tokens, row.finish_reason) == (1000, 100, "complete")


@pytest.mark.django_db
def test_a_call_is_settled_once() -> None:
    start = attempt()
    start_call(start)
    assert settle_call(start, result(cost_pico=7))
    assert not settle_call(start, result(cost_pico=9))
    assert ModelCall.objects.get().cost_pico == 7
    assert Budget.objects.get().spent_pico == 7


@pytest.mark.django_db
def test_an_unknown_price_is_charged_at_its_reservation_only_when_text_came() -> None:
    silent, spoken = attempt(reserved_pico=10), attempt(reserved_pico=30)
    for start in (silent, spoken):
        start_call(start)
    settle_call(silent, result(cost_pico=None, usage=None, first_text_ms=None, error_class="ConnectFailed"))
    assert Budget.objects.get().spent_pico == 0
    settle_call(spoken, result(cost_pico=None, usage=None))
    assert Budget.objects.get().spent_pico == 30
    assert ModelCall.objects.get(pk=spoken.call_id).input_tokens is None


@pytest.mark.django_db
def test_the_cap_refuses_the_call_that_would_pass_it_and_stores_nothing_of_it() -> None:
    publish(cap="0.02")
    start_call(attempt())
    start_call(attempt())
    with pytest.raises(BudgetExhausted):
        start_call(attempt(reserved_pico=1))
    assert ModelCall.objects.count() == 2

    publish(cap="0.03")  # raised by staff: the next call has room again
    start_call(attempt())
    assert ModelCall.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("purpose", "scope"),
    [
        ("demo", "example"),
        ("staff_draft", "drafts"),
        ("probe", "probes"),
        ("transfer", "tests"),
        ("shadow", "shadow"),
    ],
)
def test_what_is_not_for_visitors_has_its_own_money(purpose: str, scope: str) -> None:
    publish(cap="0.01", month="0.01", routes={"common": ("0.01", None)})
    start_call(attempt(purpose=purpose))
    with pytest.raises(BudgetExhausted) as refused:
        start_call(attempt(purpose=purpose))
    assert refused.value.scope == scope
    start_call(attempt(purpose="visitor"))
    with pytest.raises(BudgetExhausted) as refused:
        start_call(attempt(purpose="staff_test"))
    assert (refused.value.scope, refused.value.period) == ("all", "day")


@pytest.mark.django_db
def test_health_checks_neither_wait_for_the_visitors_money_nor_take_it() -> None:
    publish(cap="0.01")
    start_call(attempt())
    start_call(attempt(purpose="synthetic", reserved_pico=USD // 1000))
    with pytest.raises(BudgetExhausted) as refused:  # a tenth of the day's money is all they have
        start_call(attempt(purpose="synthetic", reserved_pico=1))
    assert refused.value.scope == "health"
    assert books() == {("all", "day"): (0, USD // 100), ("health", "day"): (0, USD // 1000)}


@pytest.mark.django_db
def test_a_call_is_taken_from_every_budget_it_belongs_to_and_settled_there() -> None:
    publish(month="50", routes={"common": ("1", "20")}, plans={"free": ("0.5", None)})
    start = attempt(plan="free")
    start_call(start)
    taken = [("all", "day"), ("all", "month"), ("plan:free", "day"), ("route:common", "day")]
    taken.append(("route:common", "month"))
    assert books() == dict.fromkeys(taken, (0, USD // 100))
    # Whatever becomes of plans, routes and zone meanwhile, the money goes back to where it came from.
    publish(zone="Pacific/Auckland")
    settle_call(start, result(cost_pico=USD // 400))
    assert books() == dict.fromkeys(taken, (USD // 400, 0))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("caps", "scope", "period", "ends_at"),
    [
        ({"cap": "0.015"}, "all", "day", "2026-11-24T00:00:00+00:00"),
        ({"month": "0.015"}, "all", "month", "2026-12-01T00:00:00+00:00"),
        ({"routes": {"common": ("0.015", None)}}, "route:common", "day", "2026-11-24T00:00:00+00:00"),
        ({"routes": {"common": (None, "0.015")}}, "route:common", "month", "2026-12-01T00:00:00+00:00"),
        ({"plans": {"free": (None, "0.015")}}, "plan:free", "month", "2026-12-01T00:00:00+00:00"),
    ],
)
def test_the_budget_that_is_spent_says_which_it_is_and_until_when(
    caps: dict[str, Any], scope: str, period: str, ends_at: str
) -> None:
    publish(**caps)
    start_call(attempt(plan="free"))
    before = books()
    with pytest.raises(BudgetExhausted) as refused:
        start_call(attempt(plan="free"))
    found = refused.value
    assert (found.scope, found.period, found.ends_at) == (scope, period, datetime.fromisoformat(ends_at))
    assert books() == before  # what was taken of the others is back
    start_call(attempt(plan="pro", route="other") if scope != "all" else attempt(purpose="demo"))


@pytest.mark.django_db
def test_a_budget_that_is_set_in_the_middle_of_its_month_begins_with_what_was_spent() -> None:
    for cost in (3, 4):
        start = attempt(started_at=NOON - timedelta(days=9))
        start_call(start)
        settle_call(start, result(cost_pico=cost))
    start_call(attempt(reserved_pico=10))
    start_call(attempt(reserved_pico=500, route="other"))
    start_call(attempt(reserved_pico=600, purpose="demo"))
    publish(routes={"common": (None, "1")})
    start_call(attempt(reserved_pico=20))
    assert books()["route:common", "month"] == (17, 20)
    assert Budget.objects.get(scope="route:common").carried_pico == 17


@pytest.mark.django_db
def test_nothing_at_all_is_paid_of_a_cap_of_nothing_also_at_an_unknown_price() -> None:
    publish(cap="0")
    with pytest.raises(BudgetExhausted):
        start_call(attempt(reserved_pico=0))
    publish(cap="0.01")
    start_call(attempt(reserved_pico=0))


@pytest.mark.django_db
def test_a_call_of_another_routes_money_leaves_its_own_alone() -> None:
    publish(routes={"complex": ("0", None), "common": ("1", None)})
    with pytest.raises(BudgetExhausted):
        start_call(attempt(route="complex"))
    start_call(attempt(route="complex", paid_by="common"))
    assert books()["route:common", "day"] == (0, USD // 100)


@pytest.mark.django_db
def test_a_call_from_before_calls_knew_their_budgets_is_settled_in_its_day() -> None:
    start = attempt(reserved_pico=50)
    start_call(start)
    ModelCall.objects.update(budgets=[])
    assert settle_calls(start.reply_id, NOON) == 1
    assert books() == {("all", "day"): (50, 0)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "at", "days"),
    [
        ("UTC", "2026-11-23T23:30:00+00:00", ["2026-11-23"]),
        ("Europe/Berlin", "2026-11-23T23:30:00+00:00", ["2026-11-24"]),
        ("America/New_York", "2026-11-24T04:30:00+00:00", ["2026-11-23"]),
    ],
)
def test_the_budgets_day_is_the_desks(zone: str, at: str, days: list[str]) -> None:
    publish(zone=zone)
    start = attempt(started_at=datetime.fromisoformat(at))
    start_call(start)
    settle_call(start, result(ended_at=datetime.fromisoformat(at) + timedelta(hours=3)))
    assert [str(day) for day in Budget.objects.values_list("period_start", flat=True)] == days
    assert Budget.objects.get().reserved_pico == 0


@pytest.mark.django_db(transaction=True)
def test_of_500_parallel_reservations_against_a_cap_for_three_exactly_three_pass() -> None:
    price = Decimal("0.0137")
    publish(cap=str(price * 3))
    barrier = threading.Barrier(8)
    threads = threading.local()

    def reserve(_: int) -> bool:
        if not hasattr(threads, "ready"):
            threads.ready = True
            barrier.wait(timeout=30)
        try:
            with transaction.atomic():
                start_call(attempt(reserved_pico=int(price * USD)))
        except BudgetExhausted:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        passed = list(pool.map(reserve, range(500)))
        list(pool.map(lambda _: connection.close(), range(8)))
    assert sum(passed) == 3
    assert ModelCall.objects.count() == 3
    assert Budget.objects.get().reserved_pico == 3 * int(price * USD)


@pytest.mark.django_db
def test_calls_of_a_dead_process_are_ended_once_at_their_reservation_as_estimates() -> None:
    lost = attempt(reserved_pico=50)
    done = attempt(reply_id=lost.reply_id, reserved_pico=20)
    start_call(lost)
    start_call(done)
    settle_call(done, result(cost_pico=5))
    assert settle_calls(lost.reply_id, NOON + timedelta(seconds=12)) == 1
    assert settle_calls(lost.reply_id, NOON + timedelta(seconds=15)) == 0
    row = ModelCall.objects.get(pk=lost.call_id)
    assert (row.cost_pico, row.usage_estimated, row.error_class) == (50, True, "WorkerLost")
    assert row.duration_ms == 12_000
    assert (Budget.objects.get().spent_pico, Budget.objects.get().reserved_pico) == (55, 0)


@pytest.mark.django_db
def test_an_outcome_sums_all_attempts_and_prices_the_same_tokens_on_the_heavy_model() -> None:
    first = attempt()
    second = attempt(reply_id=first.reply_id, attempt=2, cause="fallback", asked_model="other")
    refused = attempt(reply_id=first.reply_id, attempt=3, cause="fallback")
    for start in (first, second, refused):
        start_call(start)
    settle_call(first, result(cost_pico=11, truncated=True))
    settle_call(second, result(cost_pico=22))
    settle_call(refused, result(cost_pico=None, usage=None, first_text_ms=None))
    record_outcome(outcome_facts(reply_id=first.reply_id, attempts=3, fallbacks=2, truncated=True), config())
    row = RouteOutcome.objects.get()
    assert (row.input_tokens, row.output_tokens, row.cost_pico) == (2000, 200, 33)
    # 2,000 tokens at 3 USD and 200 at 15 USD a million: 0.009 USD
    assert row.heavy_cost_pico == 9_000_000_000
    assert not row.escalated_before


@pytest.mark.django_db
def test_an_outcome_without_a_model_costs_nothing_and_says_what_the_heavy_one_would_have() -> None:
    record_outcome(
        outcome_facts(route="faq", tier="none", estimated_input_tokens=1000, estimated_output_tokens=100),
        config(),
    )
    row = RouteOutcome.objects.get()
    assert (row.input_tokens, row.output_tokens, row.cost_pico) == (0, 0, 0)
    assert row.heavy_cost_pico == 4_500_000_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("route", "cause", "at_once"),
    [("complex", "first", True), ("complex", "escalation", False), ("common", "first", False)],
)
def test_only_a_first_reply_on_a_heavy_route_was_sent_there_at_once(
    route: str, cause: str, at_once: bool
) -> None:
    record_outcome(outcome_facts(route=route, cause=cause), config())
    assert RouteOutcome.objects.get().escalated_before is at_once


@pytest.mark.django_db
def test_what_becomes_known_later_is_added_and_marks_the_minute() -> None:
    row = outcome(rolled_up=True)
    assert amend_outcome(row.reply_id, feedback=-1)
    row.refresh_from_db()
    assert (row.feedback, row.resolved, row.escalated_after, row.rolled_up) == (-1, None, False, False)
    amend_outcome(row.reply_id, escalated_after=True, resolved=False, escalated_by="thumbs_down")
    amend_outcome(row.reply_id, escalated_by="re_ask", re_asked=True)
    amend_outcome(row.reply_id, feedback=0)
    row.refresh_from_db()
    assert (row.feedback, row.resolved, row.escalated_after) == (None, False, True)
    assert (row.escalated_by, row.re_asked) == ("thumbs_down", True)  # the first stays
    assert not amend_outcome(uuid4(), feedback=1)


@pytest.mark.django_db
def test_erasing_takes_the_words_and_leaves_the_figures() -> None:
    gone, kept = attempt(), attempt()
    for start in (gone, kept):
        start_call(start)
        settle_call(start, result(partial_output="my name is", error_detail="said: my name is"))
    assert erase([gone.turn_id]) == 1
    erased = ModelCall.objects.get(pk=gone.call_id)
    assert (erased.partial_output, erased.error_detail, erased.cost_pico) == ("", "", 300_000_000)
    assert ModelCall.objects.get(pk=kept.call_id).partial_output == "my name is"
    assert erase([kept.reply_id]) == 1


@pytest.mark.django_db
def test_removing_the_example_leaves_the_visitors() -> None:
    outcome(purpose="demo")
    kept = outcome()
    assert remove_purpose("demo") == 1
    assert RouteOutcome.objects.get() == kept


@pytest.mark.django_db
def test_output_that_no_database_takes_is_stored_readably() -> None:
    start = attempt()
    start_call(start)
    settle_call(start, result(partial_output="a\x00b\ud800c", answering_model="m" * 300))
    row = ModelCall.objects.get()
    assert row.partial_output == "a�b?c"
    assert row.answering_model == "m" * 120

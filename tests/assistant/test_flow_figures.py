"""What flows cost and where two tiers pay: pure, with prices small enough to add up by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from assistant.flow_figures import Assumed, Basis, Counts, Ground, factor, mixed_percentile, priced, ranked
from assistant.flow_sampling import chosen
from routing.config import Config, ModelSpec, Price, RouteSpec
from routing.histogram import Histogram

DAY = date(2026, 11, 30)
PICO = 10**12


def model(name: str, tier: str, read: str, written: str) -> ModelSpec:
    price = Price(date(2026, 1, 1), 0, Decimal(read), Decimal(written))
    return ModelSpec(name, "p", "openai", name, tier, 8000, 1000, (price,))  # type: ignore[arg-type]


# Lite costs 1 and 2 USD a token, heavy 10 and 20: figures to add up by hand.
CONFIG = Config(
    number=1,
    sha="",
    models={"l": model("l", "lite", "1", "2"), "h": model("h", "heavy", "10", "20")},
    routes={
        "faq": RouteSpec("faq", "FAQ", "faq", "none", escalates_to="common"),
        "fixed": RouteSpec("fixed", "Small talk", "fixed", "none"),
        "common": RouteSpec("common", "Everyday", "model", "lite", ("l",), escalates_to="complex"),
        "complex": RouteSpec("complex", "Complex", "model", "heavy", ("h",)),
        "dear": RouteSpec("dear", "No price", "model", "lite", ("unknown",)),
    },
)
GROUND = Ground(CONFIG, {}, Assumed(escalation=0.5, output_tokens=10), DAY)
HEAVY = 100 * 10 + 10 * 20  # a message that reads 100 tokens and is answered in 10
LITE = 100 * 1 + 10 * 2


def counts(**routes: int) -> Counts:
    found = Counts(volume=sum(routes.values()), different=1)
    for route, times in routes.items():
        found.add(route, "7" if route == "faq" else "", "8" if route == "common" else "", 100, times)
    return found


@pytest.mark.parametrize(
    ("routes", "cost", "heavy"),
    [
        ({"common": 4}, 4 * (LITE + 0.5 * HEAVY), 4 * HEAVY),
        ({"faq": 4}, 4 * 0.5 * LITE, 4 * HEAVY),
        ({"faq": 3, "common": 1}, 3 * 0.5 * LITE + LITE + 0.5 * HEAVY, 4 * HEAVY),
        ({"fixed": 2}, 0, 2 * HEAVY),
        ({"complex": 2}, 2 * HEAVY, 2 * HEAVY),
    ],
)
def test_a_flow_costs_what_its_routes_cost(routes: dict[str, int], cost: float, heavy: float) -> None:
    found = priced(1, counts(**routes), GROUND, 2.0)
    assert found.cost == pytest.approx(2 * cost * PICO)
    assert found.heavy == pytest.approx(2 * heavy * PICO)
    assert found.saving == pytest.approx(2 * (heavy - cost) * PICO)
    assert found.monthly == 2 * sum(routes.values())


def test_a_missing_price_or_route_makes_no_cost_of_nothing() -> None:
    assert priced(1, counts(common=1, dear=1), GROUND, 1.0).cost is None
    gone = priced(1, counts(gone=1), GROUND, 1.0)
    assert (gone.cost, gone.heavy, gone.saving) == (None, None, None)
    without_heavy = replace(
        CONFIG, routes={**CONFIG.routes, "complex": replace(CONFIG.routes["complex"], enabled=False)}
    )
    assert priced(1, counts(common=1), replace(GROUND, config=without_heavy), 1.0).heavy is None


def test_the_ranking_says_where_tiers_pay_and_where_they_do_not() -> None:
    always = replace(GROUND, assumed=Assumed(escalation=1.0, output_tokens=10))
    flows = [
        priced(1, counts(complex=9), always, 1.0),
        priced(2, counts(common=5), always, 1.0),  # each is asked of both: dearer than the heavy one alone
        priced(3, counts(faq=1), always, 1.0),
        priced(4, counts(faq=2), always, 1.0),
        priced(5, counts(dear=1), always, 1.0),
    ]
    pays, not_so, unknown = ranked(flows)
    assert [[each.number for each in part] for part in (pays, not_so, unknown)] == [[4, 3], [2, 1], [5]]
    assert not_so[0].saving == pytest.approx(-5 * LITE * PICO)


def test_figures_of_the_team_replace_what_is_assumed() -> None:
    own = Basis(40, 30, 0.0, output_known=True, escalation_known=True)
    found = priced(1, counts(common=1), replace(GROUND, bases={"common": own}), 1.0)
    assert found.cost == pytest.approx((100 + 30 * 2) * PICO)
    assert found.heavy == pytest.approx((100 * 10 + 30 * 20) * PICO)
    assert found.escalations == 0


def test_live_messages_count_what_they_have_cost() -> None:
    live = counts(common=10)
    live.note(known=9, cost=900, heavy=1800, escalated=2)
    found = priced(1, live, GROUND, 1.0)
    assert (found.cost, found.heavy) == (1000, 2000)  # the tenth one is taken for an ordinary one
    assert found.escalations == 0.2
    live.note(known=-1)
    assert priced(1, live, GROUND, 1.0).cost is None


def test_first_text_is_mixed_as_the_flow_is_and_unknown_with_too_few_replies() -> None:
    quick, slow = Histogram.of([10.0] * 40), Histogram.of([1000.0] * 20)
    both = replace(GROUND, bases={"faq": Basis(first_text=quick), "common": Basis(first_text=slow)})
    assert priced(1, counts(faq=97, common=3), both, 1.0).first_text_p95 == pytest.approx(10, rel=0.02)
    assert priced(1, counts(faq=90, common=10), both, 1.0).first_text_p95 == pytest.approx(1000, rel=0.02)
    few = replace(both, bases={**both.bases, "common": Basis(first_text=Histogram.of([1000.0] * 19))})
    found = priced(1, counts(faq=97, common=3), few, 1.0)
    assert (found.first_text_p95, found.p95_lacks) == (None, ("common",))
    assert mixed_percentile([(1, quick), (1, quick)], 0.5) == pytest.approx(10, rel=0.02)


@pytest.mark.parametrize(
    ("monthly", "first", "last", "expected"),
    [
        (500, None, None, 5.0),
        (500, date(2026, 1, 1), date(2026, 1, 31), 5.0),
        (None, date(2026, 1, 1), date(2026, 1, 31), 30.44 / 31),
        (None, date(2026, 1, 1), date(2026, 1, 6), None),
        (None, None, None, None),
    ],
)
def test_a_month_is_made_of_dates_or_of_what_the_reader_says(
    monthly: int | None, first: date | None, last: date | None, expected: float | None
) -> None:
    found = factor(100, Assumed(monthly=monthly), first, last)
    assert found == (None if expected is None else pytest.approx(expected))


def test_an_entry_is_missing_where_models_are_asked_often_for_want_of_one() -> None:
    assert priced(1, counts(common=3), GROUND, 1.0).lacks_entry
    assert not priced(1, counts(common=2), GROUND, 1.0).lacks_entry
    assert not priced(1, counts(common=3, faq=3), GROUND, 1.0).lacks_entry
    assert not priced(1, counts(fixed=9), GROUND, 1.0).lacks_entry
    assert not priced(1, counts(complex=9), GROUND, 1.0).lacks_entry


@pytest.mark.parametrize(
    ("sizes", "most", "lengths"),
    [([3, 2], 5, [3, 2]), ([10, 2, 1], 6, [3, 2, 1]), ([5, 5], 1, [1, 1]), ([], 5, [])],
)
def test_what_is_judged_is_all_or_a_fair_part_of_each(
    sizes: list[int], most: int, lengths: list[int]
) -> None:
    found = chosen(sizes, most)
    assert [len(each) for each in found] == lengths
    assert all(each == sorted(set(each)) and each[0] == 0 for each in found)


def test_counts_are_stored_and_added() -> None:
    one, other = counts(faq=2), counts(faq=1, common=4)
    other.note(known=3)
    both = Counts.load(one.dump()).merged(other)
    assert (both.volume, both.answered, both.routes["faq"], both.entries) == (7, 3, [3, 300], {"7": 3})
    assert (both.offered, both.near) == (4, {"8": 4})
    assert both.live == {"known": 3}

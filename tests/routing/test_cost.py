"""Prices: tiers, dates, caches, and the refusal to guess."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.config import ModelSpec, Price
from routing.cost import price_of, reserve_of
from routing.events import UsageReport

MILLION = Decimal(10) ** 6
TODAY, NEXT_YEAR = date(2026, 11, 23), date(2027, 1, 1)


def price(day: date, above: int, given: str, written: str, cached: str | None = None) -> Price:
    return Price(
        day,
        above,
        Decimal(given) / MILLION,
        Decimal(written) / MILLION,
        None if cached is None else Decimal(cached) / MILLION,
    )


MODEL = ModelSpec(
    "m",
    "p",
    "openai",
    "M",
    "lite",
    1_000_000,
    8_192,
    (
        price(date(2026, 1, 1), 0, "0.10", "0.50", "0.01"),
        price(date(2026, 1, 1), 100_000, "0.50", "2.50"),
        price(NEXT_YEAR, 0, "0.20", "1.00"),
    ),
)

BILLS = [
    (UsageReport(1_000, 100), TODAY, 1_000 * 100_000 + 100 * 500_000),
    (UsageReport(1_000, 100, cached_tokens=400), TODAY, 600 * 100_000 + 400 * 10_000 + 100 * 500_000),
    (UsageReport(1_000, 0, cached_tokens=5_000), TODAY, 1_000 * 10_000),
    (UsageReport(1_000, 0, cache_write_tokens=300), TODAY, 1_000 * 100_000),
    (UsageReport(100_000, 1), TODAY, 100_000 * 100_000 + 500_000),
    (UsageReport(100_001, 1), TODAY, 100_001 * 500_000 + 2_500_000),
    (UsageReport(100_001, 1), NEXT_YEAR, 100_001 * 200_000 + 1_000_000),
    (UsageReport(1_000, 100), date(2025, 12, 31), None),
    (UsageReport(None, 100), TODAY, None),
    (UsageReport(1_000, None), TODAY, None),
]


@pytest.mark.parametrize(("usage", "on", "pico"), BILLS)
def test_bills(usage: UsageReport, on: date, pico: int | None) -> None:
    assert price_of(MODEL, usage, on) == pico


def test_no_price_is_unknown_and_not_free() -> None:
    free = replace(MODEL, prices=())
    assert price_of(free, UsageReport(1, 1), TODAY) is None
    assert reserve_of(free, 1, 1, TODAY) is None


@given(st.integers(0, 300_000), st.integers(0, 8_192), st.integers(0, 8_192), st.integers(0, 300_000))
def test_a_reservation_is_never_short(given_tokens: int, written: int, cap: int, cached: int) -> None:
    usage = UsageReport(given_tokens, min(written, cap), cached)
    bill, reserve = price_of(MODEL, usage, TODAY), reserve_of(MODEL, given_tokens, cap, TODAY)
    assert bill is not None
    assert reserve is not None
    assert bill <= reserve

"""What a call costs in the ledger is what the sandbox bills: each wire, every kind of token and of price."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from routing.config import Price
from tests.control import Control
from tests.routing.conftest import MemoryLedger
from tests.routing.jobs import WIRES, job, play

PER_MILLION: list[dict[str, Any]] = [
    # An older list that a newer one has taken the place of, whole: its price for large prompts is gone.
    {"effective_from": "2025-01-01", "input": "9", "output": "9", "cached_input": "9", "cache_write": "9"},
    {"effective_from": "2025-01-01", "input_above": 500, "input": "7", "output": "7"},
    {"effective_from": "2026-01-01", "input": "0.30", "output": "2.50", "cached_input": "0.03",
     "cache_write": "0.375"},
    {"effective_from": "2026-01-01", "input_above": 100_000, "input": "0.60", "output": "5",
     "cached_input": "0.06", "cache_write": "0.75"},
    {"effective_from": "2999-01-01", "input": "80", "output": "80"},  # not yet
]  # fmt: skip

CLAIMS = [
    {},
    {"input_tokens": 12_345, "cached_tokens": 10_001},
    {"input_tokens": 12_345, "cached_tokens": 12_345},
    {"input_tokens": 12_345, "cache_write_tokens": 7_007},
    {"input_tokens": 12_345, "cached_tokens": 5_000, "cache_write_tokens": 7_345},
    {"input_tokens": 777, "thinking_tokens": 333},
    {"input_tokens": 100_000},
    {"input_tokens": 100_001, "cached_tokens": 60_000, "thinking_tokens": 5},
]


def prices() -> tuple[Price, ...]:
    """Return the same list as the desk holds it: per token."""

    def amount(row: dict[str, Any], name: str) -> Decimal | None:
        return Decimal(row[name]) / 10**6 if name in row else None

    return tuple(
        Price(
            date.fromisoformat(row["effective_from"]),
            row.get("input_above", 0),
            Decimal(row["input"]) / 10**6,
            Decimal(row["output"]) / 10**6,
            amount(row, "cached_input"),
            amount(row, "cache_write"),
        )
        for row in PER_MILLION
    )


@pytest.mark.parametrize("wire", sorted(WIRES))
async def test_the_ledger_and_the_bill_agree_to_the_last_pico(control: Control, wire: str) -> None:
    model = replace(WIRES[wire], prices=prices())
    control.prices([{"id": model.id, "prices": PER_MILLION}])
    for claims in CLAIMS:
        control.usage(**claims)
        ledger = MemoryLedger()
        told = await play(job(model, max_output=4096), ledger)
        assert told.ended.last is not None
        start, result = told.ended.last
        bill = control.requests()[-1]
        assert result.usage is not None and not result.usage_estimated
        assert (result.usage.input_tokens, result.usage.output_tokens, result.cost_pico) == (
            bill["input_tokens"],
            bill["output_tokens"],
            bill["cost_pico"],
        ), claims
        assert (result.usage.cached_tokens or 0, result.usage.cache_write_tokens or 0) == (
            bill["cached_tokens"],
            bill["cache_write_tokens"],
        )
        assert bill["cost_pico"] > 0
        assert bill["call_id"] == str(start.call_id)


@pytest.mark.parametrize("wire", sorted(WIRES))
async def test_a_price_that_nobody_knows_is_none_and_usage_that_nobody_said_an_estimate(
    control: Control, wire: str
) -> None:
    ledger = MemoryLedger()
    told = await play(job(replace(WIRES[wire], prices=())), ledger)
    assert told.ended.last is not None
    assert told.ended.last[1].cost_pico is None and not told.ended.last[1].usage_estimated

    control.fault("usage_missing")
    told = await play(job(replace(WIRES[wire], prices=prices())), MemoryLedger())
    assert told.ended.last is not None
    result = told.ended.last[1]
    assert result.usage_estimated and result.cost_pico is not None and result.cost_pico > 0

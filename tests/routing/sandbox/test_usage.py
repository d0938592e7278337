"""What the sandbox counts and charges, and that both are in the record of each request."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from routing.config import ModelSpec, Price
from routing.cost import price_of
from routing.events import FinishReason
from tests.control import Control
from tests.routing.conftest import MemoryLedger
from tests.routing.jobs import WIRES, job, model, play

EVERY_WIRE = pytest.mark.parametrize("wire", WIRES)
LIST: list[dict[str, Any]] = [
    {"input": "0.30", "output": "2.50", "cached_input": "0.03", "cache_write": "0.375"},
    {"input_above": 100_000, "input": "0.6", "output": "5", "cached_input": "0.06", "cache_write": "0.75"},
]
BEGUN = "2026-01-01"


def _price(row: dict[str, Any]) -> Price:
    rates = {name: Decimal(value) / 10**6 for name, value in row.items() if name != "input_above"}
    return Price(date.fromisoformat(BEGUN), row.get("input_above", 0), **rates)


def priced(control: Control, wire: str) -> ModelSpec:
    """Return a model whose price list both the sandbox and the desk have."""
    control.prices([{"id": f"{wire}-lite", "prices": [{"effective_from": BEGUN, **row} for row in LIST]}])
    return model(wire, prices=tuple(_price(row) for row in LIST))


CLAIMS = [
    {},
    {"cached_tokens": 40},
    {"cached_tokens": 40, "cache_write_tokens": 30},
    {"cached_tokens": 10**9, "cache_write_tokens": 10},
    {"thinking_tokens": 25},
    {"input_tokens": 100_000},
    {"input_tokens": 100_001, "cached_tokens": 90_000, "cache_write_tokens": 5_000, "thinking_tokens": 7},
]


@EVERY_WIRE
@pytest.mark.parametrize("claims", CLAIMS, ids=lambda claims: "-".join(f"{n}{v}" for n, v in claims.items()))
async def test_cached_written_and_thinking_tokens_cost_the_same_in_both_books(
    control: Control, ledger: MemoryLedger, wire: str, claims: dict[str, int]
) -> None:
    asked = priced(control, wire)
    control.usage(**claims)
    told = await play(job(asked), ledger)
    assert told.ended.last is not None
    start, result = told.ended.last
    (record,) = control.requests()

    assert record["usage_sent"]
    assert record["call_id"] == str(start.call_id)
    assert not result.usage_estimated
    assert result.usage is not None
    told_tokens = (result.usage.input_tokens, result.usage.cached_tokens or 0, result.usage.output_tokens)
    assert told_tokens == (record["input_tokens"], record["cached_tokens"], record["output_tokens"])
    assert (result.usage.cache_write_tokens or 0) == record["cache_write_tokens"]
    assert record["thinking_tokens"] == claims.get("thinking_tokens", 0)
    assert (result.usage.thinking_tokens or 0) == record["thinking_tokens"]
    assert result.cost_pico == record["cost_pico"] == control.invoice()[asked.id]["cost_pico"] > 0
    assert result.cost_pico == price_of(asked, result.usage, start.started_at.date())
    assert record["output_tokens"] == record["tokens"] + record["thinking_tokens"]


@EVERY_WIRE
async def test_f18_a_model_that_only_thought_is_seen_and_a_larger_cap_is_tried_once(
    control: Control, ledger: MemoryLedger, wire: str
) -> None:
    asked = priced(control, wire)
    control.fault("length", asked.id, after_tokens=0)
    told = await play(job(asked), ledger)
    assert (told.ended.state, told.ended.attempts, told.seams) == ("completed", 2, 0)
    ((_, first),) = ledger.settled
    assert (first.finish, first.first_text_ms, first.partial_output) == (FinishReason.LENGTH, None, "")
    assert first.error_detail.startswith("no_text: all 1024 tokens of output went into thinking")
    assert first.usage is not None
    assert first.usage.thinking_tokens == first.usage.output_tokens == 1024
    assert first.cost_pico == control.requests()[0]["cost_pico"]

    control.fault("length", asked.id, after_tokens=0, times=2)
    told = await play(job(asked), MemoryLedger())
    assert (told.ended.state, told.ended.attempts, told.text) == ("failed", 2, "")


def test_records_are_numbered_so_that_a_gap_is_seen(control: Control) -> None:
    for _ in range(2):
        control.call("POST", "/v1/messages", {})
    assert [record["number"] for record in control.requests()] == [1, 2]
    assert [record["ended"] for record in control.requests()] == ["rejected"] * 2
    control.call("DELETE", "/_control/requests")
    control.call("POST", "/v1/messages", {})
    assert [record["number"] for record in control.requests()] == [1]


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("usage", {"cached_tokens": -1}),
        ("usage", []),
        ("prices", [{"prices": []}]),
        ("prices", 3),
        ("prices", [{"id": "m", "prices": [{"effective_from": BEGUN, "input": "cheap", "output": "1"}]}]),
    ],
)
def test_a_wrong_claim_or_price_is_refused(control: Control, what: str, body: Any) -> None:
    assert control.call("PUT", f"/_control/{what}", body)[0] == 400

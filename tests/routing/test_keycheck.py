"""One tiny call with a key, over the sandbox's real socket: booked, capped, and honest about what came."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from routing.config import Config, RouteSpec
from routing.errors import CallFailed, KeyRefused, QuotaExhausted, UnknownModel
from routing.keycheck import OUTPUT_TOKENS, KeyCheck, check_key
from routing.providers.transport import Target, Transport
from tests.control import Control
from tests.routing.conftest import MemoryLedger
from tests.routing.jobs import WIRES

ROUTE = RouteSpec("common", "Common", "model", "lite")
ROOTS = {"openai": "/v1", "gemini": "/v1beta", "anthropic": "/v1"}


@pytest.fixture
async def http() -> AsyncIterator[Transport]:
    transport = Transport()
    yield transport
    await transport.aclose()


async def check(control: Control, wire: str, ledger: MemoryLedger, http: Transport) -> KeyCheck:
    target = Target(wire, wire, f"http://127.0.0.1:{control.port}{ROOTS[wire]}", "a-key")
    return await check_key(WIRES[wire], target, ROUTE, Config(3, "sha"), ledger, http)


@pytest.mark.parametrize("wire", ROOTS)
async def test_a_key_that_works_is_booked_as_a_probe_with_few_tokens(
    control: Control, ledger: MemoryLedger, http: Transport, wire: str
) -> None:
    found = await check(control, wire, ledger, http)
    assert (found.failure, found.unpaid, found.other_model) == (None, "", "")
    assert found.first_text_ms is not None
    ((start, result),) = ledger.settled
    assert (start.purpose, start.route, start.config_number) == ("probe", "common", 3)
    assert start.reserved_pico > 0
    assert result.cost_pico == found.cost_pico
    assert result.usage is not None and (result.usage.output_tokens or 0) <= OUTPUT_TOKENS
    assert len(control.requests()) == 1


@pytest.mark.parametrize("wire", ROOTS)
@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ({"status": 401}, KeyRefused),
        ({"status": 404}, UnknownModel),
        ({"status": 402, "reason": "no_credit"}, QuotaExhausted),
        ({"status": 429, "reason": "no_credit"}, QuotaExhausted),
    ],
    ids=["401", "404", "402", "429"],
)
async def test_what_is_wrong_is_an_error_of_its_own_and_settled(
    control: Control,
    ledger: MemoryLedger,
    http: Transport,
    wire: str,
    fault: dict[str, Any],
    failure: type[CallFailed],
) -> None:
    control.fault("status", after_tokens=-1, **fault)
    found = await check(control, wire, ledger, http)
    assert type(found.failure) is failure
    assert ledger.settled[0][1].cost_pico == 0


async def test_another_model_is_named_and_an_alias_is_none(
    control: Control, ledger: MemoryLedger, http: Transport
) -> None:
    control.fault("other_model")
    found = await check(control, "gemini", ledger, http)
    assert found.other_model
    assert not replace(found, model=replace(found.model, answers_as=(found.answering,))).other_model


async def test_beyond_the_cap_nothing_is_sent(control: Control, http: Transport) -> None:
    found = await check(control, "openai", MemoryLedger(budget=0), http)
    assert found.unpaid == "nothing left"
    assert control.requests() == []

"""F9, F23: hosts that are not there, and a reader who is not there any more."""

from dataclasses import replace

import pytest
from pytest_django import Settings

from common.env import ProviderEnv
from routing import dispatch
from routing.config import Deadlines
from routing.events import FinishReason
from routing.providers.transport import Transport
from tests.control import Control
from tests.environment import free_port
from tests.routing.conftest import MemoryLedger
from tests.routing.jobs import WIRES, job, model, play

# No deadline may be what ends the attempt: the host itself must say no.
PATIENT = Deadlines(connect_s=30.0, first_text_s=60.0, stall_s=60.0, total_s=90.0)
BASES = [
    ("http://127.0.0.1:{dead}/v1", "connection refused"),
    ("http://no-such-host.invalid/v1", "unknown host"),
    ("https://127.0.0.1:{sandbox}/v1", "TLS failed"),
]


@pytest.mark.parametrize(("base", "words"), BASES, ids=[words.replace(" ", "-") for _, words in BASES])
async def test_f9_a_host_that_cannot_be_reached_costs_nothing_and_the_next_model_answers(
    control: Control, ledger: MemoryLedger, settings: Settings, base: str, words: str
) -> None:
    url = base.format(dead=free_port(), sandbox=control.port)
    there = ProviderEnv("there", "openai", f"http://127.0.0.1:{control.port}/v1", "key")
    settings.ENV = replace(
        settings.ENV, sandbox=False, providers=(ProviderEnv("gone", "openai", url, "key"), there)
    )
    gone, other = (model("openai", f"{name}-lite", provider=name) for name in ("gone", "there"))
    told = await play(job(gone, other, deadlines=PATIENT), ledger)
    assert (told.ended.state, told.ended.attempts, told.seams) == ("completed", 2, 0)
    ((_, first),) = ledger.settled
    assert (first.error_class, first.http_status, first.usage, first.cost_pico) == (
        "ConnectFailed",
        None,
        None,
        0,
    )
    assert words in first.error_detail
    assert "gone at " in first.error_detail
    assert [record["model"] for record in control.requests()] == [other.id]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("fault", ["", "pings", "drip", "slow_close", "endless"])
async def test_f23_a_reply_that_is_left_has_one_row_and_it_says_that_it_is_an_estimate(
    control: Control, ledger: MemoryLedger, wire: str, fault: str
) -> None:
    asked = WIRES[wire]
    control.pace(first_text_ms=0, gap_ms=20, tokens=200)
    if fault:
        control.fault(fault, asked.id, after_tokens=3)
    http = Transport()
    run = dispatch.run(job(asked, deadlines=PATIENT), ledger, http)
    text = ""
    async for event in run:
        text += event.text if isinstance(event, dispatch.Text) else ""
        if len(text) > 5:
            break
    await run.aclose()
    await http.aclose()
    ((start, result),) = ledger.settled
    assert [start] == ledger.started
    assert (result.finish, result.partial_output) == (FinishReason.CANCELLED, text)
    assert result.usage_estimated
    assert result.cost_pico
    assert result.cost_pico <= start.reserved_pico

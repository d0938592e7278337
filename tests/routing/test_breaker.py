"""Breakers at work: the shipped sandbox fails, Redis carries the news, a probe closes."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from common.redis import Redis, RedisGone, async_client, sync_client
from routing import breaker, breaker_log, breaker_probe
from routing.breaker_log import STREAM, BreakerLog, claim_probe, decoded, encoded, history
from routing.breaker_rules import Fault
from routing.breakers import MIN_CALLS, BreakerEvent, Breakers, Called, Closed, Opened, Reset
from routing.config import ModelSpec
from routing.ladder import steps_of
from routing.models import Purpose
from routing.providers import registry
from routing.providers.transport import Transport
from tests.control import Control
from tests.environment import free_port
from tests.routing.conftest import MemoryLedger
from tests.routing.jobs import GEMINI, OPENAI, job, play
from tests.routing.test_hedging import SOON

AT = datetime(2026, 11, 29, 14, 3, 10, tzinfo=UTC)


def asked(control: Control) -> dict[str, int]:
    return {model: line["requests"] for model, line in control.invoice().items()}


async def fail(control: Control, model: ModelSpec, times: int = MIN_CALLS) -> None:
    """Let `model` fail for as many messages as open its breaker."""
    control.fault("status", model.id, status=503, times=times)
    for _ in range(times):
        assert (await play(job(model, GEMINI), MemoryLedger())).ended.answering_model == GEMINI.id


def plan_for(model: ModelSpec) -> breaker_probe.Plan:
    """Return a plan without a database: the job's own route and configuration."""

    async def plan(due: breaker_probe.Due) -> list[breaker_probe.Probe]:
        given = job(model)
        return [breaker_probe.Probe(key, model, given.route, given.config) for key, _ in due]

    return plan


async def test_an_open_model_gets_no_request_and_a_probe_opens_the_way_again(
    control: Control, ledger: MemoryLedger
) -> None:
    await fail(control, OPENAI)
    before = asked(control)
    given = job(OPENAI, GEMINI)
    views = registry.ladder(given.route, given.config.models)
    assert views[0].status.startswith(
        "open: 5 of 5 calls within 60 s failed, last: provider error (status 503)"
    )
    told = await play(replace(given, steps=steps_of(views)), MemoryLedger())
    assert (told.ended.answering_model, told.ended.attempts) == (GEMINI.id, 1)
    assert asked(control).get(OPENAI.id) == before.get(OPENAI.id)
    assert steps_of(views) == (GEMINI, OPENAI), "and is still there when nothing else is left"

    http = Transport()
    assert breaker.due() == ()
    await breaker_probe.probe_due(plan_for(OPENAI), ledger, http, None)
    assert ledger.started == [], "not before its time"
    make_due("openai", OPENAI.id)
    await breaker_probe.probe_due(plan_for(OPENAI), ledger, http, None)
    await http.aclose()
    (start,) = ledger.started
    assert (start.purpose, start.asked_model) == (Purpose.SYNTHETIC.value, OPENAI.id)
    assert [settled is start for settled, _ in ledger.settled] == [True]
    assert registry.usable(OPENAI) is None


def make_due(provider: str, model: str, reason: str = "5 of 5 calls failed") -> None:
    """Let a breaker be one whose time is over."""
    event = Opened(provider, model, reason, AT, 0.0, model or OPENAI.id)
    breaker.tell(event)


async def test_a_probe_that_fails_keeps_it_open(control: Control, ledger: MemoryLedger) -> None:
    make_due("openai", OPENAI.id)
    control.fault("status", OPENAI.id, status=503)
    http = Transport()
    await breaker_probe.probe_due(plan_for(OPENAI), ledger, http, None)
    await http.aclose()
    assert "last probe: provider error (status 503)" in (registry.usable(OPENAI) or "")
    assert breaker.due() == ()


async def test_a_wrong_breaker_does_not_silence_the_desk(control: Control, ledger: MemoryLedger) -> None:
    make_due("openai", OPENAI.id)
    told = await play(job(OPENAI), ledger)
    assert (told.ended.state, told.ended.attempts) == ("completed", 1)
    assert registry.usable(OPENAI), "and a visitor's answer closes nothing"
    control.fault("status", GEMINI.id, status=400)
    told = await play(job(GEMINI, OPENAI), ledger)
    assert (told.ended.state, told.ended.answering_model) == ("completed", OPENAI.id)


async def test_a_storm_of_429_reaches_the_provider_at_most_eleven_times_for_ten_messages(
    control: Control,
) -> None:
    messages = 300
    control.fault("status", OPENAI.id, status=429, retry_after=0, times=messages * 2)
    ledger, http = MemoryLedger(budget=messages * 2), Transport()
    gate = asyncio.Semaphore(20)

    async def one() -> None:
        async with gate:
            await play(job(OPENAI, deadlines=SOON), ledger)

    await asyncio.gather(*(one() for _ in range(messages)))
    await http.aclose()
    assert messages <= len(ledger.started) <= messages * 1.1
    assert sum(start.cause == "retry" for start in ledger.started) > 0


# -- Redis ----------------------------------------------------------------------------------------


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    found = async_client(redis_url)
    await found.delete(STREAM)
    yield found
    await found.delete(STREAM)
    await found.aclose()


EVENTS: list[BreakerEvent] = [
    Called("p", "a"),
    Called("p", "a", Fault("key refused (status 401)", "provider")),
    Opened("p", "", "2 of its models fail: a, b", AT, 15.0, "a"),
    Closed("p", "a", "a"),
    Reset("p", "a", "anna"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_what_is_told_is_read_back(event: BreakerEvent) -> None:
    assert decoded(encoded(event, "one")) == event


@pytest.mark.parametrize("fields", [{}, {"kind": "later", "body": "{}"}, {"kind": "called", "body": "["}])
def test_what_another_release_tells_is_passed_over(fields: dict[str, str]) -> None:
    assert decoded(fields) is None


async def test_two_processes_count_together_and_share_what_opens_and_closes(client: Redis) -> None:
    down = Fault("provider error (status 503)")
    logs, desks = [BreakerLog("one"), BreakerLog("two")], [Breakers(), Breakers()]

    async def in_step() -> None:
        for _ in range(2):
            for log, desk in zip(logs, desks, strict=True):
                for age_s, event in await log.step(client):
                    desk.take(event, 100.0 - age_s, AT)

    def call(index: int, times: int) -> None:
        for _ in range(times):
            event = Called("p", "a", down)
            logs[index].add((event, *desks[index].take(event, 100.0, AT)))

    call(0, 3)
    call(1, 1)
    await in_step()
    assert [desk.status("p", "a", 100.0, AT) for desk in desks] == ["", ""]
    call(1, 1)
    await in_step()
    told = [desk.status("p", "a", 100.0, AT) for desk in desks]
    assert all(status.startswith("open: 5 of 5 calls") for status in told), told
    late = Breakers()
    for age_s, event in await BreakerLog("three").step(client):
        late.take(event, 100.0 - age_s, AT)
    assert late.status("p", "a", 100.0, AT), "who starts later knows it too"

    logs[0].add(desks[0].probed(("p", "a"), "a", None, 100.0))
    await in_step()
    assert [desk.status("p", "a", 100.0, AT) for desk in desks] == ["", ""]


async def test_one_of_several_processes_probes(client: Redis, control: Control, ledger: MemoryLedger) -> None:
    make_due("openai", OPENAI.id)
    assert await claim_probe(client, "openai", OPENAI.id, "another process")
    http = Transport()
    await breaker_probe.probe_due(plan_for(OPENAI), ledger, http, client)
    assert ledger.started == []
    await client.delete(breaker_log.PROBE_KEY.format(provider="openai", model=OPENAI.id))
    await breaker_probe.probe_due(plan_for(OPENAI), ledger, http, client)
    await http.aclose()
    assert len(ledger.started) == 1
    assert registry.usable(OPENAI) is None
    assert not await claim_probe(client, "openai", OPENAI.id, "another process"), "until the news is read"
    await client.delete(breaker_log.PROBE_KEY.format(provider="openai", model=OPENAI.id))


async def test_without_redis_each_process_goes_on_by_itself(control: Control, ledger: MemoryLedger) -> None:
    gone = async_client(f"redis://127.0.0.1:{free_port()}/0")
    make_due("openai", OPENAI.id)
    with pytest.raises(RedisGone):
        await breaker.keep_in_step(gone)
    http = Transport()
    await breaker_probe.probe_due(plan_for(OPENAI), ledger, http, gone)
    await http.aclose()
    await gone.aclose()
    assert registry.usable(OPENAI) is None
    for _ in range(breaker_log.QUEUE * 2):
        breaker.reset("nobody", "asks")
    assert len(ledger.started) == 1


async def test_a_reset_reaches_every_process_and_a_command_reads_what_they_know(
    client: Redis, control: Control, redis_url: str
) -> None:
    make_due("openai", OPENAI.id)
    await breaker.keep_in_step(client)
    beside = sync_client(redis_url)
    told: list[Any] = [event for _, event in history(beside)]
    assert [type(event) for event in told] == [Opened]
    breaker_log.tell(beside, Reset("openai", OPENAI.id, "command"))
    assert registry.usable(OPENAI)
    await breaker.keep_in_step(client)
    assert registry.usable(OPENAI) is None
    beside.close()
    assert "secret" not in json.dumps(await client.xrange(STREAM))

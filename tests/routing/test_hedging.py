"""A late first text is hedged: two models of the sandbox side by side, over real sockets."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from common.clock import now
from routing import dispatch, hedging, rollup
from routing.config import Config, Deadlines
from routing.events import FinishReason
from routing.histogram import NEEDED
from routing.models import Purpose, RouteOutcome
from routing.providers.transport import Transport
from tests.control import Control
from tests.routing.conftest import MemoryLedger
from tests.routing.jobs import ANTHROPIC, GEMINI, OPENAI, job, play

LATE_S = 0.15
SOON = Deadlines(connect_s=2, first_text_s=1.0, stall_s=0.5, total_s=20)


@pytest.fixture
def late(control: Control) -> None:
    """Let the route's p95 of the first text be LATE_S."""
    hedging.learn({"common": LATE_S})


def hedged(*steps: Any, **more: Any) -> dispatch.Job:
    asked = job(*steps, deadlines=SOON, **more)
    return replace(asked, route=replace(asked.route, hedge=True))


def causes(ledger: MemoryLedger) -> list[tuple[str, str, int]]:
    return [(start.asked_model, start.cause, start.attempt) for start in ledger.started]


BOTH = [(OPENAI.id, "first", 1), (GEMINI.id, "hedge", 2)]


async def test_the_first_text_wins_and_the_late_one_is_closed_and_priced(
    control: Control, ledger: MemoryLedger, late: None
) -> None:
    whole = (await play(job(GEMINI), MemoryLedger())).text
    control.fault("stall", OPENAI.id, after_tokens=0)
    told = await play(hedged(OPENAI, GEMINI), ledger)

    assert (told.text, told.seams) == (whole, 0)
    ended = told.ended
    assert (ended.state, ended.attempts, ended.fallbacks, ended.continued) == ("completed", 2, 0, False)
    assert (ended.answering_model, ended.asked_model) == (GEMINI.id, GEMINI.id)
    assert causes(ledger) == BOTH
    stages = [event.model.id for event in told.events if isinstance(event, dispatch.Stage)]
    assert stages == [OPENAI.id], "the visitor sees nothing of it"
    assert [event.model.id for event in told.events if isinstance(event, dispatch.Hedged)] == [GEMINI.id]
    ((start, result),) = ledger.settled
    assert start is ledger.started[0]
    assert (result.finish, result.error_class, result.usage_estimated) == (FinishReason.CANCELLED, "", True)
    assert result.cost_pico
    assert ended.last is not None
    assert ended.last[0] is ledger.started[1]


async def test_the_hedge_loses_against_a_first_text_that_comes_after_all(
    control: Control, ledger: MemoryLedger, late: None
) -> None:
    control.pace(first_text_ms=400, gap_ms=0)
    told = await play(hedged(OPENAI, GEMINI), ledger)
    assert (told.ended.state, told.ended.answering_model, told.ended.attempts) == ("completed", OPENAI.id, 2)
    assert causes(ledger) == BOTH
    ((start, result),) = ledger.settled
    assert (start.asked_model, result.finish) == (GEMINI.id, FinishReason.CANCELLED)
    ends = {request["body"].get("model", GEMINI.id): request["ended"] for request in control.requests()}
    assert len(ends) == 2


async def test_when_the_first_fails_meanwhile_the_hedge_goes_on_alone(
    control: Control, ledger: MemoryLedger, late: None
) -> None:
    control.fault("stall", OPENAI.id, after_tokens=-1)
    control.fault("stall", GEMINI.id, after_tokens=-1)
    told = await play(hedged(OPENAI, GEMINI, ANTHROPIC), ledger)
    assert (told.ended.state, told.ended.answering_model) == ("completed", ANTHROPIC.id)
    assert (told.ended.attempts, told.ended.fallbacks) == (3, 1)
    assert causes(ledger) == [*BOTH, (ANTHROPIC.id, "fallback", 3)], "at most one hedge a reply"
    assert [result.error_class for _, result in ledger.settled] == ["FirstTextTimeout"] * 2
    assert told.ended.detail.count("gave no text") == 2


async def test_both_fail_and_the_visitor_is_told(control: Control, ledger: MemoryLedger, late: None) -> None:
    control.fault("stall", after_tokens=-1, times=5)
    told = await play(hedged(OPENAI, GEMINI), ledger)
    assert (told.ended.state, told.ended.ended_by, told.ended.attempts) == ("failed", "upstream", 2)
    assert told.ended.notice
    assert len(ledger.settled) == 1
    assert told.ended.last is not None


async def test_a_refusal_of_either_is_final(control: Control, ledger: MemoryLedger, late: None) -> None:
    control.fault("stall", OPENAI.id, after_tokens=-1)
    control.fault("refusal", GEMINI.id)
    told = await play(hedged(OPENAI, GEMINI, ANTHROPIC), ledger)
    assert (told.ended.state, told.ended.attempts, told.text) == ("refused", 2, "")


async def test_no_hedge_without_need_knowledge_money_or_a_second_model(control: Control, late: None) -> None:
    quick = MemoryLedger()
    await play(hedged(OPENAI, GEMINI), quick)
    assert causes(quick) == BOTH[:1], "in time"

    control.pace(first_text_ms=300, gap_ms=0)
    for asked in (job(OPENAI, GEMINI, deadlines=SOON), hedged(OPENAI)):
        ledger = MemoryLedger()
        assert (await play(asked, ledger)).ended.state == "completed"
        assert causes(ledger) == BOTH[:1]
    poor = MemoryLedger(budget=1)
    told = await play(hedged(OPENAI, GEMINI), poor)
    assert (told.ended.state, causes(poor)) == ("completed", BOTH[:1])
    hedging.forget()
    ledger = MemoryLedger()
    await play(hedged(OPENAI, GEMINI), ledger)
    assert causes(ledger) == BOTH[:1], "too little is known of the route"


async def test_closing_closes_both(control: Control, ledger: MemoryLedger, late: None) -> None:
    control.fault("stall", after_tokens=-1, times=2)
    http = Transport()
    run = dispatch.run(hedged(OPENAI, GEMINI), ledger, http)
    async for event in run:
        if isinstance(event, dispatch.Hedged):
            break
    await run.aclose()
    await http.aclose()
    assert [result.finish for _, result in ledger.settled] == [FinishReason.CANCELLED] * 2


@pytest.mark.django_db
def test_the_lateness_of_a_route_is_the_p95_of_its_visitors() -> None:
    route = hedged(OPENAI).route
    other = replace(route, slug="other", hedge=False)
    config = Config(1, "sha", {}, {"common": route, "other": other})
    needed = NEEDED[0.95]

    def answered(slug: str, count: int, first_text_ms: int) -> None:
        for _ in range(count):
            RouteOutcome.objects.create(
                reply_id=uuid4(), turn_id=uuid4(), route=slug, tier="lite", state="completed",
                ended_by="finish", ended_at=now() - timedelta(minutes=2), purpose=Purpose.VISITOR,
                first_text_ms=first_text_ms, total_ms=first_text_ms,
            )  # fmt: skip

    answered("common", needed - 1, 400)
    answered("other", needed, 400)
    rollup.roll_up(now())
    hedging.refresh(config, now())
    assert hedging.late_after("common") is None, "too few"
    answered("common", 1, 400)
    rollup.roll_up(now())
    hedging.refresh(config, now())
    assert hedging.late_after("common") == pytest.approx(0.4, rel=0.02)
    assert hedging.late_after("other") is None
    hedging.forget()

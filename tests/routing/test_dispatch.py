"""Dispatch against the shipped sandbox over a real socket."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from routing import dispatch, walk
from routing.config import Deadlines, ModelSpec
from routing.events import ChatMessage, FinishReason
from routing.ladder import Aside, LadderView, set_aside, steps_of
from routing.providers.transport import Transport
from tests.control import Control
from tests.environment import free_port
from tests.routing.conftest import MemoryLedger
from tests.routing.jobs import ANTHROPIC, GEMINI, OPENAI, WIRES, job, model, play

EVERY_WIRE = pytest.mark.parametrize("asked", WIRES.values(), ids=WIRES)
SECOND = {"openai": GEMINI, "gemini": ANTHROPIC, "anthropic": OPENAI}

CUT = "truncated_output: token_stream ended prematurely at token "
FIRST_WORDS = "Open **Sign in** and choose *Forgot password*."


SPENT = Aside("openai-lite", datetime(2026, 11, 30, 12, 3, tzinfo=UTC), "its error budget is spent")


@pytest.mark.parametrize("aside", [SPENT, None], ids=["set aside", "in use"])
@pytest.mark.parametrize("broken", [False, True], ids=["answers", "fails"])
async def test_a_model_that_is_set_aside_is_asked_only_when_the_next_one_fails(
    control: Control, ledger: MemoryLedger, aside: Aside | None, broken: bool
) -> None:
    if broken:
        control.fault("status", GEMINI.id, status=500)
    steps = steps_of(set_aside([LadderView(OPENAI), LadderView(GEMINI)], aside))
    told = await play(job(*steps), ledger)
    asked = [start.asked_model for start in ledger.started]
    if aside is None:
        assert asked == [OPENAI.id]
    else:
        assert asked == ([GEMINI.id, OPENAI.id] if broken else [GEMINI.id])
    assert told.ended.answering_model == asked[-1]
    assert told.text.startswith(FIRST_WORDS)
    assert set(control.invoice()) >= {asked[-1]}


async def eventually(true: Callable[[], bool]) -> None:
    """Wait until something has become true in the sandbox's process."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.02)


@EVERY_WIRE
async def test_an_answer_is_streamed_priced_and_left_to_be_settled(
    control: Control, ledger: MemoryLedger, asked: ModelSpec
) -> None:
    start = dispatch.first_attempt(job(asked))
    told = await play(replace(job(asked), first=start), ledger)

    assert told.text.startswith(FIRST_WORDS)
    assert "quokkaberry" in told.text
    ended = told.ended
    assert (ended.state, ended.ended_by, ended.attempts, ended.fallbacks) == ("completed", "finish", 1, 0)
    assert ended.notice == ""
    assert ended.detail == ""
    assert ledger.started == []
    assert ledger.settled == []
    assert ended.last is not None
    first, result = ended.last
    assert first is start
    assert result.finish is FinishReason.COMPLETE
    assert result.answering_model == asked.id
    assert result.usage is not None
    assert not result.usage_estimated
    line = control.invoice()[asked.id]
    assert (result.usage.input_tokens, result.usage.output_tokens) == (
        line["input_tokens"],
        line["output_tokens"],
    )
    expected = line["input_tokens"] * 300_000 + line["output_tokens"] * 2_500_000
    assert result.cost_pico == expected
    assert result.cost_pico is not None
    assert result.cost_pico <= first.reserved_pico
    assert result.partial_output == ""
    assert result.first_text_ms is not None
    assert result.first_text_ms <= result.duration_ms


BEFORE_TEXT = [
    ("eof", {"after_tokens": -1}, "ConnectFailed"),
    ("eof", {"after_tokens": 0}, "TruncatedOutput"),
    ("cut", {"after_tokens": -1}, "ConnectFailed"),
    ("cut", {"after_tokens": 0}, "TruncatedOutput"),
    ("stall", {"after_tokens": -1}, "FirstTextTimeout"),
    ("stall", {"after_tokens": 0}, "FirstTextTimeout"),
    ("error_first", {}, "ProviderDown"),
    ("status", {"status": 500}, "ProviderDown"),
    ("status", {"status": 529}, "ProviderDown"),
    ("status", {"status": 429, "retry_after": 3600}, "RateLimited"),
    ("status", {"status": 400}, "RequestRejected"),
    ("status", {"status": 401}, "KeyRefused"),
    ("status", {"status": 403}, "KeyRefused"),
    ("status", {"status": 404}, "UnknownModel"),
]
QUICK = Deadlines(connect_s=2, first_text_s=0.6, stall_s=0.4, total_s=20)


@EVERY_WIRE
@pytest.mark.parametrize(("fault", "more", "error"), BEFORE_TEXT)
async def test_a_failure_before_the_first_text_is_invisible(
    control: Control,
    ledger: MemoryLedger,
    asked: ModelSpec,
    fault: str,
    more: dict[str, int],
    error: str,
) -> None:
    other = SECOND[asked.id.removesuffix("-lite")]
    control.fault(fault, asked.id, **more)
    told = await play(job(asked, other, deadlines=QUICK), ledger)

    ended = told.ended
    assert told.text.startswith(FIRST_WORDS)
    assert told.seams == 0
    assert (ended.state, ended.attempts, ended.fallbacks) == ("completed", 2, 1)
    assert (ended.answering_model, ended.asked_model) == (other.id, other.id)
    assert [start.cause for start in ledger.started] == ["first", "fallback"]
    (start, result), *rest = ledger.settled
    assert rest == []
    assert (start.asked_model, result.error_class) == (asked.id, error)
    assert result.finish is not FinishReason.COMPLETE
    assert result.error_detail


AFTER_TEXT = [
    ("eof", "TruncatedOutput"),
    ("cut", "TruncatedOutput"),
    ("stall", "Stalled"),
    ("error_mid", "ProviderDown"),
]


@EVERY_WIRE
@pytest.mark.parametrize(("fault", "error"), AFTER_TEXT)
async def test_a_cut_answer_is_continued_once_and_its_seam_is_clean(
    control: Control, ledger: MemoryLedger, asked: ModelSpec, fault: str, error: str
) -> None:
    other = SECOND[asked.id.removesuffix("-lite")]
    whole = (await play(job(other), MemoryLedger())).text
    control.fault(fault, asked.id, after_tokens=9)
    told = await play(job(asked, other, deadlines=QUICK), ledger)

    assert told.text == whole
    assert told.seams == 1
    ended = told.ended
    assert (ended.state, ended.continued, ended.attempts) == ("completed", True, 2)
    assert ended.answering_model == other.id
    ((_, result),) = ledger.settled
    assert result.error_class == error
    assert result.truncated
    assert result.usage_estimated
    assert result.partial_output == whole[: len(result.partial_output)] != ""
    assert result.cost_pico
    assert result.cost_pico > 0
    if error == "TruncatedOutput":
        words, tokens = result.error_detail.rsplit(" ", 1)
        assert words + " " == CUT
        assert int(tokens) > 0


@EVERY_WIRE
@pytest.mark.parametrize("fault", [fault for fault, _ in AFTER_TEXT])
async def test_a_second_cut_ends_the_reply_honestly(
    control: Control, ledger: MemoryLedger, asked: ModelSpec, fault: str
) -> None:
    control.fault(fault, "*", after_tokens=5, times=3)
    told = await play(job(asked, deadlines=QUICK), ledger)

    ended = told.ended
    assert (ended.state, ended.ended_by, ended.attempts) == ("failed", "upstream", 2)
    assert told.text.startswith("Open")
    assert ended.notice
    assert "token" not in ended.notice
    assert ended.last is not None
    assert ended.last[1].truncated


@EVERY_WIRE
async def test_an_answer_out_of_room_goes_on_once_with_a_larger_cap(
    control: Control, ledger: MemoryLedger, asked: ModelSpec
) -> None:
    whole = (await play(job(asked), MemoryLedger())).text
    told = await play(job(asked, max_output=12), ledger)
    assert (told.text, told.seams, told.ended.state) == (whole, 1, "completed")
    ((_, first),) = ledger.settled
    assert first.finish is FinishReason.LENGTH
    assert first.truncated
    assert not first.usage_estimated

    control.fault("length", "*", after_tokens=6, times=2)
    told = await play(job(asked), MemoryLedger())
    assert (told.ended.state, told.ended.ended_by, told.ended.attempts) == ("truncated", "finish", 2)
    assert told.ended.notice


@EVERY_WIRE
async def test_a_refusal_is_final(control: Control, ledger: MemoryLedger, asked: ModelSpec) -> None:
    control.fault("refusal", asked.id)
    told = await play(job(asked, OPENAI, GEMINI), ledger)
    assert (told.ended.state, told.ended.attempts, told.text) == ("refused", 1, "")
    assert told.ended.notice
    assert len(control.requests()) == 1


@EVERY_WIRE
async def test_another_model_than_the_one_asked_is_recorded(
    control: Control, ledger: MemoryLedger, asked: ModelSpec
) -> None:
    control.fault("other_model", asked.id, times=2)
    told = await play(job(asked), ledger)
    assert told.ended.last is not None
    result = told.ended.last[1]
    assert (told.ended.state, told.ended.asked_model) == ("completed", asked.id)
    assert told.ended.answering_model == result.answering_model == "some-other-model-1"
    assert result.error_detail.startswith("model_mismatch")
    assert result.error_class == ""

    known = replace(asked, answers_as=("some-other-model-1",))
    told = await play(job(known), ledger)
    assert told.ended.last is not None
    assert told.ended.last[1].error_detail == ""


async def test_a_short_rate_limit_is_waited_for_and_a_long_one_is_not(
    control: Control, ledger: MemoryLedger
) -> None:
    control.fault("status", OPENAI.id, status=429, retry_after=1)
    told = await play(job(OPENAI, GEMINI), ledger)
    assert [(start.asked_model, start.cause) for start in ledger.started] == [
        (OPENAI.id, "first"),
        (OPENAI.id, "retry"),
    ]
    assert told.ended.state == "completed"
    assert ledger.settled[0][1].http_status == 429
    assert ledger.settled[0][1].cost_pico == 0
    assert ledger.settled[0][1].usage is None


async def test_a_lone_model_is_asked_once_more_and_then_the_visitor_is_told(
    control: Control, ledger: MemoryLedger
) -> None:
    control.fault("status", status=503)
    told = await play(job(OPENAI), ledger)
    assert (told.ended.state, told.ended.attempts) == ("completed", 2)
    assert [start.cause for start in ledger.started] == ["first", "retry"]

    control.fault("status", status=503, times=5)
    told = await play(job(OPENAI), MemoryLedger())
    assert (told.ended.state, told.ended.ended_by, told.ended.attempts) == ("failed", "upstream", 2)
    assert "503" in told.ended.detail
    assert "503" not in told.ended.notice


@pytest.mark.parametrize(
    ("status", "words"), [(401, "answered 401"), (404, "answered 404 for model openai-lite")]
)
async def test_staff_get_a_precise_message_and_the_visitor_a_polite_one(
    control: Control, ledger: MemoryLedger, status: int, words: str
) -> None:
    control.fault("status", status=status, times=5)
    told = await play(job(OPENAI), ledger)
    assert told.ended.state == "failed"
    assert told.ended.attempts == 1
    assert words in told.ended.detail
    assert "openai at 127.0.0.1" in told.ended.detail
    assert "try again" in told.ended.notice
    assert str(status) not in told.ended.notice


async def test_closing_hangs_up_at_once_and_settles_as_cancelled(
    control: Control, ledger: MemoryLedger
) -> None:
    control.pace(first_text_ms=0, gap_ms=20, tokens=400)
    http = Transport()
    run = dispatch.run(job(OPENAI), ledger, http)
    seen = ""
    async for event in run:
        if isinstance(event, dispatch.Text):
            seen += event.text
        if len(seen) > 20:
            break
    assert ledger.settled == []
    await run.aclose()
    ((start, result),) = ledger.settled
    assert start is ledger.started[0]
    assert result.finish is FinishReason.CANCELLED
    assert result.usage_estimated
    assert result.partial_output == seen
    assert result.usage is not None
    assert result.usage.input_tokens == 150
    await eventually(lambda: control.requests()[-1]["ended"] == "client left")
    assert control.requests()[-1]["tokens"] < 400
    await http.aclose()


async def test_cancelling_the_task_settles_too(control: Control, ledger: MemoryLedger) -> None:
    control.fault("stall", after_tokens=-1)
    task = asyncio.ensure_future(play(job(GEMINI), ledger))
    await eventually(lambda: bool(control.requests()))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ((_, result),) = ledger.settled
    assert result.finish is FinishReason.CANCELLED
    assert result.usage is not None
    assert result.usage.output_tokens is None
    assert result.usage_estimated


async def test_an_empty_budget_ends_before_and_after_the_first_text(control: Control) -> None:
    told = await play(job(OPENAI), MemoryLedger(budget=0))
    assert (told.ended.state, told.ended.ended_by, told.ended.last) == ("failed", "budget", None)
    assert control.requests() == []

    control.fault("eof", after_tokens=5)
    spent = MemoryLedger(budget=1)
    told = await play(job(OPENAI, GEMINI), spent)
    assert (told.ended.state, told.ended.ended_by) == ("truncated", "budget")
    assert told.text and str(told.ended.spent) == "nothing left"
    assert len(spent.settled) == 1
    assert len(control.requests()) == 1


async def test_the_total_deadline_keeps_the_text(control: Control, ledger: MemoryLedger) -> None:
    control.pace(first_text_ms=0, gap_ms=30, tokens=1000)
    told = await play(job(OPENAI, GEMINI, deadlines=replace(QUICK, total_s=0.5)), ledger)
    assert (told.ended.state, told.ended.ended_by, told.ended.attempts) == ("truncated", "deadline", 1)
    assert told.text
    assert told.ended.last is not None
    assert told.ended.last[1].error_class == "TotalTimeout"


async def test_a_dead_host_is_named_to_staff(ledger: MemoryLedger, settings: Settings) -> None:
    settings.ENV = replace(settings.ENV, sandbox_port=free_port())
    told = await play(job(OPENAI, GEMINI), ledger)
    assert told.ended.state == "failed"
    assert told.ended.attempts == 3
    assert "connection refused" in told.ended.detail
    assert {result.cost_pico for _, result in ledger.settled} == {0}


async def test_a_runaway_answer_is_stopped(
    control: Control, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "REPLY_CHARS", 50)
    told = await play(job(model("openai")), ledger)
    assert (told.ended.state, told.ended.ended_by, len(told.text)) == ("truncated", "reply_cap", 50)


def going_on(asked: dispatch.Job, cut: str) -> dispatch.Job:
    """Return `asked` as the visitor's own Continue makes it of an answer that was cut after `cut`."""
    words = f"Your answer was cut off after: «{cut[-200:]}» Go on exactly there, without repeating it."
    messages = (*asked.request.messages, ChatMessage("assistant", cut), ChatMessage("user", words))
    return replace(asked, request=replace(asked.request, messages=messages), continues_text=cut)


@EVERY_WIRE
@pytest.mark.parametrize("at", [9, 40, 77])
async def test_a_reply_that_continues_another_does_not_repeat_its_end(
    control: Control, ledger: MemoryLedger, asked: ModelSpec, at: int
) -> None:
    whole = (await play(job(asked), MemoryLedger())).text
    told = await play(going_on(job(asked), whole[:at]), ledger)
    assert whole[:at] + told.text == whole
    assert (told.seams, told.ended.state, told.ended.continued) == (0, "completed", False)
    assert told.ended.last is not None
    spent = told.ended.last[1].usage
    assert spent is not None
    assert spent.output_tokens == control.requests()[-1]["tokens"]


@EVERY_WIRE
async def test_neither_a_fallback_nor_a_second_cut_repeats_it(
    control: Control, ledger: MemoryLedger, asked: ModelSpec
) -> None:
    other = SECOND[asked.id.removesuffix("-lite")]
    whole = (await play(job(other), MemoryLedger())).text
    control.fault("error_first", asked.id)
    control.fault("cut", other.id, after_tokens=9)
    told = await play(going_on(job(asked, other), whole[:50]), ledger)
    assert whole[:50] + told.text == whole
    assert (told.seams, told.ended.state, told.ended.continued) == (1, "completed", True)


async def test_a_model_that_only_repeats_what_was_there_is_no_answer(
    control: Control, ledger: MemoryLedger
) -> None:
    control.pace(first_text_ms=0, gap_ms=0, tokens=12)
    whole = (await play(job(GEMINI), MemoryLedger())).text
    told = await play(replace(job(GEMINI), continues_text=f"So it is. {whole}"), ledger)
    assert (told.text, told.ended.state) == ("", "failed")
    assert told.ended.notice
    assert told.ended.last is not None
    assert (told.ended.last[1].error_class, told.ended.last[1].truncated) == ("NoText", False)


@pytest.mark.parametrize("fault", ["", "eof", "status"])
async def test_what_a_lost_process_had_shown_is_gone_on_with(
    control: Control, ledger: MemoryLedger, fault: str
) -> None:
    whole = (await play(job(OPENAI), ledger)).text
    stands = whole[: whole.index("Look into")]
    if fault:
        control.fault(fault, OPENAI.id, after_tokens=9 if fault == "eof" else -1, **_status(fault))
    left = job(OPENAI, GEMINI, stands=stands, begun=2)
    start = dispatch.first_attempt(left)
    assert (start.cause, start.attempt) == ("continuation", 3)
    assert start.reserved_pico > dispatch.first_attempt(job(OPENAI)).reserved_pico, "the text is read as well"
    told = await play(replace(left, first=start), ledger)
    assert stands + told.text == whole
    assert isinstance(told.events[0], dispatch.Stage) and told.events[0].stage == "continuing"
    ended = told.ended
    assert (ended.state, ended.continued) == ("completed", True)
    assert ended.attempts == (4 if fault else 3), "its own failure is made up for as any other"


async def test_the_rest_of_a_left_reply_counts_with_what_stands(
    control: Control, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "REPLY_CHARS", 400)
    control.fault("endless", times=2)
    told = await play(job(OPENAI, stands="So it is. " * 30), ledger)
    assert (told.ended.state, told.ended.ended_by) == ("truncated", "reply_cap")
    assert len(told.text) <= 100
    broke = MemoryLedger(budget=0)
    spent = await play(job(OPENAI, stands="So it is."), broke)
    assert (spent.ended.state, spent.ended.ended_by) == ("truncated", "budget"), "the text stays"


def _status(fault: str) -> dict[str, int]:
    return {"status": 503} if fault == "status" else {}

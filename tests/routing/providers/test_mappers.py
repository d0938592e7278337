"""Event mappers of the three wires, on literal bytes of their streams."""

import json
from typing import Any

import pytest

from routing import errors
from routing.events import AnsweringModel, Finish, FinishReason, ProviderEvent, TextDelta, UsageReport
from routing.providers import anthropic, gemini, openai
from routing.providers.sse import SseDecoder
from routing.providers.wire import Mapper

MAPPERS: dict[str, type[Mapper]] = {
    "openai": openai.OpenAIMapper,
    "gemini": gemini.GeminiMapper,
    "anthropic": anthropic.AnthropicMapper,
}


def line(payload: Any) -> str:
    return f"data: {json.dumps(payload)}\n\n"


def read(wire: str, *lines: str) -> tuple[Mapper, list[ProviderEvent]]:
    mapper, decoder = MAPPERS[wire](), SseDecoder()
    events = decoder.feed("".join(lines).encode())
    return mapper, [said for event in events for said in mapper.feed(event)]


def choice(delta: Any = None, finish: str | None = None, **more: Any) -> str:
    return line({"choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}], **more})


def candidate(text: str | None = None, finish: str | None = None, **more: Any) -> str:
    row: dict[str, Any] = {"index": 0}
    if text is not None:
        row["content"] = {"role": "model", "parts": [{"text": text}]}
    if finish:
        row["finishReason"] = finish
    return line({"candidates": [row], **more})


def text_delta(text: str) -> str:
    return line({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": text}})


def stop(reason: str | None, **usage: Any) -> str:
    return line({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage})


MESSAGE_STOP = line({"type": "message_stop"})


def test_openai_reads_text_usage_and_model_once() -> None:
    mapper, said = read(
        "openai",
        choice({"role": "assistant", "content": "", "refusal": None}, model="gpt-x", usage=None),
        choice({"content": "Hel"}, model="gpt-x", obfuscation="zz"),
        choice({"content": None}, model="gpt-x"),
        line({"choices": []}),
        choice({"content": "lo"}, model="gpt-x"),
        choice({}, "stop", model="gpt-x"),
        line(
            {
                "choices": [],
                "usage": {
                    "prompt_tokens": 20,
                    "completion_tokens": 2,
                    "prompt_tokens_details": {"cached_tokens": 5},
                },
            }
        ),
        "data: [DONE]\n\n",
    )
    assert said == [
        AnsweringModel("gpt-x"),
        TextDelta("Hel"),
        TextDelta("lo"),
        Finish(FinishReason.COMPLETE, "stop"),
        UsageReport(20, 2, 5, None),
    ]
    assert mapper.finished
    assert mapper.closed


def test_gemini_skips_thoughts_and_bills_them() -> None:
    thought = line({"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}]}}]})
    mapper, said = read(
        "gemini",
        thought,
        candidate("Hel", modelVersion="gemini-y", usageMetadata={"promptTokenCount": 9}),
        candidate("lo", modelVersion="gemini-y"),
        candidate(
            None,
            "STOP",
            usageMetadata={
                "promptTokenCount": 9,
                "cachedContentTokenCount": 4,
                "candidatesTokenCount": 2,
                "thoughtsTokenCount": 30,
            },
        ),
    )
    assert said == [
        AnsweringModel("gemini-y"),
        TextDelta("Hel"),
        UsageReport(9, None, None, None),
        TextDelta("lo"),
        UsageReport(9, 32, 4, None, 30),
        Finish(FinishReason.COMPLETE, "STOP"),
    ]
    assert mapper.finished
    assert not mapper.closed


def test_anthropic_picks_blocks_by_type_and_replaces_usage() -> None:
    start = {
        "type": "message_start",
        "message": {
            "model": "claude-z",
            "usage": {
                "input_tokens": 10,
                "cache_creation_input_tokens": 3,
                "cache_read_input_tokens": 7,
                "output_tokens": 1,
            },
        },
    }
    thinking = {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "thinking_delta", "thinking": "x"},
    }
    mapper, said = read(
        "anthropic",
        "event: message_start\n" + line(start),
        line({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}}),
        line(thinking),
        line({"type": "ping"}),
        text_delta("Hello"),
        line({"type": "content_block_stop", "index": 1}),
        stop("end_turn", output_tokens=12, input_tokens=None),
        MESSAGE_STOP,
    )
    assert said == [
        AnsweringModel("claude-z"),
        UsageReport(20, 1, 7, 3),
        TextDelta("Hello"),
        UsageReport(20, 12, 7, 3),
        Finish(FinishReason.COMPLETE, "end_turn"),
    ]
    assert mapper.finished
    assert mapper.closed


def counts(wire: str, given: Any, written: Any) -> str:
    """Return a report of input and output tokens and nothing else."""
    if wire == "openai":
        return line({"choices": [], "usage": {"prompt_tokens": given, "completion_tokens": written}})
    if wire == "gemini":
        return line({"usageMetadata": {"promptTokenCount": given, "candidatesTokenCount": written}})
    return stop(None, input_tokens=given, output_tokens=written)


REPORTS = [
    ([(9, 90), (9, 30)], (9, 30)),  # decreasing: the later one counts
    ([(9, 30), (9, 30)], (9, 30)),  # told twice, not summed
    ([(9, 30), (None, None)], (9, 30)),  # null takes nothing back
    ([(None, 30), (9, None)], (9, 30)),
    ([(None, None)], (None, None)),
    ([(9, 10**30), (True, -1)], (None, None)),  # no count that can be true
    ([("9", 3.5)], (None, None)),
]


@pytest.mark.parametrize("wire", MAPPERS)
@pytest.mark.parametrize(("reports", "expected"), REPORTS)
def test_f20_usage_is_the_last_that_was_said_and_never_a_sum(
    wire: str, reports: list[tuple[Any, Any]], expected: tuple[int | None, int | None]
) -> None:
    _, said = read(wire, *(counts(wire, given, written) for given, written in reports))
    *_, last = [event for event in said if isinstance(event, UsageReport)]
    assert (last.input_tokens, last.output_tokens) == expected


def test_the_parts_of_a_usage_are_kept_when_a_later_one_leaves_them_out() -> None:
    first = {"prompt_tokens": 20, "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2}}
    later = {"completion_tokens": 7, "completion_tokens_details": {"reasoning_tokens": 4}}
    last = {"prompt_tokens_details": {"cached_tokens": None}, "completion_tokens_details": None}
    _, said = read("openai", *(line({"choices": [], "usage": usage}) for usage in (first, later, last)))
    assert said[-1] == UsageReport(20, 7, 5, 2, 4)
    _, said = read("anthropic", stop(None, output_tokens=9, output_tokens_details={"thinking_tokens": 6}))
    assert said == [UsageReport(output_tokens=9, thinking_tokens=6)]


FINISHES = [
    *(("openai", raw, reason) for raw, reason in openai.FINISH.items()),
    ("openai", "a_new_one", FinishReason.OTHER),
    *(("gemini", raw, reason) for raw, reason in gemini.FINISH.items()),
    ("gemini", "A_NEW_ONE", FinishReason.OTHER),
    ("gemini", "LANGUAGE", FinishReason.OTHER),
    *(("anthropic", raw, reason) for raw, reason in anthropic.FINISH.items()),
    ("anthropic", "a_new_one", FinishReason.OTHER),
]


@pytest.mark.parametrize(("wire", "raw", "reason"), FINISHES)
def test_every_finish_has_its_place_and_keeps_its_raw_word(wire: str, raw: str, reason: FinishReason) -> None:
    endings = {
        "openai": [choice({}, raw)],
        "gemini": [candidate(None, raw)],
        "anthropic": [stop(raw), MESSAGE_STOP],
    }
    mapper, said = read(wire, *endings[wire])
    assert [event for event in said if isinstance(event, Finish)] == [Finish(reason, raw)]
    assert mapper.finished


NOT_THE_END = [
    ("openai", [choice({"content": "x"}), "data: [DONE]\n\n"]),
    ("openai", [choice({"content": "x"}), 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"']),
    ("openai", []),
    ("gemini", [candidate("x")]),
    ("gemini", [candidate("x", usageMetadata={"candidatesTokenCount": 1})]),
    ("anthropic", [text_delta("x"), stop("end_turn")]),
    ("anthropic", [text_delta("x"), MESSAGE_STOP]),
    ("anthropic", [text_delta("x"), stop(None), MESSAGE_STOP]),
]


@pytest.mark.parametrize(("wire", "lines"), NOT_THE_END)
def test_a_stream_without_its_own_end_marker_is_not_finished(wire: str, lines: list[str]) -> None:
    mapper, said = read(wire, *lines)
    assert not mapper.finished
    assert not any(isinstance(event, Finish) for event in said)


BLOCKED = [
    ("openai", [choice({"refusal": "I cannot"}), choice({}, "stop")]),
    ("gemini", [line({"promptFeedback": {"blockReason": "JAILBREAK"}})]),
    ("anthropic", [stop("refusal"), MESSAGE_STOP]),
]


@pytest.mark.parametrize(("wire", "lines"), BLOCKED)
def test_refusals(wire: str, lines: list[str]) -> None:
    _, said = read(wire, *lines)
    assert [event.reason for event in said if isinstance(event, Finish)] == [FinishReason.BLOCKED]


AFTER_THE_END = [
    (
        "openai",
        [choice({"content": "a"}), choice({}, "stop"), choice({"content": "late"}), choice({}, "length")],
    ),
    ("gemini", [candidate("a", "STOP"), candidate("late", "MAX_TOKENS")]),
    ("anthropic", [text_delta("a"), stop("end_turn"), text_delta("late"), stop("max_tokens"), MESSAGE_STOP]),
]


@pytest.mark.parametrize(("wire", "lines"), AFTER_THE_END)
def test_the_first_finish_wins_and_late_text_is_ignored_and_counted(wire: str, lines: list[str]) -> None:
    mapper, said = read(wire, *lines)
    assert [event for event in said if isinstance(event, TextDelta)] == [TextDelta("a")]
    assert [event.reason for event in said if isinstance(event, Finish)] == [FinishReason.COMPLETE]
    assert mapper.late_text == len("late")


ERRORS = [
    ("openai", {"error": {"message": "m", "type": "server_error", "code": None}}, errors.ProviderDown),
    ("openai", {"error": {"message": "m", "type": "x", "code": "insufficient_quota"}}, errors.QuotaExhausted),
    ("openai", {"error": {"message": "m", "code": "context_length_exceeded"}}, errors.ContextTooLong),
    ("openai", {"error": "plain words"}, errors.ProviderDown),
    ("gemini", {"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}, errors.ProviderDown),
    ("gemini", {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}, errors.RateLimited),
    ("gemini", {"error": {"code": 429, "message": "quota, limit: 0"}}, errors.QuotaExhausted),
    (
        "anthropic",
        {"type": "error", "error": {"type": "overloaded_error", "message": "m"}},
        errors.ProviderDown,
    ),
    (
        "anthropic",
        {"type": "error", "error": {"type": "rate_limit_error", "message": "m"}},
        errors.RateLimited,
    ),
    (
        "anthropic",
        {"type": "error", "error": {"type": "not_found_error", "message": "m"}},
        errors.UnknownModel,
    ),
]


@pytest.mark.parametrize(("wire", "payload", "failure"), ERRORS)
@pytest.mark.parametrize("framed", [True, False])
def test_an_error_in_the_stream_is_raised_framed_or_not(
    wire: str, payload: Any, failure: type[errors.CallFailed], framed: bool
) -> None:
    with pytest.raises(errors.CallFailed) as caught:
        read(wire, line(payload) if framed else json.dumps(payload) + "\n")
    assert type(caught.value) is failure


@pytest.mark.parametrize("wire", MAPPERS)
@pytest.mark.parametrize(
    "payload", [{"type": "from_the_future"}, {}, [], 7, None, {"choices": 3, "candidates": "x", "usage": 1}]
)
def test_what_is_not_known_is_ignored(wire: str, payload: Any) -> None:
    mapper, said = read(wire, "event: from_the_future\n" + line(payload))
    assert (said, mapper.finished) == ([], False)


@pytest.mark.parametrize("wire", MAPPERS)
def test_a_framed_event_that_is_no_json_is_an_error(wire: str) -> None:
    for unreadable in ('{"half":', "[" * 100_000):
        with pytest.raises(errors.NotAStream):
            read(wire, f"data: {unreadable}\n\n")
    assert read(wire, "[{" + "[" * 100_000 + "\n")[1] == [], "a bare line may be anything"


@pytest.mark.parametrize("wire", MAPPERS)
def test_f21_control_characters_inside_a_string_are_read(wire: str) -> None:
    lines = {"openai": choice({"content": "a!b"}), "gemini": candidate("a!b"), "anthropic": text_delta("a!b")}
    assert read(wire, lines[wire].replace("!", "\x00\t"))[1] == [TextDelta("a\x00\tb")]


def test_a_code_of_many_digits_is_only_a_word() -> None:
    with pytest.raises(errors.ProviderDown):
        read("openai", line({"error": {"message": "m", "code": "9" * 5000}}))

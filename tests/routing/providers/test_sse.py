"""The decoder of server-sent events, on literal bytes cut in every way."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.providers.sse import LINE_LIMIT, UNFRAMED, WIDE_LIMIT, LineTooLong, SseDecoder, SseEvent

STREAM = (
    "\ufeff: a comment\r\n"
    "event: greeting\r\n"
    "data: Grüße, 世界 🎈\r\n"
    "\r\n"
    "data:first\n"
    "data:  second\n"
    "id: 7\n"
    "retry: 10\n"
    "\n"
    "\n"
    "event: nothing to say\n"
    "\n"
    'data: {"a":"x: y"}\r'
    "\r"
    "data\n"
    "\n"
    '{"error": {"message": "bare"}}\n'
    "data: cut off by the end"
).encode()

EVENTS = [
    SseEvent("greeting", "Grüße, 世界 🎈"),
    SseEvent("message", "first\n second"),
    SseEvent("message", '{"a":"x: y"}'),
    SseEvent("message", ""),
    SseEvent(UNFRAMED, '{"error": {"message": "bare"}}'),
]


def decode(*chunks: bytes) -> list[SseEvent]:
    decoder = SseDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)]


def ending(*chunks: bytes) -> list[SseEvent]:
    """Return what the end of the stream adds."""
    decoder = SseDecoder()
    for chunk in chunks:
        decoder.feed(chunk)
    return decoder.end()


def test_a_whole_stream() -> None:
    assert decode(STREAM) == EVENTS


@pytest.mark.parametrize("at", range(len(STREAM) + 1))
def test_any_single_cut_changes_nothing(at: int) -> None:
    assert decode(STREAM[:at], STREAM[at:]) == EVENTS


def test_byte_by_byte() -> None:
    assert decode(*(STREAM[at : at + 1] for at in range(len(STREAM)))) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_cuts_change_nothing(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert decode(*(STREAM[a:b] for a, b in pairwise(edges))) == EVENTS


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(noise: bytes) -> None:
    for event in decode(noise, b"\n\n"):
        event.data.encode()  # a lone surrogate would raise


def test_invalid_utf8_becomes_the_replacement_character() -> None:
    assert decode(b"data: a\xff\xfeb\n\n", b"data: \xe4\xb8\n\n") == [
        SseEvent("message", "a\ufffd\ufffdb"),
        SseEvent("message", "\ufffd"),
    ]


def test_only_a_bare_line_is_completed_by_the_end() -> None:
    assert ending(b'data: {"a": 1}\n\n{"error"', b': "x"}') == [SseEvent(UNFRAMED, '{"error": "x"}')]
    assert ending(b'data: {"error": "x"}\n') == ending(b'data: {"error": "x"}') == ending(b"") == []


def test_an_event_of_many_lines_is_not_endless_either() -> None:
    lines = b"data: xxxxxxxxxx\n" * (LINE_LIMIT // 16)
    (event,) = decode(lines, b"\n", b"data: y\n" * 9)
    assert event.data == "\n".join(["xxxxxxxxxx"] * (LINE_LIMIT // 16))
    with pytest.raises(LineTooLong):
        decode(lines, b"data: x\n")


def test_a_line_may_be_long_but_not_endless() -> None:
    line = b"data: " + b"x" * (LINE_LIMIT - 6)
    (event,) = decode(line, b"\n\n")
    assert len(event.data) == LINE_LIMIT - 6
    with pytest.raises(LineTooLong):
        decode(line, b"y")
    with pytest.raises(LineTooLong):
        decode(line[:-2] + "é".encode() + b"\n")
    assert decode(line[: WIDE_LIMIT - 2] + "é".encode() + b"\n\n")
    with pytest.raises(LineTooLong):
        decode(*[b"z" * 65_536] * 17)

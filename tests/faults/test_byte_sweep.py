"""F17, F21: a stream cut at every single byte is never an answer before its end marker has come.

Decoder, mapper and judgement as an attempt has them, fed with literal bytes: no socket, no clock.
"""

import itertools

import pytest

from routing import errors
from routing.events import FinishReason, UsageReport
from routing.providers.registry import WIRES
from routing.reading import Reading
from tests.faults.streams import PIECES, STREAMS, TEXT, Stream
from tests.routing.jobs import WIRES as MODELS

EVERY_STREAM = pytest.mark.parametrize("stream", STREAMS, ids=[stream.name for stream in STREAMS])
ROOM = 10_000
CHUNKS = (1, 2, 3, 7, 16)  # of each size from each first byte on, so that a chunk ends at every position


def read(stream: Stream, *chunks: bytes) -> Reading:
    """Return a reading of these chunks and the end of the connection, as an attempt reads them."""
    wire = stream.name.partition("-")[0]
    reading = Reading(WIRES[wire].mapper(), MODELS[wire], ROOM)
    said = ""
    for chunk in chunks:
        if not reading.closed:
            said += reading.feed(chunk)
    said += reading.end()
    assert said == reading.text
    return reading


def completed(reading: Reading) -> bool:
    failure = reading.verdict()
    return failure is None and reading.reason(failure) is FinishReason.COMPLETE


def judged(reading: Reading) -> tuple[str, str, FinishReason, UsageReport | None, str]:
    """Return all that the ledger would have of a reading."""
    failure = reading.verdict()
    kind = type(failure).__name__
    return reading.text, kind, reading.reason(failure), reading.usage, reading.answering


@EVERY_STREAM
def test_f17_a_cut_at_any_byte_is_never_completed_before_the_end_marker(stream: Stream) -> None:
    ends = []
    for at in range(len(stream.data) + 1):
        reading = read(stream, stream.data[:at])
        text = reading.text
        # Half a surrogate pair at the cut is shown as the replacement character.
        assert stream.text.startswith(text) or stream.text.startswith(text.removesuffix("\ufffd"))
        failure = reading.verdict()
        ended = reading.finish is not None
        ends.append(ended)
        if not ended:
            assert failure is not None
            assert not completed(reading)
            assert reading.reason(failure) in {FinishReason.UNKNOWN_END, FinishReason.PROVIDER_ERROR}
        elif failure is None:
            assert (text, reading.reason(None)) == (stream.text, stream.reason)
    assert ends == sorted(ends), "once ended, it stays ended"
    if stream.reason is None:
        assert not any(ends)
    else:
        assert ends.index(True) >= stream.end_at - 1
        assert ends[-1]


@EVERY_STREAM
def test_f21_in_whatever_chunks_it_comes_it_is_read_as_one(stream: Stream) -> None:
    whole = judged(read(stream, stream.data))
    assert whole[0] == stream.text
    for size in CHUNKS:
        for first in range(1, size + 1):
            cuts = [0, *range(first, len(stream.data), size), len(stream.data)]
            chunks = [stream.data[a:b] for a, b in itertools.pairwise(cuts)]
            assert judged(read(stream, *chunks)) == whole, (size, first)


@EVERY_STREAM
def test_f20_what_comes_behind_the_end_is_left_out_and_counted(stream: Stream) -> None:
    reading = read(stream, stream.data)
    assert reading.late_text == stream.late
    assert bool(reading.notes()) is bool(stream.late)
    if stream.reason is not None:
        assert reading.usage is not None
        assert (reading.usage.input_tokens, reading.usage.thinking_tokens or 0) in {(20, 0), (20, 30)}
        assert reading.usage.output_tokens == len(PIECES) + (reading.usage.thinking_tokens or 0), (
            "never a sum of two"
        )


def test_the_sweep_has_streams_of_every_kind_of_end() -> None:
    assert len(STREAMS) >= 20
    assert {stream.reason for stream in STREAMS} == {
        FinishReason.COMPLETE,
        FinishReason.LENGTH,
        FinishReason.BLOCKED,
        None,
    }
    for stream in STREAMS:
        assert completed(read(stream, stream.data)) is (stream.reason is FinishReason.COMPLETE)


NOT_EVENTS = [
    (b"<html>Guest network</html>\n", errors.TruncatedOutput),
    (b'{"error": {"message": "overloaded", "type": "server_error"}}', errors.ProviderDown),
    (b'{\n  "error": {\n    "code": 429,\n    "message": "slow down"\n  }\n}\n', errors.RateLimited),
    (b'[{"error": {"code": 503, "message": "down"}}]', errors.ProviderDown),
    (b'{"choices": [{"message": {"content": "whole"}}]}', errors.TruncatedOutput),
    (b"\x00\xff\xfe" * 5000, errors.TruncatedOutput),
    (b"[" * 5000, errors.TruncatedOutput),
    (b"", errors.TruncatedOutput),
]


@pytest.mark.parametrize(("body", "kind"), NOT_EVENTS)
@pytest.mark.parametrize("wire", MODELS)
def test_f17_what_is_no_stream_at_all_is_judged_by_its_words(
    wire: str, body: bytes, kind: type[errors.CallFailed]
) -> None:
    reading = read(Stream(wire, body), body)
    assert type(reading.verdict()) is kind
    assert reading.head == body[:4096].decode("utf-8", "replace")


def test_every_stream_cut_and_glued_to_another_is_survived() -> None:
    """Two answers on one connection are a gateway's mistake; whatever comes of it, it is no crash."""
    for first, second in itertools.permutations(STREAMS[:: len(STREAMS) // 6], 2):
        reading = read(first, first.data[: len(first.data) // 2] + second.data)
        assert len(reading.text) <= 2 * len(TEXT) + 9
        reading.verdict()

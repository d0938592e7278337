"""F22: whatever a provider sends, one stream takes less than 8 MiB, and its text is capped."""

import json
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from routing import errors
from routing.providers.registry import WIRES
from routing.providers.sse import LINE_LIMIT, WIDE_LIMIT
from routing.reading import Reading
from routing.walk import REPLY_CHARS
from tests.control import Control
from tests.routing.conftest import MemoryLedger
from tests.routing.jobs import OPENAI, job, play

MIB = 1024 * 1024
PROMISED = 8 * MIB
# What a stream may keep once a chunk is read: its open line, and its text at four bytes a character.
KEPT = LINE_LIMIT + 4 * REPLY_CHARS + MIB // 4  # and a little for the objects around them
PING = b": keep-alive\n\n"


@dataclass
class Grown:
    """Bytes that Python took meanwhile: at the end, and at most."""

    kept: int = 0
    most: int = 0


@contextmanager
def measured() -> Iterator[Grown]:
    """Measure what is allocated inside."""
    grown = Grown()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    try:
        yield grown
        kept, most = tracemalloc.get_traced_memory()
        grown.kept, grown.most = kept - before, most - before
    finally:
        tracemalloc.stop()


def delta(text: str) -> bytes:
    """Return one event with this text."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return f"data: {json.dumps({'choices': [choice]}, ensure_ascii=False)}\n\n".encode()


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


# name, chunks, what becomes of the stream, how much of its text is kept
FLOODS: list[tuple[str, Callable[[], Iterable[bytes]], type[errors.CallFailed] | None, int]] = [
    ("tiny chunks of one line", lambda: (b"x" for _ in range(30_000)), None, 0),
    ("tiny chunks of pings", lambda: (PING[at % 14 : at % 14 + 1] for at in range(30_000)), None, 0),
    ("tiny deltas", lambda: (delta("界") for _ in range(5_000)), None, 5_000),
    ("an endless line", lambda: (b"a" * 65_536 for _ in range(64)), errors.NotAStream, 0),
    (
        "an endless event",
        lambda: (b"data: and so on, and on\n" * 2_048 for _ in range(64)),
        errors.NotAStream,
        0,
    ),
    ("a giant token", lambda: [delta("x" * (LINE_LIMIT - 200))], errors.ReplyTooLong, REPLY_CHARS),
    (
        "a giant token in pieces",
        lambda: pieces(delta("x" * (LINE_LIMIT - 200)), 4096),
        errors.ReplyTooLong,
        REPLY_CHARS,
    ),
    (
        "a giant token of four bytes a character",
        lambda: [delta("x" * (WIDE_LIMIT - 200) + "🎈")],
        errors.ReplyTooLong,
        REPLY_CHARS,
    ),
    ("a larger one", lambda: [delta("x" * WIDE_LIMIT + "🎈")], errors.NotAStream, 0),
    (
        "endless text",
        lambda: (delta("and so on " * 100) for _ in range(100)),
        errors.ReplyTooLong,
        REPLY_CHARS,
    ),
]


@pytest.mark.parametrize(
    ("chunks", "failure", "length"), [flood[1:] for flood in FLOODS], ids=[flood[0] for flood in FLOODS]
)
def test_f22_a_flood_is_bounded(
    chunks: Callable[[], Iterable[bytes]], failure: type[errors.CallFailed] | None, length: int
) -> None:
    reading = Reading(WIRES["openai"].mapper(), OPENAI, REPLY_CHARS)
    with measured() as grown:
        for chunk in chunks():
            if reading.closed:
                break
            reading.feed(chunk)
    assert (type(reading.failure) if reading.failure else None) is failure
    assert (reading.length, len(reading.text)) == (length, length)
    assert grown.kept < KEPT
    assert grown.most < PROMISED


def test_f22_the_estimate_counts_what_came_and_not_only_what_is_kept() -> None:
    whole, cut = (Reading(WIRES["openai"].mapper(), OPENAI, room) for room in (REPLY_CHARS, 1_000))
    for reading in (whole, cut):
        reading.feed(delta("and so on " * 1_000))
    assert whole.failure is None and isinstance(cut.failure, errors.ReplyTooLong)
    assert (whole.length, cut.length) == (10_000, 1_000)
    assert cut.estimated_output == pytest.approx(whole.estimated_output, rel=0.01)


@pytest.mark.parametrize("fault", ["endless", "endless_line", "giant_token"])
async def test_f22_the_whole_way_from_the_socket_is_bounded(
    control: Control, ledger: MemoryLedger, fault: str
) -> None:
    await play(job(OPENAI), MemoryLedger())
    control.fault(fault, OPENAI.id, after_tokens=3)
    with measured() as grown:
        told = await play(job(OPENAI, may_continue=False), ledger)
    assert told.ended.state in {"truncated", "failed"}
    assert len(told.text) <= REPLY_CHARS
    assert grown.most < PROMISED

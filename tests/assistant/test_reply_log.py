"""What readers of one reply are sent: a little behind, late, after its end, and as what bytes."""

import json
from uuid import uuid4

import pytest

from assistant.protocol import encode
from assistant.rendering import BlockRenderer
from assistant.reply_log import ReplyLog
from assistant.turn_log import KEEP_CLOSED_S, KEEP_RECORDS_S, TurnLog
from common.clock import ticks

TEXTS = ("plain", 'a "quote" and a \\ back', "two\nlines\r\n\ttab", "\u2028 \x1f é 🙂 ", "")


def a_log(*texts: str) -> ReplyLog:
    log = ReplyLog(uuid4(), uuid4())
    log.add("status", stage="waiting", label="Thinking")
    for text in texts:
        log.add("delta", text=text)
    return log


def shown(frames: object) -> list[dict[str, object]]:
    """Return frames as a client reads them."""
    return [json.loads(encode(frame)) for frame in frames]  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", TEXTS)
def test_a_delta_reads_as_it_was_written_alone_and_merged(text: str) -> None:
    log = a_log(text, "and more")
    (alone,) = shown(a_log(text).since(1, 1)[0])
    (both,) = shown(log.since(1, 1)[0])
    assert alone == {"type": "delta", "reply_id": alone["reply_id"], "seq": 2, "text": text}
    expected = {
        "type": "delta",
        "reply_id": str(log.reply_id),
        "first": 2,
        "seq": 3,
        "text": text + "and more",
    }
    assert both == expected


def test_readers_at_the_same_place_are_sent_the_same_bytes() -> None:
    log = a_log("one")
    first, second, behind = log.since(1, 1)[0], log.since(1, 1)[0], log.since(1, 0)[0]
    assert encode(first[0]) is encode(second[0])
    assert [frame["type"] for frame in behind] == ["status", "delta"], "another place, other frames"
    log.add("delta", text=" two")
    assert [frame["text"] for frame in log.since(1, 1)[0]] == ["one two"]
    log.reset(2, 3, "another text", [])
    assert [frame["type"] for frame in log.since(1, 1)[0]] == ["snapshot"]


def test_an_ended_log_becomes_small_and_then_goes() -> None:
    hub = TurnLog()
    writer = hub.open(uuid4(), uuid4(), 1, BlockRenderer())
    for text in ("One paragraph.\n\n", "And ", "another."):
        writer.text(text)
        writer.flush()
    log, ended = writer.log, ticks()
    running = hub.open(uuid4(), uuid4(), 1, BlockRenderer()).log
    writer.done(state="completed")
    whole, near_its_end = log.snapshot(), log.seq - 1

    hub.forget_old(ended + KEEP_RECORDS_S - 1)
    assert [frame["type"] for frame in log.since(1, 0)[0]] == ["delta", "block", "delta", "done"]
    hub.forget_old(ended + KEEP_RECORDS_S + 1)
    assert [frame["type"] for frame in log.since(1, near_its_end)[0]] == ["done"]
    assert list(log.since(1, log.seq)[0]) == []
    late = [dict(frame) for frame in log.since(1, 0)[0]]
    assert (late[0], late[1]["type"]) == (whole, "done")
    assert (len(log.records), log.text) == (1, "One paragraph.\n\nAnd another.")
    hub.forget_old(ended + KEEP_CLOSED_S + 1)
    assert list(hub.logs.values()) == [running], "what runs is kept"


def test_blocks_of_a_text_that_another_process_began() -> None:
    hub = TurnLog()
    writer = hub.open(uuid4(), uuid4(), 2, BlockRenderer())
    writer.log.reset(2, 7, "Its first par", [])
    writer.text("agraph.\n\nThe next")
    (block,) = [record for record in writer.log.records if record.type == "block"]
    assert block.body == {"html": "<p>Its first paragraph.</p>", "upto": 22}

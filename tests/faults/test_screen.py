"""A tab's screen follows docs/protocol.md: next records only, gaps are asked for, snapshots replace."""

from typing import Any

from tests.faults.record import Acked, Ended, Grown, PageLog, Refused, Replaced
from tests.faults.screen import Screen

ACK = {"type": "ack", "client_message_id": "m1", "turn_id": "t1", "reply_id": "r1", "epoch": 1}
END = {"state": "completed", "ended_by": "finish"}


def asked() -> Screen:
    screen = Screen(PageLog("p", "v"))
    screen.compose("m1", "Does it?")
    screen.apply(ACK, 0.0)
    return screen


def delta(seq: int, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "delta", "reply_id": "r1", "seq": seq, "text": text, **more}


def done(seq: int, epoch: int = 1) -> dict[str, Any]:
    return {"type": "done", "reply_id": "r1", "seq": seq, "epoch": epoch, **END}


def snapshot(seq: int, text: str, epoch: int) -> dict[str, Any]:
    return {"type": "snapshot", "reply_id": "r1", "seq": seq, "text": text, "epoch": epoch}


def opened(**reply: Any) -> dict[str, Any]:
    row = {
        "reply_id": "r1",
        "epoch": 1,
        "seq": 2,
        "text": "ab",
        "state": "streaming",
        "ended_by": "",
        **reply,
    }
    turn = {"turn_id": "t1", "client_message_id": "m1", "text": "Does it?", "replies": [row]}
    return {"type": "opened", "conversation_id": "c1", "turns": [turn]}


def kinds(screen: Screen) -> list[type]:
    return [type(entry) for entry in screen.log.entries]


def test_a_reply_comes_in_order_and_the_message_leaves_the_outbox() -> None:
    screen = asked()
    assert (screen.outbox, screen.answers) == ({}, {"m1": "r1"})
    assert not asked().settled
    for frame in (delta(1, "a"), delta(1, "a"), delta(3, "bc", first=2), done(4)):
        assert screen.apply(frame, 1.0) == []
    assert screen.replies["r1"].text == "abc"
    assert screen.settled
    assert kinds(screen) == [Acked, Grown, Grown, Ended]


def test_a_gap_is_asked_for_once_and_the_answer_ends_the_waiting() -> None:
    screen = asked()
    assert screen.apply(delta(3, "c"), 1.0) == ["r1"]
    assert screen.apply(delta(4, "d"), 1.1) == []
    assert screen.apply(done(9), 1.2) == []
    assert screen.apply(delta(4, "abcd", first=1), 1.3) == []
    assert (screen.replies["r1"].text, screen.replies["r1"].awaiting) == ("abcd", False)
    assert screen.apply(done(9), 1.4) == ["r1"], "an end behind a gap is none yet"


def test_a_snapshot_replaces_and_an_older_epoch_is_ignored() -> None:
    screen = asked()
    screen.apply(delta(1, "old"), 1.0)
    screen.apply(snapshot(1, "new", 2), 1.1)
    screen.apply(snapshot(5, "older", 1), 1.2)
    screen.apply(done(6, epoch=1), 1.3)
    assert screen.replies["r1"].text == "new"
    screen.apply(done(2, epoch=2), 1.4)
    assert kinds(screen) == [Acked, Grown, Replaced, Ended]


def test_opened_acknowledges_what_it_holds_and_takes_nothing_back() -> None:
    screen = Screen(PageLog("p", "v"))
    screen.compose("m1", "Does it?")
    screen.apply(opened(), 0.0)
    assert (screen.outbox, screen.replies["r1"].text) == ({}, "ab")
    screen.apply(delta(3, "c"), 1.0)
    screen.apply(opened(), 2.0)
    assert screen.replies["r1"].text == "abc", "a copy that is behind within the epoch adds nothing"
    screen.apply(opened(text=None, seq=4, **END), 3.0)
    assert (screen.replies["r1"].text, screen.settled) == ("abc", True), "left out as this tab has it"
    assert kinds(screen) == [Acked, Replaced, Grown, Ended]


def test_a_passing_refusal_keeps_the_message_and_a_final_one_does_not() -> None:
    screen = Screen(PageLog("p", "v"))
    screen.compose("m1", "Does it?")
    for code, left in (("not_stored", ["m1"]), ("conflict", [])):
        screen.apply({"type": "error", "code": code, "client_message_id": "m1"}, 0.0)
        assert list(screen.outbox) == left
    assert kinds(screen) == [Refused, Refused]

"""When a reader is stuck, what may wait for it, and who is shown alive: the rules without a socket."""

from typing import Any
from uuid import uuid4

import pytest

from assistant.lines import MOST_BYTES, STUCK_S, STUCK_WITH_MUCH_S, Patience
from assistant.reply_log import ReplyLog
from assistant.signs import ALIVE_S, Signs
from assistant.turn_log import FREE_FRAMES, MOST_FRAMES, MOST_QUEUED, Feed

LITTLE, MUCH = MOST_BYTES - 1, MOST_BYTES + 1


@pytest.mark.parametrize(
    ("unsent", "after_s", "stuck"),
    [
        ((LITTLE, LITTLE), STUCK_S, True),
        ((LITTLE, LITTLE), STUCK_S - 1, False),
        ((MUCH, MUCH), STUCK_WITH_MUCH_S, True),
        ((MUCH, MUCH), STUCK_WITH_MUCH_S - 1, False),
        ((MUCH, MUCH - 1), STUCK_WITH_MUCH_S, False),  # one byte taken is a sign of life
        ((LITTLE, LITTLE - 1), STUCK_S, False),
    ],
)
def test_a_reader_is_stuck_when_it_takes_nothing(
    unsent: tuple[int, int], after_s: float, stuck: bool
) -> None:
    assert Patience(unsent[0], since=100.0).over(unsent[1], now=100.0 + after_s) is stuck


def test_text_waits_merged_whoever_is_behind_and_frames_are_bounded() -> None:
    log = ReplyLog(uuid4(), uuid4())
    behind = Feed()
    behind.seen[log.reply_id] = (1, 0)
    for _ in range(MOST_FRAMES):
        log.add("delta", text="x")
        behind.wake()
    (delta,) = behind.collect({log.reply_id: log})
    assert (delta["first"], delta["seq"], delta["text"]) == (1, MOST_FRAMES, "x" * MOST_FRAMES)
    assert not behind.overfull


@pytest.mark.parametrize(
    ("frame", "fits"),
    [({"type": "pong"}, MOST_FRAMES), ({"text": "x" * (MOST_QUEUED // 4)}, FREE_FRAMES + 3)],
)
def test_a_page_that_asks_on_and_does_not_read_is_overfull(frame: dict[str, Any], fits: int) -> None:
    patient, greedy = Feed(), Feed()
    for _ in range(fits):
        patient.put(frame)
    assert not patient.overfull
    assert len(patient.collect({})) == fits
    for _ in range(fits + 2):
        greedy.put(frame)
    assert greedy.overfull
    assert len(greedy.collect({})) <= fits + 1, "what does not fit is not kept"


class Page:
    gone = False
    signs = 0

    def show_life(self) -> None:
        self.signs += 1


def test_every_page_is_shown_alive_at_its_own_time_until_it_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("assistant.signs.ticks", lambda: now)
    signs, first, second = Signs(), Page(), Page()
    signs.start(first)
    now = 5.0
    signs.start(second)
    for at, expected in ((ALIVE_S - 1, (0, 0)), (ALIVE_S, (1, 0)), (ALIVE_S + 5, (1, 1))):
        signs.beat(at)
        assert (first.signs, second.signs) == expected
    second.gone = True
    signs.beat(2 * ALIVE_S + 10)
    assert (first.signs, second.signs) == (2, 1)

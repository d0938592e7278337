"""Streamed text: made storable, and sewn together without repeats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.delta_text import MIN_OVERLAP, DeltaText, RepeatFilter


def through(*deltas: str) -> str:
    text = DeltaText()
    return "".join(text.feed(delta) for delta in deltas) + text.flush()


CASES = [
    (("plain", " text"), "plain text"),
    (("a\x00b", "\x00"), "ab"),
    (("x\ud83c", "\udf88y"), "x🎈y"),
    (("x\ud83c", "y"), "x\ufffdy"),
    (("\udf88y",), "\ufffdy"),
    (("end\ud83c",), "end\ufffd"),
    (("\ud83c", "\x00", "\udf88"), "🎈"),
    (("", "\ud83c\udf88"), "🎈"),
    (("from \u202e$0.06", "\u202c a message"), "from $0.06 a message"),
    (("\ud83c", "\u2067\udf88"), "🎈"),
    (("1 \u200f\u05d0", ""), "1 \u200f\u05d0"),
]


@pytest.mark.parametrize(("deltas", "text"), CASES)
def test_nul_bidi_controls_and_surrogates(deltas: tuple[str, ...], text: str) -> None:
    assert through(*deltas) == text


@given(st.lists(st.text(st.characters(), max_size=5), max_size=8))
def test_what_comes_out_can_always_be_stored(deltas: list[str]) -> None:
    out = through(*deltas)
    assert not {"\x00", "\u202e", "\u2066"} & set(out)
    out.encode()


BEFORE = "You can change your plan under Settings. Downgrading takes effect at the end"

SEAMS = [
    (" of the month.", " of the month."),
    ("takes effect at the end of the month.", " of the month."),
    ("… takes effect at the end of the month.", " of the month."),
    ('"Downgrading takes effect at the end of the month.', " of the month."),
    (BEFORE + " of the month.", " of the month."),
    ("the end", "the end"),  # too short to be told from ordinary words, so it stays
    ("Something else entirely.", "Something else entirely."),
    ("Downgrading is free.", "Downgrading is free."),
    ("", ""),
]


@pytest.mark.parametrize(("continuation", "shown"), SEAMS)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_repeat_at_the_seam_is_removed(continuation: str, shown: str, size: int) -> None:
    seam = RepeatFilter(BEFORE)
    pieces = [continuation[at : at + size] for at in range(0, len(continuation), size)]
    assert "".join(seam.feed(piece) for piece in pieces) + seam.flush() == shown


def test_a_blank_at_the_seam_is_not_doubled() -> None:
    seam = RepeatFilter("It ends here ")
    assert seam.feed(" and goes on") == "and goes on"


@given(st.text("abcdef ", min_size=MIN_OVERLAP, max_size=60), st.text("uvwxyz", min_size=1, max_size=30))
def test_a_continuation_without_any_repeat_is_untouched(before: str, continuation: str) -> None:
    seam = RepeatFilter(before)
    assert seam.feed(continuation) + seam.flush() == continuation


@given(st.text("abcdefghij ", min_size=12, max_size=80), st.integers(MIN_OVERLAP, 40))
def test_a_repeat_of_any_length_is_removed_whole(before: str, size: int) -> None:
    before = before.strip() + "qrstuvwxyz"
    repeat = before[-size:].lstrip()
    seam = RepeatFilter(before)
    assert seam.feed(repeat + " AND MORE") + seam.flush() == " AND MORE"

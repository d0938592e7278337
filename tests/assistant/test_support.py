"""How much of an answer stands in its passages: by words, by numbers, and by meaning where words differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pytest

from assistant.support import support
from routing.sandbox.answering import filler

GOOGLE = (
    "Calendar sync is part of **Pro** and **Studio**.\n\n1. Go to **Calendar → Sync** and choose **Google "
    "Calendar**.\n2. Sign in to Google and allow access.\n\nNew bookings appear in Google within 1 minute."
)


@dataclass(frozen=True)
class Told:
    text: str
    title: str = "How do I sync with Google Calendar?"
    id: str = "1"
    entry_id: str = "1"
    version: int = 1
    reviewed_on: date | None = None


PASSAGES = (Told(GOOGLE),)


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        (GOOGLE, 1.0),
        ("Go to Calendar, Sync, and choose Google Calendar.", 1.0),
        ("New bookings appear in Google within 1 minute. Install our browser extension from the store.", 0.5),
        ("Install our browser extension from the store and restart the machine.", 0.0),
        ("New bookings appear in Google within 45 minutes.", 0.0),  # the number is nobody's
        ("Would you like to know more about calendar extensions?", None),  # a question states nothing
        ("Yes.", None),
        ("".join(filler(400)), None),  # what the sandbox writes to measure paces is no answer
        ("```\nimport everything_invented_here\n```", None),
    ],
)
def test_sentences_count_when_their_words_and_numbers_stand_there(answer: str, score: float | None) -> None:
    assert support(answer, PASSAGES) == score


def test_nothing_is_said_without_passages_or_across_languages() -> None:
    german = "Öffnen Sie den Kalender und wählen Sie bitte die Synchronisation aus, die ist für Sie."
    english = Told("Go to the calendar and choose Google. This is what you have to do there.")
    assert support(GOOGLE, ()) is None
    assert support(german, (english,)) is None


def test_a_rewording_counts_where_meanings_can_be_compared() -> None:
    reworded = "Pick the vendor's option, log in there and grant permission."
    asked: list[Sequence[str]] = []

    def nearest(sentences: Sequence[str], others: Sequence[str]) -> list[float]:
        asked.append(sentences)
        return [0.8 for _ in sentences]

    assert support(reworded, PASSAGES) == 0.0
    assert support(reworded, PASSAGES, nearest) == 1.0
    assert support(GOOGLE, PASSAGES, nearest) == 1.0
    assert support("It costs 45 dollars for each member of the crew.", PASSAGES, nearest) == 0.0
    assert asked == [[reworded]]  # not asked where words say it, nor for a number that no passage has

"""How well the signals tell a request for code: recall on our own requests, false alarms on public questions.

`code_requests.csv` was written for this, in the support of a product with an API, before the word lists of
`routing/lexicon/code*.py` were looked at. Half of it may be looked at when the lists are improved; the other
half, chosen by a hash of the text, is only counted.
"""

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faq_sets import QuestionSet
from routing.signals import read_signals

FILE = Path(__file__).with_name("code_requests.csv")
LANGUAGES = ("en", "de", "fr", "es")


@dataclass(frozen=True)
class Request:
    """One message, and whether it asks for code in so many words."""

    language: str
    explicit: bool
    text: str

    @property
    def half(self) -> str:
        """Return "look" or "final": which half of the set this is in."""
        return "look" if hashlib.sha256(f"half:{self.text}".encode()).digest()[0] % 2 == 0 else "final"


@dataclass(frozen=True)
class Count:
    """How many of how many messages were taken for a request for code."""

    what: str
    seen: int
    of: int

    @property
    def share(self) -> float:
        """Return the share in [0, 1]; of no messages it is 0."""
        return self.seen / self.of if self.of else 0.0


def read_requests(path: Path = FILE) -> list[Request]:
    """Return the set."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Request(row["language"], row["explicit"] == "yes", row["text"]) for row in csv.DictReader(file)
        ]


def asks_for_code(text: str) -> bool:
    """Return whether a message is taken for a request for code: new, existing or pasted."""
    signals = read_signals(text)
    return signals.code_requested or signals.code_existing or signals.code_pasted


def count(what: str, texts: Iterable[str]) -> Count:
    """Return how many of some messages are taken for requests for code."""
    seen = [asks_for_code(text) for text in texts]
    return Count(what, sum(seen), len(seen))


def recall(requests: list[Request]) -> list[Count]:
    """Return the counts of the explicit requests: each language, each half, all."""
    explicit = [each for each in requests if each.explicit]
    return [
        *(count(name, [each.text for each in explicit if each.language == name]) for name in LANGUAGES),
        *(
            count(f"half: {name}", [each.text for each in explicit if each.half == name])
            for name in ("look", "final")
        ),
        count("all", [each.text for each in explicit]),
    ]


def false_alarms(requests: list[Request], sets: Iterable[QuestionSet]) -> list[Count]:
    """Return the counts of what asks for no code: our own near misses, and every question of public sets."""
    return [
        count("near misses of our own", [each.text for each in requests if not each.explicit]),
        *(count(each.name, every(each)) for each in sets),
    ]


def every(questions: QuestionSet) -> list[str]:
    """Return all texts of a set; none of them is about programming."""
    pairs = [*questions.phrasings, *questions.asked]
    return [*(text for text, _ in pairs), *questions.outside, *questions.spare]

"""What a rewritten answer must not lose or invent: numbers, links, addresses and code.

Pure. A model that shortens or polishes may drop a limit or make one up; the text alone does not show
it, so what vanished and what appeared is listed beside it.
"""

import re
from collections import Counter
from dataclasses import dataclass

from common.text import shorten

SHOWN_CHARS = 60  # of a block of code, enough to recognise it

_FENCE = re.compile(r"```[^\n]*\n(.*?)```", re.S)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>()\[\]\"'`]+|(?<=\]\()[^\s()]+(?=\))", re.I)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"(?<![\w.,])[+-]?\d+(?:[.,:/]\d+)*(?:\s?(?:%|€|\$|£))?|[€$£]\s?\d+(?:[.,]\d+)*")
_LIST_NUMBER = re.compile(r"^\s*\d{1,2}[.)]\s+", re.M)

# Small numbers that are as often written as a word; "three clients" for "3 clients" loses nothing.
_WORDS = {
    "0": ("zero", "no"), "1": ("one", "a", "an", "ein", "eine", "einen"), "2": ("two", "zwei"),
    "3": ("three", "drei"), "4": ("four", "vier"), "5": ("five", "fünf"), "6": ("six", "sechs"),
    "7": ("seven", "sieben"), "8": ("eight", "acht"), "9": ("nine", "neun"), "10": ("ten", "zehn"),
    "11": ("eleven", "elf"), "12": ("twelve", "zwölf"),
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One fact that is in only one of two texts."""

    kind: str  # code | link | address | number
    text: str
    vanished: bool

    def __str__(self) -> str:
        return f"{self.kind} {shorten(self.text, SHOWN_CHARS)} {'is gone' if self.vanished else 'is new'}"


def changes(source: str, text: str) -> list[Change]:
    """Return the facts of `source` that `text` lacks, then those of `text` that `source` has not."""
    before, after = facts(source), facts(text)
    said, was = _small_words(text), _small_words(source)
    gone = [fact for fact in before if fact not in after and not _spelt(fact, said)]
    new = [fact for fact in after if fact not in before and not _spelt(fact, was)]
    return [Change(kind, fact, True) for kind, fact in gone] + [
        Change(kind, fact, False) for kind, fact in new
    ]


def facts(text: str) -> list[tuple[str, str]]:
    """Return the (kind, fact) pairs of a text in order, each once."""
    found: list[tuple[str, str]] = []
    rest = text
    for pattern, kind in ((_FENCE, "code"), (_CODE, "code"), (_LINK, "link"), (_EMAIL, "address")):
        found += [(kind, _bare(match.group(match.lastindex or 0), kind)) for match in pattern.finditer(rest)]
        rest = pattern.sub(" ", rest)
    rest = _LIST_NUMBER.sub("", rest)
    found += [("number", "".join(match.group().split())) for match in _NUMBER.finditer(rest)]
    return list(Counter(pair for pair in found if pair[1]))


def _bare(fact: str, kind: str) -> str:
    fact = " ".join(fact.split())
    return fact.rstrip(".,;:!?").removeprefix("mailto:") if kind in {"link", "address"} else fact


def _small_words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]+", text.lower()))


def _spelt(fact: tuple[str, str], words: frozenset[str]) -> bool:
    kind, value = fact
    return kind == "number" and not words.isdisjoint(_WORDS.get(value, ()))

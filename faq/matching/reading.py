"""What the words of a question say beside how alike they sound: topic, negation, kind of question.

A phrasing is read once and kept; the profile of an entry is what all its phrasings say together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from faq.normalize import words
from faq.terms import NEGATIONS, interrogatives, is_content, names_speaker, stem

# A negation governs the next content word, at most so many words on: "not able to sign in".
_REACH = 4
# A question opens in its first words: "Hello, I wonder why ...".
_HEAD = 6
_KEPT = 8192  # phrasings whose reading stays in memory, about 12 MB

_OPENINGS = {
    **dict.fromkeys(("how", "wie"), "how"),
    **dict.fromkeys(("why", "warum", "wieso", "weshalb"), "why"),
    **dict.fromkeys(("when", "wann"), "when"),
    **dict.fromkeys(("where", "wo"), "where"),
    **dict.fromkeys(("which", "welche", "welcher", "welches"), "which"),
    **dict.fromkeys(("who", "wer"), "who"),
    **dict.fromkeys(("what", "was"), "what"),
    **dict.fromkeys(("can", "could", "may", "kann", "konnen", "darf"), "can"),
    **dict.fromkeys(("is", "are", "do", "does", "did", "will", "would", "has", "have"), "yes/no"),
    **dict.fromkeys(("ist", "sind"), "yes/no"),
    **dict.fromkeys(("i", "my", "ich", "mein", "meine"), "statement"),
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """One text: `terms` maps the stem of each content word to the word, in order."""

    words: tuple[str, ...]
    terms: Mapping[str, str]
    stems: frozenset[str]
    negated: frozenset[str]  # stems that a negation governs
    after: frozenset[str]  # asks why, who, when, how many
    speaker: bool  # makes the speaker a part of what is to happen
    opening: str
    numbers: frozenset[str]


@dataclass(frozen=True)
class Profile:
    """All phrasings of an entry."""

    terms: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()
    negated: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()  # terms that stand somewhere without a negation
    after: frozenset[str] = frozenset()
    speaker: bool = False
    openings: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    denies: bool = False  # each of them says that something is not so


def read_words(split: Iterable[str]) -> Reading:
    """Read a text given by its words (`faq.normalize.words`)."""
    each = tuple(split)
    terms: dict[str, str] = {}
    for word in each:
        if is_content(word):
            terms.setdefault(stem(word), word)
    return Reading(
        words=each,
        terms=terms,
        stems=frozenset(map(stem, each)),
        negated=_negated(each),
        after=interrogatives(each),
        speaker=names_speaker(each),
        opening=next((_OPENINGS[word] for word in each[:_HEAD] if word in _OPENINGS), "other"),
        numbers=frozenset(word for word in each if word.isdigit()),
    )


@lru_cache(maxsize=_KEPT)
def read(text: str) -> Reading:
    """Read a phrasing."""
    return read_words(words(text))


def profile(texts: Iterable[str]) -> Profile:
    """Return what the phrasings of an entry say together."""
    readings = [read(text) for text in texts]

    def union(parts: Iterable[Iterable[str]]) -> frozenset[str]:
        return frozenset(item for part in parts for item in part)

    return Profile(
        terms=union(each.terms for each in readings),
        stems=union(each.stems for each in readings),
        negated=union(each.negated for each in readings),
        plain=union(frozenset(each.terms) - each.negated for each in readings),
        after=union(each.after for each in readings),
        speaker=any(each.speaker for each in readings),
        openings=frozenset(each.opening for each in readings),
        numbers=union(each.numbers for each in readings),
        denies=bool(readings) and all(each.negated for each in readings),
    )


def _negated(split: tuple[str, ...]) -> frozenset[str]:
    found: set[str] = set()
    for place, word in enumerate(split):
        if word in NEGATIONS:
            reach = split[place + 1 : place + 1 + _REACH]
            found.update(stem(each) for each in [each for each in reach if is_content(each)][:1])
    return frozenset(found)

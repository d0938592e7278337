"""Which words of a question carry what it is about, and whether they agree with an entry.

Similarity alone answers "Can I reset it by phone?" with the entry on resetting it, and takes "Pro"
for "Free" where all other words agree. So each content word is accounted for: it is in the entry,
it is a misspelling of a word in the entry, or it is missing there.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from faq.stopwords import FUNCTION_WORDS

NEGATIONS = frozenset(
    ["not", "never", "no", "unable", "nicht", "kein", "keine", "keinen", "keiner", "nie", "niemals"]
)

# What a question is after. "Who reset my password?" is not "How do I reset my password?".
_INTERROGATIVES = {
    **dict.fromkeys(("why", "warum", "wieso", "weshalb"), "why"),
    **dict.fromkeys(("who", "whom", "whose", "wer", "wem", "wessen"), "who"),
    **dict.fromkeys(("when", "wann"), "when"),
}
_MEASURES = frozenset(["long", "often", "many", "much"])  # after "how"

_SPEAKER = frozenset(["me", "us", "mich", "mir", "uns", "myself", "ourselves"])
# "Tell me how" and "it does not let me" ask about a thing; "for me" and "remove me" ask for an act.
_BEFORE_SPEAKER = frozenset(
    [
        "let",
        "lets",
        "tell",
        "help",
        "show",
        "give",
        "gives",
        "send",
        "sends",
        "allow",
        "allows",
        "ask",
        "asks",
    ]
)

# Two-letter words and shorter are prepositions and particles in both languages but for these.
_SHORT_CONTENT = frozenset({"ai", "ip", "pc", "vat", "qr"})

_SHORTEST_TYPO = 4  # below that, one letter makes too many other words
_TWO_EDITS_FROM = 9  # "subscirptoin": a long word survives two slips and stays itself


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("sses"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _without_ending(word: str) -> str:
    """Return `word` without -ation, -ing or -ed, and with the y of -ied back."""
    if word.endswith("ied") and len(word) > 5:
        return word[:-3] + "y"
    for ending, shortest in (("ation", 4), ("ing", 3), ("ed", 3)):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) >= shortest and any(vowel in root for vowel in "aeiouy"):
            return root
    return word


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return `word` without the endings that make no other topic: plural, -ing, -ed, -ation, final e.

    A light stemmer in the manner of Harman's S-stemmer (1991); it errs towards leaving words apart.
    """
    if len(word) <= 3 or word.isdigit():
        return word
    root = _without_ending(_singular(word))
    if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "esz":
        root = root[:-1]
    return root[:-1] if root.endswith("e") and not root.endswith("ee") and len(root) > 3 else root


def is_content(word: str) -> bool:
    """Return whether `word` says something about the topic."""
    return word not in FUNCTION_WORDS and (len(word) > 2 or word.isdigit() or word in _SHORT_CONTENT)


def content(words: Iterable[str]) -> list[str]:
    """Return the stems of the content words, in order, each once."""
    return list(dict.fromkeys(stem(word) for word in words if is_content(word)))


def polarity(words: Iterable[str]) -> bool:
    """Return whether a question is negated: an odd number of negations."""
    return sum(word in NEGATIONS for word in words) % 2 == 1


def interrogatives(words: Sequence[str]) -> frozenset[str]:
    """Return what a question is after, other than how, what and where: a reason, a person, an amount."""
    measured = {after for before, after in pairwise(words) if before == "how" and after in _MEASURES}
    return frozenset(measured | {_INTERROGATIVES[word] for word in words if word in _INTERROGATIVES})


def names_speaker(words: Sequence[str]) -> bool:
    """Return whether a question makes the speaker a part of what is to happen: "cancel it for me"."""
    return any(word in _SPEAKER and before not in _BEFORE_SPEAKER for before, word in pairwise(["", *words]))


def within_edits(left: str, right: str, limit: int) -> bool:
    """Return whether at most `limit` slips (insert, drop, change, swap) separate two words."""
    if abs(len(left) - len(right)) > limit:
        return False
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, previous, row = row, before, [i] + [0] * len(right)
        for j, b in enumerate(right, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                row[j] = min(row[j], previous[j - 2] + 1)
        if min(row) > limit:
            return False
    return row[-1] <= limit


def is_typo(word: str, known: str) -> bool:
    """Return whether `word` reads as a misspelling of `known`.

    Short words have to keep their first letter and, at four letters, all of their letters: "text"
    is not a slip for "test", nor "bill" for "kill".
    """
    shorter = min(len(word), len(known))
    if shorter < _SHORTEST_TYPO:
        return False
    if shorter < 6 and word[0] != known[0]:
        return False
    if shorter == _SHORTEST_TYPO and len(word) == len(known):
        return sorted(word) == sorted(known) and within_edits(word, known, 1)
    return within_edits(word, known, 2 if shorter >= _TWO_EDITS_FROM else 1)


def correct(word: str, vocabulary: Collection[str]) -> str:
    """Return the word of `vocabulary` that `word` misspells, `word` itself when there is none."""
    if word in vocabulary:
        return word
    return min((known for known in vocabulary if is_typo(word, known)), default=word)


@dataclass(frozen=True)
class Contrast:
    """How a question stands between the nearest entry and a rival."""

    claimed: frozenset[str]  # what only the entry has, and the question too
    missing: frozenset[str]  # what only the entry has, and the question has not
    against: frozenset[str]  # what only the rival has, and the question too

    @property
    def agrees(self) -> bool:
        """Return whether the terms that separate the two speak for the entry, or do not speak at all."""
        return not self.against and (bool(self.claimed) or not self.missing)


def contrast(asked: Collection[str], entry: Collection[str], rival: Collection[str]) -> Contrast:
    """Compare a question's terms with those that separate two entries."""
    own, other = frozenset(entry) - frozenset(rival), frozenset(rival) - frozenset(entry)
    there = frozenset(asked)
    return Contrast(claimed=own & there, missing=own - there, against=other & there)

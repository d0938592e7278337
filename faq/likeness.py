"""How two questions stand to each other by their words: the same, negated, or apart by one thing.

Pure. "Can clients cancel?" and "Can't clients cancel?" share every word that says what they are about,
and so do "What does Pro cost?" and "What does Free cost?" but for one: similarity takes each pair for one
question, a visitor does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from faq.normalize import words
from faq.terms import NEGATIONS, interrogatives, is_content, polarity, stem

Kind = Literal["same", "negated", "apart"]
RANK: dict[Kind, int] = {"same": 0, "negated": 1, "apart": 2}

# Small words that turn a question around and that count as nothing elsewhere.
_OPPOSITE = frozenset(
    frozenset(pair)
    for pair in (
        ("on", "off"), ("in", "out"), ("with", "without"), ("before", "after"), ("up", "down"),
        ("from", "to"), ("an", "aus"), ("mit", "ohne"), ("vor", "nach"),
    )
)  # fmt: skip
_TURNING = frozenset().union(*_OPPOSITE)
# Two questions that are apart by one thing are otherwise the same word for word; and so much of that has
# to be there (words that count, small words) that it is a question: "API token", "API limits" are none.
SHARED, SMALL_WORDS = 2, 2
TELLING = 3  # terms that say by themselves what is asked
# In front of these stands what is to be done: who cancels a booking asks for another thing than who moves it.
_AFTER_A_VERB = frozenset(
    [
        *(
            "a",
            "an",
            "the",
            "my",
            "our",
            "your",
            "his",
            "her",
            "their",
            "all",
            "this",
            "that",
            "these",
            "those",
        ),
        *(
            "ein",
            "eine",
            "einen",
            "der",
            "die",
            "das",
            "den",
            "mein",
            "meine",
            "meinen",
            "unser",
            "unsere",
            "alle",
        ),
    ]
)


@dataclass(frozen=True)
class Question:
    """A question, taken apart once for many comparisons."""

    text: str
    terms: dict[str, str]  # the stem of each word that counts, with the word as written
    frame: tuple[str, ...]  # all words, those that count as a gap
    acts: frozenset[str]  # words that count and say what is to be done
    small: frozenset[str]  # the words that do not count, but for negations
    turning: frozenset[str]
    negated: bool
    after: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "Question":
        """Take a question apart."""
        split = words(text)
        terms = {stem(word): word for word in split if is_content(word) and word not in _TURNING}
        return cls(
            text=text,
            terms=terms,
            frame=tuple("_" if is_content(word) or word in _TURNING else word for word in split),
            small=frozenset(split) - set(terms.values()) - _TURNING - NEGATIONS,
            acts=frozenset(a for a, b in pairwise(split) if b in _AFTER_A_VERB and a in terms.values()),
            turning=frozenset(word for word in split if word in _TURNING),
            negated=polarity(split),
            after=interrogatives(split),
        )


@dataclass(frozen=True)
class Likeness:
    """How two questions stand to each other; `mine` and `theirs` are the words that keep them apart."""

    kind: Kind
    mine: str = ""
    theirs: str = ""

    @property
    def turned(self) -> bool:
        """Return whether one question turns the other around: negated, or off for on."""
        return self.kind == "negated" or frozenset((self.mine, self.theirs)) in _OPPOSITE


def likeness(mine: Question, theirs: Question) -> Likeness | None:
    """Return how two questions stand to each other, None when they are simply two questions."""
    if not mine.terms or not theirs.terms:
        return None
    left, right = mine.terms.keys() - theirs.terms.keys(), theirs.terms.keys() - mine.terms.keys()
    if not left and not right:
        return _of_the_same_terms(mine, theirs)
    if len(left) == len(right) == 1 and mine.frame == theirs.frame:
        shared, small = len(mine.terms) - 1, len(mine.frame) - mine.frame.count("_")
        a, b = mine.terms[left.pop()], theirs.terms[right.pop()]
        if (shared >= SHARED or (shared and small >= SMALL_WORDS)) and a not in mine.acts:
            return Likeness("apart", a, b)
    return None


def _built_alike(mine: Question, theirs: Question) -> bool:
    """Return whether questions of the same terms ask about these in the same way.

    Few terms say little: a refund is needed, and a refund has not come. Then the small words speak too.
    """
    if list(mine.terms) != list(theirs.terms):
        return False
    fewer = min(len(mine.small), len(theirs.small))
    return len(mine.terms) >= TELLING or len(mine.small & theirs.small) * 2 >= fewer


def _of_the_same_terms(mine: Question, theirs: Question) -> Likeness | None:
    in_order = _built_alike(mine, theirs)
    if mine.negated != theirs.negated:
        return Likeness("negated") if in_order else None
    own, other = mine.turning - theirs.turning, theirs.turning - mine.turning
    for pair in _OPPOSITE:
        a, b = pair & own, pair & other
        if a and b:
            return Likeness("apart", next(iter(a)), next(iter(b)))
    return Likeness("same") if in_order and mine.after == theirs.after else None


Pair = tuple[Question, Question, Likeness]


def closest(mine: Sequence[Question], theirs: Sequence[Question]) -> Pair | None:
    """Return the two questions that stand closest, with how; None when no two stand to each other."""
    found = [
        (RANK[like.kind], a, b, like) for a in mine for b in theirs if (like := likeness(a, b)) is not None
    ]
    if not found:
        return None
    _, a, b, like = min(found, key=lambda each: each[0])
    return a, b, like

"""What one round of the benchmark asks: k phrasings an entry and questions, by a seed.

The same seed draws the same phrasings for every k: those of k = 3 are among those of k = 5.
"""

import random
import string
from collections import defaultdict
from dataclasses import dataclass

from benchmarks.faq_sets import Pairs, QuestionSet

FULL = 0  # as k: all phrasings
MOST_ASKED = 3000

TYPO_SHARE = 0.20
_SHORTEST_MISSPELT = 2  # letters; nobody misspells "I" or "a" by a slip


@dataclass(frozen=True)
class Round:
    """Entries with their phrasings, and questions with the entry that each asks for ("" for none)."""

    entries: list[tuple[str, list[str]]]
    asked: Pairs


def draw(questions: QuestionSet, k: int, seed: int, most: int = MOST_ASKED) -> Round:
    """Return a round of `k` phrasings an entry (FULL for all) and at most `most` questions.

    Questions outside the scope are as many as the set's `outside_share` of all that are asked; where
    there are too few of them, fewer questions inside are asked, so that the share is kept.
    """
    rng = random.Random(f"{seed}:phrasings")
    groups: dict[str, list[str]] = defaultdict(list)
    for text, entry in questions.phrasings:
        groups[entry].append(text)
    entries = []
    for entry, texts in sorted(groups.items()):
        rng.shuffle(texts)
        entries.append((entry, texts if k == FULL else texts[:k]))
    rng = random.Random(f"{seed}:questions")
    inside, outside = _counts(questions, most)
    asked = rng.sample(questions.asked, inside)
    asked += [(text, "") for text in rng.sample(questions.outside, outside)]
    rng.shuffle(asked)
    return Round(entries, asked)


def _counts(questions: QuestionSet, most: int) -> tuple[int, int]:
    """Return how many questions inside and outside the scope are asked."""
    inside, outside, share = len(questions.asked), len(questions.outside), questions.outside_share
    if share is not None and outside:
        inside = min(inside, round(outside * (1 - share) / share))
        outside = round(inside * share / (1 - share))
    shrink = min(1.0, most / max(1, inside + outside))
    return int(inside * shrink), int(outside * shrink)


def without_entries(questions: QuestionSet, share: float, seed: int) -> QuestionSet:
    """Return the set without about `share` of its entries, whose questions then lie outside the scope.

    They are near what is inside, as questions of real visitors are, and so harder than those of another
    world.
    """
    rng = random.Random(f"{seed}:entries")
    names = sorted({entry for _, entry in questions.phrasings})
    gone = set(rng.sample(names, max(1, round(len(names) * share))))
    return QuestionSet(
        f"{questions.name}-near",
        [pair for pair in questions.phrasings if pair[1] not in gone],
        [pair for pair in questions.asked if pair[1] not in gone],
        outside=tuple(text for text, entry in questions.asked if entry in gone),
        official=questions.official,
    )


def misspelt(asked: Pairs, seed: int, share: float = TYPO_SHARE) -> Pairs:
    """Return the questions with `share` of their words misspelt, the same ones for the same seed."""
    rng = random.Random(f"{seed}:typos")
    return [(misspell(text, rng, share), entry) for text, entry in asked]


def misspell(text: str, rng: random.Random, share: float = TYPO_SHARE) -> str:
    """Return `text` with one letter inserted, dropped, changed or swapped in `share` of its words.

    Each word of two letters or more is misspelt with that probability, by itself.
    """
    return " ".join(
        _mistyped(word, rng)
        if sum(map(str.isalpha, word)) >= _SHORTEST_MISSPELT and rng.random() < share
        else word
        for word in text.split(" ")
    )


def _mistyped(word: str, rng: random.Random) -> str:
    """Return `word` with one slip of the fingers, never as it was."""
    letters = [i for i, letter in enumerate(word) if letter.isalpha()]
    while True:
        at = rng.choice(letters)
        after = at + 1 if at + 1 in letters else at
        letter = rng.choice(string.ascii_lowercase)
        slip = rng.choice(("insert", "drop", "change", "swap"))
        typed = {
            "insert": word[:at] + letter + word[at:],
            "drop": word[:at] + word[at + 1 :],
            "change": word[:at] + letter + word[at + 1 :],
            "swap": word[:at] + word[at + 1 : after + 1] + word[at] + word[after + 1 :],
        }[slip]
        if typed.lower() != word.lower():
            return typed

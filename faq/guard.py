"""What an answer would clash with if it were published: near-duplicates, opposites, contradictions.

Pure. The matcher says which other entries would be shown for the answer's own ways to ask; the words of
the questions say whether two of them ask the same, the opposite, or about one thing that differs; and
the two answers are held against each other where they answer the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from faq.disagreements import Disagreement, disagreements
from faq.likeness import Likeness, Pair, Question, closest, likeness
from faq.matcher import Candidate
from faq.normalize import normalize

FIELD = 5  # entries that are looked at for each way to ask
MOST_TEXTS = 40  # ways to ask that are looked at; what they do not show, more do not show
# Share of an answer's ways to ask that have to lead to one other entry; see docs/faq.md for the figures.
TAKEN_SHARE = 0.4
# P from which a way to ask counts as the other entry's. At five ways to ask an entry it finds about two of
# three intents of BANKING77 that are split into two entries, and marks one or two of 77 that are not.
TAKEN_FROM = 0.8
# Of 1,250 such ways to ask nineteen in twenty are more alike than this; where a FAQ has but a few entries,
# P says little, and what is less alike has only no better neighbour.
LEAST_ALIKE = 0.25
LEAST_TAKEN = 2  # of them, where there are so many; one is a slip that the list of phrasings shows
MOST_FINDINGS = 6  # told at once: nobody reads more


class Kind(StrEnum):
    """Why two entries clash, the gravest first."""

    CONTRADICTION = "contradiction"
    NEAR = "near"
    OPPOSITE = "opposite"


GRAVEST = tuple(Kind)


@dataclass(frozen=True)
class Entry:
    """What the guard knows of an entry."""

    id: str
    texts: tuple[str, ...]  # the question first
    answer: str
    published: bool = True

    @property
    def question(self) -> str:
        """Return the question that stands for it."""
        return self.texts[0] if self.texts else ""


@dataclass(frozen=True)
class Finding:
    """A clash with another entry: the two ways to ask that clash, and what differs."""

    kind: Kind
    other: Entry
    mine: str
    theirs: str
    taken: int = 0  # of my ways to ask, that the other entry would be shown for
    apart: tuple[str, str] = ("", "")  # the words that separate the two; "" for a negation
    negated: bool = False
    facts: tuple[Disagreement, ...] = ()
    lacking: tuple[str, ...] = ()  # my ways to ask without the word that separates

    @property
    def key(self) -> str:
        """Return a short digest of what was found, by which a person's consent is bound to it."""
        said = [self.kind, self.other.id, normalize(self.mine), normalize(self.theirs), *self.apart]
        said += [part for fact in self.facts for part in (fact.mine, fact.theirs)]
        return blake2b("\0".join(said).encode(), digest_size=6).hexdigest()


def judge(
    mine: Entry, ranked: Mapping[str, Sequence[Candidate]], others: Mapping[str, Entry]
) -> list[Finding]:
    """Return what `mine` clashes with, the gravest first, at most MOST_FINDINGS.

    `ranked` holds for each of its texts the candidates of a matcher **without** it; `others` the entries
    that occur there, of its own language. What is in no other entry's likeness and would be shown for none
    of its texts is no clash.
    """
    questions = [Question.of(text) for text in mine.texts[:MOST_TEXTS]]
    found = [
        finding
        for other in others.values()
        if (finding := _against(mine, questions, _taken(ranked, other.id), other)) is not None
    ]
    found.sort(key=lambda each: (GRAVEST.index(each.kind), not each.other.published, -each.taken))
    return found[:MOST_FINDINGS]


def _taken(ranked: Mapping[str, Sequence[Candidate]], other: str) -> list[tuple[str, Candidate]]:
    """Return my texts for which the other entry would be shown, with its candidates, the surest first."""
    taken = [
        (text, each)
        for text, candidates in ranked.items()
        for each in candidates
        if each.entry_id == other and _sure(each, candidates) and not _told_apart(text, each.phrasing)
    ]
    return sorted(taken, key=lambda pair: -pair[1].confidence)


def _sure(mine: Candidate, candidates: Sequence[Candidate]) -> bool:
    """Return whether a way to ask belongs to an entry; two that are duplicates already share their P."""
    best = candidates[0]
    together = sum(each.confidence for each in candidates if 2 * each.confidence >= best.confidence)
    return together >= TAKEN_FROM and 2 * mine.confidence >= best.confidence and mine.score >= LEAST_ALIKE


def _told_apart(mine: str, theirs: str) -> bool:
    """Return whether a visitor tells two ways to ask apart that the matcher takes for one."""
    like = likeness(Question.of(mine), Question.of(theirs))
    return like is not None and like.kind != "same"


def _against(
    mine: Entry, questions: Sequence[Question], taken: Sequence[tuple[str, Candidate]], other: Entry
) -> Finding | None:
    pair = closest(questions, [Question.of(text) for text in other.texts[:MOST_TEXTS]])
    like = pair[2] if pair else None
    needed = min(len(questions), max(LEAST_TAKEN, round(TAKEN_SHARE * len(questions))))
    turned = like is not None and like.turned
    if (like and like.kind == "same") or (taken and len(taken) >= needed and not turned):
        text, theirs = _shown_pair(pair, taken)
        facts = tuple(disagreements(mine.answer, other.answer))
        kind = Kind.CONTRADICTION if facts else Kind.NEAR
        return Finding(kind, other, text, theirs, len(taken), facts=facts)
    if pair and like:
        return _opposite(pair[0], pair[1], like, questions, other, len(taken))
    return None


def _shown_pair(pair: Pair | None, taken: Sequence[tuple[str, Candidate]]) -> tuple[str, str]:
    if pair and pair[2].kind == "same":
        return pair[0].text, pair[1].text
    return taken[0][0], taken[0][1].phrasing


def _opposite(
    a: Question, b: Question, like: Likeness, questions: Sequence[Question], other: Entry, taken: int
) -> Finding:
    """Return what separates two questions that are otherwise one, and which ways to ask do not hold it."""
    if like.kind == "negated":
        lacking = [each.text for each in questions if each.negated != a.negated]
        return Finding(Kind.OPPOSITE, other, a.text, b.text, taken, negated=True, lacking=tuple(lacking))
    lacking = [each.text for each in questions if not _holds(each, a, like.mine)]
    return Finding(
        Kind.OPPOSITE, other, a.text, b.text, taken, apart=(like.mine, like.theirs), lacking=tuple(lacking)
    )


def _holds(question: Question, source: Question, word: str) -> bool:
    """Return whether a question holds the word that separates two entries, in any of its forms."""
    stems = {key for key, shown in source.terms.items() if shown == word}
    return word in question.turning or not stems.isdisjoint(question.terms)

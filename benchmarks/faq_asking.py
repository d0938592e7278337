"""Asks a matcher, or a peer, the questions of a round."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from benchmarks.faq_metrics import MRR_DEPTH, NO_ANSWER, Answers
from benchmarks.faq_sets import Pairs

# A text to (entry, confidence), best first. Only the first confidence is judged.
Ranking = Sequence[tuple[str, float]]


class Candidate(Protocol):
    """An entry with the confidence that it answers the question."""

    @property
    def entry_id(self) -> str: ...
    @property
    def confidence(self) -> float: ...


class Ranks(Protocol):
    """Whatever ranks entries as `faq.matcher.Matcher` does."""

    def rank(self, text: str, limit: int = 10) -> Sequence[Candidate]: ...


def answers(rank: Callable[[str], Ranking], asked: Pairs) -> Answers:
    """Return what `rank` answers to each question."""
    confidence, right, place = [], [], []
    for text, entry in asked:
        ranking = rank(text)
        names = [name for name, _ in ranking[:MRR_DEPTH]]
        confidence.append(ranking[0][1] if ranking else NO_ANSWER)
        right.append(bool(entry) and names[:1] == [entry])
        place.append(names.index(entry) + 1 if entry and entry in names else 0)
    return Answers(
        np.asarray(confidence, dtype=np.float64),
        np.asarray(right, dtype=bool),
        np.asarray([bool(entry) for _, entry in asked], dtype=bool),
        np.asarray(place, dtype=np.int64),
    )


def matcher_answers(matcher: Ranks, asked: Pairs) -> Answers:
    """Return what a matcher answers to each question."""
    return answers(lambda text: [(c.entry_id, c.confidence) for c in matcher.rank(text)], asked)

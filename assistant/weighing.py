"""What speaks against an answer that has just ended: its words, and its support in the passages it was given.

Runs in a thread beside the event loop: comparing meanings takes some 100 ms, and only an answer whose words
do not stand in its passages needs it.
"""

from collections.abc import Sequence

from assistant.prompts import PassageLike
from assistant.support import support
from faq import index
from faq.embedder import shared_embedder
from routing.config import RouteSpec
from routing.evidence import Verdict, judge


def weigh(answer: str, passages: Sequence[PassageLike], route: RouteSpec) -> Verdict:
    """Return what was found of `answer`; of a route that does not escalate by evidence its support alone."""
    score = support(answer, passages)
    needs = route.min_support if route.escalate_on_evidence else 0.0
    if score is not None and score < needs and semantic():
        score = support(answer, passages, nearest)
    found = judge(answer, score, needs)
    return found if route.escalate_on_evidence else Verdict(support=score)


def semantic() -> bool:
    """Return whether meanings can be compared in this process."""
    state = index.state()
    return state is not None and state.semantic


def nearest(sentences: Sequence[str], others: Sequence[str]) -> list[float]:
    """Return for each sentence its greatest cosine to any of `others`, by the matcher's own vectors."""
    embedder = shared_embedder()
    if embedder is None:
        return [0.0] * len(sentences)
    likeness = embedder.embed(list(sentences)) @ embedder.embed(list(others)).T
    return [float(row.max()) for row in likeness]

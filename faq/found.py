"""What the FAQ has for a text: candidates, how sure it is of them, and whether one may be shown.

Pure. The thresholds are those of the language of the best candidate's entry, since it is the entry's
phrasings that the evidence was read from, whatever language the visitor writes in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from faq.matcher import REFUSED, Candidate
from faq.matching.shipped import SHIPPED

ANSWER, SHADOW = "answer", "shadow"  # the modes of FaqSettings
EXACT_ONLY = 1.0  # a threshold that none but an exact hit reaches, whose confidence is 1
MOST_SUGGESTED = 3
# What stands beside the best suggestion has at least this share of its confidence: three buttons of which
# two are noise are worse than one.
BESIDE_SHARE = 0.2
# Where the confidence says nothing, since nobody has judged it in that language: how alike question and entry
# are, of 1, to be offered at all, and beside the most alike one.
ALIKE, ALIKE_SHARE = 0.5, 0.8


@dataclass(frozen=True)
class FaqMatch:
    """What the FAQ has for a text, and by which state of it.

    `threshold` and `suggest_threshold` are in [0, 1] and hold for `language`, that of the best
    candidate's entry ("" without candidates). `exact_only` says that this language has no calibration of
    its own: its threshold is EXACT_ONLY, and everything else is offered at most.
    """

    candidates: tuple[Candidate, ...]
    threshold: float
    matcher_version: str
    index_version: int
    took_ms: int
    suggest_threshold: float = 1.0
    mode: str = ANSWER
    language: str = ""
    exact_only: bool = False
    suggested: tuple[Candidate, ...] = ()
    calibration: str = ""  # id of the one that judged

    @property
    def best(self) -> Candidate | None:
        """Return the first candidate, None when nothing is similar at all."""
        return self.candidates[0] if self.candidates else None

    @property
    def would_answer(self) -> bool:
        """Return whether the best candidate is sure enough to be shown, whatever the mode."""
        return self.best is not None and self.best.confidence >= self.threshold

    @property
    def answered(self) -> bool:
        """Return whether the best candidate may be shown as the answer; never in shadow mode."""
        return self.mode == ANSWER and self.would_answer


def doubted(best: Candidate, calibration: str) -> str:
    """Return what keeps the best candidate back until a desk has judged its own questions, else "".

    With the shipped `calibration` (its id) that is a part of the question that no phrasing accounts for.
    """
    return best.doubt if calibration == SHIPPED.id else ""


def suggestions(
    candidates: Sequence[Candidate],
    threshold: float,
    suggest_threshold: float,
    mode: str = ANSWER,
    exact_only: bool = False,
) -> tuple[Candidate, ...]:
    """Return up to three entries for "did you mean", best first.

    None when the first is sure enough to be the answer, in shadow mode, or when not even the first reaches
    `suggest_threshold`; never one that must not answer exactly this question. With `exact_only` the
    confidence is that of another language, so entries are also offered for being alike.
    """
    allowed = [each for each in candidates if each.disputed != REFUSED]
    if mode != ANSWER or not allowed:
        return ()
    best = allowed[0]
    likely = best.confidence >= suggest_threshold
    if best.confidence >= threshold or not (likely or (exact_only and best.score >= ALIKE)):
        return ()

    def beside(each: Candidate) -> bool:
        alike = exact_only and each.score >= ALIKE_SHARE * best.score
        return each is best or alike or (likely and each.confidence >= BESIDE_SHARE * best.confidence)

    return tuple(each for each in allowed if beside(each))[:MOST_SUGGESTED]


def rejudged(match: FaqMatch, threshold: float) -> FaqMatch:
    """Return what was found, judged by another answer threshold.

    Where exact wordings alone are answered it still holds, as it is no confidence that keeps others back.
    """
    if match.threshold >= EXACT_ONLY:
        return match
    suggest = min(match.suggest_threshold, threshold)
    return replace(
        match,
        threshold=threshold,
        suggest_threshold=suggest,
        suggested=suggestions(match.candidates, threshold, suggest, match.mode, match.exact_only),
    )

"""What becomes of an answer's own ways to ask when somebody else asks them. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from faq.expected import of_entry
from faq.found import ANSWER, FaqMatch, suggestions


class Outcome(StrEnum):
    """What a visitor would get."""

    RECOGNISED = "recognised"  # this answer
    OFFERED = "offered"  # this entry among the buttons of "did you mean"
    LOST = "lost"  # another entry, as the answer or alone among the buttons
    MISSED = "missed"  # a model's answer


@dataclass(frozen=True)
class Asked:
    """One way to ask with what became of it, itself left out; `rival` is the entry it was lost to."""

    text: str
    outcome: Outcome
    confidence: float
    rival: str = ""
    shown: bool = False  # the rival would be shown as the answer, not only offered


@dataclass(frozen=True)
class Health:
    """How well an entry is recognised."""

    rows: tuple[Asked, ...]
    expected: float

    def count(self, outcome: Outcome) -> int:
        """Return how many ways to ask had this outcome."""
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def rival(self) -> str:
        """Return the entry that most of them are lost to, "" for none."""
        lost = Counter(row.rival for row in self.rows if row.outcome == Outcome.LOST)
        return lost.most_common(1)[0][0] if lost else ""


def asked(own: str, text: str, match: FaqMatch) -> Asked:
    """Return what became of a way to ask of entry `own`; shadow mode, which only hides it, is left aside."""
    best = match.best
    if best is None:
        return Asked(text, Outcome.MISSED, 0.0)
    if match.would_answer:
        if best.entry_id == own:
            return Asked(text, Outcome.RECOGNISED, best.confidence)
        return Asked(text, Outcome.LOST, best.confidence, best.entry_id, shown=True)
    offered = suggestions(
        match.candidates, match.threshold, match.suggest_threshold, ANSWER, match.exact_only
    )
    if any(each.entry_id == own for each in offered):
        return Asked(text, Outcome.OFFERED, best.confidence)
    if offered:
        return Asked(text, Outcome.LOST, best.confidence, offered[0].entry_id)
    return Asked(text, Outcome.MISSED, best.confidence)


def health(rows: Sequence[Asked], semantic: bool) -> Health:
    """Return how well an entry is recognised that has been asked these."""
    recognised = sum(row.outcome == Outcome.RECOGNISED for row in rows)
    return Health(tuple(rows), of_entry(len(rows), recognised, semantic))

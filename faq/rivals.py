"""Whether a proposed phrasing would lead to its own entry: judged by the matcher that visitors get.

Pure. A phrasing that already lies nearer to another entry would pull that entry's visitors away, or
never be recognised; staff see it as a conflict, with the entry that it is nearer to.
"""

from dataclasses import dataclass

from faq.matcher import ANSWER_THRESHOLD, Candidate, Matcher

# How much more similar another entry has to be. On the example's FAQ with 1, 2 and 4 texts an entry, 0.1
# finds 78, 80 and 73 % of the phrasings that belong to the entry next to it, and calls 16, 17 and 13 % of
# an entry's own held-out phrasings a conflict; without a margin that would be 27, 22 and 19 %.
MARGIN = 0.1
FIELD = 20  # candidates that are looked at; an own entry beyond them is as good as absent
ABSENT = Candidate("", 0.0, 0.0, False, "")


@dataclass(frozen=True)
class Verdict:
    """Whose a text is: the nearest other entry with P(it is meant), the empty id when the text is its own."""

    rival_id: str = ""
    confidence: float = 0.0
    exact: bool = False

    @property
    def conflict(self) -> bool:
        """Return whether the text is another entry's rather than its own."""
        return bool(self.rival_id)


def judge(matcher: Matcher, entry_id: str, text: str) -> Verdict:
    """Return whose `text` is, by a matcher that holds `entry_id` without this text."""
    ranked = matcher.rank(text, FIELD)
    own = next((each for each in ranked if each.entry_id == entry_id), ABSENT)
    others = [each for each in ranked if each.entry_id != entry_id]
    rival = max(others, key=lambda each: (each.exact, each.score), default=ABSENT)
    if own.exact and not rival.exact:
        return Verdict()
    answered = rival.confidence >= ANSWER_THRESHOLD and rival.confidence > own.confidence
    if rival.exact or answered or rival.score > own.score + MARGIN:
        return Verdict(rival.entry_id, rival.confidence, rival.exact)
    return Verdict()

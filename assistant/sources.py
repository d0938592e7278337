"""Which of the passages in a prompt an answer really rests on. Pure."""

import re
from collections.abc import Sequence

from assistant.prompts import PassageLike

_WORD = re.compile(r"[^\W_]{4,}")
# Share of an answer's longer words found in a passage; below it the passage merely has the same subject.
# Chosen on the example desk: the entry that was quoted scores .5 to .9, its neighbours under .25.
SUPPORT = 0.3
LIMIT = 3


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def supporting(answer: str, passages: Sequence[PassageLike]) -> list[PassageLike]:
    """Return at most three passages that hold a good share of the answer's words, best first.

    One passage an entry: a long article is cited once.
    """
    said = _words(answer)
    if not said:
        return []
    scored = sorted(
        ((len(said & _words(passage.text)) / len(said), passage) for passage in passages),
        key=lambda pair: -pair[0],
    )
    kept: dict[str, PassageLike] = {}
    for share, passage in scored:
        if share >= SUPPORT:
            kept.setdefault(passage.entry_id, passage)
    return list(kept.values())[:LIMIT]


def as_sources(passages: Sequence[PassageLike]) -> list[dict[str, str | None]]:
    """Return passages as the page shows sources: title, entry and the day of the last review."""
    return [
        {
            "title": passage.title,
            "entry_id": passage.entry_id,
            "reviewed_on": passage.reviewed_on.isoformat() if passage.reviewed_on else None,
        }
        for passage in passages
    ]

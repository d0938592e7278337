"""What changes in a text, by words, with what stays the same cut short."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

CONTEXT = 8  # words shown on either side of a change
_MOST_WORDS = 1500  # the comparison takes quadratic time; longer texts are compared by lines


@dataclass(frozen=True)
class Piece:
    """A stretch of text that is `same`, `added` or `removed`."""

    kind: str
    text: str


def difference(old: str, new: str) -> list[Piece]:
    """Return the pieces by which `new` differs from `old`."""
    pattern = r"\S+\s*|\s+" if max(old.count(" "), new.count(" ")) < _MOST_WORDS else r"[^\n]*\n|[^\n]+"
    before, after = re.findall(pattern, old), re.findall(pattern, new)
    if max(len(before), len(after)) > _MOST_WORDS * 2:
        return [Piece("removed", _cut(old)), Piece("added", _cut(new))]
    return list(_pieces(before, after))


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for number, (tag, i, j, k, l) in enumerate(blocks):  # noqa: E741 - difflib's own names
        if tag == "equal":
            yield Piece("same", _shortened(before[i:j], number == 0, number == len(blocks) - 1))
            continue
        if j > i:
            yield Piece("removed", "".join(before[i:j]))
        if l > k:
            yield Piece("added", "".join(after[k:l]))


def _shortened(words: list[str], first: bool, last: bool) -> str:
    head = [] if first else words[:CONTEXT]
    tail = [] if last else words[-CONTEXT:]
    if len(words) <= len(head) + len(tail) or len(words) <= CONTEXT:
        return "".join(words)
    return "".join([*head, " … ", *tail])


def _cut(text: str, limit: int = 600) -> str:
    return text if len(text) <= limit else text[:limit] + "…"

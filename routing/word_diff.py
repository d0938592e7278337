"""What one text says that another does not, word by word. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Words of each side that are compared; comparing takes the square of them in the worst case.
MOST_WORDS = 1200

_PIECES = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Piece:
    """A run of words, and whether only this side has it."""

    text: str
    own: bool


def differ(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts in pieces, those that the other side lacks marked; space alone is no difference."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    one, other = ([word.strip() for word in words[:MOST_WORDS]] for words in (old, new))
    left: list[Piece] = []
    right: list[Piece] = []
    for code, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        _add(left, old[a:b], own=code != "equal")
        _add(right, new[c:d], own=code != "equal")
    _add(left, old[MOST_WORDS:], own=False)
    _add(right, new[MOST_WORDS:], own=False)
    return tuple(left), tuple(right)


def _add(pieces: list[Piece], words: Sequence[str], *, own: bool) -> None:
    if words:
        pieces.append(Piece("".join(words), own))

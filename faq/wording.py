"""The difference of two texts, word by word, for a page to show.

Pure. Words and the space between them are compared as they are, so that joined the pieces that are
not new make the old text again, and those that are not gone the new one.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_PIECE = re.compile(r"\s+|[\w'’]+|[^\w\s]")
# Above this the comparison of words would take seconds; the texts are then shown one after the other.
MOST_PIECES = 6_000


@dataclass(frozen=True)
class Piece:
    """A stretch of text that stayed, is gone, or is new."""

    kind: Literal["same", "gone", "new"]
    text: str


def difference(old: str, new: str) -> list[Piece]:
    """Return what stayed, went and came, in reading order."""
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    if len(before) + len(after) > MOST_PIECES:
        return _filled([Piece("gone", old), Piece("new", new)])
    found: list[Piece] = []
    for what, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(Piece("same", "".join(before[i:j])))
        else:
            found += [Piece("gone", "".join(before[i:j])), Piece("new", "".join(after[k:m]))]
    return _joined(_filled(found))


def _filled(pieces: list[Piece]) -> list[Piece]:
    return [piece for piece in pieces if piece.text]


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces with single spaces between two changes taken into them, which reads better."""
    found: list[Piece] = []
    at = 0
    while at < len(pieces):
        gone, new = "", ""
        while at < len(pieces) and (pieces[at].kind != "same" or _is_gap(pieces, at, bool(gone or new))):
            piece = pieces[at]
            gone += piece.text if piece.kind != "new" else ""
            new += piece.text if piece.kind != "gone" else ""
            at += 1
        found += _filled([Piece("gone", gone), Piece("new", new)])
        if at < len(pieces):
            found.append(pieces[at])
            at += 1
    return found


def _is_gap(pieces: list[Piece], at: int, inside: bool) -> bool:
    return inside and pieces[at].text == " " and at + 1 < len(pieces) and pieces[at + 1].kind != "same"

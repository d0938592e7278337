"""Text as it streams: made storable piece by piece, and sewn together after a cut.

Pure. Both hold back what they cannot judge yet and give the rest out at once.
"""

import re

from common.text import BIDI_CONTROLS

REPEAT_CHARS = (
    8000  # how far back a repeat is looked for; longer answers are rare, searching them is not free
)
# Shorter repeats are ordinary language ("the the" aside): only from here on is it the model repeating itself.
MIN_OVERLAP = 8
PIECES = 512  # at which they are joined: some 40 KB of single characters, and no join is felt
_LEAD = re.compile(r"^(?:\s|\u2026|\.{3}|[\"'\u00ab\u201c\u2018])+")


class DeltaText:
    """Removes NUL and bidi controls, joins surrogate pairs that two deltas tore apart, replaces lone ones.

    A bidi override would let a price or an address read as another one; a lone surrogate becomes U+FFFD.
    """

    def __init__(self) -> None:
        self._high = ""

    def feed(self, text: str) -> str:
        """Return what of `text` is certain."""
        if not self._high and text.isascii() and "\x00" not in text:
            return text
        text, self._high = (self._high + text).replace("\x00", "").translate(BIDI_CONTROLS), ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._high = text[:-1], text[-1]
        return _paired(text)

    def flush(self) -> str:
        """Return what was held back, at the end of the stream."""
        rest, self._high = _paired(self._high), ""
        return rest


def _paired(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Gathered:
    """Text that comes in pieces, kept in few of them: many tiny ones would take fifty times their text."""

    def __init__(self) -> None:
        self.length = 0
        self._pieces: list[str] = []

    def add(self, text: str) -> None:
        """Add `text` at the end."""
        self.length += len(text)
        self._pieces.append(text)
        if len(self._pieces) >= PIECES:
            self._pieces = ["".join(self._pieces)]

    @property
    def text(self) -> str:
        """Return all of it."""
        return "".join(self._pieces)


class RepeatFilter:
    """Drops from a continuation what it repeats of the text before it.

    Models that are asked to go on often say the last words again, some begin anew. The continuation
    is held back only while all of it stands in the text before, and so may still be such a repeat.
    """

    def __init__(self, before: str) -> None:
        self._tail = before[-REPEAT_CHARS:]
        self._held = ""
        self._open = True

    def feed(self, text: str) -> str:
        """Return the new part of `text`, nothing while it may be a repeat."""
        if not self._open:
            return text
        self._held += text
        lead = _LEAD.match(self._held)
        bare = self._held[lead.end() :] if lead else self._held
        return "" if not bare or bare in self._tail else self.flush()

    def flush(self) -> str:
        """Return what is held back without its repeat; from now on everything passes."""
        held, self._held, self._open = self._held, "", False
        rest = held[overlap(self._tail, held) :]
        return rest.lstrip(" ") if self._tail.endswith((" ", "\n")) else rest


def overlap(tail: str, text: str) -> int:
    """Return how many characters of `text` repeat the end of `tail`, leading marks included."""
    lead = _LEAD.match(text)
    for skip in dict.fromkeys((0, lead.end() if lead else 0)):
        body, end = text[skip:], tail.rstrip()
        for size in range(min(len(body), len(end)), MIN_OVERLAP - 1, -1):
            if end.endswith(body[:size]):
                return skip + size
    return 0

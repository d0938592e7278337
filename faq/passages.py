"""Cuts entries into passages small enough to stand in a prompt, along headings and paragraphs."""

import re
from collections.abc import Iterator

PASSAGE_LIMIT = 900  # characters; about 225 tokens, so that six fit beside a question and its history

_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_FENCE = re.compile(r"^(```|~~~)")


def blocks(markdown: str) -> Iterator[tuple[str, str]]:
    """Yield (heading, block) for the paragraphs, lists and fenced code of `markdown`, in order."""
    heading, fence = "", ""
    lines: list[str] = []
    for line in [*markdown.splitlines(), ""]:
        mark = _FENCE.match(line.strip())
        if mark and not fence:
            fence = mark.group(1)
        elif fence and line.strip() == fence:
            fence = ""
        title = None if fence else _HEADING.match(line)
        if title or (not fence and not line.strip()):
            if lines:
                yield heading, "\n".join(lines).rstrip()
                lines = []
            heading = title.group(1) if title else heading
        else:
            lines.append(line)
    if lines:  # a fence that was never closed
        yield heading, "\n".join(lines).rstrip()


def pieces(block: str, limit: int = PASSAGE_LIMIT) -> Iterator[str]:
    """Yield `block` in pieces of at most `limit` characters, cut after a line, a sentence or a word."""
    while len(block) > limit:
        cut = max(block.rfind("\n", 0, limit), block.rfind(". ", 0, limit - 1) + 1, 0)
        cut = cut if cut > 0 else block.rfind(" ", 0, limit)
        cut = cut if cut > 0 else limit
        if piece := block[:cut].strip():  # white space in front may be all that stands before the cut
            yield piece
        block = block[cut:].strip()
    if block:
        yield block


def split(markdown: str, limit: int = PASSAGE_LIMIT) -> list[tuple[str, str]]:
    """Return (heading, passage) pairs: neighbouring blocks under one heading joined, without overlap."""
    found: list[tuple[str, str]] = []
    for heading, block in blocks(markdown):
        for piece in pieces(block, limit):
            if found and found[-1][0] == heading and len(found[-1][1]) + len(piece) + 2 <= limit:
                found[-1] = (heading, f"{found[-1][1]}\n\n{piece}")
            else:
                found.append((heading, piece))
    return found

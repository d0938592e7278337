"""Patterns that staff write, on RE2: matched in time linear in the text, whatever the pattern.

RE2 has no back-references and no look-around, which is what makes that possible
(https://github.com/google/re2/wiki/Syntax). Case never counts.
"""

from functools import lru_cache
from typing import Any

import re2

MAX_LENGTH = 200  # the column's width; a longer pattern is several rules
READS = 2000  # characters of a message that are looked at, as many as the other signals read
MAX_MEMORY = 1 << 20  # bytes for one pattern; RE2's default of 8 MiB times 200 rules would be gigabytes
KEPT = 512  # compiled patterns of a process: those of a few versions, and of forms being checked

# RE2's own words for what is wrong, in those of a form.
_SAYS = {
    "missing )": "a parenthesis is opened and not closed",
    "unexpected )": "a parenthesis is closed that was not opened",
    "missing ]": "a [ is opened and not closed",
    "missing argument to repetition operator": "there is nothing to repeat",
    "no argument for repetition operator": "there is nothing to repeat",
    "bad repetition operator": "a repetition is repeated",
    "invalid repetition size": "it repeats more than 1,000 times, or counts backwards",
    "invalid character class range": "a range runs backwards",
    "invalid escape sequence": "there is no such escape, and none that refers back to a group",
    "invalid perl operator": "looking ahead or behind is not possible",
    "invalid named capture group": "the name of a group cannot be read",
    "trailing \\": "it ends in a backslash",
    "pattern too large - compile failed": "it is too large",
}


class BadPattern(ValueError):
    """A pattern cannot be used; the message says why, and at which character where that is known."""


def compiled(pattern: str) -> Any:
    """Return the pattern, compiled once a process. Raises BadPattern."""
    if not pattern.strip():
        raise BadPattern("it is empty")
    if len(pattern) > MAX_LENGTH:
        raise BadPattern(f"it is longer than {MAX_LENGTH} characters")
    found = _compile(pattern)
    if found.search("") is not None:
        raise BadPattern("it matches even an empty message, so it would always hold")
    return found


@lru_cache(maxsize=KEPT)
def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise BadPattern(_said(pattern, error.args[0])) from None


def _said(pattern: str, error: bytes | str) -> str:
    text = error.decode("utf-8", "replace") if isinstance(error, bytes) else error
    kind, _, fragment = text.partition(": ")
    at = _place(pattern, kind, fragment)
    return f"{_SAYS.get(kind, kind)}{f', at character {at}' if at else ''}"


def _place(pattern: str, kind: str, fragment: str) -> int:
    """Return the place of what is wrong, counted from 1; 0 where RE2 does not say."""
    if kind.startswith("trailing"):
        return len(pattern)
    if kind == "missing )":
        return _unclosed(pattern)
    # RE2 names the fragment and not its place; the whole pattern as the fragment says nothing.
    return pattern.find(fragment) + 1 if fragment and fragment != pattern else 0


def _unclosed(pattern: str) -> int:
    """Return the place of the last parenthesis that is not closed, 0 for none."""
    opened: list[int] = []
    skip = in_class = False
    for place, letter in enumerate(pattern, start=1):
        if skip:
            skip = False
        elif letter == "\\":
            skip = True
        elif in_class or letter == "[":
            in_class = letter != "]"
        elif letter == "(":
            opened.append(place)
        elif letter == ")" and opened:
            opened.pop()
    return opened[-1] if opened else 0

"""Whether a line of a growing Markdown text may begin a new top-level block, told without parsing.

Parsing an open block anew at each of its lines costs more than all else that streaming does. Most lines
certainly go on with it: what runs on in a paragraph, an item of the same list, code in a fence. Of any
other line only a parser knows. Pure.
"""

import re

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_ITEM = re.compile(r"(?:([-*+])|\d{1,9}([.)])) {1,4}(?=\w)")


class OpenBlock:
    """What the lines of one open block have shown of its kind."""

    def __init__(self) -> None:
        self._lines = 0
        self._fence = ""
        self._marker = ""
        self._indent = 0
        self._runs_on = False  # the line above began with a letter
        self._doubt = False

    def settled(self, line: str) -> bool:
        """Take the next line, without its end, or its beginning; return whether only a parser knows it."""
        self._doubt = self._is_doubtful(line)
        if self._doubt:
            self._marker = ""  # a link's definition, which shows nothing, may have ended the list
        return self._doubt

    def complete(self, line: str) -> bool:
        """Take the whole of a line whose beginning was taken; return whether only a parser knows it."""
        if self._lines == 1 and "|" in line:
            self._fence = self._marker = ""  # the head of a table, whatever it begins with
        return self._doubt

    def _is_doubtful(self, line: str) -> bool:
        if not line.strip(" \t"):
            self._runs_on = False
            return False
        above, self._runs_on = self._runs_on, line[0].isalpha()
        self._lines += 1
        if self._lines == 1:
            self._begin(line)
            return False
        if self._fence:
            self._close_fence(line)
            return False
        return not (above and self._runs_on) and not self._same_list(line)

    def _begin(self, line: str) -> None:
        if fence := _FENCE.match(line):
            self._fence = fence[1]
        elif item := _ITEM.match(line):
            self._marker, self._indent = item[1] or item[2], item.end()

    def _close_fence(self, line: str) -> None:
        mark = line.strip(" \t")
        if mark.startswith(self._fence) and not mark.strip(self._fence[0]):
            self._fence = ""  # or not, when it is indented: then the parser is asked in vain

    def _same_list(self, line: str) -> bool:
        if not self._marker:
            return False
        item = _ITEM.match(line)
        if item and (item[1] or item[2]) == self._marker:
            self._indent = item.end()
            return True
        return line.startswith(" " * self._indent)

"""Code that stands in a message, told by its lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from routing.lexicon.text import SCAN_CHARS

LINE_CHARS = 300
MAX_LINES = 400

# Patterns of code, each behind marks without one of which it cannot match: looking for a mark costs a
# hundredth of what the pattern does.
_Marked = tuple[tuple[str, ...], str]

# One such line is enough; nobody types it by accident.
_STRONG: tuple[_Marked, ...] = (
    # definitions and imports
    (("def ",), r"^\s{0,40}(?:async )?def \w{1,60}\("),
    (("function",), r"^\s{0,40}(?:export )?(?:default )?(?:async )?function\b ?\w{0,60} ?\("),
    (
        ("class ",),
        r"^\s{0,40}class \w{1,60}(?:\([\w., ]{0,80}\))?:\s{0,10}$|"
        r"^\s{0,40}class \w{1,60} (?:extends \w{1,60} )?\{",
    ),
    (
        ("import ",),
        r"^\s{0,40}from [\w.]{1,80} import \w|^\s{0,40}import [\w*{}, ]{1,120} from ['\"]",
    ),
    (("#include", "<?php", "#!", "=>"), r"#include ?[<\"]|<\?php|^#!/|\) ?=> ?[{(\w]"),
    (
        ("=",),
        r"\b(?:const|let|var) [\w{}, ]{1,60} ?= ?\S|\$\w{1,40}(?:->\w{1,40}|\[.{1,40}\])? ?= ?.{1,160};",
    ),
    (
        ("public ", "private ", "protected ", "static "),
        r"\b(?:public|private|protected|static) (?:static |async |final )?[\w<>\[\]]{1,40} \w{1,60}\(",
    ),
    (("{",), r"(?:^|[:?.] {1,3})\s{0,40}(?:if|for|while|switch) ?\(.{1,160}\) ?\{"),
    (("@",), r"^\s{0,40}@\w{1,40}(?:\.\w{1,40})?\(.{0,120}\)\s{0,5}$"),
    # calls
    (("await ", "return ", "new ", "yield "), r"\b(?:await|return|new|yield) \w{1,40}(?:\.\w{1,40}){0,4}\("),
    (("(",), r"\b\w{1,40}\.\w{1,40}\([^()\n]{0,160}\)"),
    ((");",), r"\b[a-z_]\w{1,40}\([^() ]{0,80}\);"),
    (
        ("print(", "fetch(", "document.", "curl "),
        r"\bprint\(|\bfetch\(['\"`]|\bdocument\.\w{1,40}\b|\bcurl (?:-|https?://|['\"])",
    ),
    # errors and traffic
    (("Traceback",), r"Traceback \(most recent call last\)"),
    (('File "',), r"^\s{0,40}File \".{1,200}\", line \d"),
    (("at ",), r"^\s{0,40}at [\w.$<>/]{1,120} ?\(.{1,160}:\d{1,6}"),
    (("Error: ", "Exception: "), r"\b[A-Z]\w{1,40}(?:Error|Exception): "),
    (
        ("GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "HTTP/"),
        r"^\s{0,10}(?:GET|POST|PUT|PATCH|DELETE) (?:/|https?://)|\bHTTP/[12](?:\.\d)? \d{3}",
    ),
    # markup, data, queries
    (
        ("<",),
        r"</(?:div|script|span|a|p|html|body|form|iframe|button|style|ul|li|table|head)>|<(?:script|iframe|"
        r"div)\b",
    ),
    (('"',), r"^\s{0,40}\"[\w.-]{1,60}\" ?: ?[\"\[{\dtfn]|\{ ?\"[\w.-]{1,60}\" ?:"),
    (("{",), r"^\s{0,40}#?[.\w-]{1,60} ?\{ ?[\w-]{1,40} ?: ?[^;{}]{1,80};"),
    (
        ("SELECT ", "INSERT INTO ", "UPDATE ", "CREATE TABLE "),
        r"\bSELECT .{1,160} FROM \w|\bINSERT INTO \w{1,60} ?\(|\bUPDATE \w{1,60} SET \w|\bCREATE TABLE \w",
    ),
)

# Two of these make a paste.
_WEAK: tuple[_Marked, ...] = (
    ((";", "{", "}"), r"[;{}]\s{0,10}$"),
    (("//", "/*", "*/", "<!--"), r"^\s{0,40}(?://|/\*|\*/|<!--)"),
    (
        ("return", "if", "for", "el", "try", "except", "raise", "wh", "with"),
        r"^\s{2,40}(?:return|if|for|else|elif|try|except|raise|while|with)\b.{0,160}:?$",
    ),
    (
        ("import ", "using ", "package ", "require ", "include "),
        r"^\s{0,40}(?:import|using|package|require|include) [\w.]{1,80};?$",
    ),
    (("=",), r"^\s{0,40}\w{1,40}(?:\.\w{1,40}){0,3} ?[+-]?= ?[\w\"'\[{(].{0,160}$"),
)


class Lines:
    """Tells lines that have one of some patterns."""

    def __init__(self, patterns: Sequence[tuple[tuple[str, ...], re.Pattern[str]]]) -> None:
        self.patterns = patterns

    def within(self, text: str) -> "Lines":
        """Return those patterns that some line of a text may have."""
        return Lines([each for each in self.patterns if any(mark in text for mark in each[0])])

    def search(self, line: str) -> bool:
        """Return whether a line has one of the patterns."""
        for marks, pattern in self.patterns:
            for mark in marks:
                if mark in line:
                    if pattern.search(line):
                        return True
                    break
        return False


STRONG_LINE = Lines([(marks, re.compile(source)) for marks, source in _STRONG])
WEAK_LINE = Lines([(marks, re.compile(source)) for marks, source in _WEAK])
_FENCE = "```"


@dataclass(frozen=True)
class Paste:
    """Whether code is pasted, and `own`: the message without fenced, quoted and half-code lines."""

    found: bool
    own: str


def split_paste(text: str) -> Paste:
    """Tell pasted code from the visitor's own words."""
    own: list[str] = []
    strong = weak = fenced = 0
    inside = False
    scanned = text[:SCAN_CHARS]
    strong_line, weak_line = STRONG_LINE.within(scanned), WEAK_LINE.within(scanned)
    for line in scanned.splitlines()[:MAX_LINES]:
        line = line[:LINE_CHARS]
        if line.lstrip().startswith(_FENCE):
            inside = not inside
        elif inside:
            fenced += bool(line.strip())
        elif strong_line.search(line):
            strong += 1
            own.append(line)  # a call may stand within a sentence: "when I run x.y() it fails"
        elif weak_line.search(line):
            weak += 1
        elif not line.lstrip().startswith(">"):
            own.append(line)
    found = bool(fenced or strong or weak >= 2)
    return Paste(found, "\n".join(own) if found else text)

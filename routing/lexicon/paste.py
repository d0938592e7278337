"""Code that stands in a message, told by its lines."""

import re
from dataclasses import dataclass

from routing.lexicon.text import SCAN_CHARS

LINE_CHARS = 300
MAX_LINES = 400

# One such line is enough; nobody types it by accident.
_STRONG = (
    # definitions and imports
    r"^\s{0,40}(?:async )?def \w{1,60}\(",
    r"^\s{0,40}(?:export )?(?:default )?(?:async )?function\b ?\w{0,60} ?\(",
    r"^\s{0,40}class \w{1,60}(?:\([\w., ]{0,80}\))?:\s{0,10}$|"
    r"^\s{0,40}class \w{1,60} (?:extends \w{1,60} )?\{",
    r"^\s{0,40}from [\w.]{1,80} import \w|^\s{0,40}import [\w*{}, ]{1,120} from ['\"]",
    r"#include ?[<\"]|<\?php|^#!/|\) ?=> ?[{(\w]",
    r"\b(?:const|let|var) [\w{}, ]{1,60} ?= ?\S|\$\w{1,40}(?:->\w{1,40}|\[.{1,40}\])? ?= ?.{1,160};",
    r"\b(?:public|private|protected|static) (?:static |async |final )?[\w<>\[\]]{1,40} \w{1,60}\(",
    r"^\s{0,40}(?:if|for|while|switch) ?\(.{1,160}\) "
    r"?\{|^\s{0,40}@\w{1,40}(?:\.\w{1,40})?\(.{0,120}\)\s{0,5}$",
    # calls
    r"\b(?:await|return|new|yield) \w{1,40}(?:\.\w{1,40}){0,4}\(|\b\w{1,40}\.\w{1,40}\([^()\n]{0,160}\)",
    r"\bprint\(|\bfetch\(['\"`]|\bdocument\.\w{1,40}\b|\bcurl (?:-|https?://|['\"])",
    # errors and traffic
    r"Traceback \(most recent call last\)|^\s{0,40}File \".{1,200}\", line \d",
    r"^\s{0,40}at [\w.$<>/]{1,120} ?\(.{1,160}:\d{1,6}|\b[A-Z]\w{1,40}(?:Error|Exception): ",
    r"^\s{0,10}(?:GET|POST|PUT|PATCH|DELETE) (?:/|https?://)|\bHTTP/[12](?:\.\d)? \d{3}",
    # markup, data, queries
    r"</(?:div|script|span|a|p|html|body|form|iframe|button|style|ul|li|table|head)>|<(?:script|iframe|"
    r"div)\b",
    r"^\s{0,40}\"[\w.-]{1,60}\" ?: ?[\"\[{\dtfn]|\{ ?\"[\w.-]{1,60}\" ?:",
    r"^\s{0,40}#?[.\w-]{1,60} ?\{ ?[\w-]{1,40} ?: ?[^;{}]{1,80};",
    r"\bSELECT .{1,160} FROM \w|\bINSERT INTO \w{1,60} ?\(|\bUPDATE \w{1,60} SET \w|\bCREATE TABLE \w",
)
STRONG_LINE = re.compile("|".join(_STRONG))

# Two of these make a paste.
_WEAK = (
    r"[;{}]\s{0,10}$|^\s{0,40}(?://|/\*|\*/|<!--)",
    r"^\s{2,40}(?:return|if|for|else|elif|try|except|raise|while|with)\b.{0,160}:?$",
    r"^\s{0,40}(?:import|using|package|require|include) [\w.]{1,80};?$",
    r"^\s{0,40}\w{1,40}(?:\.\w{1,40}){0,3} ?[+-]?= ?[\w\"'\[{(].{0,160}$",
)
WEAK_LINE = re.compile("|".join(_WEAK))
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
    for line in text[:SCAN_CHARS].splitlines()[:MAX_LINES]:
        line = line[:LINE_CHARS]
        if line.lstrip().startswith(_FENCE):
            inside = not inside
        elif inside:
            fenced += bool(line.strip())
        elif STRONG_LINE.search(line):
            strong += 1
            own.append(line)  # a call may stand within a sentence: "when I run x.y() it fails"
        elif WEAK_LINE.search(line):
            weak += 1
        elif not line.lstrip().startswith(">"):
            own.append(line)
    found = bool(fenced or strong or weak >= 2)
    return Paste(found, "\n".join(own) if found else text)

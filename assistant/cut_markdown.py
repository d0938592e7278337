"""Markdown that breaks off in the middle of code or emphasis, and the text that goes on with it.

Both halves are shown by themselves: the first closes what it left open, the second begins by opening it
again. Marks are Markdown's own (CommonMark 0.31, 6.2 and GitHub's strikethrough).
"""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

_LINE = re.compile(r"\r\n?|\n")
_REOPENED = re.compile(r" {0,3}(?:`{3,}|~{3,})[ \t]*\w")
_LANGUAGE = re.compile(r"[A-Za-z0-9+#._-]{1,20}")
_MARKS = re.compile(r"\*{1,3}|_{1,3}|~~|`+")
_CLOSING = {"strong_close", "em_close", "s_close", "code_inline"}
# Emphasis begins before a character that is no blank: a word joiner is none, and is not seen either.
_JOINER = "\N{WORD JOINER}"
_NOTHING_IN_IT = re.compile(r"<(strong|em|s|code)></\1>")
_LOOKED_AT = 16  # marks from the end of a text: more are not open at once


def parser() -> MarkdownIt:
    """Return the reader of an answer's Markdown: tables and strikethrough, no raw HTML, no images."""
    # A line break stays one, so that finished blocks look like the plain text that streamed before.
    made = MarkdownIt("commonmark", {"html": False, "breaks": True})
    return made.enable(["table", "strikethrough"]).disable(["image"])


BLOCKS = parser().disable(["inline", "text_join"])
_INLINE = parser()


def code_language(token: Token) -> str:
    """Return the language that a fence names, "" for none or what is no name."""
    named = token.info.split()
    return named[0] if named and _LANGUAGE.fullmatch(named[0]) else ""


def left_open(text: str) -> str:
    """Return what must stand before a text that goes on with `text`, "" where that broke off in nothing.

    The line, with its end, that opens its code, or the marks of its emphasis with a joiner.
    """
    tokens = BLOCKS.parse(text)
    if not tokens:
        return ""
    if tokens[-1].type == "fence":
        return _open_fence(tokens[-1], text)
    marks = _open_marks(tokens)
    return "".join(reversed(marks)) + _JOINER if marks else ""


def closed(text: str) -> str:
    """Return `text` with the marks that close the emphasis in which it breaks off; code closes by itself."""
    marks = _open_marks(BLOCKS.parse(text))
    if not marks:
        return text
    shown = text.rstrip()
    while marks and shown.endswith(marks[0]):  # there is nothing in it yet
        shown = shown.removesuffix(marks.pop(0)).rstrip()
    return shown + "".join(marks)


def lead(text: str, inside: str) -> str:
    """Return `inside` where `text` goes on in it; "" where a model opened it anew, or began another block."""
    if inside.endswith("\n"):
        return "" if _REOPENED.match(text) else inside
    line = _LINE.split(text, maxsplit=1)[0]
    begun = BLOCKS.parse(line)
    anew = re.match(re.escape(inside.removesuffix(_JOINER)) + r"\w", line.lstrip())
    return inside if inside and begun and begun[0].type == "paragraph_open" and not anew else ""


def opens(begun: str, text: str) -> bool:
    """Return whether `begun`, from `lead`, opens code or emphasis in `text`, which begins with it."""
    if begun.endswith("\n"):
        return True
    shown = _shown(_INLINE.parse(text))
    return bool(shown) and shown[0].type != "text"


def without_lead(html: str) -> str:
    """Return the HTML of a text that began with emphasis from `lead` without the joiner that it brought."""
    html = html.replace(_JOINER, "", 1)
    while (empty := _NOTHING_IN_IT.search(html)) is not None:
        html = html[: empty.start()] + html[empty.end() :]
    return html


def _open_fence(last: Token, text: str) -> str:
    if last.map is None:
        return ""
    begin, end = last.map
    closing = rf" {{0,3}}{last.markup}{last.markup[0]}*[ \t]*"
    is_shut = end - begin > 1 and re.fullmatch(closing, _LINE.split(text)[end - 1])
    return "" if is_shut else f"{last.markup}{code_language(last)}\n"


def _open_marks(tokens: Sequence[Token]) -> list[str]:
    """Return the marks that are open at the end of the last block of `tokens`, the innermost first."""
    inline = next((token for token in reversed(tokens) if token.nesting >= 0), None)
    if inline is None or inline.type != "inline":
        return []
    probe, found = inline.content.rstrip() + "x", []
    for mark in _marks_from_the_end(inline.content):
        last = _shown(_INLINE.parseInline(probe + mark))[-1]
        if last.type in _CLOSING and mark.endswith(last.markup):
            probe += mark
            found.append(mark)
    return found


def _shown(tokens: Sequence[Token]) -> list[Token]:
    """Return what the first line of text is made of; the reader leaves empty texts beside marks."""
    inline = next((token for token in tokens if token.type == "inline"), None)
    children = (inline and inline.children) or []
    return [each for each in children if each.type != "text" or each.content]


def _marks_from_the_end(content: str) -> Iterator[str]:
    for mark in list(_MARKS.finditer(content))[: -_LOOKED_AT - 1 : -1]:
        yield mark[0]

"""Markdown of an answer as HTML that is safe to insert, whole or block by block while it streams.

Three nets, each enough by itself: raw HTML and images are never parsed, links are kept only when
they lead to a host that the team allows, and nh3 cleans whatever comes out at the end. Offsets are
Unicode code points.
"""

import re
from collections.abc import Sequence
from typing import Any
from unicodedata import east_asian_width
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from assistant import cut_markdown
from assistant.block_lines import OpenBlock

_SCHEMES = {"https", "mailto"}
_PLAIN_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
# An address that is written out, without the marks that end the sentence around it.
_BARE = re.compile(
    r"(?<![A-Za-z0-9._%+@/:-])"
    r"(?:https://[A-Za-z0-9./?#&=:;,_~%+@!*()-]*[A-Za-z0-9/=_~%+-]|[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})"
)
# Of a cell in a table, in Latin letters: what takes one line, and a word (an address) that may be broken. The
# page gives a cell with more than one line the width of about as many (chat.css).
_ONE_LINE, _ENDLESS = 14, 24
_LINE = re.compile(r"\r\n?|\n")
_EMPTY_CODE = re.compile(r"<pre[^>]*><code></code></pre>\s*")

# A last line that is not finished and of which the next character may still make a list, a fence, a
# rule, a table or the underline of a heading: too early to say that a new block has begun.
_UNDECIDED = re.compile(r"[ \t]*(?:[-*+>#=_|:\s]*|\d{1,9}[.)]?\s*|`{1,2}|~{1,2}|```.*|~~~.*)")

_CLEANER = nh3.Cleaner(
    tags={
        *("p", "br", "hr", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a"),
        *("h3", "h4", "h5", "h6", "div", "table", "thead", "tbody", "tr", "th", "td"),
    },
    attributes={
        "*": set(),
        "a": {"href"},
        "ol": {"start"},
        "pre": {"data-language"},
        "th": {"data-align", "data-wide"},
        "td": {"data-align", "data-wide"},
    },
    tag_attribute_values={
        "div": {"class": {"table"}, "role": {"group"}, "tabindex": {"0"}, "aria-label": {"Table"}},
        "pre": {"tabindex": {"0"}},
        "th": {"scope": {"col"}},
    },
    set_tag_attribute_values={"a": {"target": "_blank"}},
    link_rel="noopener nofollow",
    url_schemes=_SCHEMES,
    url_relative="deny",
)


def host_of(href: str) -> str:
    """Return the lower-case host that a link leads to (for mailto: its domain), "" when there is none."""
    try:
        parts = urlsplit(href)
        host = parts.hostname or ""
    except ValueError:  # e.g. a bracket that never closes
        return ""
    if parts.scheme == "mailto":
        return parts.path.rpartition("@")[2].lower()
    return host


def _allowed(href: str, hosts: Sequence[str]) -> bool:
    """Return whether a link may stay one: https or mailto, no user info, to an allowed host or below it."""
    host = host_of(href)
    if not _PLAIN_HOST.fullmatch(host):
        return False
    parts = urlsplit(href)
    if parts.scheme not in _SCHEMES or "@" in parts.netloc:
        return False
    return any(host == allowed or host.endswith("." + allowed) for allowed in hosts)


def _inert(href: str, shown: str) -> str:
    """Return what follows the text of a link that was taken out: its host, unless the text names it."""
    host = host_of(href)
    return f" ({host})" if _PLAIN_HOST.fullmatch(host) and host not in shown.lower() else ""


def _filter_links(children: Sequence[Token], hosts: Sequence[str]) -> list[Token]:
    kept: list[Token] = []
    dropped: str | None = None
    shown = ""
    for token in children:
        if token.type == "link_open" and not _allowed(str(token.attrGet("href") or ""), hosts):
            dropped, shown = str(token.attrGet("href") or ""), ""
        elif token.type == "link_close" and dropped is not None:
            kept.append(Token("text", "", 0, content=_inert(dropped, shown)))
            dropped = None
        else:
            shown += token.content
            kept.append(token)
    return kept


def _with_bare_links(children: Sequence[Token], hosts: Sequence[str]) -> list[Token]:
    """Make links of addresses that are written out and lead where links may; all others stay text."""
    made: list[Token] = []
    depth = 0
    for token in children:
        depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type != "text" or depth:
            made.append(token)
            continue
        at = 0
        for found in _BARE.finditer(token.content):
            href = found[0] if found[0].startswith("https:") else f"mailto:{found[0]}"
            if not _allowed(href, hosts):
                continue
            made += [_text(token.content[at : found.start()]), Token("link_open", "a", 1, {"href": href})]
            made += [_text(found[0]), Token("link_close", "a", -1)]
            at = found.end()
        made.append(_text(token.content[at:]))
    return made


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _links_rule(state: StateCore) -> None:
    hosts: Sequence[str] = state.env.get("link_hosts", ())
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = _filter_links(_with_bare_links(token.children, hosts), hosts)


def _shape_rule(state: StateCore) -> None:
    """Fit the tokens into a chat page: headings below the message's own, no style attributes."""
    for at, token in enumerate(state.tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        elif token.type in {"th_open", "td_open"}:
            style = str(token.attrs.pop("style", ""))
            if style:
                token.attrs["data-align"] = style.removeprefix("text-align:")
            if width := _width_of(state.tokens[at + 1]):
                token.attrs["data-wide"] = width
            if token.type == "th_open":
                token.attrs["scope"] = "col"


def _width_of(cell: Token) -> str:
    """Return how wide the column of a cell must be: "" for as wide as its text, which stays in one line."""
    words = "".join(" " if child.type.endswith("break") else child.content for child in cell.children or ())
    if max(map(_letters, words.split()), default=0) > _ENDLESS:
        return "endless"
    return "text" if _letters(words) > _ONE_LINE else ""


def _letters(text: str) -> int:
    """Return how many Latin letters are about as wide as `text`."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _fence(self: RendererHTML, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
    token = tokens[idx]
    known = cut_markdown.code_language(token)
    label = f' data-language="{known}"' if known else ""
    return f'<pre tabindex="0"{label}><code>{escapeHtml(token.content)}</code></pre>\n'


def _table_open(self: RendererHTML, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
    return '<div class="table" role="group" tabindex="0" aria-label="Table"><table>\n'


def _table_close(
    self: RendererHTML, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
) -> str:
    return "</table></div>\n"


def _renderer() -> MarkdownIt:
    parser = cut_markdown.parser()
    parser.core.ruler.push("links", _links_rule)
    parser.core.ruler.push("shape", _shape_rule)
    # Every link is parsed, also javascript:, so that the rule above can make it inert text.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    for name, rule in (("fence", _fence), ("code_block", _fence)):
        parser.add_render_rule(name, rule)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


_RENDERER = _renderer()


def render(text: str, link_hosts: Sequence[str] = (), inside: str = "", *, cut: bool = False) -> str:
    """Return Markdown `text` as sanitised HTML; only links to `link_hosts` and hosts below them live.

    `inside` is what `cut_markdown.left_open` says of the text that this one goes on with; `cut` closes the
    emphasis in which the text breaks off.
    """
    hosts = tuple(host.strip().lower() for host in link_hosts if host.strip())
    lead = cut_markdown.lead(text, inside)
    whole = cut_markdown.closed(lead + text) if cut else lead + text
    if lead and not cut_markdown.opens(lead, whole):
        lead, whole = "", whole.removeprefix(lead)
    html = _CLEANER.clean(_RENDERER.render(whole, {"link_hosts": hosts})).strip()
    if not lead.endswith("\n"):
        return cut_markdown.without_lead(html) if lead else html
    # Nothing but the end of that code may have been missing.
    return html[empty.end() :] if (empty := _EMPTY_CODE.match(html)) else html


def _block_starts(tail: str) -> list[int]:
    """Return where each top-level block of `tail` begins; what precedes the first belongs to it."""
    lines = [0, *(match.end() for match in _LINE.finditer(tail))]
    tokens = cut_markdown.BLOCKS.parse(tail)
    return [lines[token.map[0]] for token in tokens if token.level == 0 and token.map and token.nesting >= 0]


class BlockRenderer:
    """Turns a growing text into HTML, each Markdown block exactly once, when it can no longer change.

    A block is final as soon as the next one has begun. The open block is not rendered: the page shows
    it as plain text. A block can only begin where a line is complete or its kind is settled, so that
    what goes on in a settled line costs nothing.
    """

    def __init__(self, link_hosts: Sequence[str] = (), inside: str = "") -> None:
        """Begin, with `inside` as for `render`."""
        self._hosts = tuple(link_hosts)
        self._inside = inside  # until the first line is there
        self._lead = ""  # what stands before the text then, and is none of it
        self.upto = 0
        self.length = 0
        self._tail = ""  # the text behind `upto`
        self._open = OpenBlock()
        self._line = 0  # where the last line of the tail begins
        self._settled = False  # its kind is known, and has been looked at
        self._after_cr = False

    def feed(self, text: str) -> list[tuple[str, int]]:
        """Return (html, upto) for each block that this next piece of text makes final."""
        self._tail += text
        self.length += len(text)
        if self._inside and not self._begun():
            return []
        if self._settled and not self._after_cr and "\n" not in text and "\r" not in text:
            return []
        # An LF may still follow a CR, and belong to the same line end.
        self._after_cr = self._tail.endswith("\r")
        known = self._tail[:-1] if self._after_cr else self._tail
        if not self._look_at_lines(known):
            return []
        starts = _block_starts(known if self._settled else known[: self._line])[1:]
        return self._final(starts, known) if starts else []

    def _begun(self, at_end: bool = False) -> bool:
        """Return whether the first line is there, which tells how the text goes on with code."""
        if at_end or _LINE.search(self._tail):
            self._lead, self._inside = cut_markdown.lead(self._tail, self._inside), ""
            self._tail = self._lead + self._tail
            self.upto -= len(self._lead)
        return not self._inside

    def _rendered(self, block: str) -> str:
        lead, self._lead = self._lead, ""
        return render(block.removeprefix(lead), self._hosts, lead)

    def _look_at_lines(self, known: str) -> bool:
        """Return whether a line that has become complete, or settled, may begin a new block."""
        found = False
        for end in _LINE.finditer(known, self._line):
            line = known[self._line : end.start()]
            asked = False if self._settled else self._open.settled(line)
            found = self._open.complete(line) or asked or found
            self._line, self._settled = end.end(), False
        if not self._settled and not _UNDECIDED.fullmatch(known, self._line):
            self._settled = True
            found = self._open.settled(known[self._line :]) or found
        return found

    def _final(self, starts: Sequence[int], known: str) -> list[tuple[str, int]]:
        final, begin = [], 0
        for start in starts:
            self.upto += start - begin
            final.append((self._rendered(self._tail[begin:start]), self.upto))
            begin = start
        self._tail = self._tail[begin:]
        self._open, self._line, self._settled = OpenBlock(), 0, False
        self._look_at_lines(known[begin:])
        return final

    def finish(self) -> list[tuple[str, int]]:
        """Return the rest of the text as the last block; afterwards nothing is fed."""
        if not self._tail or not self._begun(at_end=True):
            return []
        self.upto += len(self._tail)
        html, self._tail = self._rendered(self._tail), ""
        return [(html, self.upto)]

"""HTML and Markdown of other systems to the desk's own; what is taken out is counted, nothing is fetched."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import PageElement
from bs4.exceptions import ParserRejectedMarkup
from markdownify import MarkdownConverter

DEEPEST = 150  # elements in one another; the converter goes down by recursion, and no help page needs more
_IMAGES = ("img", "svg", "picture", "video", "audio", "canvas", "map")
_SCRIPTS = ("script", "style", "iframe", "object", "embed", "noscript", "template", "applet")
_CONTROLS = ("form", "input", "button", "select", "textarea", "link", "meta", "base")
# Elements that HTML lets end without a sign where the next of them begins; the parser does not know it.
_ENDS_AT = {
    "p": ("p",), "li": ("li", "p"), "dt": ("dt", "dd", "p"), "dd": ("dt", "dd", "p"),
    "tr": ("td", "th", "tr"), "td": ("td", "th"), "th": ("td", "th"),
}  # fmt: skip
_MOST_OPEN = 5000  # each move takes longer the deeper the page; no help page has so many
_HTML = re.compile(
    r"</(?:p|div|a|ul|ol|li|strong|b|em|i|u|span|h[1-6]|table|td|font|blockquote|script|iframe)\s*>"
    r"|<(?:br|hr|img|p|div|li|script|iframe)\b[^<>]*/?>",
    re.IGNORECASE,
)
_CODE = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`)", re.DOTALL)
_MD_IMAGE = re.compile(r"!\[([^\]\n]{0,500})\]\([^)\n]{0,2000}\)")
_MD_LINK = re.compile(r"(?<!!)\[([^\]\n]{1,500})\]\(\s*<?([^)\s>]{0,2000})>?(?:\s+\"[^\"\n]*\")?\s*\)")


@dataclass(frozen=True)
class Converted:
    """Markdown, and how much of the original could not come along."""

    text: str
    images: int = 0
    scripts: int = 0
    dead_links: int = 0
    problem: str = ""


def convert(text: str, base_url: str = "") -> Converted:
    """Return an answer as Markdown, whether it is written in HTML or in Markdown."""
    return from_html(text, base_url) if is_html(text) else from_markdown(text, base_url)


def is_html(text: str) -> bool:
    """Return whether a text is marked up in HTML; tags inside Markdown's code do not count."""
    return bool(_HTML.search(_CODE.sub("", text)))


def soup_of(text: str) -> BeautifulSoup | None:
    """Return the parsed HTML, None when it is too broken or too deep to be walked."""
    try:
        soup = BeautifulSoup(text, "html.parser")
    except ParserRejectedMarkup:
        return None
    _close(soup)
    return soup if _depth(soup) <= DEEPEST else None


def _close(soup: BeautifulSoup) -> None:
    """Put beside each other what stands in one another only because it was never closed."""
    open_tags = soup.find_all(list(_ENDS_AT), limit=_MOST_OPEN)
    if len(open_tags) == _MOST_OPEN:
        return
    for tag in open_tags:
        while tag.parent is not None and tag.parent.name in _ENDS_AT[tag.name]:
            tag.parent.insert_after(tag)


def _depth(soup: BeautifulSoup) -> int:
    """Return how deep the elements stand in one another, without recursion."""
    deepest, level = 0, 0
    node: PageElement | None = soup
    while node is not None and deepest <= DEEPEST:
        child = node.contents[0] if isinstance(node, Tag) and node.contents else None
        if child is not None:
            level += 1
            deepest = max(deepest, level)
            node = child
            continue
        while node is not None and node is not soup and node.next_sibling is None:
            node = node.parent
            level -= 1
        node = None if node is None or node is soup else node.next_sibling
    return deepest


TOO_DEEP = f"Its HTML is broken or nested more than {DEEPEST} deep."


def from_html(text: str, base_url: str = "") -> Converted:
    """Return HTML as Markdown."""
    soup = soup_of(text)
    return Converted("", problem=TOO_DEEP) if soup is None else from_tag(soup, base_url)


def from_tag(root: Tag, base_url: str = "") -> Converted:
    """Return an element's content as Markdown. Changes the element."""
    images = _drop(root, _IMAGES)
    scripts = _drop(root, _SCRIPTS)
    _drop(root, _CONTROLS)
    for comment in root.find_all(string=lambda each: isinstance(each, Comment)):
        comment.extract()
    dead = sum(_mend(link, base_url) for link in root.find_all("a"))
    converter = MarkdownConverter(heading_style="ATX", bullets="-", autolinks=False)
    return Converted(_tidy(str(converter.convert_soup(root))), images, scripts, dead)


def _drop(root: Tag, names: tuple[str, ...]) -> int:
    found = [tag for tag in root.find_all(names) if not any(up.name in names for up in tag.parents)]
    for tag in found:
        tag.decompose()
    return len(found)


def _mend(link: Tag, base_url: str) -> bool:
    """Make a link absolute, or leave only its words; return whether it was dead."""
    href = link.get("href")
    if href is None:
        link.unwrap()  # a jump mark
        return False
    whole = absolute(str(href), base_url)
    if whole:
        link["href"] = whole
    else:
        link.unwrap()
    return not whole


def absolute(href: str, base_url: str = "") -> str:
    """Return an address that works outside the page it stood in, "" when there is none."""
    href = href.strip()
    try:
        if base_url and not href.startswith("#"):
            href = urljoin(base_url, href)
        parts = urlsplit(href)
        if parts.scheme in ("http", "https") and parts.hostname and "." in parts.hostname:
            return href.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
    except ValueError:  # a host that is none, such as http://[x
        return ""
    return href if parts.scheme == "mailto" and "@" in parts.path else ""


def from_markdown(text: str, base_url: str = "") -> Converted:
    """Return Markdown without images, its links absolute; code stays as it is."""
    images = dead = 0

    def link(match: re.Match[str]) -> str:
        nonlocal dead
        whole = absolute(match[2], base_url)
        dead += not whole
        return f"[{match[1]}]({whole})" if whole else match[1]

    parts = _CODE.split(text)
    for place in range(0, len(parts), 2):
        without, number = _MD_IMAGE.subn("", parts[place])
        images += number
        parts[place] = _MD_LINK.sub(link, without)
    return Converted(_tidy("".join(parts)) if images or dead else "".join(parts).strip(), images, 0, dead)


def _tidy(text: str) -> str:
    """Return Markdown without trailing spaces and with at most one empty line in a row."""
    text = text.replace("\xa0", " ").replace("\r\n", "\n")
    parts = _CODE.split(text)
    for place in range(0, len(parts), 2):
        # Two spaces at the end of a line that says something are a line break.
        lines = re.sub(r"(?<=[^ \t\n])[ \t]{2,}\n(?!\n)", "  \n", parts[place])
        lines = re.sub(r"(?<![ \t])[ \t]\n|(?:(?<=\n)|\A)[ \t]+\n|[ \t]+\n(?=\n)", "\n", lines)
        parts[place] = re.sub(r"\n{3,}", "\n\n", lines)
    return "".join(parts).strip()

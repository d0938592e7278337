"""One HTML page: a title with its text, or, where that is clearly its shape, many questions with answers."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.element import PageElement

from faq.importing.documents import Document, Options
from faq.importing.markup import TOO_DEEP, Converted, absolute, from_html, from_tag, soup_of

_BLOCKS = ("p", "ul", "ol", "div", "table", "section", "article", "h2", "h3", "h4", "dl", "blockquote", "pre")
_AROUND = ("nav", "header", "footer", "aside")
_ASKS = re.compile(r"[?？؟;]\s*$")
_WORDS = re.compile(
    r"^(how|what|why|when|where|who|which|can|do|does|is|are|wie|was|warum|wann|wo|wer|kann)\b", re.I
)
_SITE = re.compile(r"\s+[|–—·»]\s+|\s+-\s+")


@dataclass(frozen=True)
class Pair:
    """A question and the HTML of its answer."""

    question: str
    html: str


def read(
    text: str, place: str, options: Options, category: str | None = None, source: str = ""
) -> list[Document]:
    """Return the documents of a page; a page that cannot be read is one document with its problem."""
    soup = soup_of(text)
    if soup is None:
        return [Document(place, problem=TOO_DEEP, category=category)]
    base, language = _base(soup, options.base_url), _language(soup)
    pairs = _linked_data(soup)
    content = _content(soup)
    title = _title(soup, content)
    pairs = pairs or _details(content) or _definitions(content) or _headed(content)
    if pairs:
        heading = category if category is not None else (title or None)
        return [
            _paired(pair, f"{place}, question {number}", base, heading, language)
            for number, pair in enumerate(pairs, 1)
        ]
    for first in content.find_all("h1", limit=1):
        for part in _opening(first):
            part.extract()
        first.unwrap()  # what is left of one that was never closed is text
    body = from_tag(content, base)
    return [made(place, title, body, category=category, language=language, source=_source(soup, source))]


def made(
    place: str,
    question: str,
    body: Converted,
    *,
    category: str | None,
    language: str,
    source: str = "",
    unpublished: bool = False,
) -> Document:
    """Return the document of a converted text."""
    return Document(
        place=place,
        question=" ".join(question.split()),
        answer=body.text,
        category=category,
        language=language,
        source=source,
        problem=body.problem,
        images=body.images,
        scripts=body.scripts,
        dead_links=body.dead_links,
        unpublished=unpublished,
    )


def _paired(pair: Pair, place: str, base: str, category: str | None, language: str) -> Document:
    return made(place, pair.question, from_html(pair.html, base), category=category, language=language)


def _attribute(tag: Tag | None, name: str) -> str:
    return str(tag.get(name) or "") if isinstance(tag, Tag) else ""


def _base(soup: BeautifulSoup, told: str) -> str:
    """Return what relative links are relative to: what was told, or what the page says of itself."""
    own = _attribute(soup.find("base", href=True), "href") or _canonical(soup)
    return absolute(own, told) or told


def _canonical(soup: BeautifulSoup) -> str:
    return absolute(_attribute(soup.find("link", rel="canonical", href=True), "href"))


def _source(soup: BeautifulSoup, own: str) -> str:
    canonical = _canonical(soup)
    return f"url:{canonical}" if canonical else own


def _language(soup: BeautifulSoup) -> str:
    return _attribute(soup.find("html"), "lang").strip().lower().replace("_", "-")


def _content(soup: BeautifulSoup) -> Tag:
    """Return the part of the page that is its text, without what stands around it on every page."""
    articles = soup.find_all("article")
    found = soup.find("main") or soup.find(role="main") or (articles[0] if len(articles) == 1 else None)
    content = found if isinstance(found, Tag) else (soup.body or soup)
    for tag in content.find_all(_AROUND):
        if not tag.decomposed and not (tag.name == "header" and tag.find("h1")):
            tag.decompose()
    return content


def _title(soup: BeautifulSoup, content: Tag) -> str:
    heading = content.find("h1") or soup.find("h1")
    words = [part.get_text(" ", strip=True) for part in _opening(heading)] if isinstance(heading, Tag) else []
    if any(words):
        return " ".join(" ".join(words).split())
    title = soup.find("title")
    return _SITE.split(title.get_text(" ", strip=True))[0] if isinstance(title, Tag) else ""


def _opening(heading: Tag) -> list[PageElement]:
    """Return what stands in a heading before the first paragraph or list: all of it, when it was closed."""
    return list(
        takewhile(lambda part: not (isinstance(part, Tag) and part.name in _BLOCKS), heading.contents)
    )


# --- pages that hold questions ---------------------------------------------------------------------


def _linked_data(soup: BeautifulSoup) -> list[Pair]:
    """Return the pairs of a FAQPage that the page declares for search engines."""
    pairs: list[Pair] = []
    for script in soup.find_all("script", type="application/ld+json"):
        try:
            data = json.loads(script.string or "")
        except (ValueError, RecursionError):
            continue  # what the page shows is read instead
        pairs.extend(faq_page_pairs(data))
    return pairs


def faq_page_pairs(data: Any) -> list[Pair]:
    """Return the pairs of JSON-LD, [] when it declares no FAQPage."""
    found: list[Pair] = []
    things = data if isinstance(data, list) else [data]
    for thing in things[:1000]:
        if not isinstance(thing, dict):
            continue
        if isinstance(thing.get("@graph"), list):
            found.extend(faq_page_pairs([each for each in thing["@graph"] if "@graph" not in each]))
        if "FAQPage" in _listed(thing.get("@type")):
            found.extend(_question_of(each) for each in _listed(thing.get("mainEntity")))
    return [pair for pair in found if pair.question]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _question_of(thing: Any) -> Pair:
    if not isinstance(thing, dict):
        return Pair("", "")
    answers = _listed(thing.get("acceptedAnswer"))
    answer = answers[0] if answers and isinstance(answers[0], dict) else {}
    return Pair(str(thing.get("name") or ""), str(answer.get("text") or ""))


def _details(content: Tag) -> list[Pair]:
    """Return the pairs of at least two unfolding parts."""
    pairs: list[Pair] = []
    for details in content.find_all("details"):
        summary = details.find("summary")
        if isinstance(summary, Tag) and details.find_parent("details") is None:
            question = summary.get_text(" ", strip=True)
            rest = "".join(str(each) for each in details.contents if each is not summary)
            pairs.append(Pair(question, rest))
    return pairs if len(pairs) >= 2 else []


def _definitions(content: Tag) -> list[Pair]:
    """Return the pairs of definition lists that are asked as questions."""
    pairs: list[Pair] = []
    for term in content.find_all("dt"):
        answers = []
        for following in term.find_next_siblings():
            if following.name != "dd":
                break
            answers.append(following.decode_contents())
        pairs.append(Pair(term.get_text(" ", strip=True), "".join(answers)))
    return pairs if clearly_asked([pair.question for pair in pairs]) else []


def _headed(content: Tag) -> list[Pair]:
    """Return the pairs of a page whose h2 or h3 headings are questions."""
    for level in ("h2", "h3", "h4"):
        headings = content.find_all(level)
        if clearly_asked([heading.get_text(" ", strip=True) for heading in headings]):
            return [Pair(each.get_text(" ", strip=True), "".join(_until(each, level))) for each in headings]
    return []


def _until(heading: Tag, level: str) -> Iterator[str]:
    """Yield the HTML between a heading and the next one that is as high or higher."""
    ends = [f"h{number}" for number in range(1, int(level[1]) + 1)]
    for following in heading.next_siblings:
        if isinstance(following, Tag) and (following.name in ends or following.find(ends)):
            return
        yield str(following)


def clearly_asked(questions: Sequence[str]) -> bool:
    """Return whether two or more headings are there and two thirds of them ask."""
    asked = sum(bool(_ASKS.search(each) or _WORDS.match(each)) for each in questions)
    return len(questions) >= 2 and asked * 3 >= len(questions) * 2

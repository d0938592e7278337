"""One Markdown page: its title and text, or its questions where its headings ask."""

import re

from faq.importing.documents import Document, Options
from faq.importing.html_pages import clearly_asked, made
from faq.importing.markup import convert

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^(\w+):[ \t]*(.+?)[ \t]*$", re.MULTILINE)
_TITLE = re.compile(r"\A\s*#[ \t]+(.+?)[ \t#]*(?:\n|\Z)")
_HEADING = re.compile(r"^(#{2,4})[ \t]+(.+?)[ \t#]*$")
_FENCE = re.compile(r"^\s*(```|~~~)")


def read(
    text: str, place: str, options: Options, category: str | None = None, source: str = ""
) -> list[Document]:
    """Return the documents of a page; `place` is its name in the zip, and its title when it has no other."""
    fields: dict[str, str] = {}
    front = _FRONT.match(text)
    if front:
        fields = {key.lower(): value.strip("\"'") for key, value in _FIELD.findall(front[1])}
        text = text[front.end() :]
    found = _TITLE.match(text)
    title = fields.get("title") or (found[1] if found else "")
    body = text[found.end() :] if found else text
    category = fields.get("category", category)
    language = (fields.get("lang") or fields.get("language") or fields.get("locale") or "").lower()
    pairs = _pairs(body)
    if pairs:
        heading = category if category is not None else (title or None)
        return [
            made(f"{place}, question {number}", question, convert(answer, options.base_url),
                 category=heading, language=language)
            for number, (question, answer) in enumerate(pairs, 1)
        ]  # fmt: skip
    converted = convert(body, options.base_url)
    return [made(place, title, converted, category=category, language=language, source=source)]


def _pairs(body: str) -> list[tuple[str, str]]:
    """Return the questions and answers of a page whose headings of one level ask."""
    sections = _sections(body)
    for level in (2, 3, 4):
        asked = [question for depth, question, _ in sections if depth == level]
        if clearly_asked(asked):
            return _joined(sections, level)
    return []


def _joined(sections: list[tuple[int, str, str]], level: int) -> list[tuple[str, str]]:
    """Return the sections of one level with those below them."""
    pairs: list[tuple[str, str]] = []
    inside = False
    for depth, heading, text in sections:
        if depth == level:
            pairs.append((heading, text))
            inside = True
        elif depth < level:
            inside = False
        elif inside:
            question, held = pairs[-1]
            pairs[-1] = question, f"{held}\n{'#' * depth} {heading}\n{text}"
    return pairs


def _sections(body: str) -> list[tuple[int, str, str]]:
    """Return (level, heading, text up to the next heading); headings in code are none."""
    found: list[tuple[int, str, list[str]]] = []
    fenced = False
    for line in body.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        heading = None if fenced else _HEADING.match(line)
        if heading:
            found.append((len(heading[1]), heading[2], []))
        elif found:
            found[-1][2].append(line)
    return [(level, heading, "\n".join(lines)) for level, heading, lines in found]

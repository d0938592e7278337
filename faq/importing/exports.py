"""JSON that other help desks export: Zendesk, Intercom, Chatwoot; and lists of objects, which are tables."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from faq.importing.decoding import decode
from faq.importing.documents import MAX_ROWS, Document, Options, Reading, Sheet, Tables, Unreadable
from faq.importing.html_pages import faq_page_pairs, made
from faq.importing.markup import from_html, from_markdown

Json = Mapping[str, Any]
ZENDESK, INTERCOM, CHATWOOT, LINKED, OBJECTS = "zendesk", "intercom", "chatwoot", "faqpage", "objects"
_STATUS = {0: "draft", 1: "published", 2: "archived"}  # Chatwoot's enum, where it is exported as a number


def load(data: bytes) -> Any:
    """Return the parsed JSON or JSON lines; raises Unreadable when it is neither."""
    text = decode(data).text
    try:
        return json.loads(text)
    except RecursionError as error:
        raise Unreadable("This JSON file is nested too deeply.") from error
    except ValueError as error:
        lines = [line for line in text.split("\n") if line.strip()]
        try:
            if len(lines) > 1:
                return [json.loads(line) for line in lines]
        except (ValueError, RecursionError):
            pass  # told by the first error, which names the place
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"This JSON file is broken or cut off{place}.") from error


def kind_of(value: Any) -> str:
    """Return which export this is; raises Unreadable when it is none that is known."""
    for page in _pages(value):
        found = _kind(page)
        if found:
            return found
    if faq_page_pairs(value):
        return LINKED
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value[:50]):
        return OBJECTS
    raise Unreadable(
        "This JSON file is no export that is known: Zendesk has “articles”, Intercom “data”, "
        "Chatwoot “payload”."
    )


def _pages(value: Any) -> list[Json]:
    """Return the pages of an export: one object, or the answers of several requests in a list."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def _kind(page: Json) -> str:
    for key, kind in (("articles", ZENDESK), ("payload", CHATWOOT), ("data", INTERCOM)):
        if isinstance(page.get(key), list):
            return kind
    if page.get("type") == "article" or "translated_content" in page:
        return INTERCOM
    if "title" in page and "body" in page and "section_id" in page:
        return ZENDESK
    return CHATWOOT if {"title", "content", "slug"} <= page.keys() else ""


def read(value: Any, options: Options) -> Reading:
    """Return the documents of an export."""
    kind = kind_of(value)
    readers = {ZENDESK: _zendesk, INTERCOM: _intercom, CHATWOOT: _chatwoot}
    if kind == LINKED:
        pairs = faq_page_pairs(value)
        return Reading(
            tuple(
                made(
                    f"question {n}",
                    pair.question,
                    from_html(pair.html, options.base_url),
                    category=None,
                    language="",
                )
                for n, pair in enumerate(pairs, 1)
            )
        )
    documents = tuple(readers[kind](_pages(value), options))
    if len(documents) > MAX_ROWS:
        raise Unreadable(f"This export holds more than {MAX_ROWS:,} articles and translations; split it.")
    if not documents:
        raise Unreadable("This export holds no articles.")
    return Reading(documents)


def tables(value: Any) -> Tables:
    """Return a list of objects as a table whose headings are the keys."""
    rows = [each for each in value if isinstance(each, dict)]
    if len(rows) > MAX_ROWS:
        raise Unreadable(f"The file has more than {MAX_ROWS:,} rows; split it.")
    keys = list(dict.fromkeys(key for each in rows for key in each))[:60]
    cells = [(f"item {n}", tuple(_cell(each.get(key)) for key in keys)) for n, each in enumerate(rows, 1)]
    return Tables((Sheet("", (("keys", tuple(keys)), *cells)),))


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(str(each) for each in value if isinstance(each, str | int | float))
    return "" if value is None or isinstance(value, dict) else str(value)


# --- Zendesk -----------------------------------------------------------------------------------------


def _zendesk(pages: list[Json], options: Options) -> Iterator[Document]:
    """Yield articles and their translations; section and category names come with them when exported."""
    sections = _named(pages, "sections")
    for page in pages:
        for article in _objects(page.get("articles")) if "articles" in page else [page]:
            section = sections.get(str(article.get("section_id")), {})
            category = _text(section, "name") or None
            number = _text(article, "id")
            yield _zendesk_text(article, number, category, options)
            own = _text(article, "locale").lower()
            for each in _objects(article.get("translations")):
                if _text(each, "locale").lower() != own:
                    yield _zendesk_text(each, number, category, options, _text(article, "html_url"))


def _zendesk_text(text: Json, number: str, category: str | None, options: Options, url: str = "") -> Document:
    locale = _text(text, "locale").lower()
    return made(
        f"Zendesk article {number} {locale}".strip(),
        _text(text, "title"),
        from_html(_text(text, "body"), options.base_url or _text(text, "html_url") or url),
        category=category,
        language=locale,
        source=f"zendesk:{number}:{locale}".rstrip(":") if number else "",
        unpublished=text.get("draft") is True,
    )


# --- Intercom ----------------------------------------------------------------------------------------


def _intercom(pages: list[Json], options: Options) -> Iterator[Document]:
    """Yield articles in their default language and every translation that has a text."""
    collections = _named(pages, "collections")
    for page in pages:
        things = _objects(page.get("data")) if "data" in page else [page]
        collections.update({_text(each, "id"): each for each in things if each.get("type") == "collection"})
        for article in things:
            if article.get("type", "article") != "article":
                continue
            parent = collections.get(_text(article, "parent_id"), {})
            yield from _intercom_article(article, _text(parent, "name") or None, options)


def _intercom_article(article: Json, category: str | None, options: Options) -> Iterator[Document]:
    number = _text(article, "id")
    default = _text(article, "default_locale").lower()
    texts: dict[str, Json] = {default: article}
    translated = article.get("translated_content")
    for locale, each in translated.items() if isinstance(translated, dict) else ():
        if isinstance(each, dict) and locale.lower() != default and (each.get("title") or each.get("body")):
            texts[locale.lower()] = each
    for locale, text in texts.items():
        yield made(
            f"Intercom article {number} {locale}".strip(),
            _text(text, "title"),
            from_html(_text(text, "body"), options.base_url or _text(text, "url") or _text(article, "url")),
            category=category,
            language=locale,
            source=f"intercom:{number}:{locale}".rstrip(":") if number else "",
            unpublished=_text(text, "state") == "draft",
        )


# --- Chatwoot ----------------------------------------------------------------------------------------


def _chatwoot(pages: list[Json], options: Options) -> Iterator[Document]:
    """Yield articles, whose content is Markdown; what is archived there is named and left out."""
    for page in pages:
        for article in _objects(page.get("payload")) if "payload" in page else [page]:
            number = _text(article, "id") or _text(article, "slug")
            category = article.get("category")
            group: Json = category if isinstance(category, dict) else {}
            status = article.get("status")
            state = _STATUS.get(status, "") if isinstance(status, int) else str(status or "")
            document = made(
                f"Chatwoot article {number}".strip(),
                _text(article, "title"),
                from_markdown(_text(article, "content"), options.base_url),
                category=_text(group, "name") or (category if isinstance(category, str) else None),
                language=(_text(article, "locale") or _text(group, "locale")).lower(),
                source=f"chatwoot:{number}" if number else "",
                unpublished=state == "draft",
            )
            if state == "archived":
                document = Document(**{**document.stored(), "problem": "It is archived in Chatwoot."})
            yield document


# --- all ---------------------------------------------------------------------------------------------


def _objects(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(thing: Json, key: str) -> str:
    value = thing.get(key)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _named(pages: list[Json], key: str) -> dict[str, Json]:
    return {_text(each, "id"): each for page in pages for each in _objects(page.get(key))}

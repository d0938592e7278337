"""Whether documents can be entries: the first thing that is wrong with each, in words."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from common.text import clean
from faq.importing.documents import ARTICLE_LIMIT, PHRASINGS_LIMIT, QUESTION_LIMIT, Document
from faq.normalize import normalize

CATEGORY_LIMIT = 60
LANGUAGE_LIMIT = 12
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}")


def checked(documents: Iterable[Document], language: str) -> list[Document]:
    """Return the documents cleaned, in `language` where they name none, each with its first problem."""
    seen: dict[tuple[str, str], str] = {}
    sources: dict[str, str] = {}
    found: list[Document] = []
    for document in documents:
        each = _cleaned(document, language)
        keys = list(
            dict.fromkeys((normalize(text), each.language) for text in (each.question, *each.phrasings))
        )
        problem = each.problem or problem_of(each) or _double(each, keys, seen, sources)
        if problem:
            each = replace(each, problem=problem)
        else:
            sources[each.source] = each.place
            if not (each.article and each.source):
                seen.update((key, each.place) for key in keys)
        found.append(each)
    return found


def short_languages(documents: Sequence[Document]) -> list[Document]:
    """Return documents with "en-us" as "en", unless another English is among them as well."""
    locales = {each.language.replace("_", "-") for each in documents if each.language}
    bases = Counter(each.split("-", maxsplit=1)[0] for each in locales)

    def short(locale: str) -> str:
        base = locale.split("-", maxsplit=1)[0]
        return base if bases[base] == 1 else locale

    return [replace(each, language=short(each.language.replace("_", "-"))) for each in documents]


def _cleaned(document: Document, language: str) -> Document:
    question = " ".join(clean(document.question).split())
    own = normalize(question)
    phrasings: dict[str, str] = {}
    for text in document.phrasings:
        text = " ".join(clean(text).split())
        phrasings.setdefault(normalize(text) or text, text)
    phrasings.pop(own, None)
    return replace(
        document,
        question=question,
        answer=clean(document.answer).strip(),
        phrasings=tuple(phrasings.values()),
        category=None if document.category is None else " ".join(clean(document.category).split()),
        language=document.language or language,
    )


def problem_of(document: Document) -> str:
    """Return the first reason why a document cannot be an entry, "" when it can."""
    return _question_problem(document) or _answer_problem(document) or _label_problem(document)


def _question_problem(document: Document) -> str:
    if not normalize(document.question):
        return "The question is empty." if not document.question else "The question holds no word."
    for text in (document.question, *document.phrasings):
        if len(text) > QUESTION_LIMIT:
            return f"A question or phrasing has {len(text):,} characters; {QUESTION_LIMIT} are the most."
        if not normalize(text):
            return f"The phrasing “{text}” holds no word."
    if len(document.phrasings) > PHRASINGS_LIMIT:
        return f"It has {len(document.phrasings):,} phrasings; {PHRASINGS_LIMIT} are the most."
    return ""


def _answer_problem(document: Document) -> str:
    if not document.answer:
        lost = document.images + document.scripts
        return "The answer is empty without its images and scripts." if lost else "The answer is empty."
    if len(document.answer) > ARTICLE_LIMIT:
        return f"The answer has {len(document.answer):,} characters; {ARTICLE_LIMIT:,} are the most."
    return ""


def _label_problem(document: Document) -> str:
    if document.category is not None and len(document.category) > CATEGORY_LIMIT:
        return f"The category has more than {CATEGORY_LIMIT} characters."
    if len(document.language) > LANGUAGE_LIMIT or not _LANGUAGE.fullmatch(document.language):
        return f"“{document.language}” is not a language code; use one such as en, de or pt-br."
    return ""


def _double(
    document: Document,
    keys: Sequence[tuple[str, str]],
    seen: dict[tuple[str, str], str],
    sources: dict[str, str],
) -> str:
    if document.source and document.source in sources:
        return f"It stands in this file already ({sources[document.source]})."
    if document.article and document.source:
        return ""  # two articles may have one title; they are never matched by it
    texts = {(normalize(text), document.language): text for text in (document.question, *document.phrasings)}
    for key in keys:
        if key in seen:
            return f"“{texts[key]}” stands in {seen[key]} already."
    return ""

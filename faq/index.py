"""This process's copy of the published FAQ: matcher and passages, swapped whole when staff edit.

Whoever polls the version counters calls `refresh()`; matching itself never waits for the database.
"""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from common.clock import ms_since, ticks
from common.personal import find
from common.versions import read_version
from faq.changes import VERSION as VERSION  # noqa: PLC0414 - the name under which others know it
from faq.found import FaqMatch, suggestions
from faq.matcher import ANSWER_THRESHOLD, Matcher
from faq.models import Entry
from faq.normalize import words
from faq.passages import split
from faq.retrieval import PassageIndex

# Until the matcher ships its own; a disputed candidate has at most 0.5.
SUGGEST_THRESHOLD = 0.4

# A passage less similar than this shares no more than common words with the question.
LEAST_SIMILAR = 0.05

# The question stands in the first words of a long message or nowhere in particular.
MOST_PASSAGE_WORDS = 200


@dataclass(frozen=True)
class Passage:
    """A piece of an entry that may stand in a prompt and be cited."""

    id: str
    entry_id: str
    version: int
    title: str
    text: str
    reviewed_on: date | None
    kind: str


@dataclass(frozen=True)
class EntryView:
    """A published answer as it may be shown."""

    id: str
    question: str
    answer: str
    language: str
    version: int
    reviewed_on: date | None
    category: str


@dataclass(frozen=True)
class Snapshot:
    """The whole published FAQ at one version; never changed, only replaced."""

    number: int
    matcher: Matcher
    answers: Mapping[str, EntryView]
    starters: tuple[EntryView, ...]
    passages: tuple[Passage, ...]
    passage_index: PassageIndex
    details: frozenset[tuple[str, str]] = frozenset()


_lock = threading.Lock()
_held: Snapshot | None = None


def _load(number: int) -> Snapshot:
    """Read the published entries and index them. `number` was read before the rows."""
    rows = list(
        Entry.objects.filter(status=Entry.Status.PUBLISHED).prefetch_related("phrasings").order_by("pk")
    )
    answers = {str(row.pk): _view(row) for row in rows if row.kind == Entry.Kind.ANSWER}
    featured = sorted((row.featured, row.pk) for row in rows if row.featured is not None)
    passages: list[Passage] = []
    documents: list[list[str]] = []
    for row in rows:
        phrasings = " ".join(phrasing.text for phrasing in row.phrasings.all())
        for place, (heading, text) in enumerate(split(row.answer), 1):
            passages.append(_passage(row, place, heading, text))
            documents.append(words(f"{passages[-1].title} {phrasings} {text}"))
    return Snapshot(
        number=number,
        matcher=Matcher.build(
            [
                (str(row.pk), [row.question, *(phrasing.text for phrasing in row.phrasings.all())])
                for row in rows
                if row.kind == Entry.Kind.ANSWER
            ]
        ),
        answers=answers,
        starters=tuple(answers[str(pk)] for _, pk in featured if str(pk) in answers),
        passages=tuple(passages),
        passage_index=PassageIndex(documents),
        details=frozenset((found.kind, found.key) for row in rows for found in find(row.answer)),
    )


def _view(row: Entry) -> EntryView:
    return EntryView(
        id=str(row.pk),
        question=row.question,
        answer=row.answer,
        language=row.language,
        version=row.version,
        reviewed_on=row.reviewed_on,
        category=row.category,
    )


def _passage(row: Entry, place: int, heading: str, text: str) -> Passage:
    return Passage(
        id=f"{row.pk}.{place}",
        entry_id=str(row.pk),
        version=row.version,
        title=f"{row.question}: {heading}" if heading else row.question,
        text=text,
        reviewed_on=row.reviewed_on,
        kind=row.kind,
    )


def refresh(force: bool = False) -> bool:
    """Load the FAQ again if its version has changed, or in any case with `force`; say whether it was.

    One query when nothing has changed. Readers go on with the old snapshot meanwhile.
    """
    global _held  # noqa: PLW0603 - the process's one copy, replaced whole under the lock
    with _lock:
        number = read_version(VERSION)
        if _held is not None and _held.number == number and not force:
            return False
        _held = _load(number)
        return True


def forget() -> None:
    """Drop the snapshot, so that the next use loads it: for tests, where versions go backwards."""
    global _held  # noqa: PLW0603
    with _lock:
        _held = None


def _snapshot() -> Snapshot:
    held = _held
    while held is None:
        refresh()
        held = _held
    return held


def ready() -> bool:
    """Return whether the FAQ has been loaded in this process."""
    return _held is not None


def match(text: str, exclude: frozenset[str] = frozenset(), language: str = "") -> FaqMatch:
    """Return the answers nearest to `text` without those of `exclude`.

    `language` only settles which of two equal exact hits comes first. Never touches the database
    once the FAQ is loaded.
    """
    start = ticks()
    held = _snapshot()
    ranked = [each for each in held.matcher.rank(text, 10 + len(exclude)) if each.entry_id not in exclude][
        :10
    ]
    if language:
        ranked.sort(
            key=lambda each: (not each.exact, each.exact and held.answers[each.entry_id].language != language)
        )
    return FaqMatch(
        candidates=tuple(ranked),
        threshold=ANSWER_THRESHOLD,
        matcher_version=held.matcher.version,
        index_version=held.number,
        took_ms=ms_since(start),
        suggest_threshold=SUGGEST_THRESHOLD,
        language=held.answers[ranked[0].entry_id].language if ranked else "",
        suggested=suggestions(ranked, ANSWER_THRESHOLD, SUGGEST_THRESHOLD),
    )


def nearest_passages(
    text: str, limit: int = 6, exclude: Collection[str] = frozenset()
) -> tuple[Passage, ...]:
    """Return the passages of answers and articles nearest to `text`, best first.

    A passage counts by its own words or, if that is more, by how near its entry's phrasings are, so
    that the answer to a differently worded question is found as well. `exclude` holds entry ids.
    """
    held = _snapshot()
    if not held.passages:
        return ()
    near = {each.entry_id: each.score for each in held.matcher.rank(text, 20)}
    own = held.passage_index.scores(words(text)[:MOST_PASSAGE_WORDS])
    scored = [
        (max(float(own[place]), near.get(passage.entry_id, 0.0)), -place)
        for place, passage in enumerate(held.passages)
        if passage.entry_id not in exclude
    ]
    best = sorted((each for each in scored if each[0] >= LEAST_SIMILAR), reverse=True)[:limit]
    return tuple(held.passages[-place] for _, place in best)


def published_details() -> frozenset[tuple[str, str]]:
    """Return kind and key of each address and number that the company itself has published."""
    return _snapshot().details


def entry(entry_id: str) -> EntryView | None:
    """Return the published answer with this id, None for others (articles are never shown whole)."""
    return _snapshot().answers.get(entry_id)


def starters(limit: int = 5) -> tuple[EntryView, ...]:
    """Return the questions that the empty chat page offers, in the order staff gave them."""
    return _snapshot().starters[:limit]

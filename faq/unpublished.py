"""A matcher over the drafts, kept up to date by the log of edits: what would clash once it is published.

Visitors' index holds published entries only, and a matcher over everything takes seconds to build in a
large FAQ; drafts are few, and those that are not are an import that nobody has looked through yet.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from common.versions import read_version
from faq import changes, half
from faq.guard import Entry as Seen
from faq.matcher import Matcher, Vectors
from faq.matching.training import Embedder
from faq.models import Entry

# The newest so many are looked at: some 2 s to index, once in the life of a process.
MOST_DRAFTS = 1_000


@dataclass(frozen=True)
class Drafts:
    """The drafts of all languages at one version of the FAQ."""

    number: int
    entries: Mapping[str, Seen]
    languages: Mapping[str, str]
    matcher: Matcher
    more: int  # that were not looked at


_lock = threading.Lock()
_held: list[Drafts] = []


def current() -> Drafts:
    """Return the drafts as they are now, reading no more than what was edited since the last call."""
    with _lock:
        number = read_version(changes.VERSION)
        held = _held[0] if _held else None
        if held is None or held.number != number:
            _held[:] = [_patched(held, number) or _read(number)]
        return _held[0]


def forget() -> None:
    """Drop what was read: for tests, where versions go backwards."""
    with _lock:
        _held.clear()


def seen(rows: Iterable[Entry]) -> dict[str, Seen]:
    """Return entries as the guard knows them."""
    return {
        str(row.pk): Seen(
            str(row.pk),
            (row.question, *(each.text for each in row.phrasings.all())),
            row.answer,
            row.status == Entry.Status.PUBLISHED,
        )
        for row in rows
    }


def _read(number: int) -> Drafts:
    drafts = Entry.objects.filter(status=Entry.Status.DRAFT, kind=Entry.Kind.ANSWER)
    rows = list(drafts.prefetch_related("phrasings").order_by("-pk")[:MOST_DRAFTS])
    more = drafts.count() - len(rows) if len(rows) == MOST_DRAFTS else 0
    entries = seen(rows)
    embedder, vectors = _half(entries)
    made = Matcher.build(_texts(entries), embedder, vectors=vectors)
    return Drafts(number, entries, {str(row.pk): row.language for row in rows}, made, more)


def _patched(held: Drafts | None, number: int) -> Drafts | None:
    """Return the drafts after some edits, None when they have to be read whole."""
    touched = changes.since(held.number, number) if held else None
    if held is None or touched is None or held.more or len(touched.entries) > MOST_DRAFTS:
        return None
    drafts = Entry.objects.filter(pk__in=touched.entries, status=Entry.Status.DRAFT, kind=Entry.Kind.ANSWER)
    rows = list(drafts.prefetch_related("phrasings"))
    fresh, over = seen(rows), {str(pk) for pk in touched.entries}
    entries = {key: each for key, each in held.entries.items() if key not in over} | fresh
    languages = {key: each for key, each in held.languages.items() if key in entries}
    gone = [key for key in over if key in held.entries and key not in fresh]
    matcher = held.matcher
    if fresh or gone:
        matcher = matcher.changed(_texts(fresh), gone, vectors=_half(fresh)[1])
    return Drafts(number, entries, languages | {str(row.pk): row.language for row in rows}, matcher, 0)


def _texts(entries: Mapping[str, Seen]) -> list[tuple[str, list[str]]]:
    return [(key, list(each.texts)) for key, each in entries.items()]


def _half(entries: Mapping[str, Seen]) -> tuple[Embedder | None, Vectors | None]:
    """Return embedder and vectors; texts without a vector are found by their words alone."""
    vectors = half.vectors()
    if vectors is None:
        return None, None
    vectors.gather([text for each in entries.values() for text in each.texts], half.INLINE)
    made = vectors.half()
    return made.embedder, made.vectors

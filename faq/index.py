"""This process's copy of the published FAQ, asked by everybody; `faq.loading` keeps it up to date.

Whoever polls calls `poll()`, whoever has to see an edit at once calls `refresh()`; matching itself never
waits for the database once the FAQ is loaded.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from faq import half
from faq.changes import VERSION as VERSION  # noqa: PLC0414 - the name under which others know it
from faq.embedder import why_missing
from faq.finding import Finder
from faq.found import FaqMatch as FaqMatch  # noqa: PLC0414
from faq.loading import Loader
from faq.matching.shipped import SHIPPED
from faq.snapshot import EntryView as EntryView  # noqa: PLC0414
from faq.snapshot import Passage as Passage  # noqa: PLC0414
from faq.snapshot import Snapshot as Snapshot  # noqa: PLC0414
from faq.snapshot import main_language

# From this P on an entry is offered where no calibration of a desk's own says otherwise.
SUGGEST_THRESHOLD = SHIPPED.suggest

_loader = Loader()


@dataclass(frozen=True)
class State:
    """What this process answers from. `why_lexical` says why it finds by words alone, "" when it does not."""

    number: int
    matcher_version: str
    entries: int
    phrasings: int
    changed_rows: int  # phrasings that were added, replaced or taken out since the base
    waiting: int  # entries of which a phrasing has no sentence vector yet
    semantic: bool
    why_lexical: str
    build: str  # the folder of the worker's build, "" when this process has made its base itself
    mode: str


def refresh(force: bool = False) -> bool:
    """Bring the copy up to date, or load it whole with `force`; return whether it changed.

    One query when nothing has changed, some milliseconds after an edit, and as long as it takes after more
    than that. Readers go on with the old copy meanwhile.
    """
    return _loader.refresh(force)


def poll() -> None:
    """Bring the copy up to date every half second: what takes long is done in a thread beside."""
    _loader.poll()


def forget() -> None:
    """Drop the copy, so that the next use loads it: for tests, where versions go backwards."""
    _loader.forget()


def _finder() -> Finder:
    held = _loader.held
    while held is None:
        refresh()
        held = _loader.held
    return held.finder


def finder() -> Finder:
    """Return what answers here now, loading it when there is none; it is never changed, only replaced."""
    return _finder()


def ready() -> bool:
    """Return whether the FAQ has been loaded in this process."""
    return _loader.held is not None


def current() -> Snapshot:
    """Return the copy as it is now, loading it when there is none."""
    return _finder().snapshot


def state() -> State | None:
    """Return what this process answers from, None before it is loaded. No query."""
    held = _loader.held
    if held is None:
        return None
    snapshot = held.snapshot
    return State(
        number=snapshot.number,
        matcher_version=snapshot.matcher.version,
        entries=len(snapshot.rows),
        phrasings=sum(len(row.phrasings) + 1 for row in snapshot.rows.values() if row.shown),
        changed_rows=snapshot.matcher.delta_rows,
        waiting=len(snapshot.waiting),
        semantic=snapshot.matcher.semantic,
        why_lexical=_why_lexical(snapshot),
        build=snapshot.base.name,
        mode=held.finder.mode,
    )


def _why_lexical(snapshot: Snapshot) -> str:
    if snapshot.matcher.semantic:
        return ""
    if half.vectors() is None:
        return why_missing()
    return "The worker has not made an index with sentence vectors yet."


def match(
    text: str, exclude: frozenset[str] = frozenset(), language: str = "", without: str = ""
) -> FaqMatch:
    """Return the answers nearest to `text` without those of `exclude`.

    Judged by the calibration of the best candidate's language. `language` is that of the question: answers
    in it come first, those in others only when none of it answers or is offered. `without` asks as if
    phrasings and negatives of this normalised text were not there. Never touches the database once the FAQ
    is loaded.
    """
    return _finder().match(text, exclude, language, without)


def prepare(text: str, language: str = "") -> None:
    """Do the dear part of `match` and `nearest_passages` for a message now, in this thread.

    The next call of each for this text, in any thread, takes it over, `took_ms` included, or waits for its
    end. What is published in between counts: the work is then done anew. Nothing is done before the FAQ is
    loaded, and never a query. Raises what matching raises, which the next call meets itself.
    """
    held = _loader.held
    if held is not None:
        held.finder.prepare(text, language)


def nearest_passages(
    text: str, limit: int = 6, exclude: Collection[str] = frozenset()
) -> tuple[Passage, ...]:
    """Return the passages of answers and articles nearest to `text`, best first.

    A passage counts by its own words or, if that is more, by how near its entry's phrasings are, so
    that the answer to a differently worded question is found as well. `exclude` holds entry ids.
    """
    return _finder().nearest_passages(text, limit, exclude)


def published_details() -> frozenset[tuple[str, str]]:
    """Return kind and key of each address and number that the company itself has published."""
    return current().details


def entry(entry_id: str) -> EntryView | None:
    """Return the published answer with this id, None for others (articles are never shown whole)."""
    return current().answers.get(entry_id)


def starters(limit: int = 5, language: str = "") -> tuple[EntryView, ...]:
    """Return the questions that the empty chat page offers, in the order staff gave them.

    With a `language` those in it, else those in the language of most answers.
    """
    return in_language(current().starters, language)[:limit]


def in_language(entries: Sequence[EntryView], language: str) -> tuple[EntryView, ...]:
    """Return the entries in a language, without one those in the language of most answers, else all."""
    if not language:
        return tuple(entries)
    for wanted in (language, current().language):
        spoken = tuple(each for each in entries if main_language(each.language) == main_language(wanted))
        if spoken:
            return spoken
    return tuple(entries)

"""The published FAQ at one version: what its entries say, and the indexes over them.

Pure. A snapshot is never changed: an edit makes another one that shares nearly everything with it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import blake2b

from common.personal import find
from faq.matcher import Matcher
from faq.normalize import words
from faq.passages import split
from faq.retrieval import PassageIndex

ANSWER = "answer"  # the kind of an entry that may be shown; the other is only cited

Negatives = list[tuple[str, str]]  # entry id, or "" for every entry, and the question


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
class Row:
    """A published entry with all that an index is made of."""

    view: EntryView
    kind: str
    featured: int | None
    phrasings: tuple[str, ...]
    negatives: tuple[str, ...]

    @property
    def shown(self) -> bool:
        """Return whether it may be shown whole, as an answer."""
        return self.kind == ANSWER

    @property
    def texts(self) -> list[str]:
        """Return the ways to ask for it."""
        return [self.view.question, *self.phrasings]

    @cached_property
    def asked(self) -> bytes:
        """Return the digest of what the matcher holds of it; empty for what it does not hold."""
        return _digest(*self.texts) if self.shown else b""

    @cached_property
    def cited(self) -> bytes:
        """Return the digest of what its passages are found by."""
        return _digest(*self.texts, "", self.view.answer)

    @cached_property
    def details(self) -> frozenset[tuple[str, str]]:
        """Return kind and key of each address and number in it."""
        return frozenset((found.kind, found.key) for found in find(self.view.answer))

    def documents(self) -> list[list[str]]:
        """Return the words by which each of its passages is found."""
        phrasings = " ".join(self.phrasings)
        return [
            words(f"{self._title(heading)} {phrasings} {text}") for heading, text in split(self.view.answer)
        ]

    def passage(self, place: int) -> Passage:
        """Return passage number `place`, counted from 0."""
        heading, text = split(self.view.answer)[place]
        return Passage(
            id=f"{self.view.id}.{place + 1}",
            entry_id=self.view.id,
            version=self.view.version,
            title=self._title(heading),
            text=text,
            reviewed_on=self.view.reviewed_on,
            kind=self.kind,
        )

    def _title(self, heading: str) -> str:
        return f"{self.view.question}: {heading}" if heading else self.view.question


def _digest(*texts: str) -> bytes:
    digest = blake2b(digest_size=12)
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.digest()


Rows = Mapping[str, Row]


@dataclass(frozen=True)
class Base:
    """Whole indexes, and the digests of the entries that they were made of."""

    name: str  # of its folder, "" when this process made it
    number: int
    matcher: Matcher
    passages: PassageIndex
    asked: Mapping[str, bytes]
    cited: Mapping[str, bytes]
    negatives: bytes


@dataclass(frozen=True)
class Snapshot:
    """The whole published FAQ at version `number`."""

    number: int
    rows: Rows
    general: tuple[str, ...]  # what no entry may answer
    matcher: Matcher
    passages: PassageIndex
    base: Base
    waiting: frozenset[str] = field(default_factory=frozenset)  # entries with texts that have no vector yet

    @cached_property
    def answers(self) -> Mapping[str, EntryView]:
        """Return the answers that may be shown, by id."""
        return {entry: row.view for entry, row in self.rows.items() if row.shown}

    @cached_property
    def starters(self) -> tuple[EntryView, ...]:
        """Return the questions that the empty chat page offers, in the order that staff gave them.

        Those in the language of most answers come first: the places are counted anew in each language.
        """
        featured = [
            (row.view.language != self.language, row.featured, int(entry))
            for entry, row in self.rows.items()
            if row.shown and row.featured is not None
        ]
        return tuple(self.rows[str(pk)].view for *_, pk in sorted(featured))

    @cached_property
    def details(self) -> frozenset[tuple[str, str]]:
        """Return kind and key of each address and number that is published."""
        return frozenset().union(*(row.details for row in self.rows.values()))

    @cached_property
    def foreign(self) -> Mapping[str, frozenset[str]]:
        """Return for each language the answers that are in another; nothing while all are in one."""
        spoken = {entry: main_language(view.language) for entry, view in self.answers.items()}
        languages = set(spoken.values())
        if len(languages) < 2:
            return {}
        return {
            each: frozenset(entry for entry, language in spoken.items() if language != each)
            for each in languages
        }

    @cached_property
    def language(self) -> str:
        """Return the language that most answers have."""
        counts = Counter(row.view.language for row in self.rows.values() if row.shown)
        return min(counts, key=lambda each: (-counts[each], each), default="en")

    def prepared(self) -> "Snapshot":
        """Return it with all computed that a reader may ask for, so that no reader waits for it."""
        for name in ("answers", "starters", "details", "language", "foreign"):
            getattr(self, name)
        return self


def main_language(code: str) -> str:
    """Return the language of a tag, as calibrations are kept by it: `de-AT` is `de`, none is English."""
    return code.replace("_", "-").split("-")[0].strip().lower() or "en"


def negatives_of(rows: Rows, general: Iterable[str]) -> Negatives:
    """Return all negatives as the matcher takes them."""
    own = [(entry, text) for entry, row in rows.items() if row.shown for text in row.negatives]
    return [("", text) for text in general] + own


def digest_of(negatives: Negatives) -> bytes:
    """Return the digest of all negatives."""
    return _digest(*(part for each in sorted(negatives) for part in each))


def asked_of(rows: Rows) -> dict[str, bytes]:
    """Return the digests of what a matcher over `rows` holds."""
    return {entry: row.asked for entry, row in rows.items() if row.shown}


def cited_of(rows: Rows) -> dict[str, bytes]:
    """Return the digests of what a passage index over `rows` holds."""
    return {entry: row.cited for entry, row in rows.items()}


def differing(held: Mapping[str, bytes], wanted: Mapping[str, bytes]) -> tuple[list[str], list[str]]:
    """Return what is to be put in, in the order of `wanted`, and what is to be taken out."""
    fresh = [entry for entry, digest in wanted.items() if held.get(entry) != digest]
    return fresh, [entry for entry in held if entry not in wanted]


def entries_of(rows: Rows, ids: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Return ids and ways to ask, as the matcher takes them."""
    return [(entry, rows[entry].texts) for entry in ids]


def with_rows(rows: Rows, touched: Collection[str], fresh: Rows) -> dict[str, Row]:
    """Return `rows` with `fresh` in the place of what was touched, which holds what of it is published."""
    if not touched:
        return dict(rows)
    after = {entry: row for entry, row in rows.items() if entry not in touched or entry in fresh}
    after.update(fresh)
    return after

"""Holds a parsed file against the stored FAQ, shows what would change, and stores it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from faq import services
from faq.importer import ImportRow, Parsed, RowError
from faq.models import Entry, Phrasing, key_of

CHUNK = 50  # rows a transaction, so that nobody waits long for the one writer that SQLite has


@dataclass(frozen=True)
class Planned:
    """What a row would do. `changes` names the fields in plain words."""

    row: ImportRow
    action: str  # new | changed | unchanged
    changes: tuple[str, ...] = ()
    entry_id: int | None = None
    live: bool = False  # visitors see the change at once


@dataclass(frozen=True)
class Plan:
    """What an import would do, row by row."""

    items: tuple[Planned, ...]
    errors: tuple[RowError, ...]

    def of(self, action: str) -> list[Planned]:
        """Return the rows with this action."""
        return [item for item in self.items if item.action == action]


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    created: int
    changed: int
    unchanged: int


def plan(parsed: Parsed, publish: bool = False) -> Plan:
    """Return what importing `parsed` would do. Reads the database, changes nothing."""
    stored = _stored(parsed.rows)
    owners = _owners(parsed.rows)
    items: list[Planned] = []
    errors = list(parsed.errors)
    for row in parsed.rows:
        entry = stored.get(_key(row))
        live = publish or (entry is not None and entry.status == Entry.Status.PUBLISHED)
        taken = _taken(row, entry, owners) if live else ""
        if taken:
            errors.append(RowError(row.line, taken, row.question))
        else:
            items.append(_planned(row, entry, publish, live))
    return Plan(tuple(items), tuple(sorted(errors, key=lambda error: error.line)))


def _key(row: ImportRow) -> tuple[str, str]:
    return key_of(row.question), row.language


def _stored(rows: Iterable[ImportRow]) -> dict[tuple[str, str], Entry]:
    """Return the entries that the rows would update, by normalised question and language."""
    found: dict[tuple[str, str], Entry] = {}
    keys = [key_of(row.question) for row in rows]
    for part in _parts(keys):
        entries = Entry.objects.filter(question_normalised__in=part, kind=Entry.Kind.ANSWER)
        for entry in entries.prefetch_related("phrasings").order_by("-pk"):
            known = found.get((entry.question_normalised, entry.language))
            if known is None or known.status != Entry.Status.PUBLISHED:
                found[entry.question_normalised, entry.language] = entry
    return found


def _owners(rows: Iterable[ImportRow]) -> dict[tuple[str, str], Entry]:
    """Return the published answers that hold a question or phrasing of the rows."""
    wanted = list(dict.fromkeys(key_of(text) for row in rows for text in (row.question, *row.phrasings)))
    found: dict[tuple[str, str], Entry] = {}
    live = {"status": Entry.Status.PUBLISHED, "kind": Entry.Kind.ANSWER}
    for part in _parts(wanted):
        for entry in Entry.objects.filter(question_normalised__in=part, **live):
            found[entry.question_normalised, entry.language] = entry
        held = Phrasing.objects.filter(
            normalised__in=part, entry__status=live["status"], entry__kind=live["kind"]
        ).select_related("entry")
        for phrasing in held:
            found[phrasing.normalised, phrasing.entry.language] = phrasing.entry
    return found


def _parts(values: list[str], size: int = 500) -> Iterator[list[str]]:
    """Yield `values` in parts that fit into one query (SQLite takes at most 32,766 parameters)."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _taken(row: ImportRow, entry: Entry | None, owners: dict[tuple[str, str], Entry]) -> str:
    for text in (row.question, *row.phrasings):
        owner = owners.get((key_of(text), row.language))
        if owner is not None and owner != entry:
            return str(services.Conflict(text, owner))
    return ""


def _planned(row: ImportRow, entry: Entry | None, publish: bool, live: bool) -> Planned:
    if entry is None:
        return Planned(row, "new", live=live)
    changes = tuple(_changes(row, entry, publish))
    return Planned(row, "changed" if changes else "unchanged", changes, entry.pk, live and bool(changes))


def _changes(row: ImportRow, entry: Entry, publish: bool) -> Iterator[str]:
    if entry.question != row.question:
        yield "question"
    if entry.answer != row.answer:
        yield "answer"
    if row.category is not None and entry.category != row.category:
        yield "category"
    held = {entry.question_normalised, *(each.normalised for each in entry.phrasings.all())}
    fresh = {key_of(text) for text in row.phrasings} - held
    if fresh:
        yield "1 phrasing more" if len(fresh) == 1 else f"{len(fresh)} phrasings more"
    if publish and entry.status != Entry.Status.PUBLISHED:
        yield "published"


def store(planned: Plan, publish: bool = False) -> tuple[Imported, list[RowError]]:
    """Store the new and changed rows, 50 a transaction; return what was done and what was refused.

    A row is refused here only when the FAQ has changed since it was planned.
    """
    refused: list[RowError] = []
    done = {"new": 0, "changed": 0}
    todo = [item for item in planned.items if item.action in done]
    for start in range(0, len(todo), CHUNK):
        with transaction.atomic():
            for item in todo[start : start + CHUNK]:
                try:
                    _store_one(item, publish)
                except ValidationError as error:
                    refused.append(RowError(item.row.line, " ".join(error.messages), item.row.question))
                else:
                    done[item.action] += 1
    return Imported(done["new"], done["changed"], len(planned.of("unchanged"))), refused


def _store_one(item: Planned, publish: bool) -> None:
    row = item.row
    entry = Entry.objects.filter(pk=item.entry_id).first() if item.entry_id else None
    entry = entry or Entry(language=row.language)
    entry.question, entry.answer = row.question, row.answer
    if row.category is not None:
        entry.category = row.category
    if publish:
        entry.status = Entry.Status.PUBLISHED
    held = [each.text for each in entry.phrasings.all()] if entry.pk else []
    services.save_entry(entry, [*held, *row.phrasings])

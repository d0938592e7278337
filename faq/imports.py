"""Holds documents against the stored FAQ, says what each would change, and stores them in chunks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from simple_history.utils import bulk_create_with_history

from common.clock import ticks
from common.text import shorten
from faq import changes, services
from faq.engine_models import key_of
from faq.import_models import Upload, UploadRow
from faq.importing.documents import Document, restored
from faq.models import Entry, Phrasing

# Rows and seconds of a transaction, so that nobody waits long for the one writer that SQLite has.
CHUNK = 50
LONGEST_S = 0.1
TO_STORE = (UploadRow.Action.NEW, UploadRow.Action.CHANGED, UploadRow.Action.LIVE)

_Key = tuple[str, str]


@dataclass(frozen=True)
class Planned:
    """What a document would do. `changes` names the fields in plain words."""

    action: UploadRow.Action
    changes: tuple[str, ...] = ()
    entry: Entry | None = None
    message: str = ""

    @property
    def basis(self) -> datetime | None:
        """Return the state of the entry that the plan was made on."""
        return self.entry.updated_at if self.entry else None


class Stored:
    """The part of the FAQ that a set of documents touches, read in few queries."""

    def __init__(self, documents: Sequence[Document], publish: bool) -> None:
        self.publish = publish
        self._by_source = _by_source(documents)
        self._by_key = _by_key(documents)
        self._owners = _owners(documents)
        # An entry is for the document it came from, whatever question another one asks.
        self._claimed = {entry.pk for entry in self._by_source.values()}

    def plan(self, document: Document) -> Planned:
        """Return what storing this document would do."""
        if document.problem:
            return Planned(UploadRow.Action.ERROR, message=document.problem)
        entry = self._match(document)
        publish = self.publish and not document.unpublished
        live = publish or (entry is not None and entry.status == Entry.Status.PUBLISHED)
        taken = self._taken(document, entry) if live and kind_of(document, entry) == Entry.Kind.ANSWER else ""
        if taken:
            return Planned(UploadRow.Action.ERROR, entry=entry, message=taken)
        if entry is None:
            return Planned(UploadRow.Action.NEW)
        changes = tuple(_changes(document, entry, publish))
        if not changes:
            return Planned(UploadRow.Action.UNCHANGED, entry=entry)
        published = entry.status == Entry.Status.PUBLISHED
        return Planned(UploadRow.Action.LIVE if published else UploadRow.Action.CHANGED, changes, entry)

    def _match(self, document: Document) -> Entry | None:
        """Return the entry that a document updates: by its source, else by its question."""
        if document.source in self._by_source:
            return self._by_source[document.source]
        scheme = document.source.split(":", 1)[0]
        for entry in self._by_key.get(_key(document), ()):
            of_another = entry.source and document.source and entry.source.split(":", 1)[0] == scheme
            if entry.pk not in self._claimed and not of_another:
                self._claimed.add(entry.pk)
                return entry
        return None

    def _taken(self, document: Document, entry: Entry | None) -> str:
        for text in (document.question, *document.phrasings):
            owner = self._owners.get((key_of(text), document.language))
            if owner is not None and owner != entry:
                return str(services.Conflict(text, owner))
        return ""


def kind_of(document: Document, entry: Entry | None) -> str:
    """Return the kind an entry will have: what is too long is an article, and an article stays one."""
    if document.article:
        return Entry.Kind.ARTICLE
    return entry.kind if entry else Entry.Kind.ANSWER


def _key(document: Document) -> _Key:
    return key_of(document.question), document.language


def _by_source(documents: Iterable[Document]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for part in _parts([each.source for each in documents if each.source and not each.problem]):
        for entry in Entry.objects.filter(source__in=part).prefetch_related("phrasings"):
            found[entry.source] = entry
    return found


def _by_key(documents: Iterable[Document]) -> dict[_Key, list[Entry]]:
    """Return the entries that ask what the documents ask; published ones first, archived ones last."""
    order = {Entry.Status.PUBLISHED: 0, Entry.Status.DRAFT: 1, Entry.Status.ARCHIVED: 2}
    found: dict[_Key, list[Entry]] = {}
    for part in _parts([key_of(each.question) for each in documents if not each.problem]):
        entries = Entry.objects.filter(question_normalised__in=part).prefetch_related("phrasings")
        for entry in sorted(entries, key=lambda each: (order[Entry.Status(each.status)], each.pk)):
            found.setdefault((entry.question_normalised, entry.language), []).append(entry)
    return found


def _owners(documents: Iterable[Document]) -> dict[_Key, Entry]:
    """Return the published answers that hold a question or phrasing of the documents."""
    texts = [text for each in documents if not each.problem for text in (each.question, *each.phrasings)]
    found: dict[_Key, Entry] = {}
    live = Q(status=Entry.Status.PUBLISHED, kind=Entry.Kind.ANSWER)
    for part in _parts([key_of(text) for text in texts]):
        for entry in Entry.objects.filter(live, question_normalised__in=part):
            found[entry.question_normalised, entry.language] = entry
        held = Phrasing.objects.filter(
            normalised__in=part, entry__status=Entry.Status.PUBLISHED, entry__kind=Entry.Kind.ANSWER
        )
        for phrasing in held.select_related("entry"):
            found[phrasing.normalised, phrasing.entry.language] = phrasing.entry
    return found


def _parts(values: list[str], size: int = 500) -> Iterator[list[str]]:
    """Yield `values` in parts that fit into one query (SQLite takes at most 32,766 parameters)."""
    different = list(dict.fromkeys(values))
    for start in range(0, len(different), size):
        yield different[start : start + size]


def _changes(document: Document, entry: Entry, publish: bool) -> Iterator[str]:
    if entry.question != document.question:
        yield "question"
    if entry.answer != document.answer:
        yield "answer"
    if entry.kind != kind_of(document, entry):
        yield "becomes an article"
    if document.category is not None and entry.category != document.category:
        yield "category"
    if entry.language != document.language:
        yield "language"
    fresh = len(new_phrasings(document, entry))
    if fresh:
        yield "1 phrasing more" if fresh == 1 else f"{fresh} phrasings more"
    if publish and entry.status != Entry.Status.PUBLISHED:
        yield "published"


def new_phrasings(document: Document, entry: Entry) -> list[str]:
    """Return the document's phrasings that the entry does not have yet."""
    held = {key_of(document.question), *(each.normalised for each in entry.phrasings.all())}
    return [text for text in document.phrasings if key_of(text) not in held]


# --- storing ---------------------------------------------------------------------------------------


@transaction.atomic
def store_chunk(upload: Upload) -> int:
    """Store the next rows of an upload, each held against the FAQ as it is now; return how many.

    A row whose entry was edited, added or deleted since the preview is refused and says so.
    """
    number = changes.hold()
    rows = list(upload.rows.filter(outcome=UploadRow.Outcome.OPEN, action__in=TO_STORE)[:CHUNK])
    documents = [restored(row.document) for row in rows]
    stored = Stored(documents, upload.publish)
    fresh: list[tuple[UploadRow, Document]] = []
    until = ticks() + LONGEST_S
    for row, document in zip(rows, documents, strict=True):
        if ticks() > until and row is not rows[0]:
            break
        planned = stored.plan(document)
        refusal = _stale(row, planned)
        if refusal:
            row.outcome, row.message = UploadRow.Outcome.REFUSED, refusal
        elif row.action == UploadRow.Action.LIVE and not row.approved and not _goes_live(upload, document):
            row.outcome = UploadRow.Outcome.KEPT
        elif planned.entry is None:
            fresh.append((row, document))
        else:
            _change(upload, row, document, planned.entry)
    changes.note(number, _create(upload, fresh))
    return _note(upload, [row for row in rows if row.outcome])


def _note(upload: Upload, rows: list[UploadRow]) -> int:
    """Store what became of rows, in few queries; return how many they are."""
    for outcome in (UploadRow.Outcome.STORED, UploadRow.Outcome.KEPT):
        numbers = [row.number for row in rows if row.outcome == outcome]
        if numbers:
            upload.rows.filter(number__in=numbers).update(outcome=outcome)
    for row in rows:
        if row.outcome == UploadRow.Outcome.REFUSED:
            row.save(update_fields=["outcome", "message"])
    return len(rows)


def _stale(row: UploadRow, planned: Planned) -> str:
    """Return why a row cannot be stored as the preview showed it, "" when it can."""
    if planned.action == UploadRow.Action.ERROR:
        return planned.message
    if row.action == UploadRow.Action.NEW:
        return "Somebody has added this question since the preview." if planned.entry else ""
    if planned.entry is None or planned.entry.pk != row.entry_id:
        return "Its entry was deleted or renamed since the preview."
    return "Somebody has edited its entry since the preview." if planned.basis != row.basis else ""


def _goes_live(upload: Upload, document: Document) -> bool:
    """Return whether storing publishes: never what nobody had published in the system it comes from."""
    return upload.publish and not document.unpublished


def _reason(upload: Upload) -> str:
    return shorten(f"Imported from {upload.name}", 100)


def _change(upload: Upload, row: UploadRow, document: Document, entry: Entry) -> None:
    entry.question, entry.answer, entry.language = document.question, document.answer, document.language
    entry.kind = kind_of(document, entry)
    if document.category is not None:
        entry.category = document.category
    entry.source = document.source or entry.source
    if _goes_live(upload, document):
        entry.status = Entry.Status.PUBLISHED
    _sign(entry, upload)
    try:
        services.save_entry(
            entry, [*(each.text for each in entry.phrasings.all()), *document.phrasings], quiet=True
        )
    except ValidationError as error:
        row.outcome, row.message = UploadRow.Outcome.REFUSED, " ".join(error.messages)
    else:
        row.outcome = UploadRow.Outcome.STORED


def _sign(entry: Any, upload: Upload) -> None:
    """Say in the entry's history who imported it, and from what."""
    entry._history_user = upload.owner
    entry._change_reason = _reason(upload)


def _create(upload: Upload, fresh: list[tuple[UploadRow, Document]]) -> list[int]:
    """Store new entries, their phrasings and histories in four queries; return the entries' ids."""
    ready: list[tuple[UploadRow, Document, Entry]] = []
    for row, document in fresh:
        entry = _entry(document, _goes_live(upload, document))
        try:
            entry.clean_fields(exclude=["example_key"])
            entry.clean()
        except ValidationError as error:
            row.outcome, row.message = UploadRow.Outcome.REFUSED, " ".join(error.messages)
        else:
            ready.append((row, document, entry))
    marks = {"default_user": upload.owner, "default_change_reason": _reason(upload)}
    bulk_create_with_history([entry for _, _, entry in ready], Entry, **marks)
    phrasings: list[Phrasing] = []
    for row, document, entry in ready:
        row.outcome = UploadRow.Outcome.STORED
        phrasings += [
            Phrasing(entry=entry, text=text, normalised=key_of(text)) for text in document.phrasings
        ]
    bulk_create_with_history(phrasings, Phrasing, **marks)
    return [entry.pk for _, _, entry in ready]


def _entry(document: Document, publish: bool) -> Entry:
    entry = Entry(
        question=document.question,
        question_normalised=key_of(document.question),
        answer=document.answer,
        category=document.category or "",
        language=document.language,
        kind=kind_of(document, None),
        source=document.source,
    )
    if publish:
        entry.status = Entry.Status.PUBLISHED
        services.date_review(entry)
    return entry

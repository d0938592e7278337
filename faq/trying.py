"""The FAQ as an edit would make it, beside the one that visitors are answered from, which it leaves alone.

Nothing is stored: not the edit, and no vector of what it adds.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from django.db.models import BigAutoField

from faq import assembling, half, index, rows
from faq.assembling import Half
from faq.base_choice import SMALL, phrasings
from faq.finding import Finder
from faq.half import Vectors
from faq.matching.sparse import Floats
from faq.snapshot import EntryView, Row, Snapshot, with_rows

MOST_ENTRIES = 50  # of one edit: some 0.1 s to put in


@dataclass(frozen=True)
class Edit:
    """Entries as they would stand once published, and ids of those that would be taken out."""

    entries: tuple[Row, ...] = ()
    archived: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.entries or self.archived)


class NoEdit(ValueError):
    """What is to be edited is not there; the message says which."""


def edit_of(
    publish: Collection[int] = (),
    archive: Collection[int] = (),
    asked_as: Mapping[int, Sequence[str]] | None = None,
) -> Edit:
    """Return the edit that publishes and archives entries and gives some further ways to ask, read as of now.

    Raises NoEdit for ids that are no entry, or too many.
    """
    more = dict(asked_as or {})
    named = {*publish, *archive, *more}
    if len(named) > MOST_ENTRIES:
        raise NoEdit(f"At most {MOST_ENTRIES} entries at once; these are {len(named)}.")
    found = rows.read_any({each for each in named if each <= BigAutoField.MAX_BIGINT})
    missing = sorted(each for each in named if str(each) not in found)
    if missing:
        raise NoEdit(f"There is no entry no. {', '.join(map(str, missing))}.")
    kept = [found[str(each)] for each in sorted({*publish, *more} - set(archive))]
    entries = [replace(row, phrasings=(*row.phrasings, *more.get(int(row.view.id), ()))) for row in kept]
    return Edit(tuple(entries), tuple(str(each) for each in sorted(archive)))


def finder_with(edit: Edit) -> Finder:
    """Return what would answer after the edit; the live finder itself for none."""
    live = index.finder()
    if not edit:
        return live
    return replace(live, snapshot=_edited(live.snapshot, edit)).prepared()


def _edited(held: Snapshot, edit: Edit) -> Snapshot:
    fresh = {row.view.id: row for row in edit.entries}
    touched = {*fresh, *edit.archived}
    vectors = half.vectors()
    made = _half(vectors) if vectors is not None else None
    after = with_rows(held.rows, touched, fresh)
    if phrasings(after) < SMALL:
        # A small FAQ is indexed anew after an edit, and each of its entries counts in the ranking.
        base = assembling.base_of(after, held.general, held.number, made if held.matcher.semantic else None)
        return assembling.on_base(base, after, held.general, held.number, made)
    return assembling.patched(held, held.number, touched, fresh, held.general, made)


def _half(vectors: Vectors) -> Half:
    def embedded(texts: Sequence[str]) -> Floats:
        vectors.gather(texts, 0)  # reads what is stored, computes nothing
        missing = sorted(vectors.missing(texts))
        found = vectors.rows(texts)
        made = dict(zip(missing, vectors.embedder.embed(missing), strict=True)) if missing else {}
        for place, text in enumerate(texts):
            if text in made:
                found[place] = np.asarray(made[text], np.float16)  # as stored ones are
        return found

    return Half(vectors.embedder, embedded, _none_missing)


def _none_missing(texts: Iterable[str]) -> set[str]:
    return set()


# --- kept as JSON ------------------------------------------------------------------------------------


def dump(edit: Edit) -> dict[str, Any]:
    """Return an edit as JSON values, so that it stays what it was whatever is edited later."""
    return {"entries": [_plain(row) for row in edit.entries], "archived": list(edit.archived)}


def load(stored: Mapping[str, Any]) -> Edit:
    """Return the edit that `dump` wrote."""
    return Edit(tuple(_row(each) for each in stored.get("entries", ())), tuple(stored.get("archived", ())))


def _plain(row: Row) -> dict[str, Any]:
    reviewed = row.view.reviewed_on
    view = {**asdict(row.view), "reviewed_on": reviewed.isoformat() if reviewed else None}
    return {
        "view": view,
        "kind": row.kind,
        "featured": row.featured,
        "phrasings": list(row.phrasings),
        "negatives": list(row.negatives),
    }


def _row(stored: Mapping[str, Any]) -> Row:
    view = dict(stored["view"])
    reviewed = view["reviewed_on"]
    return Row(
        EntryView(**{**view, "reviewed_on": date.fromisoformat(reviewed) if reviewed else None}),
        stored["kind"],
        stored["featured"],
        tuple(stored["phrasings"]),
        tuple(stored["negatives"]),
    )

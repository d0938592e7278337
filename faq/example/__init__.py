"""The example company's FAQ, Larkfield Bookings: loaded once, and never over what staff have edited."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from common.clock import now
from faq import services
from faq.models import Entry, Phrasing

FOLDER = Path(__file__).parent

# Dates are kept as distances, so that the example does not grow old with its files.
REVIEWED_DAYS_AGO = 30
REVIEW_IN_DAYS = 150

CHUNK = 50  # entries a transaction: SQLite has one writer, and a visitor may be one


@dataclass(frozen=True)
class Loaded:
    """What `load` did."""

    created: int
    updated: int
    kept: int


def rows() -> Iterator[dict[str, Any]]:
    """Yield the example's entries with the defaults of their file filled in."""
    for path in sorted(FOLDER.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        common = {key: value for key, value in data.items() if key != "entry"}
        for row in data["entry"]:
            yield {"kind": "answer", "language": "en", "status": "published", **common, **row}


def load(again: bool = False) -> Loaded:
    """Bring the example into the database.

    Entries are known by their key. One that staff have edited, archived or deleted is left as it is;
    one that only the example has written follows the files. `again` also brings back deleted ones.
    Raises ValidationError when a phrasing belongs to another published entry.
    """
    every = list(rows())
    counts = {"created": 0, "updated": 0, "kept": 0}
    for start in range(0, len(every), CHUNK):
        with transaction.atomic():
            for row in every[start : start + CHUNK]:
                counts[_load_one(row, again)] += 1
    return Loaded(**counts)


def _load_one(row: dict[str, Any], again: bool) -> str:
    key = row["key"]
    entry = Entry.objects.filter(example_key=key).first()
    if entry is None and not again and Entry.history.filter(example_key=key).exists():
        return "kept"  # staff have deleted it
    if entry is not None and (entry.version != entry.example_version or not _differs(entry, row)):
        return "kept"
    fresh = entry is None
    entry = entry or Entry(example_key=key, status=row["status"])
    _fill(entry, row)
    services.save_entry(entry, row["phrasings"])
    Entry.objects.filter(pk=entry.pk).update(example_version=entry.version)
    return "created" if fresh else "updated"


def _differs(entry: Entry, row: dict[str, Any]) -> bool:
    """Return whether the files say something else than the entry that they once wrote."""
    return bool(
        entry.question != row["question"]
        or entry.answer != row["answer"].strip()
        or entry.featured != row.get("featured")
    )


def _fill(entry: Entry, row: dict[str, Any]) -> None:
    today = now().date()
    entry.kind = row["kind"]
    entry.question = row["question"]
    entry.answer = row["answer"]
    entry.category = row["category"]
    entry.language = row["language"]
    entry.featured = row.get("featured")
    entry.reviewed_on = today - timedelta(days=row.get("reviewed_days_ago", REVIEWED_DAYS_AGO))
    entry.review_by = today + timedelta(days=row.get("review_in_days", REVIEW_IN_DAYS))


def entries() -> QuerySet[Entry]:
    """Return the entries that the example has written, edited ones included."""
    return Entry.objects.exclude(example_key="").order_by("category", "question")


def edited() -> list[Entry]:
    """Return the example's entries on which staff have worked: their content, or a phrasing by hand."""
    by_hand = set(
        Phrasing.history.filter(history_user__isnull=False, entry__in=entries()).values_list(
            "entry_id", flat=True
        )
    )
    return [entry for entry in entries() if entry.version != entry.example_version or entry.pk in by_hand]


def adopt(mine: Iterable[Entry]) -> int:
    """Make entries of the example ordinary ones, which no later release or removal touches."""
    return Entry.objects.filter(pk__in=[entry.pk for entry in mine]).update(example_key="", example_version=0)

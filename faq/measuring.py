"""Measures how well each published answer is recognised, some entries at a time: the worker's part.

An answer is due when it has no row, when an edit touched it since, when the matcher was built anew or
calibrated otherwise, and once a day when anything at all has changed. Running twice, or half, does no
harm: what is due is read from the rows themselves.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, Q, QuerySet

from common.clock import now, ticks
from common.versions import read_versions
from faq import calibrating, changes, index
from faq.engine_models import Change, IndexBuild, key_of
from faq.health import Health, Outcome, asked, health
from faq.health_models import EntryHealth
from faq.models import Entry
from faq.snapshot import Row

STEP_S = 4.0  # of each run: the worker has one process, and mails wait behind it
AT_ONCE = 50  # entries between two looks at the list of what is due
AGAIN_AFTER = timedelta(days=1)
MOST_TEXTS = 60  # ways to ask of one entry; what they do not show, more do not show


@dataclass(frozen=True)
class Versions:
    """What a measurement depends on: the FAQ's version, the calibrations' and the newest build."""

    number: int
    calibrated: int
    built: datetime | None

    @classmethod
    def read(cls) -> "Versions":
        """Read them; what is edited while an entry is measured makes it due again."""
        counts = read_versions((changes.VERSION, calibrating.VERSION))
        built = IndexBuild.objects.filter(state=IndexBuild.State.DONE).order_by("-id").first()
        return cls(counts[changes.VERSION], counts[calibrating.VERSION], built.moved_at if built else None)


def measure(seconds: float = STEP_S) -> int:
    """Measure what is due for about `seconds`, one entry at least; return how many were measured."""
    EntryHealth.objects.exclude(entry__in=answers()).delete()
    ends, done, versions = ticks() + seconds, 0, Versions.read()
    while keys := list(due(versions, now()).values_list("pk", flat=True)[:AT_ONCE]):
        index.refresh()
        measured = _measured(keys, versions, ends)
        done += measured
        if measured < len(keys) or ticks() >= ends:
            break
    return done


def answers() -> QuerySet[Entry]:
    """Return the entries that are measured: published answers."""
    return Entry.objects.filter(status=Entry.Status.PUBLISHED, kind=Entry.Kind.ANSWER)


def due(versions: Versions, at: datetime) -> QuerySet[Entry]:
    """Return the answers that are to be measured: those without a row first, then the longest measured."""
    rebuilt = Q(health__measured_at__lt=versions.built) if versions.built else Q(pk=None)
    stale = Q(health__number__lt=versions.number, health__measured_at__lt=at - AGAIN_AFTER)
    recalibrated = Q(health__isnull=False) & ~Q(health__calibrated=versions.calibrated)
    return (
        answers()
        .filter(Q(health=None) | Q(pk__in=_edited()) | rebuilt | stale | recalibrated)
        .order_by(F("health__measured_at").asc(nulls_first=True), "pk")
    )


def _edited() -> list[int]:
    """Return some entries that an edit has touched since they were measured, by the log of edits."""
    log = Change.objects.filter(what=Change.What.ENTRY).values_list("entry_id").annotate(last=Max("number"))
    held = dict(EntryHealth.objects.values_list("entry_id", "number"))
    edited = [entry for entry, last in log if entry is not None and held.get(entry, last) < last]
    return sorted(edited)[:AT_ONCE]


def _measured(keys: Collection[int], versions: Versions, ends: float) -> int:
    """Measure these entries until the time is over, one at least; return how many."""
    snapshot, done = index.current(), 0
    for key in keys:
        row = snapshot.rows.get(str(key))
        if row is not None and row.shown:
            _store(key, of_row(row), versions)
            done += 1
        if ticks() >= ends:
            break
    return done


def of_row(row: Row) -> Health:
    """Return how well a published answer is recognised now, each way to ask asked with itself left out."""
    texts = row.texts[:MOST_TEXTS]
    language, own = row.view.language, row.view.id
    rows = [asked(own, text, index.match(text, language=language, without=key_of(text))) for text in texts]
    return health(rows, index.current().matcher.semantic)


def _store(key: int, found: Health, versions: Versions) -> None:
    """Keep a measurement, unless the entry is gone."""
    matcher = index.current().matcher
    values: dict[str, Any] = {
        "number": versions.number,
        "calibrated": versions.calibrated,
        "matcher_version": matcher.version[:60],
        "semantic": matcher.semantic,
        "texts": len(found.rows),
        "recognised": found.count(Outcome.RECOGNISED),
        "offered": found.count(Outcome.OFFERED),
        "lost": found.count(Outcome.LOST),
        "expected": found.expected,
        "rival": Entry.objects.filter(pk=int(found.rival)).first() if found.rival else None,
        "rows": [
            {
                "text": each.text,
                "outcome": each.outcome,
                "confidence": round(each.confidence, 4),
                "rival": each.rival,
                "shown": each.shown,
            }
            for each in found.rows
        ],
        "measured_at": now(),
    }
    if Entry.objects.filter(pk=key).exists():
        EntryHealth.objects.update_or_create(entry_id=key, defaults=values)

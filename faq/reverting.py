"""An earlier version of an entry with all that belonged to it: what it held, what comes back, what goes.

A version is what the entry was **until** the next one: a form stores the entry first and its phrasings
after it, and what was added beside the form belongs to the version it was added to.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404

from faq import negatives, services
from faq.engine_models import Negative, key_of
from faq.models import Entry, Phrasing
from faq.wording import Piece, difference

# What comes back. The status stays: nobody publishes or archives by looking at an earlier text.
FIELDS = ("question", "answer", "kind", "category", "language", "featured", "reviewed_on", "review_by")


@dataclass(frozen=True)
class Version:
    """An entry as it was, with its ways to ask and what it must not answer."""

    record: Any  # of the entry's history
    values: dict[str, Any]
    phrasings: tuple[str, ...]
    negatives: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A text of a list that would come back, go, or stays."""

    kind: str  # new | gone | same
    text: str


@dataclass(frozen=True)
class Preview:
    """What bringing a version back would change, and what stands against it."""

    fields: tuple[tuple[str, tuple[Piece, ...]], ...]
    phrasings: tuple[Row, ...]
    negatives: tuple[Row, ...]
    problems: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Return whether anything would change."""
        lists = (*self.phrasings, *self.negatives)
        return bool(self.fields) or any(row.kind != "same" for row in lists)


def version(entry: Entry, history_id: int) -> Version:
    """Return an earlier version of an entry; raises Http404 for one that it never had."""
    record = get_object_or_404(entry.history.model, id=entry.pk, history_id=history_id)
    after = entry.history.filter(history_id__gt=history_id).order_by("history_id").first()
    until = after.history_date if after else None
    return Version(
        record,
        {name: getattr(record, name) for name in FIELDS},
        _held(Phrasing, entry, until),
        _held(Negative, entry, until),
    )


def _held(model: type[Phrasing] | type[Negative], entry: Entry, until: datetime | None) -> tuple[str, ...]:
    """Return the texts that belonged to an entry just before `until`, in the order they were added."""
    records = model.history.filter(entry_id=entry.pk)
    if until is not None:
        records = records.filter(history_date__lt=until)
    last: dict[int, tuple[str, str]] = {}
    for pk, kind, text in records.order_by("history_id").values_list("id", "history_type", "text"):
        last[pk] = (kind, text)
    return tuple(text for _, (kind, text) in sorted(last.items()) if kind != "-")


def texts_changed(record: Any) -> list[tuple[str, list[Row]]]:
    """Return which ways to ask and questions not to answer came and went while a version stood.

    Compared with what the version before it ended with; the first version tells nothing, all is new.
    """
    entry = Entry(pk=record.id)
    records = entry.history.order_by("history_id")
    after = records.filter(history_id__gt=record.history_id).first()
    until = after.history_date if after else None
    if not records.filter(history_id__lt=record.history_id).exists():
        return []
    told = []
    for name, model in (("Phrasings", Phrasing), ("Must not be answered", Negative)):
        rows = _rows(_held(model, entry, record.history_date), _held(model, entry, until))
        told.append((name, [row for row in rows if row.kind != "same"]))
    return [each for each in told if each[1]]


def preview(entry: Entry, wanted: Version) -> Preview:
    """Return what bringing `wanted` back would change in the entry as it is now."""
    fields = tuple(
        (_label(name), tuple(difference(_said(now_is), _said(was))))
        for name, was in wanted.values.items()
        if (now_is := getattr(entry, name)) != was
    )
    return Preview(
        fields,
        _rows([each.text for each in entry.phrasings.all()], wanted.phrasings),
        _rows([each.text for each in entry.negatives.all()], wanted.negatives),
        tuple(_problems(entry, wanted)),
    )


def _label(name: str) -> str:
    return str(getattr(Entry._meta.get_field(name), "verbose_name", name))


def _said(value: Any) -> str:
    return "" if value is None else str(value)


def _rows(held: Iterable[str], wanted: Iterable[str]) -> tuple[Row, ...]:
    before, after = {key_of(text): text for text in held}, {key_of(text): text for text in wanted}
    back = [Row("same" if key in before else "new", text) for key, text in after.items()]
    return (*back, *(Row("gone", text) for key, text in before.items() if key not in after))


def _problems(entry: Entry, wanted: Version) -> list[str]:
    """Return why a version cannot come back as it is, before anybody tries."""
    if entry.status != Entry.Status.PUBLISHED or wanted.values["kind"] != Entry.Kind.ANSWER:
        return []
    probe = Entry(pk=entry.pk, language=wanted.values["language"])
    texts = [wanted.values["question"], *wanted.phrasings]
    taken = [str(each) for each in services.conflicts(probe, texts)]
    every = negatives.barring(Entry(language=probe.language), texts)
    return taken + [negatives.told(each) for each in every]


@transaction.atomic
def restore(entry: Entry, wanted: Version, user: Any, reason: str = "") -> Entry:
    """Make an entry what it was, as a new version, with its phrasings and negatives.

    Raises ValidationError, storing nothing, when it cannot stand beside what the FAQ holds now.
    """
    for name, value in wanted.values.items():
        setattr(entry, name, value)
    entry._history_user = user  # type: ignore[attr-defined]
    entry._change_reason = reason or f"Brought back from {wanted.record.history_date:%-d %b %Y, %H:%M}"  # type: ignore[attr-defined]
    services.stage(entry)
    _keep_only(entry.negatives.all(), wanted.negatives)
    services.keep_phrasings(entry, wanted.phrasings)
    held = {each.normalised for each in entry.negatives.all()}
    who = user.get_username()[:150]
    for text in wanted.negatives:
        if key_of(text) not in held:
            Negative(entry=entry, text=text, language=entry.language, created_by=who).save()
    services.seal(entry)
    return entry


def _keep_only(rows: Iterable[Negative], texts: Iterable[str]) -> None:
    keys = {key_of(text) for text in texts}
    for row in rows:
        if row.normalised not in keys:
            row.delete()

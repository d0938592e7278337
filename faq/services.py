"""Everything that changes the FAQ. Each edit raises the version `faq` in its own transaction.

The version is raised first: its row lock makes writers wait for each other, so that two people who
publish the same phrasing at the same moment cannot both pass the check.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from common.clock import now
from common.flat import fields_of
from common.text import clean, redact
from faq import changes, labels, negatives
from faq.engine_models import key_of
from faq.found import FaqMatch
from faq.models import AskedQuestion, Entry, Phrasing

REVIEW_AFTER = timedelta(days=180)  # when staff give no date: twice a year
PUBLISHED_AT_ONCE = 50  # entries a transaction, so that nobody waits long for SQLite's one writer
SHOWN_BY = "faq"  # the route that shows an approved answer
STORED_CANDIDATES = 5  # of an asked question; what a reviewer looks at


@dataclass(frozen=True)
class Conflict:
    """A way to ask that already belongs to another published entry of the same language."""

    text: str
    owner: Entry

    def __str__(self) -> str:
        return (
            f"“{self.text}” already leads to the published entry "
            f"“{self.owner.question}” (no. {self.owner.pk})."
        )


def conflicts(entry: Entry, texts: Iterable[str]) -> list[Conflict]:
    """Return which of `texts` another published answer of this language already holds."""
    wanted = {key_of(text): text for text in texts}
    wanted.pop("", None)
    others = (
        Entry.objects.filter(status=Entry.Status.PUBLISHED, language=entry.language, kind=Entry.Kind.ANSWER)
        .exclude(pk=entry.pk)
        .filter(Q(question_normalised__in=wanted) | Q(phrasings__normalised__in=wanted))
        .distinct()
        .prefetch_related("phrasings")
    )
    found: list[Conflict] = []
    for other in others:
        held = {other.question_normalised, *(each.normalised for each in other.phrasings.all())}
        found.extend(Conflict(text, other) for key, text in wanted.items() if key in held)
    return found


def check(entry: Entry, texts: Iterable[str]) -> None:
    """Raise ValidationError when the entry cannot stand as it is, naming every conflict."""
    entry.full_clean(exclude=["example_key"])
    if entry.status == Entry.Status.PUBLISHED and entry.kind == Entry.Kind.ANSWER:
        found = conflicts(entry, [entry.question, *texts])
        if found:
            raise ValidationError([str(each) for each in found])
        barred = negatives.barring(entry, [entry.question, *texts])
        if barred:
            raise ValidationError([negatives.told(each) for each in barred])


def stage(entry: Entry, *, quiet: bool = False) -> Entry:
    """Store an entry's own fields, as a new version when its content has changed.

    The caller goes on with phrasings and ends with `seal`, all in one transaction. One that edits many
    entries does it quietly and raises the version once, so that no process loads the FAQ for each.
    """
    number = changes.hold() if quiet else changes.announce()
    entry.question = " ".join(clean(entry.question).split())
    entry.answer = clean(entry.answer).replace("\r\n", "\n").strip()
    entry.category = " ".join(clean(entry.category).split())
    entry.language = entry.language.strip().lower()
    if entry.status == Entry.Status.PUBLISHED:
        date_review(entry)
    before = Entry.objects.filter(pk=entry.pk).first() if entry.pk else None
    if before and any(getattr(before, name) != getattr(entry, name) for name in Entry.CONTENT):
        entry.version = before.version + 1
    entry.save()
    changes.note(number, [entry.pk])
    return entry


def seal(entry: Entry) -> None:
    """End an edit after its phrasings are stored: check the whole.

    Raises ValidationError, with which the caller's transaction is to be given up.
    """
    check(entry, entry.phrasings.values_list("text", flat=True))


@transaction.atomic
def save_entry(entry: Entry, phrasings: Sequence[str] | None = None, *, quiet: bool = False) -> Entry:
    """Store an entry and, when given, exactly these phrasings; raises ValidationError."""
    stage(entry, quiet=quiet)
    if phrasings is not None:
        keep_phrasings(entry, phrasings)
    seal(entry)
    return entry


@transaction.atomic
def add_phrasing(entry: Entry, text: str) -> Phrasing | None:
    """Give an entry one more phrasing, None when it has it; raises ValidationError when it is taken."""
    changes.announce([entry.pk])
    entry = Entry.objects.get(pk=entry.pk)
    phrasing = Phrasing(entry=entry, text=" ".join(clean(text).split()))
    held = {entry.question_normalised, *entry.phrasings.values_list("normalised", flat=True)}
    if key_of(phrasing.text) in held:
        return None
    phrasing.save()
    seal(entry)
    return phrasing


@transaction.atomic
def remove_phrasing(phrasing: Phrasing) -> None:
    """Take a phrasing from its entry."""
    changes.announce([phrasing.entry.pk])
    phrasing.delete()


@transaction.atomic
def publish(entry: Entry) -> Entry:
    """Publish an entry; raises ValidationError when it is incomplete or a phrasing is taken."""
    entry.status = Entry.Status.PUBLISHED
    return save_entry(entry)


def publish_many(entries: Iterable[Entry]) -> tuple[int, list[tuple[Entry, ValidationError]]]:
    """Publish entries in transactions of PUBLISHED_AT_ONCE; return how many, and why others were not."""
    waiting = list(entries)
    refused: list[tuple[Entry, ValidationError]] = []
    for start in range(0, len(waiting), PUBLISHED_AT_ONCE):
        with transaction.atomic():
            changes.hold()
            for entry in waiting[start : start + PUBLISHED_AT_ONCE]:
                entry.status = Entry.Status.PUBLISHED
                try:
                    save_entry(entry, quiet=True)
                except ValidationError as error:
                    refused.append((entry, error))
            changes.announce()
    return len(waiting) - len(refused), refused


@transaction.atomic
def archive(entry: Entry) -> Entry:
    """Take an entry out of use, keeping it and its history."""
    changes.announce([entry.pk])
    entry.status = Entry.Status.ARCHIVED
    entry.save()
    return entry


@transaction.atomic
def delete(entries: Iterable[Entry]) -> int:
    """Delete entries one by one, so that each leaves its history; return how many."""
    number, gone = changes.announce(), list[int]()
    for entry in entries:
        gone.append(entry.pk)
        entry.delete()
    changes.note(number, gone)
    return len(gone)


@transaction.atomic
def review_today(entries: Iterable[Entry]) -> int:
    """Note that entries were looked through today and are due again in REVIEW_AFTER; return how many.

    What they say has not changed, so their version stays; visitors see the new date.
    """
    today, touched = now().date(), list[int]()
    number = changes.announce()
    for entry in entries:
        entry.reviewed_on, entry.review_by = today, today + REVIEW_AFTER
        entry.save()
        touched.append(entry.pk)
    changes.note(number, touched)
    return len(touched)


def date_review(entry: Entry) -> None:
    """Give a published entry its review dates where staff gave none."""
    if entry.reviewed_on is None:
        entry.reviewed_on = now().date()
    if entry.review_by is None:
        entry.review_by = entry.reviewed_on + REVIEW_AFTER


def keep_phrasings(entry: Entry, texts: Sequence[str]) -> None:
    """Make `texts` the entry's phrasings; those that stay keep their rows.

    A part of an edit, between `stage` and `seal`.
    """
    wanted: dict[str, str] = {}
    for text in texts:
        text = " ".join(clean(text).split())
        wanted.setdefault(key_of(text), text)
    wanted.pop("", None)
    wanted.pop(entry.question_normalised, None)
    for row in entry.phrasings.all():
        if wanted.pop(row.normalised, None) is None:
            row.delete()
    for text in wanted.values():
        Phrasing(entry=entry, text=text).save()


def record_asked(
    uuid: UUID,
    text: str,
    match: FaqMatch,
    route: str = "",
    purpose: str = "visitor",
    language: str = "",
    suggested: Sequence[str] = (),
    shadowed: bool = False,
) -> None:
    """Keep what was asked, redacted, with what the matcher found. A second call for `uuid` does nothing.

    `suggested` are the entries that were offered as "did you mean"; `shadowed` says that shadow mode kept the
    answer back.
    """
    shown = match.best.entry_id if match.best and route == SHOWN_BY else ""
    AskedQuestion.objects.bulk_create(
        [
            AskedQuestion(
                uuid=uuid,
                text=(kept := redact(clean(text))),
                normalised=key_of(kept),
                language=language,
                candidates=[fields_of(each) for each in match.candidates[:STORED_CANDIDATES]],
                confidence=match.best.confidence if match.best else 0.0,
                threshold=match.threshold,
                route=route,
                shown_entry=shown,
                suggested=",".join(suggested),
                shadowed=shadowed,
                purpose=purpose,
                matcher_version=match.matcher_version,
                index_version=match.index_version,
            )
        ],
        ignore_conflicts=True,
    )


def label_asked(uuid: UUID, label: str) -> bool:
    """Store whether the answer was right or wrong, as `labels.visitor` does."""
    return labels.visitor(uuid, label)


def erase(uuids: Collection[UUID]) -> int:
    """Delete what was asked under `uuids`; return how many there were."""
    return AskedQuestion.objects.filter(uuid__in=uuids).delete()[0]

"""The records of changes: made with each publication, found again, and told of a transfer test."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from routing import snapshot, transfer_runs
from routing.flips import ALL, flips
from routing.models import ConfigVersion, FlipRecord

MINUTE = timedelta(minutes=1)


def record(before: ConfigVersion, after: ConfigVersion) -> list[FlipRecord]:
    """Store a record for each route whose answers `after` changes, and one for the rules if they do."""
    made = FlipRecord.objects.bulk_create(
        FlipRecord(
            route_slug=flip.route,
            kind=flip.kind,
            old=list(flip.old),
            new=list(flip.new),
            changes=flip.stored_changes(),
            changed_at=after.created_at,
            changed_by=after.created_by,
            why=after.note,
            before_number=before.number,
            config_number=after.number,
        )
        for flip in flips(before.snapshot, after.snapshot)
    )
    _note_tests(made, after)
    return made


def _note_tests(made: list[FlipRecord], after: ConfigVersion) -> None:
    """Note on each record the transfer tests that its models, or its prompt, had passed or failed before."""
    config = snapshot.load(after.number, after.sha, after.snapshot)
    for row in made:
        models = row.new if row.kind == FlipRecord.Kind.PROMPT else [m for m in row.new if m not in row.old]
        runs = transfer_runs.stood_before(config, row.route_slug, models)
        if runs:
            words = "; ".join(transfer_runs.verdict(run) for run in runs)
            path = reverse("admin:transfer_run", args=[runs[0].pk])
            note_transfer(after.number, row.route_slug, all(run.passed for run in runs), words, path)


def note_transfer(number: int, route: str, passed: bool, words: str, path: str = "") -> int:
    """Note the result of the transfer test that stood before a version, and return how many records have it.

    `words` is a sentence for staff, `path` where its page is.
    """
    rows = FlipRecord.objects.filter(config_number=number, route_slug=route)
    return rows.update(transfer_passed=passed, transfer_words=words[:200], transfer_path=path[:200])


def minute_of(moment: datetime) -> datetime:
    """Return the beginning of the minute that a moment lies in."""
    return moment.replace(second=0, microsecond=0)


def previous(row: FlipRecord) -> FlipRecord | None:
    """Return the change before this one on the same route (of the rule set, for one of that)."""
    earlier = Q(changed_at__lt=row.changed_at) | Q(changed_at=row.changed_at, pk__lt=row.pk)
    return FlipRecord.objects.filter(earlier, route_slug=row.route_slug).first()


def following(row: FlipRecord) -> FlipRecord | None:
    """Return the change after this one on the same route (of the rule set, for one of that)."""
    later = Q(changed_at__gt=row.changed_at) | Q(changed_at=row.changed_at, pk__gt=row.pk)
    return FlipRecord.objects.filter(later, route_slug=row.route_slug).order_by("changed_at", "pk").first()


def is_of_rules(row: FlipRecord) -> bool:
    """Return whether a record is of the rule set, and not of one route."""
    return row.route_slug == ALL

"""The records of changes: made with each publication, found again, and told of a transfer test."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse

from routing import transfer_runs
from routing.flips import ALL, Flip, flips
from routing.models import ConfigVersion, FlipRecord

MINUTE = timedelta(minutes=1)


def record(before: ConfigVersion, after: ConfigVersion) -> list[FlipRecord]:
    """Store a record for each route whose answers `after` changes, and one for the rules if they do."""
    return FlipRecord.objects.bulk_create(
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
            **_tested(flip),
        )
        for flip in flips(before.snapshot, after.snapshot)
    )


def _tested(flip: Flip) -> dict[str, Any]:
    """Return how the newest transfer test went of the first model that is new on the route."""
    fresh = [model for model in flip.new if model not in flip.old] or list(flip.new)
    run = transfer_runs.newest(flip.route, fresh[0]) if fresh and flip.kind in ("model", "both") else None
    if run is None:
        return {}
    return {
        "transfer_passed": run.passed,
        "transfer_words": transfer_runs.verdict(run)[:200],
        "transfer_path": reverse("admin:transfer_run", args=[run.pk]),
    }


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

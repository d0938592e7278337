"""Bring one route's models and prompt back to what they were before a change; all else stays.

What is published goes back under a new number. The draft goes back where it holds what the change made,
so that the next publication does not bring it in again; what somebody has drafted since stays a draft.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from routing import publishing, rule_sets
from routing.config import Config
from routing.flip_records import following, is_of_rules
from routing.flips import LADDER, PARTS, parts_of
from routing.models import ConfigVersion, FlipRecord, LadderStep, Route
from routing.publishing import CannotPublish
from routing.rule_sets import Review, Stale
from routing.rule_words import FIELDS

AUTOMATIC = "automatic"  # who did it, where nobody did


@dataclass(frozen=True)
class Rollback:
    """What rolling back would do: the parts that return, the difference, and what the draft keeps."""

    parts: Mapping[str, Any]
    review: Review
    left_in_draft: tuple[str, ...]


def obstacle(row: FlipRecord) -> str:
    """Return why a change cannot be rolled back by itself, "" when it can."""
    if is_of_rules(row):
        return "Rules go back as a whole, to an earlier version."
    if row.state == FlipRecord.State.ROLLED_BACK:
        return "It is rolled back already."
    if row.before_number is None:
        return "The release that made it did not keep which version stood before."
    later = following(row)
    if later is not None:
        return f"The route was changed again since, in version {later.config_number}: look at that one first."
    was, today = _parts_before(row), parts_of(publishing.newest_snapshot(), row.route_slug)
    if was is None or today is None:
        return "The route was made or removed with it, so there is nothing to go back to."
    if was == today:
        return "It changed the assistant's settings, which are those of all routes: change them back there."
    return ""


def review(row: FlipRecord) -> Rollback:
    """Return what rolling a change back would do. Raises CannotPublish with the reason why it cannot."""
    reason = obstacle(row)
    parts = _parts_before(row)
    newest = ConfigVersion.objects.first()
    if reason or parts is None or newest is None:
        raise CannotPublish(reason)
    content = publishing.route_content(newest.snapshot, row.route_slug, parts)
    bad = parts_of(newest.snapshot, row.route_slug) or {}
    return Rollback(
        parts,
        rule_sets.review_content(newest, content),
        tuple(
            _words(part) for part in PARTS if _drafted(row.route_slug, part) not in (bad[part], parts[part])
        ),
    )


def roll_back(
    row: FlipRecord, by: str, why: str, seen: str | None = None, said: Mapping[str, str] | None = None
) -> Config:
    """Roll a change back once, and return what is published then.

    `seen` is the mark of what was shown, None for nobody; `said` goes into the record. Raises Stale and
    CannotPublish; nothing is changed then.
    """
    with transaction.atomic():
        newest = publishing.take_turn()
        row = FlipRecord.objects.get(pk=row.pk)
        shown = review(row)
        if newest is None or (seen is not None and shown.review.seen != seen):
            raise Stale
        if shown.review.refused:
            raise CannotPublish(" ".join(finding.sentence for finding in shown.review.refused))
        bad = parts_of(newest.snapshot, row.route_slug) or {}
        note = f"Back to version {row.before_number} on this route{': ' if why else ''}{why}"
        config = publishing.publish_route(row.route_slug, shown.parts, by, note)
        _take_draft_back(row.route_slug, bad, shown.parts)
        FlipRecord.objects.filter(config_number=config.number, route_slug=row.route_slug).update(undoes=row)
        FlipRecord.objects.filter(pk=row.pk).update(state=FlipRecord.State.ROLLED_BACK, **(said or {}))
    return config


def _parts_before(row: FlipRecord) -> dict[str, Any] | None:
    if row.before_number is None:
        return None
    stored = ConfigVersion.objects.filter(number=row.before_number).values_list("snapshot", flat=True).first()
    return None if stored is None else parts_of(stored, row.route_slug)


def _drafted(slug: str, part: str) -> Any:
    """Return a part of the route as its rows hold it; None where the draft has no such route."""
    if part == LADDER:
        return list(LadderStep.objects.filter(route_id=slug).values_list("model_id", flat=True))
    return Route.objects.filter(pk=slug).values_list(part, flat=True).first()


def _take_draft_back(slug: str, bad: Mapping[str, Any], parts: Mapping[str, Any]) -> None:
    """Write the parts into the rows that hold what was rolled back, and leave what was drafted since."""
    for part in (part for part in PARTS if _drafted(slug, part) == bad.get(part)):
        if part != LADDER:
            Route.objects.filter(pk=slug).update(**{part: parts[part]})
            continue
        LadderStep.objects.filter(route_id=slug).delete()
        LadderStep.objects.bulk_create(
            LadderStep(route_id=slug, position=place, model_id=model)
            for place, model in enumerate(parts[LADDER])
        )


def _words(part: str) -> str:
    return "ladder" if part == LADDER else FIELDS[part].label

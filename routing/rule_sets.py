"""Drafts of rules and routes: look at the difference, check it, publish it, discard it, go back.

The tables hold the draft; what runs is the newest snapshot. A page shows a `Review` and sends its `seen`
back, so that nobody publishes what they have not been shown.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db import transaction

from common.clock import now
from routing import publishing, snapshot, transfer_runs
from routing.checks import Finding, lint, refusals
from routing.config import Config, ConfigError
from routing.models import ConfigVersion
from routing.providers import registry
from routing.publishing import CannotPublish, unpublished
from routing.restoring import CannotRestore, restore
from routing.rule_words import Change, changes

__all__ = [
    "CannotPublish",
    "Review",
    "Stale",
    "discard",
    "draft",
    "go_back",
    "publish",
    "review",
    "review_back",
    "review_content",
    "unpublished",
]

BACK = "Back to version"  # begins the note of such a version


class Stale(CannotPublish):
    """The draft, or what is published, is not what was shown any more; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Somebody has changed or published something meanwhile. Look at it once more.")


@dataclass(frozen=True)
class Review:
    """What publishing would change, what speaks against it, and the mark of both sides as they were seen.

    `refused` are findings that have to be mended first, `warnings` those one can publish over.
    """

    number: int
    changes: tuple[Change, ...]
    refused: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    seen: str

    @property
    def touches_routes(self) -> bool:
        """Return whether routes or ladders change, and not the rules alone."""
        return any(change.part == "route" for change in self.changes)

    @property
    def can_be_published(self) -> bool:
        return bool(self.changes) and not self.refused


def draft() -> Config:
    """Return the draft as a configuration, to try it; its number is 0. Raises CannotPublish."""
    content = publishing.draft_content()
    publishing.check_rules(content)
    return snapshot.load(0, "", content)


def load_draft(content: Mapping[str, Any]) -> Config:
    """Return a draft that was kept as a configuration, with the mark of its content. Raises ConfigError."""
    publishing.check_rules(content)
    return snapshot.load(0, snapshot.sha_of(content), content)


def review() -> Review:
    """Return what publishing the draft would change and what speaks against it. Raises NotPublished."""
    newest = _newest()
    content = publishing.draft_content(newest.snapshot["settings"])
    refused, warnings = _judged(newest.snapshot, content, back=False)
    return _review(newest, content, refused, warnings)


def review_back(number: int) -> Review:
    """Return what going back to version `number` would change. Raises NotPublished for an unknown one."""
    newest = _newest()
    return review_content(newest, _with_rule_set_of(number))


def review_content(newest: ConfigVersion, content: Mapping[str, Any]) -> Review:
    """Return what putting `content`, which has been published before, in place of `newest` would change."""
    refused, warnings = _judged(newest.snapshot, content, back=True)
    return _review(newest, content, refused, warnings)


def publish(by: str, note: str, seen: str) -> Config:
    """Publish the draft as it was seen. Raises Stale, and CannotPublish naming what has to be mended."""
    with transaction.atomic():
        publishing.take_turn()
        shown = review()
        if shown.seen != seen:
            raise Stale
        _refuse(shown.refused)
        return publishing.publish(by=by, note=note)


def discard(seen: str) -> int:
    """Make the tables what is published, and return how many changes went. Raises Stale, CannotPublish."""
    with transaction.atomic():
        publishing.take_turn()
        if review().seen != seen:
            raise Stale
        gone = len(unpublished())
        _restore(_newest().snapshot)
        return gone


def go_back(number: int, by: str, note: str, seen: str) -> Config:
    """Publish the rules and routes of version `number` under a new number; the draft becomes them as well.

    The catalogue, its prices and the assistant's settings stay as they are today. Raises Stale and
    CannotPublish; nothing is changed then.
    """
    with transaction.atomic():
        publishing.take_turn()
        shown = review_back(number)
        if shown.seen != seen:
            raise Stale
        _refuse(shown.refused)
        _restore(_row(number).snapshot)
        return publishing.publish(by=by, note=f"{BACK} {number}{': ' if note else ''}{note}")


# ---- helpers -------------------------------------------------------------------------------------


def _newest() -> ConfigVersion:
    row = ConfigVersion.objects.first()
    if row is None:
        raise publishing.NotPublished(publishing.NOTHING_PUBLISHED)
    return row


def _row(number: int) -> ConfigVersion:
    row = ConfigVersion.objects.filter(number=number).first()
    if row is None:
        raise publishing.NotPublished(f"There is no version {number}.")
    return row


def _with_rule_set_of(number: int) -> dict[str, Any]:
    fresh = publishing.draft_content(_newest().snapshot["settings"])
    return snapshot.carry(fresh, _row(number).snapshot)


def _review(
    newest: ConfigVersion, content: Mapping[str, Any], refused: list[Finding], warnings: list[Finding]
) -> Review:
    drafted = snapshot.sha_of(publishing.draft_content())
    mark = f"{newest.number} {newest.sha} {drafted} {snapshot.sha_of(content)}"
    return Review(
        newest.number,
        tuple(changes(newest.snapshot, content)),
        tuple(refused),
        tuple(warnings),
        hashlib.sha256(mark.encode()).hexdigest()[:16],
    )


def _judged(
    published: Mapping[str, Any], content: Mapping[str, Any], back: bool
) -> tuple[list[Finding], list[Finding]]:
    """Return the findings that refuse and those that do not, worst first."""
    today = now().date()
    try:
        publishing.check_rules(content)
    except CannotPublish as problem:
        return [Finding("error", "", str(problem))], []
    before = [*lint(snapshot.load(0, "", published), today, registry.configured), *_untested(published, back)]
    found = [*lint(snapshot.load(0, "", content), today, registry.configured), *_untested(content, back)]
    refused = refusals(found, before, back)
    others = [finding for finding in found if finding not in refused]
    return refused, sorted(others, key=lambda finding: (finding.level, finding.route))


def _untested(content: Mapping[str, Any], back: bool) -> list[Finding]:
    """Return the models without the transfer test that their route asks for.

    What was live before may come back without one: then it is no more than a warning.
    """
    level: Literal["error", "warning"] = "warning" if back else "error"
    return [Finding(level, route, text, "transfer") for route, text in transfer_runs.unmet(content)]


def _refuse(findings: Sequence[Finding]) -> None:
    if findings:
        raise CannotPublish(" ".join(finding.sentence for finding in findings))


def _restore(content: Mapping[str, Any]) -> None:
    try:
        restore(content)
    except (CannotRestore, ConfigError) as problem:
        raise CannotPublish(str(problem)) from problem

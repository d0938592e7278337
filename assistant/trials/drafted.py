"""A draft put together to be tried: rules and routes, a threshold, entries of the FAQ, a model on a route.

It is frozen as JSON when it is ordered: what is edited or published later does not change what was tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.clock import now
from faq import trying
from faq.trying import Edit, NoEdit
from routing import publishing, snapshot
from routing.config import Config, ConfigError
from routing.models import ConfigVersion
from routing.providers import registry
from routing.publishing import CannotPublish
from routing.rule_words import changes

LEAST_THRESHOLD, MOST_THRESHOLD = 0.3, 0.999
NOTHING = "Nothing is drafted: rules and routes are as published, and nothing else was chosen to be tried."


class CannotTry(ValueError):
    """This is no draft that could be tried; the message says why."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants to try. `rules`: the draft of rules and routes as it stands, not what is published.

    `asked_as` gives further ways to ask by entry; `swap` a route and the model to be asked there first.
    """

    rules: bool = True
    threshold: float | None = None
    publish: tuple[int, ...] = ()
    archive: tuple[int, ...] = ()
    asked_as: Mapping[int, Sequence[str]] = field(default_factory=dict)
    swap: tuple[str, str] | None = None


@dataclass(frozen=True)
class Draft:
    """A frozen draft and the version that it is compared with; `changes` tells it in words."""

    content: Mapping[str, Any]
    sha: str
    before: int
    threshold: float | None
    edit: Edit
    changes: tuple[str, ...]
    rules_only: bool

    @property
    def config(self) -> Config:
        """Return the drafted configuration; it has no number yet."""
        return snapshot.load(0, self.sha, self.content)

    @property
    def title(self) -> str:
        """Return the draft in one line."""
        first = self.changes[0] if self.changes else "Nothing changes"
        more = len(self.changes) - 1
        told = f"{first}, and {more} more" if more > 0 else first
        return told if len(told) <= 200 else told[:197] + "..."


def put_together(wish: Wish, *, allow_nothing: bool = False) -> Draft:
    """Return the draft of a wish, frozen. Raises CannotTry, also when nothing is drafted at all."""
    newest = ConfigVersion.objects.first()
    if newest is None:
        raise CannotTry(publishing.NOTHING_PUBLISHED)
    content: dict[str, Any] = publishing.draft_content() if wish.rules else dict(newest.snapshot)
    if wish.swap is not None:
        content = _swapped(content, *wish.swap)
    told = [change.sentence for change in changes(newest.snapshot, content)]
    edit = _edit(wish)
    told += _told(wish, edit)
    if not told and not allow_nothing:
        raise CannotTry(NOTHING)
    try:
        publishing.check_rules(content)
    except CannotPublish as problem:
        raise CannotTry(str(problem)) from problem
    rules_only = wish.threshold is None and not edit
    return Draft(
        content, snapshot.sha_of(content), newest.number, wish.threshold, edit, tuple(told), rules_only
    )


def _edit(wish: Wish) -> Edit:
    if wish.threshold is not None and not LEAST_THRESHOLD <= wish.threshold <= MOST_THRESHOLD:
        raise CannotTry(f"A threshold lies between {LEAST_THRESHOLD} and {MOST_THRESHOLD}.")
    try:
        return trying.edit_of(wish.publish, wish.archive, wish.asked_as)
    except NoEdit as problem:
        raise CannotTry(str(problem)) from problem


def _told(wish: Wish, edit: Edit) -> list[str]:
    told = []
    if wish.threshold is not None:
        told.append(f"The FAQ answers from a confidence of {wish.threshold:g} on")
    for row in edit.entries:
        more = len(wish.asked_as.get(int(row.view.id), ()))
        if int(row.view.id) in wish.publish:
            told.append(f"FAQ entry {row.view.id} is published: {row.view.question}")
        if more:
            told.append(f"FAQ entry {row.view.id} gets {more} more way{'' if more == 1 else 's'} to be asked")
    return told + [f"FAQ entry {entry} is taken out" for entry in edit.archived]


def _may_be_asked(content: Mapping[str, Any], model: str) -> None:
    """Refuse a model that production would leave out: a run would be of the next one under its name."""
    try:
        spec = snapshot.load(0, "", content).models.get(model)
    except ConfigError as problem:
        raise CannotTry(str(problem)) from problem
    if spec is None:
        raise CannotTry(f"{model!r} is not in the catalogue.")
    if spec.retires_on is not None and spec.retires_on <= now().date():
        raise CannotTry(f"{spec.label or model} was retired on {spec.retires_on}: nobody would be asked it.")
    if missing := registry.configured(spec):
        raise CannotTry(f"{spec.label or model} cannot be asked on this desk: {missing}.")


def _swapped(content: Mapping[str, Any], slug: str, model: str) -> dict[str, Any]:
    """Return `content` with a model in front of a route's ladder."""
    _may_be_asked(content, model)
    routes = [dict(row) for row in content["routes"]]
    found = next((row for row in routes if row["slug"] == slug and row["kind"] == "model"), None)
    if found is None:
        raise CannotTry(f"{slug!r} is no route with a model.")
    found["ladder"] = [model, *(each for each in found["ladder"] if each != model)]
    return {**content, "routes": routes}


def compared_with(draft_number: int) -> Config:
    """Return the published version that a draft is compared with. Raises CannotTry when it is gone."""
    try:
        return publishing.config(draft_number)
    except ConfigError as problem:
        raise CannotTry(str(problem)) from problem

"""Turn the edited rows into a numbered, immutable configuration, and hand the newest to the runtime.

Rules and routes are a draft until somebody publishes them (`routing.rule_sets`); the catalogue and the
assistant's settings are published when they are saved, without that draft.

`publish` is short and belongs at the end of the transaction of the edit, never in one that waits for
a network or builds an index. Other processes notice by the counter `config`; within a process the
parsed configuration is kept, so that a turn costs no query.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from common.models import Version
from common.versions import raise_version, read_version
from routing import snapshot, specs
from routing.config import ConditionSpec, Config, ConfigError
from routing.flip_records import record
from routing.flips import with_parts
from routing.models import ConfigVersion
from routing.policy import flaw
from routing.rule_words import Change, changes
from routing.specs import model_spec, route_spec

__all__ = [
    "CannotPublish",
    "NotPublished",
    "check_rules",
    "config",
    "current",
    "draft_content",
    "forget",
    "model_spec",
    "newest_snapshot",
    "publish",
    "publish_route",
    "refresh",
    "route_content",
    "route_spec",
    "take_turn",
    "unpublished",
]

VERSION = "config"
KEPT = 32  # older configurations that a process keeps parsed; replies still running under one are few
NOTHING_PUBLISHED = "No configuration is published yet: run `manage.py seed`."


class NotPublished(ConfigError):
    """There is no configuration yet: the seed command makes the first one."""


class CannotPublish(ConfigError):
    """The rows do not make a configuration that could route every message; the message says why."""


# ---- publishing ----------------------------------------------------------------------------------


def publish(
    by: str = "", note: str = "", settings: Mapping[str, Any] | None = None, *, rule_set: bool = True
) -> Config:
    """Publish what the tables hold and return it; without a change the newest stays as it is.

    `settings` are those of the assistant, carried over from the newest snapshot when None. So are the
    rules and the routes with `rule_set=False`: a draft of them stays a draft. Leaves a FlipRecord for
    each route whose answers change, and one for the rules. Raises CannotPublish; the caller's
    transaction then rolls the edit back.
    """
    with transaction.atomic():
        newest = take_turn()
        before = newest.snapshot if newest else None
        if rule_set or before is None:
            content = draft_content(settings)
            check_rules(content)
        else:
            content = _beside_the_draft(before, settings)
        return _store(newest, content, by, note)


def publish_route(slug: str, parts: Mapping[str, Any], by: str, note: str) -> Config:
    """Publish what is published, with these parts of one route; a draft stays a draft.

    Raises NotPublished before the first version, and CannotPublish as `publish` does.
    """
    with transaction.atomic():
        newest = take_turn()
        if newest is None:
            raise NotPublished(NOTHING_PUBLISHED)
        return _store(newest, route_content(newest.snapshot, slug, parts), by, note)


def route_content(before: Mapping[str, Any], slug: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `publish_route` would store over `before`. Raises CannotPublish."""
    known = {model.id for model in specs.model_specs()}
    for gone in (model for model in parts["ladder"] if model not in known):
        raise CannotPublish(f"{gone} is no longer in the catalogue.")
    content = with_parts(_beside_the_draft(before, None), slug, parts)
    check_rules(content)
    return content


def _store(newest: ConfigVersion | None, content: dict[str, Any], by: str, note: str) -> Config:
    """Store a new version, unless it is the newest already; for who has taken the turn."""
    sha = snapshot.sha_of(content)
    if newest is not None and newest.sha == sha:
        return snapshot.load(newest.number, sha, content)
    number = newest.number + 1 if newest else 1
    config = snapshot.load(number, sha, content)
    row = ConfigVersion.objects.create(
        number=number, sha=sha, snapshot=content, created_by=by[:150], note=note[:200]
    )
    if newest is not None:
        record(newest, row)
    raise_version(VERSION)
    _cache.unsettle()
    transaction.on_commit(lambda: _cache.adopt(config))
    return config


def draft_content(settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what publishing everything now would store, whether or not it could be published."""
    if settings is None:
        settings = newest_snapshot().get("settings", {})
    rows = specs.rule_set()
    return snapshot.dump(
        specs.model_specs(), rows.routes, rows.rules, settings, rows.kept, specs.plan_specs()
    )


def unpublished() -> list[Change]:
    """Return how the draft of rules and routes differs from what is published; empty before the first."""
    before = newest_snapshot()
    return changes(before, draft_content(before["settings"])) if before else []


def newest_snapshot() -> Mapping[str, Any]:
    """Return the newest snapshot as it is stored, read from its row; empty before the first."""
    newest = ConfigVersion.objects.values_list("snapshot", flat=True).first()
    return newest or {}


def check_rules(content: Mapping[str, Any]) -> None:
    """Raise CannotPublish when some message would match no rule, or a condition could never hold."""
    rules = content["rules"]
    if not rules or rules[-1]["groups"]:
        raise CannotPublish("The last rule must be on, without conditions, and lead to a route that is on.")
    for rule in rules:
        for cell in (cell for group in rule["groups"] for cell in group):
            wrong = flaw(ConditionSpec(**cell))
            if wrong is not None:
                raise CannotPublish(f"Rule “{rule['name']}”: {wrong}.")


def _beside_the_draft(before: Mapping[str, Any], settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the catalogue of today and `settings`, with the rules and routes that are published."""
    kept_settings = settings if settings is not None else before["settings"]
    fresh = snapshot.dump(specs.model_specs(), (), (), kept_settings, plans=specs.plan_specs())
    known = {model["id"] for model in fresh["models"]}
    for slug, ladder in snapshot.ladders(before).items():
        # A model that an older release's ladder lacked already is no news to anybody.
        for gone in set(ladder) & {model["id"] for model in before["models"]} - known:
            raise CannotPublish(
                f"{gone} is on the published ladder of “{slug}”: take it off and publish that first."
            )
    return snapshot.carry(fresh, before)


def take_turn() -> ConfigVersion | None:
    """Return the newest version, with the counter's row locked: publishers go one after the other."""
    Version.objects.get_or_create(name=VERSION)
    Version.objects.select_for_update().get(name=VERSION)
    return ConfigVersion.objects.first()


# ---- reading -------------------------------------------------------------------------------------


class _Cache:
    """The newest configuration of this process and a few older ones; whole values are swapped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: Config | None = None
        self._counter = -1
        self._unsettled = False
        self._older: OrderedDict[int, Config] = OrderedDict()

    def newest(self) -> Config:
        if self._own_transaction():
            return _latest()
        if self._newest is None:
            self.refresh(force=True)
        if self._newest is None:
            raise NotPublished(NOTHING_PUBLISHED)
        return self._newest

    def refresh(self, force: bool) -> bool:
        counter = read_version(VERSION)  # before the rows, see common.versions
        if not force and counter == self._counter and not self._unsettled:
            return False
        key = ConfigVersion.objects.values_list("number", "sha").first()
        with self._lock:
            before = (self._newest.number, self._newest.sha) if self._newest else None
            if key != before:
                self._keep(_latest() if key else None)
            self._counter, self._unsettled = counter, False
            return key != before

    def pinned(self, number: int) -> Config:
        if self._own_transaction():
            return _numbered(number)
        newest = self._newest
        if newest is not None and newest.number == number:
            return newest
        with self._lock:
            if number not in self._older:
                self._older[number] = _numbered(number)
                if len(self._older) > KEPT:
                    self._older.popitem(last=False)
            return self._older[number]

    def adopt(self, config: Config) -> None:
        """Take a configuration that has just been committed here, without waiting for the poll."""
        with self._lock:
            self._keep(config)
            self._counter, self._unsettled = -1, False

    def unsettle(self) -> None:
        """Note that a transaction of this process has published and may still be rolled back."""
        self._unsettled = True

    def forget(self) -> None:
        with self._lock:
            self._keep(None)
            self._counter = -1

    def _own_transaction(self) -> bool:
        # Who has published but not committed reads the rows; nobody else may see them yet.
        return self._unsettled and transaction.get_connection().in_atomic_block

    def _keep(self, config: Config | None) -> None:
        if config is None or (self._newest is not None and config.number <= self._newest.number):
            self._older.clear()  # another database, or one restored: numbers mean something else now
        self._newest = config


def _latest() -> Config:
    row = ConfigVersion.objects.first()
    if row is None:
        raise NotPublished(NOTHING_PUBLISHED)
    return snapshot.load(row.number, row.sha, row.snapshot)


def _numbered(number: int) -> Config:
    row = ConfigVersion.objects.filter(number=number).first()
    if row is None:
        raise NotPublished(f"There is no configuration {number}.")
    return snapshot.load(number, row.sha, row.snapshot)


_cache = _Cache()


def current() -> Config:
    """Return the newest configuration this process knows; queries only until there is one.

    Raises NotPublished before the first `publish`.
    """
    return _cache.newest()


def refresh(force: bool = False) -> bool:
    """Load the newest configuration when the counter moved; return whether it is another one."""
    return _cache.refresh(force)


def config(number: int) -> Config:
    """Return a configuration by number, for a reply that was decided under it. Raises NotPublished."""
    return _cache.pinned(number)


def forget() -> None:
    """Drop what this process has kept; the next reader loads anew."""
    _cache.forget()

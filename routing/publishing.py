"""Turn the edited rows into a numbered, immutable configuration, and hand the newest to the runtime.

`publish` is short and belongs at the end of the transaction of the edit, never in one that waits for
a network or builds an index. Other processes notice by the counter `config`; within a process the
parsed configuration is kept, so that a turn costs no query.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import transaction

from common.models import Version
from common.versions import raise_version, read_version
from routing import snapshot
from routing.config import (
    ConditionSpec,
    Config,
    ConfigError,
    Deadlines,
    ModelSpec,
    PlanSpec,
    Price,
    RouteSpec,
    RuleSpec,
    Sla,
)
from routing.models import (
    CatalogueModel,
    ConfigVersion,
    LadderChange,
    ModelPrice,
    PlanBudget,
    Route,
    Rule,
)
from routing.policy import flaw

VERSION = "config"
KEPT = 32  # older configurations that a process keeps parsed; replies still running under one are few
MILLION = Decimal(1_000_000)
NOTHING_PUBLISHED = "No configuration is published yet: run `manage.py seed`."


class NotPublished(ConfigError):
    """There is no configuration yet: the seed command makes the first one."""


class CannotPublish(ConfigError):
    """The rows do not make a configuration that could route every message; the message says why."""


# ---- rows to values ------------------------------------------------------------------------------


def model_spec(row: CatalogueModel) -> ModelSpec:
    """Return the runtime's view of a catalogue row; its prices are per token there."""
    return ModelSpec(
        id=row.id,
        provider=row.provider,
        wire=row.wire,
        label=row.label,
        tier=row.tier,  # type: ignore[arg-type]  # the choices of the field are those of the type
        context_tokens=row.context_tokens,
        max_output_tokens=row.max_output_tokens,
        prices=tuple(_price(price) for price in sorted(row.prices.all(), key=_price_order)),
        answers_as=tuple(row.answers_as.split()),
        allows_prefill=row.allows_prefill,
        sends_sampling=row.sends_sampling,
        thinking=row.thinking,
        max_tokens_field=row.max_tokens_field,
        api_version=row.api_version,
        token_factor=row.token_factor,
        released_on=row.released_on,
        retires_on=row.retires_on,
        replaced_by=row.replaced_by,
        asked_as=row.asked_as,
    )


def _price_order(price: ModelPrice) -> tuple[Any, int]:
    return price.effective_from, price.input_above


def _price(price: ModelPrice) -> Price:
    return Price(
        effective_from=price.effective_from,
        input_above=price.input_above,
        input=price.input / MILLION,
        output=price.output / MILLION,
        cached_input=None if price.cached_input is None else price.cached_input / MILLION,
        cache_write=None if price.cache_write is None else price.cache_write / MILLION,
    )


def route_spec(row: Route) -> RouteSpec:
    """Return the runtime's view of a route, with its ladder."""
    return RouteSpec(
        slug=row.slug,
        name=row.name,
        kind=row.kind,  # type: ignore[arg-type]  # the choices of the field are those of the type
        tier=row.tier,  # type: ignore[arg-type]
        ladder=tuple(step.model_id for step in row.steps.all()),
        instructions=row.instructions,
        max_message_tokens=row.max_message_tokens,
        max_prompt_tokens=row.max_prompt_tokens,
        max_output_tokens=row.max_output_tokens,
        deadlines=Deadlines(row.connect_s, row.first_text_s, row.stall_s, row.total_s),
        sla=Sla(
            row.target_first_text_p95_ms,
            row.target_total_p95_ms,
            row.target_error_rate,
            row.target_truncation_rate,
        ),
        escalates_to=row.escalates_to_id or "",
        enabled=row.enabled,
        redact=row.redact,
        allowed_providers=tuple(row.allowed_providers),
        daily_budget_usd=row.daily_budget_usd,
        monthly_budget_usd=row.monthly_budget_usd,
        when_spent=row.when_spent,  # type: ignore[arg-type]
        hedge=row.hedge,
        promises_fallback=row.promises_fallback,
        sticky_turns=row.sticky_turns,
        cache=row.cache,  # type: ignore[arg-type]
        cache_hours=row.cache_hours,
        escalate_on_evidence=row.escalate_on_evidence,
        min_support=row.min_support,
    )


def _plan_spec(row: PlanBudget) -> PlanSpec:
    return PlanSpec(row.plan, row.daily_budget_usd, row.monthly_budget_usd, row.when_spent)  # type: ignore[arg-type]


def _rule_spec(row: Rule) -> RuleSpec:
    cells = sorted(row.conditions.all(), key=lambda cell: (cell.group, cell.pk))
    groups = tuple(
        tuple(ConditionSpec(cell.signal, cell.operator, cell.value) for cell in group)
        for _, group in groupby(cells, key=lambda cell: cell.group)
    )
    return RuleSpec(row.pk, row.position, row.name, row.route_id, row.reason, groups)


def _live_rules() -> list[RuleSpec]:
    """Return the rules that can fire, in order; raise CannotPublish when some message would match none."""
    rows = Rule.objects.filter(enabled=True, route__enabled=True).prefetch_related("conditions")
    rules = [_rule_spec(row) for row in rows]
    if not rules or rules[-1].groups:
        raise CannotPublish("The last rule must be on, without conditions, and lead to a route that is on.")
    for rule in rules:
        for cell in (cell for group in rule.groups for cell in group):
            wrong = flaw(cell)
            if wrong is not None:
                raise CannotPublish(f"Rule “{rule.name}”: {wrong}.")
    return rules


# ---- publishing ----------------------------------------------------------------------------------


def publish(by: str = "", note: str = "", settings: Mapping[str, Any] | None = None) -> Config:
    """Publish what the tables hold and return it; without a change the newest stays as it is.

    `settings` are those of the assistant, carried over from the newest snapshot when None. Leaves a
    LadderChange for each ladder that differs. Raises CannotPublish; the caller's transaction then
    rolls the edit back.
    """
    with transaction.atomic():
        _take_turn()
        newest = ConfigVersion.objects.first()
        content = snapshot.dump(
            [model_spec(row) for row in CatalogueModel.objects.prefetch_related("prices")],
            [route_spec(row) for row in Route.objects.prefetch_related("steps")],
            _live_rules(),
            settings if settings is not None else newest.snapshot["settings"] if newest else {},
            [_plan_spec(row) for row in PlanBudget.objects.all()],
        )
        sha = snapshot.sha_of(content)
        if newest is not None and newest.sha == sha:
            return snapshot.load(newest.number, sha, content)
        number = newest.number + 1 if newest else 1
        config = snapshot.load(number, sha, content)
        ConfigVersion.objects.create(
            number=number, sha=sha, snapshot=content, created_by=by[:150], note=note[:200]
        )
        if newest is not None:
            _record_ladder_changes(newest.snapshot, content, number, by)
        raise_version(VERSION)
        _cache.unsettle()
        transaction.on_commit(lambda: _cache.adopt(config))
    return config


def _take_turn() -> None:
    """Lock the counter's row, so that two publishers on PostgreSQL number one after the other."""
    Version.objects.get_or_create(name=VERSION)
    Version.objects.select_for_update().get(name=VERSION)


def _record_ladder_changes(before: Mapping[str, Any], after: Mapping[str, Any], number: int, by: str) -> None:
    old, new = snapshot.ladders(before), snapshot.ladders(after)
    LadderChange.objects.bulk_create(
        LadderChange(
            route_slug=slug,
            old=old.get(slug, []),
            new=new.get(slug, []),
            changed_by=by[:150],
            config_number=number,
        )
        for slug in sorted(old.keys() | new.keys())
        if old.get(slug, []) != new.get(slug, [])
    )


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

"""The one synthetic request that finds out whether a model answers again; no visitor's ever does.

A probe is a word to write, booked under the purpose `synthetic`. Of several processes one sends it: it
claims the breaker in Redis, and without Redis each process probes for itself.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from common.redis import Redis, RedisGone
from routing import breaker, publishing
from routing.breaker_log import claim_probe, end_probe
from routing.breaker_rules import fault_of
from routing.breakers import Key
from routing.config import Config, ModelSpec, RouteSpec
from routing.job import Ledger
from routing.keycheck import check_key
from routing.models import Purpose
from routing.providers import registry
from routing.providers.transport import Transport

log = logging.getLogger(__name__)

PROBE_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Probe:
    """A breaker whose time is over, the model to ask, and the route that the call is booked on."""

    key: Key
    model: ModelSpec
    route: RouteSpec
    config: Config


def planned(due: Sequence[tuple[Key, str]]) -> list[Probe]:
    """Return the probes to send; a breaker whose model this desk no longer has is closed instead."""
    try:
        config = publishing.current()
    except publishing.NotPublished:
        return []
    routes = [route for route in config.routes.values() if route.kind == "model"]
    found = []
    for key, asks in due:
        model = _model(asks, key[0], config)
        if model is None or not routes:
            breaker.reset(*key, by="nothing to probe")
            continue
        holding = (route for route in routes if asks in route.ladder)
        found.append(Probe(key, model, next(holding, routes[0]), config))
    return found


def _model(model_id: str, provider: str, config: Config) -> ModelSpec | None:
    rows = (model for model in config.models.values() if model.id == model_id and model.provider == provider)
    own = (model for model in registry.fallbacks(config.models) if model.id == model_id)
    model = next(rows, None) or next(own, None)
    return model if model is not None and registry.configured(model) is None else None


Due = Sequence[tuple[Key, str]]
Plan = Callable[[Due], Awaitable[list[Probe]]]


async def probe_due(plan: Plan, ledger: Ledger, http: Transport, redis: Redis | None) -> None:
    """Probe every breaker whose time is over, all at the same time.

    `plan` is `planned`, run where the database may be read.
    """
    due = breaker.due()
    if not due:
        return
    await asyncio.gather(*(_probe(probe, ledger, http, redis) for probe in await plan(due)))


async def _probe(probe: Probe, ledger: Ledger, http: Transport, redis: Redis | None) -> None:
    if not await _claimed(probe.key, redis):
        return
    try:
        target = registry.target(probe.model)
        checked = await check_key(
            probe.model, target, probe.route, probe.config, ledger, http, Purpose.SYNTHETIC
        )
        if checked.unpaid:
            log.warning("no probe of %s: %s", probe.model.id, checked.unpaid)
            return
        breaker.probed(probe.key, probe.model.id, fault_of(checked.failure, checked.finish))
    finally:
        await _ended(probe.key, redis)


async def _claimed(key: Key, redis: Redis | None) -> bool:
    if redis is None:
        return True
    try:
        return await claim_probe(redis, *key, breaker.PROCESS)
    except (RedisGone, OSError):
        return True  # the others cannot be asked; a probe too many is better than a model left closed


async def _ended(key: Key, redis: Redis | None) -> None:
    if redis is None:
        return
    try:
        await end_probe(redis, *key)
    except (RedisGone, OSError) as error:
        log.info("the claim of a probe runs out by itself: %s", error)

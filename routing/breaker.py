"""The breakers of this process: told how calls end, asked which models are left alone.

Decided from a copy in memory, never by asking Redis; `keep_in_step` exchanges news in the background.
Called from the event loop and from database threads alike.
"""

import logging
import threading
from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

from common.clock import now, ticks
from common.redis import Redis
from routing.breaker_log import BreakerLog
from routing.breaker_rules import Fault, fault_of
from routing.breakers import Breakers, BreakerView, Called, Decision, Key, Opened, Reset
from routing.config import ModelSpec
from routing.errors import CallFailed
from routing.events import FinishReason

__all__ = [
    "BreakerView",
    "clear",
    "due",
    "keep_in_step",
    "note",
    "open_among",
    "probed",
    "reset",
    "snapshot",
    "status",
]

log = logging.getLogger(__name__)

IN_STEP_S = 0.25  # how far the copies of two processes may lie apart

PROCESS = uuid4().hex
_lock = threading.Lock()
_breakers = Breakers()
_log = BreakerLog(PROCESS)


def note(model: ModelSpec, failure: CallFailed | None, finish: FinishReason) -> None:
    """Note how a call ended; one that was cancelled says nothing."""
    if failure is None and finish is FinishReason.CANCELLED:
        return
    called = Called(model.provider, model.id, fault_of(failure, finish))
    with _lock:
        decided = _breakers.take(called, ticks(), now())
        _log.add((called, *decided))
    _say(decided)


def _say(decided: Iterable[Decision]) -> None:
    for decision in decided:
        who = "/".join(filter(None, (decision.provider, decision.model)))
        if isinstance(decision, Opened):
            log.warning("breaker of %s is open for %g s: %s", who, decision.rest_s, decision.reason)
        else:
            log.warning("breaker of %s is closed: a probe was answered", who)


def status(model: ModelSpec) -> str | None:
    """Return why `model` is left alone now, None when it is not."""
    with _lock:
        return _breakers.status(model.provider, model.id, ticks(), now()) or None


def open_among(models: Iterable[ModelSpec]) -> frozenset[str]:
    """Return the ids of those models that are left alone now."""
    with _lock:
        return _breakers.open_among(((model.provider, model.id) for model in models), ticks())


def snapshot() -> tuple[BreakerView, ...]:
    """Return every breaker that has seen a call within this process's memory, by provider and model."""
    with _lock:
        return _breakers.snapshot(ticks(), now())


def due() -> tuple[tuple[Key, str], ...]:
    """Return the breakers that wait for a probe, each with the id of the model to ask."""
    with _lock:
        return _breakers.due(ticks())


def probed(key: Key, asked: str, fault: Fault | None) -> None:
    """Note how a probe ended: it closes its breaker, or keeps it open for longer."""
    with _lock:
        decided = _breakers.probed(key, asked, fault, ticks())
        _log.add(decided)
    _say(decided)


def tell(event: Opened) -> None:
    """Open a breaker from outside of its calls."""
    with _lock:
        _breakers.take(event, ticks(), now())
        _log.add((event,))


def reset(provider: str = "", model: str = "", by: str = "") -> None:
    """Close the breakers of a model or of a provider with its models, all of them without a name."""
    event = Reset(provider, model, by)
    with _lock:
        _breakers.take(event, ticks(), now())
        _log.add((event,))
    log.warning("breakers reset: %s (by %s)", "/".join(filter(None, (provider, model))) or "all", by or "?")


def clear() -> None:
    """Forget everything, in this process only."""
    with _lock:
        _breakers.clear()
        _log.clear()


async def keep_in_step(client: Redis) -> None:
    """Tell the other processes what happened here and learn what happened there. Raises RedisGone."""
    news = await _log.step(client)
    with _lock:
        for age_s, event in news:
            # What follows from it is not told: everybody reads the same news and comes to the same end.
            _breakers.take(event, ticks() - age_s, now() - timedelta(seconds=age_s))

"""Which provider serves a model, with which key, and whether the sandbox stands in.

The environment says what is configured. The sandbox answers when nothing is configured and DEBUG is
on, or with SANDBOX=1; it then serves every model over that model's own wire.
"""

import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from django.conf import settings

from common.clock import now
from common.env import Env, ProviderEnv
from routing import breaker
from routing.config import ModelSpec, RouteSpec, Tier
from routing.errors import CallFailed
from routing.ladder import LadderView, usable_steps
from routing.providers import anthropic, gemini, openai
from routing.providers.choosing import Offer, chats, choose, unknown_model
from routing.providers.transport import Target, list_models
from routing.providers.wire import Wire

log = logging.getLogger(__name__)

WIRES: Mapping[str, Wire] = MappingProxyType({"openai": openai, "gemini": gemini, "anthropic": anthropic})
SANDBOX_ROOTS = {"openai": "/v1", "gemini": "/v1beta", "anthropic": "/v1"}

# Asked once a process, and again this long after a failure; off the event loop, before any call.
LIST_TIMEOUT_S = 2.0
LIST_AGAIN_S = 30.0

# Asked for when a server does not say what it serves: local servers then take the one they have.
UNNAMED = "default"


def environment() -> Env:
    """Return the checked environment that the settings hold."""
    env: Env = settings.ENV
    return env


def sandbox_active() -> bool:
    """Return whether visitors are answered by the sandbox."""
    env = environment()
    return env.sandbox or (env.debug and not env.providers)


def usable(model: ModelSpec) -> str | None:
    """Return None when a call may be sent to `model` now, else why not in plain words."""
    return configured(model) or breaker.status(model)


def configured(model: ModelSpec) -> str | None:
    """Return None when this desk has what it takes to ask `model`, else what is missing."""
    if model.wire not in WIRES:
        return f"unknown wire {model.wire!r}"
    if not sandbox_active():
        provider = _provider(model.provider)
        if provider is None:
            return f"no key for {model.provider}"
        if provider.wire != model.wire:
            return f"{model.provider} speaks {provider.wire}, this row says {model.wire}"
    return None


def target(model: ModelSpec) -> Target:
    """Return where `model` is served. Raises LookupError when its provider is not configured."""
    if sandbox_active():
        base = f"http://127.0.0.1:{environment().sandbox_port}{SANDBOX_ROOTS[model.wire]}"
        return Target(model.provider, model.wire, base, "sandbox", sandbox=True)
    provider = _provider(model.provider)
    if provider is None:
        raise LookupError(f"no key for {model.provider}")
    return target_of(provider)


def fallbacks(models: Mapping[str, ModelSpec]) -> tuple[ModelSpec, ...]:
    """Return what can serve a route whose own steps cannot: living catalogue rows, then named models.

    Those whose breaker is open count only where there is no other. A provider without catalogue rows
    (any OpenAI-compatible server) serves the models that `OPENAI_MODEL` or `PROVIDER_<NAME>_MODEL`
    names; unnamed, it is asked once what it offers.
    """
    today = now().date()
    rows = [
        model
        for model in models.values()
        if configured(model) is None and (model.retires_on is None or model.retires_on > today)
    ]
    if sandbox_active():
        return _not_open(rows)
    named = [
        spec
        for provider in environment().providers
        for spec in _own_models(provider, rows, models.values(), today)
    ]
    return _not_open((*named, *rows))


def _not_open(models: Sequence[ModelSpec]) -> tuple[ModelSpec, ...]:
    """Return the models that nothing speaks against, all of them when there is no such model."""
    return tuple(model for model in models if breaker.status(model) is None) or tuple(models)


def ladder(route: RouteSpec, models: Mapping[str, ModelSpec]) -> tuple[LadderView, ...]:
    """Return `route`'s ladder as this process can use it now."""
    views = usable_steps(route, models, usable, (), now().date())
    if any(view.usable or view.open for view in views):
        return views  # the provider's list is only asked for when it is needed
    return usable_steps(route, models, usable, fallbacks(models), now().date())


def _provider(name: str) -> ProviderEnv | None:
    return next((provider for provider in environment().providers if provider.name == name), None)


def target_of(provider: ProviderEnv) -> Target:
    """Return where a configured provider is, the sandbox set aside."""
    return Target(provider.name, provider.wire, provider.base_url, provider.key)


def _own_models(
    provider: ProviderEnv, rows: Sequence[ModelSpec], catalogue: Iterable[ModelSpec], today: date
) -> list[ModelSpec]:
    ids = provider.models
    if not ids and (provider.wire != "openai" or any(row.provider == provider.name for row in rows)):
        return []
    if not ids:
        ids = choose(_OFFERED.by(provider), catalogue, today)
    return [spec_for(provider, model_id, _tier(index, len(ids))) for index, model_id in enumerate(ids)]


def _tier(index: int, of: int) -> Tier:
    return "standard" if of == 1 else "lite" if index == 0 else "heavy" if index == of - 1 else "standard"


def spec_for(provider: ProviderEnv, model_id: str, tier: Tier) -> ModelSpec:
    """Return a catalogue row for a model that no catalogue knows: cautious limits, no price."""
    return unknown_model(provider.name, provider.wire, provider.base_url, model_id, tier)


class _Offered:
    """The chat models that each unnamed provider said it serves, asked once and again after a failure."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, tuple[Offer, ...]]] = {}

    def by(self, provider: ProviderEnv) -> tuple[Offer, ...]:
        """Return what `provider` offers, never nothing; UNNAMED while it does not say."""
        key = (provider.name, provider.base_url)
        with self._lock:
            until, offered = self._known.get(key, (0.0, ()))
            if time.monotonic() < until:
                return offered
            offered, keep_s = self._ask(provider)
            self._known[key] = (time.monotonic() + keep_s, offered)
            return offered

    @staticmethod
    def _ask(provider: ProviderEnv) -> tuple[tuple[Offer, ...], float]:
        try:
            listed = list_models(target_of(provider), LIST_TIMEOUT_S)
        except CallFailed as failure:
            log.log(failure.level, "cannot list the models of %s: %s", provider.name, failure.detail)
            return ((UNNAMED, 0),), LIST_AGAIN_S
        offered = tuple((model.id, model.created) for model in listed if chats(model.id))
        if not offered:
            log.error("%s offers no chat model; name one in the environment", provider.name)
            return ((UNNAMED, 0),), LIST_AGAIN_S
        return offered, float("inf")


_OFFERED = _Offered()

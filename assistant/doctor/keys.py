"""Every configured key with one tiny call, and the models on the ladders against each provider's list."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from django.db import DatabaseError, connection

from assistant.db import DatabaseGone
from assistant.doctor.findings import Finding, fail, ok, skip, warn
from assistant.reply_ledger import DatabaseLedger
from common.clock import now
from common.env import ProviderEnv
from common.money import usd
from routing import publishing, setup
from routing.config import Config, ConfigError, ModelSpec, RouteSpec
from routing.errors import (
    CallFailed,
    ConnectFailed,
    FirstTextTimeout,
    KeyRefused,
    NotAStream,
    ProviderDown,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    TotalTimeout,
    UnknownModel,
)
from routing.keycheck import KeyCheck, check_key
from routing.ladder import answers_for
from routing.offers import ProviderOffer
from routing.providers import registry
from routing.providers.choosing import chats, choose
from routing.providers.transport import Transport

SETUP = "manage.py setup_models  (or Models, “Set up own models”, in the admin)"
RETIRES_SOON = timedelta(days=45)
WHOLE_S = 10.0  # above the deadlines of the call itself, which holds off the ledger as well
_TIERS = {"lite": 0, "standard": 1, "heavy": 2}


def variable(provider: ProviderEnv, part: str) -> str:
    """Return the name of the variable that holds a provider's key or address."""
    if provider.name == provider.wire:
        return f"{provider.name.upper()}_{'API_KEY' if part == 'KEY' else part}"
    return f"PROVIDER_{provider.name.upper()}_{part}"


def check_keys() -> list[Finding]:
    """Call every configured provider once, at the same time, and compare the ladders with their lists."""
    providers = registry.environment().providers
    if not providers:
        return [_unconfigured()]
    try:
        publishing.refresh()
        config = publishing.current()
    except (ConfigError, DatabaseError) as error:
        return [fail("ladders", str(error), "manage.py seed"), *check_lists()]
    finally:
        connection.close()
    found, offers = asyncio.run(_ask_all(providers, config))
    return [*found, *_ladders(config, offers)]


def _unconfigured() -> Finding:
    line = ".env: GEMINI_API_KEY=..., ANTHROPIC_API_KEY=..., OPENAI_API_KEY=... or OPENAI_BASE_URL=..."
    if registry.sandbox_active():
        return warn("models", "no provider is configured; the sandbox plays the models", line)
    return fail("models", "no provider is configured, so only approved answers are given", line)


def check_lists() -> list[Finding]:
    """Try every key on its provider's list of models: all that can be done without a ledger."""
    providers = registry.environment().providers
    if not providers:
        return [_unconfigured()]
    return _without_ladders({offer.provider: offer for offer in setup.ask(providers)}, providers)


def _without_ladders(
    offers: Mapping[str, ProviderOffer], providers: tuple[ProviderEnv, ...]
) -> list[Finding]:
    found = []
    for provider in providers:
        name, offer = f"key {provider.name}", offers[provider.name]
        if offer.problem:
            found.append(fail(name, offer.problem, f".env: {variable(provider, 'KEY')}=... or its BASE_URL"))
        else:
            found.append(ok(name, f"lists {len(offer.models)} models; not called, as nothing can be booked"))
    return found


Offers = dict[str, ProviderOffer]


async def _ask_all(providers: tuple[ProviderEnv, ...], config: Config) -> tuple[list[Finding], Offers]:
    """Call every provider and have its list at the same time, so that a slow list costs nothing."""
    http, ledger = Transport(), DatabaseLedger()
    listing = asyncio.create_task(asyncio.to_thread(setup.ask, providers))

    async def ask(provider: ProviderEnv) -> Finding:
        chosen = on_ladder(provider, config)
        if chosen is None:
            offer = next(offer for offer in await listing if offer.provider == provider.name)
            chosen = beside_ladders(provider, config, offer)
            if chosen is None:
                return _nothing_to_ask(provider, offer)
        model, route = chosen
        try:
            async with asyncio.timeout(WHOLE_S):
                checked = await check_key(model, registry.target_of(provider), route, config, ledger, http)
        except TimeoutError:
            text = f"unreachable: no end within {WHOLE_S:g} s"
            return fail(f"key {provider.name}", text, f".env: {variable(provider, 'BASE_URL')}=...")
        except DatabaseGone as error:
            return skip(f"key {provider.name}", f"the call could not be booked: {error}")
        return said(provider, checked)

    try:
        found = list(await asyncio.gather(*(ask(provider) for provider in providers)))
        return found, {offer.provider: offer for offer in await listing}
    finally:
        await http.aclose()


def on_ladder(provider: ProviderEnv, config: Config) -> tuple[ModelSpec, RouteSpec] | None:
    """Return the lightest model of this provider that stands on a ladder, with its route."""
    found = [
        (config.models[model], route)
        for route in config.routes.values()
        if route.kind == "model"
        for model in route.ladder
        if model in config.models and config.models[model].provider == provider.name
    ]
    return min(found, key=lambda pair: _TIERS.get(pair[0].tier, 3), default=None)


def beside_ladders(
    provider: ProviderEnv, config: Config, offer: ProviderOffer
) -> tuple[ModelSpec, RouteSpec] | None:
    """Return a model that this provider could serve although no ladder has it, under any route's name."""
    routes = [route for route in config.routes.values() if route.kind == "model"]
    listed = [(model.id, model.created) for model in offer.models]
    names = (*provider.models, *choose(listed, config.models.values(), now().date()))
    if not names or not routes:
        return None
    rows = (m for m in config.models.values() if m.provider == provider.name and answers_for(m, names[0]))
    return next(rows, registry.spec_for(provider, names[0], "lite")), routes[0]


def _nothing_to_ask(provider: ProviderEnv, offer: ProviderOffer) -> Finding:
    if offer.problem:
        line = f".env: {variable(provider, 'KEY')}=... and {variable(provider, 'BASE_URL')}=..."
        return fail(f"key {provider.name}", offer.problem, line)
    return warn(f"key {provider.name}", "no model of it stands on a ladder", SETUP)


def said(provider: ProviderEnv, checked: KeyCheck) -> Finding:
    """Return the finding of one call."""
    name, model = f"key {provider.name}", checked.model.id
    if checked.unpaid:
        return warn(name, f"not called: {checked.unpaid}", "admin, Assistant settings: Daily cost cap")
    if checked.failure is not None:
        words, line = _why(provider, checked.failure, model)
        state = warn if isinstance(checked.failure, RateLimited) else fail
        return state(name, f"{words} ({checked.failure.detail})", line)
    first = "no text" if checked.first_text_ms is None else f"first text {checked.first_text_ms} ms"
    facts = f"{first}, {'cost unknown' if checked.cost_pico is None else usd(checked.cost_pico)}"
    if checked.other_model:
        return warn(name, f"{model} was answered by {checked.other_model}; {facts}", SETUP)
    return ok(name, f"{model}: {facts}")


def _why(provider: ProviderEnv, failure: CallFailed, model: str) -> tuple[str, str]:
    """Return what a failed call means in two words, and the line that mends it."""
    key, base = variable(provider, "KEY"), variable(provider, "BASE_URL")
    address = f".env: {base}=... (now {provider.base_url.rpartition('@')[2]})"
    meanings: tuple[tuple[type[CallFailed], str, str], ...] = (
        (KeyRefused, "wrong key", f".env: {key}=<a key that is valid for {model}>"),
        (QuotaExhausted, "no credit", f"add credit or raise the limit of the account behind {key}"),
        (UnknownModel, "unknown model or wrong address", f"{SETUP}; or {address}"),
        (RateLimited, "too many requests for now", "wait a minute and run this again"),
        (ConnectFailed, "unreachable", f"open the way out of this machine, or {address}"),
        (NotAStream, "something else answers there", address),
        (
            FirstTextTimeout,
            "unreachable: no text in time",
            f"open the way out of this machine, or {address}",
        ),
        (TotalTimeout, "too slow", "run this again"),
        (ProviderDown, "down", "wait for the provider; the next model on the ladder answers meanwhile"),
        (RequestRejected, "refuses the request", f"admin, Models, {model}: How it is asked"),
    )
    for kind, words, line in meanings:
        if isinstance(failure, kind):
            return words, line
    return "broken answer", "run this again; if it stays, ask the provider"


# ---- ladders ----------------------------------------------------------------------------------------


def _ladders(config: Config, offers: Mapping[str, ProviderOffer]) -> Iterator[Finding]:
    today = now().date()
    routes = [route for route in config.routes.values() if route.kind == "model" and route.enabled]
    used = dict.fromkeys(model for route in routes for model in route.ladder if model in config.models)
    sound = True
    for model in (config.models[name] for name in used):
        for finding in worth_a_look(model, offers.get(model.provider), today + RETIRES_SOON):
            sound = False
            yield finding
    stuck = [
        route.name for route in routes if not any(v.usable for v in registry.ladder(route, config.models))
    ]
    if stuck:
        yield fail("ladders", f"no model can be asked on: {', '.join(stuck)}", SETUP)
    elif sound:
        yield ok("ladders", f"{len(routes)} routes, {len(used)} models, none retires soon")


def worth_a_look(model: ModelSpec, offer: ProviderOffer | None, soon: date) -> Iterator[Finding]:
    """Yield what staff should know of a model that stands on a ladder."""
    if offer is None:
        return  # a step without a key is skipped on every ladder
    if not model.prices:
        text = f"{model.id} has no price: its cost is unknown, and the daily cap cannot hold it"
        yield warn("ladders", text, f"admin, Models, {model.id}: prices (0 where it costs nothing)")
    if model.retires_on is not None and model.retires_on <= soon:
        verb = "was retired" if model.retires_on <= now().date() else "retires"
        successor = f"; its successor is {model.replaced_by}" if model.replaced_by else ""
        yield warn("ladders", f"{model.id} {verb} on {model.retires_on}{successor}", SETUP)
    known = [listed.id for listed in offer.models if chats(listed.id)]
    if known and not any(answers_for(model, name) for name in known) and model.sent_id not in offer.named:
        yield warn("ladders", f"{model.id} is on no list of {model.provider} any more", SETUP)

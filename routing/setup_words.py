"""What the set-up of own models says at a terminal: what is offered, and what a proposal would change.

Pure.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

from routing.config import ModelSpec
from routing.cost import price_on
from routing.offers import Candidate, ProviderOffer
from routing.presets import PRESET_WORDS, Proposal
from routing.providers.choosing import age

MILLION = Decimal(1_000_000)
SHOWN = 20  # of one provider; gateways list hundreds
NO_PROVIDER = """No provider is configured, so there is nothing to set up. Put one of these into .env:
  GEMINI_API_KEY=...
  ANTHROPIC_API_KEY=...
  OPENAI_API_KEY=...
  OPENAI_BASE_URL=http://127.0.0.1:11434/v1   (any compatible server: Ollama, vLLM, a gateway)
docs/providers.md says more."""


def dollars(amount: Decimal) -> str:
    """Return USD with as many decimals as it needs, two at least."""
    whole, _, cents = f"{amount.normalize():f}".partition(".")
    return f"${whole}.{cents.ljust(2, '0')}"


def price_words(spec: ModelSpec, today: date) -> str:
    """Return today's price of an ordinary prompt, USD for a million tokens."""
    price = price_on(spec, today, 0)
    if price is None:
        return "no price"
    return f"{dollars(price.input * MILLION)} in, {dollars(price.output * MILLION)} out"


def life_words(spec: ModelSpec, today: date) -> str:
    """Return when a model ends, nothing when no day is known."""
    if spec.retires_on is None:
        return ""
    return f"{'retired' if spec.retires_on <= today else 'retires'} {spec.retires_on}"


def host_of(base_url: str) -> str:
    """Return host and port of an address, without the user and password that it may hold."""
    return urlsplit(base_url).netloc.rpartition("@")[2]


def newest_first(found: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates for reading: those the catalogue knows, then the newest."""

    def order(one: Candidate) -> tuple[bool, int, tuple[int, ...]]:
        day, version = age(one.offered, one.created, None if one.new else one.spec)
        return one.new, -day, tuple(-number for number in version)

    return sorted(found, key=order)


def offer_lines(
    offers: Sequence[ProviderOffer], found: Sequence[Candidate], today: date, shown: int = SHOWN
) -> Iterator[str]:
    """Yield what each provider offers, or why it offers nothing."""
    for offer in offers:
        mine = newest_first([one for one in found if one.spec.provider == offer.provider])
        count = f"{len(mine)} chat model{'' if len(mine) == 1 else 's'}"
        yield f"{offer.provider} at {host_of(offer.base_url)}: {count}"
        if offer.problem:
            yield f"  ! {offer.problem}"
        for one in mine[:shown]:
            spec = one.spec
            facts = [spec.tier, f"{spec.context_tokens:,} tokens", price_words(spec, today)]
            facts += [words for words in (life_words(spec, today), "new here" if one.new else "") if words]
            yield f"  {spec.id:<32} {' · '.join(facts)}"
        if len(mine) > shown:
            yield f"  and {len(mine) - shown} more; --all shows them"


def plan_lines(proposal: Proposal) -> Iterator[str]:
    """Yield what publishing a proposal would change, route by route, and what to know before."""
    yield f"{PRESET_WORDS[proposal.preset]}."
    width = max(len(route.slug) for route in proposal.routes)
    for route in proposal.routes:
        now = _ladder(route.before)
        if route.problem:
            yield f"  {route.slug:<{width}}  cannot be served: {route.problem}"
        elif route.changes:
            yield f"  {route.slug:<{width}}  {now}  ->  {_ladder(route.after)}"
        else:
            yield f"  {route.slug:<{width}}  {now}  (as it is)"
    for spec in proposal.new_models:
        yield (
            f"  + catalogue: {spec.id} ({spec.provider}, {spec.tier}), window {spec.context_tokens:,}, "
            f"answers up to {spec.max_output_tokens:,} tokens"
        )
    for priced in proposal.prices:
        amounts = f"{dollars(priced.input)} in, {dollars(priced.output)} out"
        yield f"  + price: {priced.model} {amounts}, USD for a million tokens"
    for warning in proposal.warnings:
        yield f"  ! {warning}"


def _ladder(models: Sequence[str]) -> str:
    return ", ".join(models) or "nothing"

"""Where the catalogue's prices differ from what genai-prices knows: said, never changed."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from common.env import ProviderEnv
from routing import publishing
from routing.cost import price_on
from routing.known_prices import KnownPrice, look_up
from routing.models import CatalogueModel
from routing.presets import Proposal
from routing.providers import registry
from routing.setup_words import dollars

MILLION = Decimal(1_000_000)


def known(row: CatalogueModel, on: datetime) -> KnownPrice | None:
    """Return the price that genai-prices has for a row, asked for as its provider knows it."""
    return known_of(row.asked_as or row.pk, row.provider, on)


def known_of(model: str, provider: str, on: datetime) -> KnownPrice | None:
    """Return the price of a model at a provider; where the environment says its address, of that address."""
    return look_up(model, provider, on, _address(provider))


def proposals(proposal: Proposal, on: datetime) -> Iterator[str]:
    """Yield the known price of each new model that would go without one, and how to take it."""
    priced = {each.model for each in proposal.prices}
    for spec in proposal.new_models:
        found = None if spec.prices or spec.id in priced else known_of(spec.sent_id, spec.provider, on)
        if found is not None:
            given, written = found.ordinary.input, found.ordinary.output
            yield (
                f"  ? price: {found.source} knows {spec.id} at {dollars(given)} in, {dollars(written)} out; "
                f"--price-in {spec.id}={given} --price-out {spec.id}={written} takes it"
            )


def _address(provider: str) -> str:
    configured: dict[str, ProviderEnv] = {each.name: each for each in registry.environment().providers}
    return configured[provider].base_url if provider in configured else ""


def lines(on: datetime) -> Iterator[str]:
    """Yield one line for each model on a ladder whose ordinary price differs, or that has none."""
    rows = CatalogueModel.objects.filter(steps__isnull=False).distinct().prefetch_related("prices")
    for row in rows:
        found = known(row, on)
        if found is None:
            continue
        price = price_on(publishing.model_spec(row), on.date(), 0)
        theirs = f"{dollars(found.ordinary.input)} in, {dollars(found.ordinary.output)} out ({found.source})"
        if price is None:
            yield f"{row.pk} has no price; known: {theirs}. Its page in the admin proposes it."
            continue
        mine = (price.input * MILLION, price.output * MILLION)
        if mine != (found.ordinary.input, found.ordinary.output):
            words = f"{dollars(mine[0])} in, {dollars(mine[1])} out"
            yield f"{row.pk}: the catalogue says {words}; known: {theirs}. The catalogue's price counts."

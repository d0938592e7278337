"""What genai-prices knows of a model's price: a proposal, never more.

The catalogue's own rows win always. The package brings a snapshot inside its wheel; nothing here starts its
updater, so nothing is fetched. It is imported on first use: its tables take half a second to load.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any

PACKAGE = "genai-prices"


@dataclass(frozen=True)
class Amounts:
    """USD for a million tokens, for prompts of more than `above` tokens."""

    above: int
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None


@dataclass(frozen=True)
class KnownPrice:
    """A proposed price list; the first line is that of an ordinary prompt. `source` is for staff."""

    model: str
    amounts: tuple[Amounts, ...]
    source: str

    @property
    def ordinary(self) -> Amounts:
        return self.amounts[0]


def look_up(model: str, provider: str, on: datetime, base_url: str = "") -> KnownPrice | None:
    """Return what a model costs at its provider by the package's snapshot, None when it knows none.

    With a `base_url` the address decides who the provider is: a server of one's own that serves a known model
    has no known price.
    """
    from genai_prices.data_snapshot import get_snapshot

    try:
        if base_url:
            _, found = get_snapshot().find_provider_model(model, None, None, base_url)
        else:
            _, found = get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return None
    amounts = _amounts(found.get_prices(on.astimezone(UTC)))
    return KnownPrice(found.id, amounts, f"{PACKAGE} {version(PACKAGE)}") if amounts else None


def _amounts(prices: Any) -> tuple[Amounts, ...]:
    names = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
    tables = [_table(getattr(prices, name, None)) for name in names]
    if not tables[0] or not tables[1]:
        return ()
    sizes = sorted({size for table in tables for size in table})
    lines = ([_at(table, size) for table in tables] for size in sizes)
    return tuple(
        Amounts(size, given, written, cached, kept)
        for size, (given, written, cached, kept) in zip(sizes, lines, strict=True)
        if given is not None and written is not None
    )


def _table(price: Any) -> dict[int, Decimal]:
    """Return a price by the size of prompt from which it holds."""
    if price is None:
        return {}
    if isinstance(price, Decimal):
        return {0: price}
    return {0: price.base, **{tier.start: tier.price for tier in price.tiers}}


def _at(table: dict[int, Decimal], size: int) -> Decimal | None:
    fitting = [start for start in table if start <= size]
    return table[max(fitting)] if fitting else None

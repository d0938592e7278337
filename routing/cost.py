"""What tokens cost: tiered, dated, cached prices of the catalogue, in whole pico-USD.

Pure. A missing price or an unknown count gives None, never 0: an unknown cost must not look free.
"""

from datetime import date
from decimal import Decimal

from common.money import to_pico, to_pico_up
from routing.config import ModelSpec, Price
from routing.events import UsageReport


def price_on(model: ModelSpec, on: date, input_tokens: int) -> Price | None:
    """Return the price for a prompt of this size on that day, None when the catalogue has none.

    The newest list that is in force counts as a whole: an older list's size tiers do not survive it.
    """
    valid = [price for price in model.prices if price.effective_from <= on]
    if not valid:
        return None
    newest = max(price.effective_from for price in valid)
    fitting = [
        price
        for price in valid
        if price.effective_from == newest and (price.input_above == 0 or input_tokens > price.input_above)
    ]
    return max(fitting, key=lambda price: price.input_above, default=None)


def price_of(model: ModelSpec, usage: UsageReport, on: date) -> int | None:
    """Return the cost of one call in pico-USD, None when a price or a count is unknown."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    price = price_on(model, on, usage.input_tokens)
    if price is None:
        return None
    cached = min(usage.cached_tokens or 0, usage.input_tokens)
    written = min(usage.cache_write_tokens or 0, usage.input_tokens - cached)
    fresh = usage.input_tokens - cached - written
    total = (
        fresh * price.input
        + cached * _or_input(price.cached_input, price)
        + written * _or_input(price.cache_write, price)
        + usage.output_tokens * price.output
    )
    return to_pico(total)


def reserve_of(model: ModelSpec, input_tokens: int, max_output_tokens: int, on: date) -> int | None:
    """Return what a call may cost at most, rounded up: estimated input and the whole output cap."""
    price = price_on(model, on, input_tokens)
    if price is None:
        return None
    dearest = max(price.input, _or_input(price.cache_write, price))
    return to_pico_up(input_tokens * dearest + max_output_tokens * price.output)


def _or_input(special: Decimal | None, price: Price) -> Decimal:
    return price.input if special is None else special

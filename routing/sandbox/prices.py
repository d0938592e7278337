"""What the sandbox charges: the prices of the release's catalogue file, by its own arithmetic.

It does not use `routing.cost`, so that comparing both bills is a test of each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from routing.sandbox.billing import Bill

PICO_PER_USD_OVER_MILLION = Decimal(10) ** 6


@dataclass(frozen=True)
class _Rates:
    """USD per million tokens, for prompts above a size."""

    above: int
    input: Decimal
    output: Decimal
    cached: Decimal
    written: Decimal


class Prices:
    """Prices by model, read from rows of the catalogue file (USD per million tokens)."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], today: date) -> None:
        self._today = today
        self._listed = self._tables(rows)
        self._told: dict[str, list[_Rates]] = {}

    def tell(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put the prices of these rows before the catalogue's. Raises KeyError or ValueError for others."""
        self._told |= self._tables(rows)

    def forget(self) -> None:
        """Charge the catalogue's prices again."""
        self._told.clear()

    def _tables(self, rows: Iterable[Mapping[str, Any]]) -> dict[str, list[_Rates]]:
        return {str(row["id"]): self._table(row.get("prices", ())) for row in rows}

    def _table(self, prices: Iterable[Mapping[str, Any]]) -> list[_Rates]:
        """Return the list in force, the largest size first."""
        begun = [price for price in prices if date.fromisoformat(price["effective_from"]) <= self._today]
        newest = max((price["effective_from"] for price in begun), default="")
        rates = [_rates(price) for price in begun if price["effective_from"] == newest]
        return sorted(rates, key=lambda rate: rate.above, reverse=True)

    def cost(self, model: str, bill: Bill) -> int:
        """Return pico-USD for one answer, 0 for a model that nobody has priced."""
        for rate in self._told.get(model) or self._listed.get(model) or ():
            if bill.input_tokens > rate.above or rate.above == 0:
                fresh = bill.input_tokens - bill.cached_tokens - bill.cache_write_tokens
                total = (
                    fresh * rate.input
                    + bill.cached_tokens * rate.cached
                    + bill.cache_write_tokens * rate.written
                    + bill.output_tokens * rate.output
                )
                return int((total * PICO_PER_USD_OVER_MILLION).to_integral_value())
        return 0


def _rates(price: Mapping[str, Any]) -> _Rates:
    """Return one row's rates; a special price that is not listed is the ordinary one."""
    given = Decimal(price["input"])
    return _Rates(
        above=int(price.get("input_above", 0)),
        input=given,
        output=Decimal(price["output"]),
        cached=Decimal(price["cached_input"]) if price.get("cached_input") else given,
        written=Decimal(price["cache_write"]) if price.get("cache_write") else given,
    )

"""What the sandbox charges: the prices of the release's catalogue file, by its own arithmetic.

It does not use `routing.cost`, so that comparing both bills is a test of each.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

PICO_PER_USD_OVER_MILLION = Decimal(10) ** 6


class Prices:
    """Prices by model, read from rows of the catalogue file (USD per million tokens)."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], today: date) -> None:
        self._tables = {str(row["id"]): self._table(row.get("prices", ()), today) for row in rows}

    @staticmethod
    def _table(prices: Sequence[Mapping[str, Any]], today: date) -> list[tuple[int, Decimal, Decimal]]:
        """Return (above, input, output) of the list in force, the largest size first."""
        begun = [price for price in prices if date.fromisoformat(price["effective_from"]) <= today]
        newest = max((price["effective_from"] for price in begun), default="")
        return sorted(
            (
                (int(price.get("input_above", 0)), Decimal(price["input"]), Decimal(price["output"]))
                for price in begun
                if price["effective_from"] == newest
            ),
            reverse=True,
        )

    def cost(self, model: str, input_tokens: int, output_tokens: int) -> int:
        """Return pico-USD for one request, 0 for a model that the catalogue does not price."""
        for above, given, written in self._tables.get(model, ()):
            if input_tokens > above or above == 0:
                total = (input_tokens * given + output_tokens * written) * PICO_PER_USD_OVER_MILLION
                return int(total.to_integral_value())
        return 0

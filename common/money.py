"""Money as whole pico-USD in the database and Decimal USD in code.

SQLite computes DECIMAL columns in binary floating point, so sums and caps in SQL drift; integers
do not. One pico-USD is 1e-12 USD: a price of 0.01 USD per million tokens is 10,000 pico-USD a token.
"""

from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal

PICO = Decimal(10) ** 12


def to_pico(usd: Decimal) -> int:
    """Return `usd` as integer pico-USD, rounded half to even."""
    return int((usd * PICO).to_integral_value(rounding=ROUND_HALF_EVEN))


def to_pico_up(usd: Decimal) -> int:
    """Return `usd` as integer pico-USD, rounded up: for reservations, which must never be short."""
    return int((usd * PICO).to_integral_value(rounding=ROUND_UP))


def from_pico(pico: int) -> Decimal:
    """Return integer pico-USD as Decimal USD, exactly."""
    return Decimal(pico) / PICO


def usd(pico: int | None) -> str:
    """Return pico-USD as people read it: `$0.00042`, `$1.30`, or `unknown` for None."""
    if pico is None:
        return "unknown"
    value = from_pico(pico)
    if value == 0:
        return "$0"
    places = 2 if abs(value) >= 1 else max(2, 1 - value.adjusted())
    return f"${value:,.{places}f}"

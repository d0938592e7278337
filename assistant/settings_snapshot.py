"""The assistant's settings as they stand in a published configuration."""

from decimal import Decimal
from typing import Any

from assistant.models import AssistantSettings

_LEFT_OUT = {"id", "updated_at"}
AMOUNTS = ("_cap_usd", "_usd_an_hour")


def as_snapshot(row: AssistantSettings) -> dict[str, Any]:
    """Return the settings as JSON values: hosts as a list, amounts as decimal strings of USD."""
    values = {
        field.attname: getattr(row, field.attname)
        for field in AssistantSettings._meta.concrete_fields
        if field.attname not in _LEFT_OUT
    }
    amounts = {name: _usd(value) for name, value in values.items() if name.endswith(AMOUNTS)}
    return {**values, **amounts, "link_hosts": row.link_hosts.split()}


def _usd(value: Decimal | float | str | None) -> str | None:
    """Return an amount with cents, and with more places only where they say something."""
    if value is None:
        return None
    amount = Decimal(str(value))
    cents = amount.quantize(Decimal("0.01"))
    return f"{cents if cents == amount else amount.normalize():f}"

"""The assistant's settings as they stand in a published configuration."""

from typing import Any

from assistant.models import AssistantSettings

_LEFT_OUT = {"id", "updated_at"}


def as_snapshot(row: AssistantSettings) -> dict[str, Any]:
    """Return the settings as JSON values: hosts as a list, the daily cap as a decimal string of USD."""
    values = {
        field.attname: getattr(row, field.attname)
        for field in AssistantSettings._meta.concrete_fields
        if field.attname not in _LEFT_OUT
    }
    return {
        **values,
        "link_hosts": row.link_hosts.split(),
        "daily_cost_cap_usd": f"{row.daily_cost_cap_usd:.2f}",
    }

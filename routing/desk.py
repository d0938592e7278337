"""What the desk's settings say about days and money.

A day is a day of the desk's time zone everywhere: in the cost cap, in the figures, in the charts.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common.money import to_pico
from routing.models import ConfigVersion

DEFAULT_CAP_USD = Decimal(5)  # also the default of the settings form


def settings() -> Mapping[str, Any]:
    """Return the assistant settings of the newest published configuration, empty before the first.

    Read from the row and not from a process's cache: a cap that staff lower holds for the next call.
    """
    newest = ConfigVersion.objects.order_by("-number").values_list("snapshot__settings", flat=True).first()
    return newest or {}


def cap_pico(values: Mapping[str, Any]) -> int:
    """Return the daily cost cap in pico-USD."""
    return to_pico(Decimal(str(values.get("daily_cost_cap_usd", DEFAULT_CAP_USD))))


def zone(values: Mapping[str, Any]) -> ZoneInfo:
    """Return the desk's time zone; UTC for a name that this machine does not know."""
    try:
        return ZoneInfo(str(values.get("time_zone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def day_of(moment: datetime, tz: ZoneInfo) -> date:
    """Return the desk's calendar day at `moment`."""
    return moment.astimezone(tz).date()


def day_start(day: date, tz: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which `day` begins at the desk."""
    return datetime.combine(day, time.min, tzinfo=tz).astimezone(UTC)


def day_bounds(first: date, last: date, tz: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the half-open span in UTC of the days `first` to `last`, both included."""
    return day_start(first, tz), day_start(last + timedelta(days=1), tz)

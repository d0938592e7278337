"""What the desk's settings say about days and money.

A day is a day of the desk's time zone everywhere: in the cost cap, in the figures, in the charts.
"""

import functools
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from routing.caps import Caps, caps_of, midnight, zone
from routing.models import ConfigVersion

__all__ = ["caps", "day_bounds", "day_of", "day_start", "settings", "zone"]


def settings() -> Mapping[str, Any]:
    """Return the assistant settings of the newest published configuration, empty before the first.

    Read from the row and not from a process's cache: a cap that staff lower holds for the next call.
    """
    newest = ConfigVersion.objects.order_by("-number").values_list("snapshot__settings", flat=True).first()
    return newest or {}


def caps() -> Caps:
    """Return the budgets of the newest published configuration.

    Its number is read each time, for the same reason; what it holds is parsed once.
    """
    newest = ConfigVersion.objects.order_by("-number").values_list("number", "sha", "created_at").first()
    return _parsed(*newest) if newest else caps_of({})


@functools.lru_cache(maxsize=4)
def _parsed(number: int, sha: str, created_at: datetime) -> Caps:
    """Return the budgets of one version; its hash and its moment tell two databases' versions apart."""
    return caps_of(ConfigVersion.objects.values_list("snapshot", flat=True).get(number=number))


def day_of(moment: datetime, tz: ZoneInfo) -> date:
    """Return the desk's calendar day at `moment`."""
    return moment.astimezone(tz).date()


def day_start(day: date, tz: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which `day` begins at the desk."""
    return midnight(day, tz)


def day_bounds(first: date, last: date, tz: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the half-open span in UTC of the days `first` to `last`, both included."""
    return day_start(first, tz), day_start(last + timedelta(days=1), tz)

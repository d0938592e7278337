"""Filters that several lists share."""

from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from unfold.contrib.filters.admin import RangeDateFilter


class DayFilter(RangeDateFilter):  # type: ignore[misc]
    """From a day to a day, both whole days of the current time zone; Unfold's leaves the last one out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "day"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        name = self.parameter_name
        for end, lookup, days in (("from", "gte", 0), ("to", "lt", 1)):
            day = _day(self.used_parameters.get(f"{name}_{end}"))
            if day is not None:
                edge = timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))
                queryset = queryset.filter(**{f"{name}__{lookup}": edge})
        return queryset


def _day(raw: object) -> Any:
    """Return the day of a parameter, None for an empty one and for what is no day."""
    if not isinstance(raw, str) or not raw:
        return None
    try:
        return parse_date(raw)
    except ValueError:
        return None

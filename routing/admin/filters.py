"""Filters that several lists share."""

from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter

from routing.flips import ALL
from routing.models import FlipRecord, Route


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


class ChangedRouteFilter(DropdownFilter):  # type: ignore[misc]
    """By the route that was changed, under the name that the other pages give it; the rule set first."""

    title = "route"
    parameter_name = "route"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(ALL, "All routes (rules)"), *Route.objects.values_list("slug", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FlipRecord]) -> QuerySet[FlipRecord]:
        return queryset.filter(route_slug=self.value()) if self.value() else queryset


def _day(raw: object) -> Any:
    """Return the day of a parameter, None for an empty one and for what is no day."""
    if not isinstance(raw, str) or not raw:
        return None
    try:
        return parse_date(raw)
    except ValueError:
        return None

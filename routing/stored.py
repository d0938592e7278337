"""Reading what was rolled up: summed hours where there are some, minutes at the ends and since then."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from routing import tally
from routing.models import HourRow, MinuteRow, Purpose, RollUpState
from routing.tally import Tally

CHUNK = 2000  # rows fetched at once
_ALMOST_HOUR = timedelta(minutes=59)  # periods are of whole minutes


@dataclass(frozen=True)
class Only:
    """Which rows are read: of one route, of one model (replies it answered, calls it was asked), or all."""

    route: str = ""
    model: str = ""

    @property
    def wanted(self) -> Q:
        """Return the condition on stored rows."""
        return (Q(route=self.route) if self.route else Q()) & (Q(model=self.model) if self.model else Q())


ALL = Only()


@dataclass(frozen=True)
class Rows:
    """The tallies of a period, summed up by route, by model, by bucket and route, and for the example."""

    by_route: dict[str, Tally]
    by_model: dict[str, Tally]
    by_bucket: dict[datetime, dict[str, Tally]]
    example: Tally


def read(
    start: datetime,
    end: datetime,
    purposes: Collection[str],
    edges: tuple[datetime, ...],
    only: Only = ALL,
) -> Rows:
    """Return the tallies of a span; `edges` are the borders of its buckets, the last one its end."""
    routes: defaultdict[str, list[Tally]] = defaultdict(list)
    models: defaultdict[str, list[Tally]] = defaultdict(list)
    buckets: dict[datetime, defaultdict[str, list[Tally]]] = {at: defaultdict(list) for at in edges[:-1]}
    example: list[Tally] = []
    starts = edges[:-1]
    for at, route, purpose, model, stored in _stored(start, end, purposes, edges, only):
        value = Tally.load(stored)
        routes[route].append(value)
        models[model].append(value)
        if purpose == Purpose.DEMO:
            example.append(value)
        if starts:
            buckets[starts[bisect_right(starts, at) - 1]][route].append(value)
    return Rows(
        _totals(routes),
        _totals(models),
        {at: _totals(groups) for at, groups in buckets.items()},
        tally.total(example),
    )


_Stored = tuple[datetime, str, str, str, dict[str, Any]]


def _stored(
    start: datetime, end: datetime, purposes: Collection[str], edges: tuple[datetime, ...], only: Only
) -> Iterator[_Stored]:
    """Yield the stored rows of a span: hours that are summed up, and minutes where there are none.

    Hours serve only where every bucket of the charts begins with one; a desk's day may begin at :30.
    """
    until = RollUpState.objects.filter(pk=1).values_list("hours_until", flat=True).first()
    first, last = (at.replace(minute=0, second=0, microsecond=0) for at in (start + _ALMOST_HOUR, end))
    last = min(last, until) if until is not None else first
    if last <= first or any(edge.minute for edge in edges[:-1]):
        first = last = start
    wanted = Q(purpose__in=list(purposes)) & only.wanted
    columns = ("route", "purpose", "model", "figures")
    for span in (Q(minute__gte=start, minute__lt=first), Q(minute__gte=last, minute__lt=end)):
        yield from MinuteRow.objects.filter(wanted & span).values_list("minute", *columns).iterator(CHUNK)
    hours = HourRow.objects.filter(wanted, hour__gte=first, hour__lt=last)
    yield from hours.values_list("hour", *columns).iterator(CHUNK)


def _totals(groups: Mapping[str, Iterable[Tally]]) -> dict[str, Tally]:
    return {key: tally.total(group) for key, group in groups.items()}

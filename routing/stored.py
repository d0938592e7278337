"""Reading what was rolled up: days and hours that are summed, minutes at the ends and since then."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, Q

from routing import desk, tally
from routing.models import DayRow, HourRow, MinuteRow, Purpose, RollUpState
from routing.summing import hour_of, zone_of
from routing.tally import Sum, Tally

CHUNK = 2000  # rows fetched at once
_ALMOST_HOUR = timedelta(minutes=59)  # periods are of whole minutes
_MINUTE = timedelta(minutes=1)


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
    starts = edges[:-1]
    sums: defaultdict[tuple[datetime | None, str, str, bool], Sum] = defaultdict(Sum)
    for at, route, purpose, model, stored in _stored(start, end, purposes, edges, only):
        bucket = starts[bisect_right(starts, at) - 1] if starts else None
        sums[bucket, route, model, purpose == Purpose.DEMO].add(stored)
    routes: defaultdict[str, list[Tally]] = defaultdict(list)
    models: defaultdict[str, list[Tally]] = defaultdict(list)
    buckets: dict[datetime, defaultdict[str, list[Tally]]] = {at: defaultdict(list) for at in starts}
    example: list[Tally] = []
    for (bucket, route, model, is_example), value in ((key, each.tally()) for key, each in sums.items()):
        routes[route].append(value)
        models[model].append(value)
        if is_example:
            example.append(value)
        if bucket is not None:
            buckets[bucket][route].append(value)
    return Rows(
        _totals(routes),
        _totals(models),
        {at: _totals(groups) for at, groups in buckets.items()},
        tally.total(example),
    )


_Stored = tuple[datetime, str, str, str, dict[str, Any]]
_Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Spans:
    """Which stretches of a period are read from which rows; together they are the period, once."""

    days: tuple[_Span, ...]
    hours: tuple[_Span, ...]
    minutes: tuple[_Span, ...]


def _stored(
    start: datetime, end: datetime, purposes: Collection[str], edges: tuple[datetime, ...], only: Only
) -> Iterator[_Stored]:
    """Yield the stored rows of a span, the coarsest that no bucket of the charts cuts."""
    spans = spans_of(start, end, edges, RollUpState.objects.filter(pk=1).first() or RollUpState())
    columns = ("route", "purpose", "model", "figures")
    tables: tuple[tuple[type[Model], str, tuple[_Span, ...]], ...] = (
        (MinuteRow, "minute", spans.minutes),
        (HourRow, "hour", spans.hours),
        (DayRow, "start", spans.days),
    )
    for table, column, stretches in tables:
        for first, last in stretches:
            wanted = {"purpose__in": list(purposes), f"{column}__gte": first, f"{column}__lt": last}
            rows = table._default_manager.filter(only.wanted, **wanted).values_list(column, *columns)
            yield from rows.iterator(CHUNK)


def spans_of(start: datetime, end: datetime, edges: tuple[datetime, ...], state: RollUpState) -> Spans:
    """Return what to read from which rows.

    Hours serve only where every bucket of the charts begins with one (a desk's day may begin at :30), and
    days only where every bucket begins with one of the zone that they were summed for.
    """
    inner, tz = edges[1:-1], zone_of(state)

    def day_floor(at: datetime) -> datetime:
        return desk.day_start(desk.day_of(at, tz), tz)

    def day_ceil(at: datetime) -> datetime:
        return desk.day_start(desk.day_of(at - _MINUTE, tz) + timedelta(days=1), tz)

    days_until = None if any(day_floor(edge) != edge for edge in inner) else state.days_until
    hours_until = None if any(edge.minute for edge in inner) else state.hours_until
    days, rest = _split((start, end), days_until, day_ceil, day_floor)
    hours, minutes = list[_Span](), list[_Span]()
    for span in rest:
        whole, ends = _split(span, hours_until, _hour_ceil, hour_of)
        hours += whole
        minutes += ends
    return Spans(tuple(days), tuple(hours), tuple(minutes))


def _hour_ceil(at: datetime) -> datetime:
    return hour_of(at + _ALMOST_HOUR)


_Bound = Callable[[datetime], datetime]


def _split(
    span: _Span, until: datetime | None, ceil: _Bound, floor: _Bound
) -> tuple[list[_Span], list[_Span]]:
    """Return the part of `span` that is summed up whole, and what is left of it before and after."""
    first = ceil(span[0])
    last = first if until is None else floor(min(span[1], until))
    if first >= last:
        return [], [span] if span[0] < span[1] else []
    return [(first, last)], [each for each in ((span[0], first), (last, span[1])) if each[0] < each[1]]


def _totals(groups: Mapping[str, Iterable[Tally]]) -> dict[str, Tally]:
    return {key: tally.total(group) for key, group in groups.items()}

"""Reading what was rolled up: days and hours that are summed, minutes at the ends and since then."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Model, Q

from routing import desk, settled, tally
from routing.histogram import Histogram
from routing.models import DayRow, HourRow, MinuteRow, Purpose, RollUpState
from routing.summing import hour_of, zone_of
from routing.tally import Sum, Tally

CHUNK = 2000  # rows fetched at once
_ALMOST_HOUR = timedelta(minutes=59)  # periods are of whole minutes
_MINUTE = timedelta(minutes=1)

_Span = tuple[datetime, datetime]


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
class Bucket:
    """What the charts need of one bucket: by route, and first text of all."""

    requests: Mapping[str, int] = field(default_factory=dict)
    cost_pico: Mapping[str, int] = field(default_factory=dict)
    call_cost_pico: Mapping[str, int] = field(default_factory=dict)
    first_text: Histogram = field(default_factory=Histogram)


@dataclass(frozen=True)
class Rows:
    """The tallies of a period, summed up by route, by model, by bucket, and for the example."""

    by_route: Mapping[str, Tally]
    by_model: Mapping[str, Tally]
    by_bucket: Mapping[datetime, Bucket]
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
    wanted = Q(purpose__in=list(purposes)) & only.wanted
    spans = spans_of(start, end, edges, RollUpState.objects.filter(pk=1).first() or RollUpState())
    parts = [_part(MinuteRow, "minute", span, wanted, starts) for span in spans.minutes]
    summed: tuple[tuple[type[Model], str, tuple[_Span, ...]], ...] = (
        (HourRow, "hour", spans.hours),
        (DayRow, "start", spans.days),
    )
    for table, column, stretches in summed:
        for span in stretches:
            wish = ("stored", tuple(sorted(purposes)), only, _starts_of(span, starts))
            parts.append(
                settled.read(table, column, span, wish, partial(_part, table, column, span, wanted, starts))
            )
    return _joined(parts, starts)


def _starts_of(span: _Span, starts: tuple[datetime, ...]) -> tuple[datetime, ...]:
    """Return the buckets that a span lies in."""
    return starts[max(0, bisect_right(starts, span[0]) - 1) : bisect_right(starts, span[1])]


def _part(table: type[Model], column: str, span: _Span, wanted: Q, starts: tuple[datetime, ...]) -> Rows:
    """Return what the rows of one stretch of one table hold."""
    sums: defaultdict[tuple[datetime | None, str, str, bool], Sum] = defaultdict(Sum)
    rows = table._default_manager.filter(wanted, **{f"{column}__gte": span[0], f"{column}__lt": span[1]})
    told = rows.values_list(column, "route", "purpose", "model", "figures")
    for at, route, purpose, model, stored in told.iterator(CHUNK):
        bucket = starts[bisect_right(starts, at) - 1] if starts else None
        sums[bucket, route, model, purpose == Purpose.DEMO].add(stored)
    routes: defaultdict[str, list[Tally]] = defaultdict(list)
    models: defaultdict[str, list[Tally]] = defaultdict(list)
    buckets: defaultdict[datetime, list[tuple[str, Tally]]] = defaultdict(list)
    example: list[Tally] = []
    for (bucket, route, model, is_example), value in ((key, each.tally()) for key, each in sums.items()):
        routes[route].append(value)
        models[model].append(value)
        if is_example:
            example.append(value)
        if bucket is not None:
            buckets[bucket].append((route, value))
    return Rows(
        _totals(routes),
        _totals(models),
        {at: _bucket(each) for at, each in buckets.items()},
        tally.total(example),
    )


def _bucket(values: Sequence[tuple[str, Tally]]) -> Bucket:
    def by_route(name: str) -> dict[str, int]:
        return _added({route: value[name]} for route, value in values)

    return Bucket(
        by_route("requests"),
        by_route("cost_pico"),
        by_route("call_cost_pico"),
        Histogram.sum(value.histogram("first_text") for _, value in values),
    )


def _joined(parts: Sequence[Rows], starts: tuple[datetime, ...]) -> Rows:
    routes: defaultdict[str, list[Tally]] = defaultdict(list)
    models: defaultdict[str, list[Tally]] = defaultdict(list)
    for part in parts:
        for mine, theirs in ((routes, part.by_route), (models, part.by_model)):
            for key, value in theirs.items():
                mine[key].append(value)
    buckets = {at: [part.by_bucket[at] for part in parts if at in part.by_bucket] for at in starts}
    return Rows(
        _totals(routes),
        _totals(models),
        {at: _together(each) for at, each in buckets.items()},
        tally.total(part.example for part in parts),
    )


def _together(buckets: Sequence[Bucket]) -> Bucket:
    if len(buckets) == 1:
        return buckets[0]
    return Bucket(
        _added(each.requests for each in buckets),
        _added(each.cost_pico for each in buckets),
        _added(each.call_cost_pico for each in buckets),
        Histogram.sum(each.first_text for each in buckets),
    )


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for each in counts:
        for key, count in each.items():
            found[key] += count
    return dict(found)


@dataclass(frozen=True)
class Spans:
    """Which stretches of a period are read from which rows; together they are the period, once."""

    days: tuple[_Span, ...]
    hours: tuple[_Span, ...]
    minutes: tuple[_Span, ...]


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

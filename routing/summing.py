"""Hour rows from minute rows, and day rows from those: once a span is over, and again when a part changes.

A span that has to be summed again is marked in the transaction in which its part changed, so that no dead
worker forgets it. Days are those of the desk's time zone; when staff change it, all days are made anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from routing import caps, desk
from routing.models import DayRow, HourRow, MinuteRow, RollUpState, StaleSpan
from routing.tally import Sum

HOUR = timedelta(hours=1)
HOURS_A_RUN = 48
# A day is 24 hours of some twenty rows each, so a month of them takes two seconds.
DAYS_A_RUN = 31


@dataclass(frozen=True)
class Key:
    """What one stored row is of; empty models are of replies that needed none."""

    route: str
    purpose: str
    model: str


StoredPart = tuple[Key, dict[str, Any]]


def hour_of(moment: datetime) -> datetime:
    """Return the whole hour that `moment` lies in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def zone_of(state: RollUpState) -> ZoneInfo:
    """Return the time zone that the stored days are days of."""
    return caps.zone({"time_zone": state.days_zone})


def lock() -> RollUpState:
    """Return the state of the roll-up, this worker's alone until the transaction ends.

    On SQLite the transaction itself sees to that.
    """
    return RollUpState.objects.select_for_update().get_or_create(pk=1)[0]


def mark(span: StaleSpan.Span, starts: Iterable[datetime]) -> None:
    """Have these minutes, hours or days made anew by the next run."""
    marks = [StaleSpan(span=span, start=start) for start in starts]
    StaleSpan.objects.bulk_create(marks, ignore_conflicts=True)


def mark_hour_of(minute: datetime, state: RollUpState) -> None:
    """Have the hour of a changed minute summed again, if it was summed before."""
    if state.hours_until is not None and minute < state.hours_until:
        mark(StaleSpan.Span.HOUR, [hour_of(minute)])


def sum_up(now: datetime) -> None:
    """Sum what is over and not yet summed, at most HOURS_A_RUN hours and DAYS_A_RUN days."""
    for _ in range(HOURS_A_RUN):
        if not _sum_next_hour(now):
            break
    tz = desk.caps().tz
    for _ in range(DAYS_A_RUN):
        if not _sum_next_day(now, tz):
            break


def sum_again() -> None:
    """Sum the marked hours and then the marked days again."""
    for hour in _marked(StaleSpan.Span.HOUR):
        with transaction.atomic():
            state = lock()
            _unmark(StaleSpan.Span.HOUR, hour)
            if state.hours_until is not None and hour < state.hours_until:
                _sum_hour(hour)
                _mark_days_of(hour, state)
    for start in _marked(StaleSpan.Span.DAY):
        with transaction.atomic():
            state = lock()
            _unmark(StaleSpan.Span.DAY, start)
            if state.days_until is not None and start < state.days_until:
                _sum_day(desk.day_of(start, zone_of(state)), zone_of(state))


def _marked(span: StaleSpan.Span) -> list[datetime]:
    return list(StaleSpan.objects.filter(span=span).order_by("start").values_list("start", flat=True))


def _unmark(span: StaleSpan.Span, start: datetime) -> None:
    StaleSpan.objects.filter(span=span, start=start).delete()


def _mark_days_of(hour: datetime, state: RollUpState) -> None:
    """Mark the day of an hour; at a desk whose days begin at half past, an hour may belong to two."""
    tz = zone_of(state)
    days = {desk.day_of(at, tz) for at in (hour, hour + HOUR - timedelta(minutes=1))}
    starts = {desk.day_start(day, tz) for day in days}
    if state.days_until is not None:
        mark(StaleSpan.Span.DAY, sorted(start for start in starts if start < state.days_until))


def _sum_next_hour(now: datetime) -> bool:
    """Sum the oldest hour that is over and not yet summed; False when there is none."""
    over = hour_of(now)
    with transaction.atomic():
        state = lock()
        rows = MinuteRow.objects.filter(minute__lt=over)
        if state.hours_until is not None:
            rows = rows.filter(minute__gte=state.hours_until)
        oldest = rows.order_by("minute").values_list("minute", flat=True).first()
        state.hours_until = over if oldest is None else hour_of(oldest) + HOUR
        state.save(update_fields=["hours_until"])
        if oldest is not None:
            _sum_hour(hour_of(oldest))
        return oldest is not None


def _sum_next_day(now: datetime, tz: ZoneInfo) -> bool:
    """Sum the oldest day that is over and whose hours are summed; False when there is none."""
    with transaction.atomic():
        state = lock()
        if state.days_zone != tz.key:
            _forget_days(state, tz)
        day = _next_day(state, tz)
        if day is None:
            return False
        end = desk.day_start(day + timedelta(days=1), tz)
        if end > now or state.hours_until is None or hour_of(end) > state.hours_until:
            return False
        _sum_day(day, tz)
        state.days_until = end
        state.save(update_fields=["days_until"])
        return True


def _forget_days(state: RollUpState, tz: ZoneInfo) -> None:
    """Begin anew with the days of another time zone; meanwhile hours serve in their place."""
    DayRow.objects.all().delete()
    StaleSpan.objects.filter(span=StaleSpan.Span.DAY).delete()
    state.days_zone, state.days_until = tz.key, None
    state.save(update_fields=["days_zone", "days_until"])


def _next_day(state: RollUpState, tz: ZoneInfo) -> date | None:
    """Return the first day from `days_until` on of which there are hours, None when there is none."""
    hours = HourRow.objects.all()
    if state.days_until is not None:
        hours = hours.filter(hour__gte=hour_of(state.days_until))
    oldest = hours.order_by("hour").values_list("hour", flat=True).first()
    if oldest is None:
        return None
    return desk.day_of(oldest if state.days_until is None else max(oldest, state.days_until), tz)


def _sum_hour(hour: datetime) -> None:
    HourRow.objects.filter(hour=hour).delete()
    sums = sums_of(minutes_of(hour, hour + HOUR))
    HourRow.objects.bulk_create(
        HourRow(
            hour=hour, route=key.route, purpose=key.purpose, model=key.model, figures=value.tally().dump()
        )
        for key, value in sums.items()
    )


def _sum_day(day: date, tz: ZoneInfo) -> None:
    start, end = desk.day_bounds(day, day, tz)
    DayRow.objects.filter(start=start).delete()
    sums = sums_of(parts_of(start, end))
    DayRow.objects.bulk_create(
        DayRow(
            start=start, route=key.route, purpose=key.purpose, model=key.model, figures=value.tally().dump()
        )
        for key, value in sums.items()
    )


def sums_of(parts: Iterable[StoredPart]) -> dict[Key, Sum]:
    """Return one sum for each route, purpose and model among stored rows."""
    sums: defaultdict[Key, Sum] = defaultdict(Sum)
    for key, stored in parts:
        sums[key].add(stored)
    return sums


def parts_of(start: datetime, end: datetime) -> Iterator[StoredPart]:
    """Yield what a span of summed hours is made of: its whole hours, and the minutes at its ends."""
    first, last = hour_of(start + HOUR - timedelta(minutes=1)), hour_of(end)
    yield from minutes_of(start, first)
    rows = HourRow.objects.filter(hour__gte=first, hour__lt=last)
    for route, purpose, model, stored in rows.values_list("route", "purpose", "model", "figures"):
        yield Key(route, purpose, model), stored
    yield from minutes_of(last, end)


def minutes_of(start: datetime, end: datetime) -> Iterator[StoredPart]:
    """Yield the minute rows of a span."""
    if start >= end:
        return
    rows = MinuteRow.objects.filter(Q(minute__gte=start, minute__lt=end))
    for route, purpose, model, stored in rows.values_list("route", "purpose", "model", "figures"):
        yield Key(route, purpose, model), stored

"""The stored figures held beside what the rows of the ledger say: each minute, each hour and each day."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min

from routing import desk, rollup, summing
from routing.models import DayRow, HourRow, MinuteRow, ModelCall, RollUpState, RouteOutcome, StaleSpan
from routing.summing import HOUR, Key
from routing.tally import Sum, Tally, apart

MINUTE, HOUR_SPAN, DAY = StaleSpan.Span.MINUTE, StaleSpan.Span.HOUR, StaleSpan.Span.DAY

Figures = Mapping[Key, Tally]


@dataclass(frozen=True)
class Difference:
    """One stored row that is not what it should be, with the figures by which it differs."""

    span: StaleSpan.Span
    start: datetime
    key: Key
    figures: tuple[str, ...]


@dataclass
class Compared:
    """What was compared, and what could not be: how many spans of each kind."""

    spans: defaultdict[StaleSpan.Span, int] = field(default_factory=lambda: defaultdict(int))
    kept: int = 0
    waiting: int = 0
    differences: list[Difference] = field(default_factory=list)

    def hold(self, span: StaleSpan.Span, start: datetime, stored: Figures, wanted: Figures) -> None:
        """Note by what the stored rows of one span differ from those that are wanted."""
        self.spans[span] += 1
        for key in sorted({*stored, *wanted}, key=lambda key: (key.route, key.purpose, key.model)):
            found = apart(stored.get(key, Tally()), wanted.get(key, Tally()))
            if found or (key in stored) != (key in wanted):
                said = found or ["a row of nothing" if key in stored else "no row"]
                self.differences.append(Difference(span, start, key, tuple(said)))


@dataclass
class _Run:
    """A check on its way: the sums of the days that it is in, and where rows may be deleted."""

    compared: Compared
    bounds: tuple[datetime, datetime]
    kept_before: datetime
    days: dict[datetime, defaultdict[Key, Sum]] = field(default_factory=dict)


def compare(start: datetime, end: datetime, now: datetime) -> Compared:
    """Compute the figures of whole hours from `start` to `end` from the rows, and compare what is stored.

    Hours and days are held against the sums of their minutes: computed ones, and stored ones where the rows
    are deleted or wait for the roll-up. Days count that lie in the period as a whole.
    """
    first, last = summing.hour_of(start), min(summing.hour_of(end + HOUR - rollup.MINUTE), now)
    run = _Run(Compared(), (first, last), _kept_before(now))
    hour = first
    while hour < last:
        with transaction.atomic():  # no roll-up meanwhile: rows and figures are of one moment
            state = summing.lock()
            _hour(hour, state, run)
            _days(hour + HOUR, state, run)
        hour += HOUR
    return run.compared


def repair(found: Compared) -> None:
    """Have the next roll-up make anew what differs."""
    for span in (MINUTE, HOUR_SPAN, DAY):
        summing.mark(span, sorted({each.start for each in found.differences if each.span == span}))


def _kept_before(now: datetime) -> datetime:
    """Return until when rows may be deleted; of a desk that has not said so, until its oldest row."""
    said = RollUpState.objects.filter(pk=1).values_list("rows_from", flat=True).first()
    oldest = [
        table._default_manager.filter(ended_at__isnull=False).aggregate(at=Min("ended_at"))["at"]
        for table in (RouteOutcome, ModelCall)
    ]
    return said or min((at for at in oldest if at is not None), default=now)


def _hour(hour: datetime, state: RollUpState, run: _Run) -> None:
    """Compare the minutes of an hour and the hour itself, and add them up for their day."""
    stored = _stored_minutes(hour)
    said, waiting = _said(hour)
    total: defaultdict[Key, Sum] = defaultdict(Sum)
    for number in range(60):
        minute = hour + number * rollup.MINUTE
        mine, wanted = stored.get(minute, {}), said.get(minute, {})
        if minute in waiting:
            run.compared.waiting += 1
            wanted = mine
        elif mine and minute < minute_of(run.kept_before):
            run.compared.kept += 1
            wanted = mine
        elif mine or wanted:
            run.compared.hold(MINUTE, minute, mine, wanted)
        _add(total, wanted)
        if wanted:
            _add(run.days.setdefault(_day_start(minute, state), defaultdict(Sum)), wanted)
    summed = state.hours_until is not None and hour < state.hours_until
    if summed and (total or stored) and not _marked(HOUR_SPAN, hour):
        rows = HourRow.objects.filter(hour=hour).values_list("route", "purpose", "model", "figures")
        run.compared.hold(HOUR_SPAN, hour, _figures(rows), _sums(total))


def minute_of(moment: datetime) -> datetime:
    """Return the minute that `moment` lies in."""
    return moment.replace(second=0, microsecond=0)


def _days(until: datetime, state: RollUpState, run: _Run) -> None:
    """Compare the days that end by `until` and lie in the period as a whole."""
    tz = summing.zone_of(state)
    for start in sorted(run.days):
        end = desk.day_start(desk.day_of(start, tz) + timedelta(days=1), tz)
        if end > until:
            return
        total = run.days.pop(start)
        summed = state.days_until is not None and start < state.days_until
        if summed and run.bounds[0] <= start and not _marked(DAY, start):
            rows = DayRow.objects.filter(start=start).values_list("route", "purpose", "model", "figures")
            run.compared.hold(DAY, start, _figures(rows), _sums(total))


def _day_start(minute: datetime, state: RollUpState) -> datetime:
    tz = summing.zone_of(state)
    return desk.day_start(desk.day_of(minute, tz), tz)


def _stored_minutes(hour: datetime) -> dict[datetime, dict[Key, Tally]]:
    found: defaultdict[datetime, dict[Key, Tally]] = defaultdict(dict)
    rows = MinuteRow.objects.filter(minute__gte=hour, minute__lt=hour + HOUR)
    for minute, *names, figures in rows.values_list("minute", "route", "purpose", "model", "figures"):
        found[minute][Key(*names)] = Tally.load(figures)
    return found


def _said(hour: datetime) -> tuple[dict[datetime, Figures], set[datetime]]:
    """Return what the rows say of each minute of an hour, and which minutes wait for the roll-up."""
    groups: defaultdict[datetime, tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    marks = StaleSpan.objects.filter(span=MINUTE, start__gte=hour, start__lt=hour + HOUR)
    waiting = set(marks.values_list("start", flat=True))
    span = {"ended_at__gte": hour, "ended_at__lt": hour + HOUR}
    for index, (table, columns) in enumerate(
        ((RouteOutcome, rollup.REPLY_COLUMNS), (ModelCall, rollup.CALL_COLUMNS))
    ):
        rows = table._default_manager.filter(**span).order_by()
        for row in rows.values_list("ended_at", "rolled_up", *columns, named=True):
            minute = minute_of(row.ended_at)
            groups[minute][index].append(row)
            if not row.rolled_up:
                waiting.add(minute)
    return {minute: rollup.tallies(*both) for minute, both in groups.items()}, waiting


def _marked(span: StaleSpan.Span, start: datetime) -> bool:
    return StaleSpan.objects.filter(span=span, start=start).exists()


def _add(total: defaultdict[Key, Sum], figures: Figures) -> None:
    for key, value in figures.items():
        total[key].add(value.dump())


def _sums(total: Mapping[Key, Sum]) -> dict[Key, Tally]:
    return {key: value.tally() for key, value in total.items()}


def _figures(rows: Any) -> dict[Key, Tally]:
    return {Key(*names): Tally.load(figures) for *names, figures in rows}

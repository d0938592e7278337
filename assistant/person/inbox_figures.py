"""The figures of people: how many asked, how soon somebody came, who was answered, and how they rate it.

Counted by the database over an index that holds all that is asked of it (docs/inbox.md says how long that
takes). Waits come as how many took so many seconds, and answers as minutes: that gives every median.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Count, F, Func, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Substr

from assistant.models import LiveState, Request

FEW = 5  # below this a percentile says nothing and is left out


@dataclass(frozen=True)
class Day:
    day: date
    asked: int
    live: int
    taken: int
    failed: int


@dataclass(frozen=True)
class Figures:
    """One period. Waits in seconds and answers in hours, None for too few to say."""

    asked: int
    live: int
    taken: int
    failed: int
    wait_median_s: float | None
    wait_p90_s: float | None
    answered: int
    answer_median_h: float | None
    late: int
    ratings: tuple[tuple[int, int], ...]
    rating_mean: float | None
    days: tuple[Day, ...]

    @property
    def rated(self) -> int:
        return sum(count for _, count in self.ratings)


class SecondsBetween(Func):
    """Whole seconds from one moment to another, without a function of Python for each row."""

    template = "CAST(EXTRACT(EPOCH FROM (%(expressions)s)) AS integer)"  # as PostgreSQL has it
    arg_joiner = " - "
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        """Return the difference of Julian days, which are counted in days."""
        clone = self.copy()
        clone.source_expressions = [Func(each, function="julianday") for each in self.source_expressions]
        return clone.as_sql(
            compiler, connection, template="CAST(ROUND((%(expressions)s) * 86400) AS integer)", **extra
        )


# By columns of the index `requests_in_figures` alone: the rows, with what visitors wrote, are not touched.
COUNTS: Mapping[str, Count] = {
    "asked": Count("created_at"),
    "live": Count("live_asked_at"),
    "taken": Count("live_taken_at"),
    "failed": Count("live_failed_at"),
    **{f"stars_{n}": Count("person_rating", filter=Q(person_rating=n)) for n in range(1, 6)},
}


def read(days: int, at: datetime, zone: ZoneInfo) -> Figures:
    """Return the figures of the requests of the last `days` days by the desk's clock, today included."""
    today = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=days - 1)
    rows = Request.objects.filter(created_at__gte=since).order_by()
    by_day: dict[date, Counter[str]] = {since.date() + timedelta(days=n): Counter() for n in range(days)}
    total: Counter[str] = Counter()
    for day, counts in _counted(rows, zone, at):
        total.update(counts)
        if day in by_day:  # a clock that runs ahead of this one's is of no day yet
            by_day[day].update(counts)
    mails = rows.filter(live_taken_at=None)
    waits = _times(rows.exclude(live_asked_at=None), "live_asked_at", "live_taken_at")
    answers = _times(mails, "created_at", "answered_at", unit=60)
    ratings = tuple((stars, total[f"stars_{stars}"]) for stars in range(5, 0, -1))
    rated = sum(count for _, count in ratings)
    return Figures(
        asked=total["asked"],
        live=total["live"],
        taken=total["taken"],
        failed=total["failed"],
        wait_median_s=_middle(waits),
        wait_p90_s=_at(waits, int(0.9 * waits.total())) if waits.total() >= FEW else None,
        answered=answers.total(),
        answer_median_h=None if not answers else (_middle(answers) or 0) / 60,
        late=mails.filter(_late(at)).aggregate(late=Count("created_at"))["late"],
        ratings=ratings,
        rating_mean=sum(stars * many for stars, many in ratings) / rated if rated else None,
        days=tuple(
            Day(day, found["asked"], found["live"], found["taken"], found["failed"])
            for day, found in by_day.items()
        ),
    )


def _counted(rows: QuerySet[Request], zone: ZoneInfo, at: datetime) -> Iterator[tuple[date, Counter[str]]]:
    """Yield the counts of each hour with its day, of its parts where days begin within one (India)."""
    written = Cast("created_at", CharField())
    begins = (timedelta() - (at.astimezone(zone).utcoffset() or timedelta())) % timedelta(hours=1)
    minute = f"{begins // timedelta(minutes=1):02}"
    second = Case(When(minute__gte=minute, then=Value(1)), default=Value(0))
    parts = rows.alias(minute=Substr(written, 15, 2)).annotate(hour=Substr(written, 1, 13), later=second)
    found = parts.values("hour", "later").annotate(**COUNTS)
    for hour, later, *counts in found.values_list("hour", "later", *COUNTS):
        moment = datetime.fromisoformat(hour).replace(tzinfo=UTC) + later * begins
        yield moment.astimezone(zone).date(), Counter(dict(zip(COUNTS, counts, strict=True)))


def _times(rows: QuerySet[Request], start: str, end: str, unit: int = 1) -> Counter[int]:
    """Return how many rows took how many units of seconds from one moment to another."""
    seconds = SecondsBetween(F(end), F(start))
    found = rows.exclude(**{end: None}).annotate(units=seconds / unit).values("units")
    return Counter(dict(found.annotate(count=Count("created_at")).values_list("units", "count")))


def _at(times: Counter[int], place: int) -> float:
    """Return the time at a place, counted from 0, of times in order."""
    for seconds in sorted(times):
        place -= times[seconds]
        if place < 0:
            return seconds
    return max(times)


def _middle(times: Counter[int]) -> float | None:
    """Return the median, None of nothing."""
    count = times.total()
    return (_at(times, (count - 1) // 2) + _at(times, count // 2)) / 2 if count else None


def _late(at: datetime) -> Q:
    """Return what is true where a promise was broken: answered after its moment, or not answered by now."""
    overdue = Q(answered_at=None, state=Request.State.NEW, answer_by__lt=at) & ~Q(live=LiveState.WAITING)
    return Q(answered_at__gt=F("answer_by")) | overdue

"""Requests by the hour: which hours of the day are busy, and how the busiest hour of a period went."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Q, Sum
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, TruncHour

from routing import metrics, settled
from routing.metrics import Figures
from routing.models import HourRow, MinuteRow, RollUpState
from routing.stored import ALL, Only

HOUR = timedelta(hours=1)
# A year has 8,784 hours for each route and model, too many for a page; a month shows the same shape.
LONGEST = timedelta(days=31)
# Of a period shorter than this, one hour is not the busiest of any.
SHORTEST = timedelta(hours=3)


@dataclass(frozen=True)
class DayHour:
    """An hour of the desk's day: when it begins, and its requests over the period and per day."""

    label: str
    requests: int
    a_day: float


@dataclass(frozen=True)
class Busiest:
    """The hours of the day, and the one hour of the period with the most requests, with its figures."""

    hours: tuple[DayHour, ...]
    at: datetime
    figures: Figures
    shortened: bool


def busiest(
    start: datetime, end: datetime, now: datetime, tz: ZoneInfo, purposes: Collection[str], only: Only = ALL
) -> Busiest | None:
    """Return the busy hours of a period, of its last LONGEST when it is longer; None without any.

    Hours begin as those of UTC do, so that summed hours serve; at a desk half an hour off they begin at :30.
    """
    until = min(end, now)
    first = max(start, until - LONGEST)
    if until - first < SHORTEST:
        return None
    counts = requests_by_hour(first, end, purposes, only)
    if not counts:
        return None
    at = max(counts, key=lambda hour: (counts[hour], hour))
    return Busiest(
        day_hours(counts.items(), tz, (until - first) / timedelta(days=1)),
        at,
        metrics.figures(at, at + HOUR, purposes, only=only).total,
        first > start,
    )


def day_hours(counts: Iterable[tuple[datetime, int]], tz: ZoneInfo, days: float) -> tuple[DayHour, ...]:
    """Return the requests by hour of the desk's day, all 24 of them; `days` is how long the period is."""
    found: defaultdict[str, int] = defaultdict(int)
    begin = f"{datetime(2000, 1, 1, tzinfo=UTC).astimezone(tz):%M}"
    for hour in range(24):
        found[f"{hour:02}:{begin}"] = 0
    for at, count in counts:
        found[f"{at.astimezone(tz):%H:%M}"] += count
    # Less than a day is told as it was: half a day says nothing of the other half.
    return tuple(DayHour(label, found[label], found[label] / max(days, 1)) for label in sorted(found))


def requests_by_hour(
    start: datetime, end: datetime, purposes: Collection[str], only: Only = ALL
) -> dict[datetime, int]:
    """Return the replies that ended in each hour of a span, hours without any left out.

    Added up by the database, which gives back one number an hour and no histograms.
    """
    until = RollUpState.objects.filter(pk=1).values_list("hours_until", flat=True).first()
    first = (start + HOUR - timedelta(minutes=1)).replace(minute=0, second=0, microsecond=0)
    last = min(end.replace(minute=0, second=0, microsecond=0), until or first)
    if last <= first:
        first = last = start
    wanted = Q(purpose__in=list(purposes)) & only.wanted
    counted = Sum(
        Cast(KeyTextTransform("requests", KeyTransform("counts", "figures")), output_field=BigIntegerField())
    )
    found: defaultdict[datetime, int] = defaultdict(int)
    hours = HourRow.objects.filter(wanted, hour__gte=first, hour__lt=last).order_by()
    by_hour = hours.values("hour").annotate(n=counted).values_list("hour", "n")
    wish = ("busiest", tuple(sorted(purposes)), only)
    for at, n in settled.read(HourRow, "hour", (first, last), wish, lambda: list(by_hour)):
        found[at] += n or 0
    for span in (Q(minute__gte=start, minute__lt=first), Q(minute__gte=last, minute__lt=end)):
        minutes = MinuteRow.objects.filter(wanted & span).annotate(at=TruncHour("minute", tzinfo=UTC))
        for at, n in minutes.order_by().values("at").annotate(n=counted).values_list("at", "n"):
            found[at] += n or 0
    return {at: n for at, n in found.items() if n}

"""The live chats with the team as `/metrics` shows them: from the rows, so every process answers the same."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from assistant import live_states
from assistant.models import LiveState, Request
from assistant.person import live_shown
from routing import desk

# Seconds; three minutes is how long a visitor waits as shipped.
BOUNDS = (10, 30, 60, 120, 180, 300, 600)
# Which moment counts an event, and what a row has to be besides; in the order in which they happen.
EVENTS: dict[str, tuple[str, Q]] = {
    "offered": ("live_offered_at", Q()),
    "asked": ("live_asked_at", Q()),
    "taken": ("live_taken_at", Q()),
    "failed": ("live_failed_at", Q()),
    "handed_back": ("live_ended_at", Q(live=LiveState.BACK)),
    "closed": ("live_ended_at", Q(live=LiveState.CLOSED)),
}


class LiveCollector(Collector):
    """Counts the day's live chats once for each scrape; as all day counters, these start anew at midnight."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        """Yield every family, also those without a sample yet."""
        tz = desk.caps().tz
        start = desk.day_start(desk.day_of(self.now, tz), tz)
        yield _events(start)
        yield _waits(start)
        yield _ratings(start)
        yield _now()
        there = GaugeMetricFamily("support_staff_there", "Members of the team with the inbox open.")
        there.add_metric([], live_shown.there().count())
        yield there


def _events(start: datetime) -> Metric:
    family = CounterMetricFamily("support_live_chats", "Live chats of the day, by event.", labels=["event"])
    counts = Request.objects.aggregate(
        **{
            event: Count("pk", filter=more & Q(**{f"{moment}__gte": start}))
            for event, (moment, more) in EVENTS.items()
        }
    )
    for event in EVENTS:
        family.add_metric([event], counts[event])
    return family


def _waits(start: datetime) -> Metric:
    taken = Request.objects.filter(live_taken_at__gte=start, live_asked_at__isnull=False)
    moments = taken.values_list("live_asked_at", "live_taken_at")
    waits = [(at - asked).total_seconds() for asked, at in moments if asked and at]
    family = HistogramMetricFamily("support_live_wait_seconds", "From asking for a live chat to its taking.")
    family.add_metric([], _cumulative(waits), sum_value=sum(waits))
    return family


def _cumulative(waits: Sequence[float]) -> list[tuple[str, float]]:
    buckets = [(f"{bound}.0", float(sum(wait <= bound for wait in waits))) for bound in BOUNDS]
    return [*buckets, ("+Inf", float(len(waits)))]


def _ratings(start: datetime) -> Metric:
    family = CounterMetricFamily("support_live_ratings", "How visitors rated the team.", labels=["rating"])
    rated = Request.objects.filter(live_ended_at__gte=start, person_rating__isnull=False)
    for rating, count in _counted(rated, "person_rating"):
        family.add_metric([rating], count)
    return family


def _now() -> Metric:
    family = GaugeMetricFamily("support_live_chats_now", "Live chats that run, by state.", labels=["state"])
    found = dict(_counted(Request.objects.filter(live__in=live_states.RUNNING), "live"))
    for state in live_states.RUNNING:
        family.add_metric([state], found.get(state, 0))
    return family


def _counted(rows: QuerySet[Request], name: str) -> list[tuple[str, int]]:
    found = rows.order_by(name).values_list(name).annotate(count=Count("pk"))
    return [(str(value), count) for value, count in found]

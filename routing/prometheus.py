"""The `support_*` metrics in Prometheus' text format, from the roll-ups and the state of the desk.

They come from the database, so every process answers the same and a restart loses no count. Counters
start anew with each day of the desk, which Prometheus takes for a restart: a scrape reads one day of
minute rows, however old the desk is. Names and labels stand in docs/metrics.md.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from common.money import from_pico
from common.process import process_name
from routing import breaker, desk, level_metrics, tally
from routing.breakers import BreakerView
from routing.evidence import KINDS
from routing.histogram import Histogram, middle_of
from routing.models import MinuteRow, RollUpState
from routing.standing import standing
from routing.tally import Tally

# Seconds; the default routes' targets lie among them, so that a target can be read off a bucket.
BOUNDS = (0.05, 0.1, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)

BREAKER_STATES = {"closed": 0, "half-open": 1, "open": 2}

Key = tuple[str, ...]
Groups = dict[Key, Tally]


@dataclass(frozen=True)
class Count:
    """A counter over groups: its name, and each further label value with where its number is."""

    name: str
    text: str
    read: Sequence[tuple[Key, Callable[[Tally], float]]]
    label: str = ""


def _of(name: str) -> Callable[[Tally], float]:
    return lambda value: value[name]


def _usd(name: str) -> Callable[[Tally], float]:
    return lambda value: float(from_pico(value[name]))


ENDED_WHOLE = ("completed", "errors", "out_of_budget", "refused", "cancelled")


def _truncated(value: Tally) -> float:
    return value["requests"] - sum(value[name] for name in ENDED_WHOLE)


REPLY_COUNTS = (
    Count(
        "support_replies",
        "Replies that ended, by how they ended.",
        (
            (("completed",), _of("completed")),
            (("failed",), _of("errors")),
            (("out_of_budget",), _of("out_of_budget")),
            (("refused",), _of("refused")),
            (("cancelled",), _of("cancelled")),
            (("truncated",), _truncated),
        ),
        label="state",
    ),
    Count("support_truncations", "Replies whose text broke off.", (((), _of("truncations")),)),
    Count("support_fallbacks", "Replies in which another model stepped in.", (((), _of("fallbacks")),)),
    Count("support_stored_answers", "Replies given a stored answer.", (((), _of("cached")),)),
    Count(
        "support_escalations",
        "Replies sent to the heavy tier at once, and answers escalated after they were shown.",
        ((("at_once",), _of("escalated_before")), (("after_answer",), _of("escalated_after"))),
        label="kind",
    ),
    Count(
        "support_answers_found_wanting",
        "Answers that led to a larger tier, by what spoke against them first.",
        tuple(((kind,), _of(f"escalated_by_{kind}")) for kind in KINDS),
        label="kind",
    ),
    Count(
        "support_feedback",
        "Thumbs that visitors gave.",
        ((("up",), _of("thumbs_up")), (("down",), _of("thumbs_down"))),
        label="rating",
    ),
    Count("support_cost_usd", "What the replies cost.", (((), _usd("cost_pico")),)),
    Count(
        "support_heavy_only_cost_usd",
        "What the replies would have cost on the heavy model alone.",
        (((), _usd("heavy_cost_pico")),),
    ),
)
CALL_COUNTS = (
    Count("support_model_calls", "Requests to a model that ended.", (((), _of("calls")),)),
    Count("support_model_call_errors", "Requests to a model that failed.", (((), _of("call_errors")),)),
    Count(
        "support_model_extra_calls",
        "Requests beside the first ones: retries of the same model, hedges of a late one.",
        ((("retry",), _of("call_retries")), (("hedge",), _of("call_hedges"))),
        label="kind",
    ),
    Count(
        "support_model_tokens",
        "Tokens that a model read and wrote.",
        ((("input",), _of("call_input_tokens")), (("output",), _of("call_output_tokens"))),
        label="direction",
    ),
    Count("support_model_cost_usd", "What the requests to a model cost.", (((), _usd("call_cost_pico")),)),
)
REPLY_TIMES = (
    ("support_first_text_seconds", "From sending a message to the first text of its reply.", "first_text"),
    ("support_reply_seconds", "From sending a message to the end of its reply.", "total"),
)
CALL_TIMES = (
    ("support_model_first_text_seconds", "From a request to its first text.", "call_first_text"),
    ("support_model_call_seconds", "From a request to its end.", "call_duration"),
)


class DeskCollector(Collector):
    """Reads the day's minute rows once for each scrape."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        """Yield every family, also those without a sample yet."""
        tz = desk.caps().tz
        replies, calls = _groups(desk.day_start(desk.day_of(self.now, tz), tz))
        yield from _families(REPLY_COUNTS, REPLY_TIMES, ("route", "purpose"), replies)
        yield from _families(CALL_COUNTS, CALL_TIMES, ("route", "purpose", "model"), calls)
        yield self._age()
        yield from self._budgets()
        yield from level_metrics.families()
        yield from _breakers(breaker.snapshot())

    def _age(self) -> Metric:
        state = RollUpState.objects.filter(pk=1).first()
        age = GaugeMetricFamily("support_rollup_age_seconds", "How far the figures lie behind.")
        if state is not None and state.as_of is not None:
            age.add_metric([], max(0.0, (self.now - state.as_of).total_seconds()))
        return age

    def _budgets(self) -> Iterator[Metric]:
        """Yield the caps that the next call is held to; a budget without a call yet stands at 0."""
        labels = ["scope", "period"]
        usd = GaugeMetricFamily(
            "support_budget_usd", "Budgets of today and this month.", labels=[*labels, "part"]
        )
        used = GaugeMetricFamily("support_budget_used_ratio", "Used share of each budget.", labels=labels)
        for each in standing(self.now):
            key = [each.pot.scope, each.pot.period]
            for part, pico in (("cap", each.pot.cap), ("spent", each.spent), ("reserved", each.reserved)):
                usd.add_metric([*key, part], float(from_pico(pico)))
            used.add_metric(key, each.share)
        yield usd
        yield used


def _breakers(views: Sequence[BreakerView]) -> Iterator[Metric]:
    """Yield the breakers as this process has them; all are within a second of each other."""
    labels = ["provider", "model"]
    state = GaugeMetricFamily(
        "support_breaker_state", "0 asked as usual, 1 waits for a probe, 2 left alone.", labels=labels
    )
    openings = CounterMetricFamily(
        "support_breaker_openings",
        "How often a breaker opened, since the process began.",
        labels=[*labels, "process"],
    )
    for view in views:
        state.add_metric([view.provider, view.model], BREAKER_STATES[view.state])
        openings.add_metric([view.provider, view.model, process_name()], view.openings)
    yield state
    yield openings


def _groups(start: datetime) -> tuple[Groups, Groups]:
    """Return the tallies since `start`, by route and purpose, and by model as well."""
    replies: defaultdict[Key, list[Tally]] = defaultdict(list)
    calls: defaultdict[Key, list[Tally]] = defaultdict(list)
    rows = MinuteRow.objects.filter(minute__gte=start).values_list("route", "purpose", "model", "figures")
    for route, purpose, model, stored in rows.iterator(chunk_size=2000):
        value = Tally.load(stored)
        if value["requests"]:
            replies[route, purpose].append(value)
        if value["calls"]:
            calls[route, purpose, model].append(value)
    return (
        {key: tally.total(values) for key, values in replies.items()},
        {key: tally.total(values) for key, values in calls.items()},
    )


def _families(
    counts: Sequence[Count], times: Sequence[tuple[str, str, str]], labels: Key, groups: Groups
) -> Iterator[Metric]:
    for count in counts:
        extra = [count.label] if count.label else []
        family = CounterMetricFamily(count.name, count.text, labels=[*labels, *extra])
        for key, value in sorted(groups.items()):
            for further, read in count.read:
                family.add_metric([*key, *further], read(value))
        yield family
    for name, text, of in times:
        times_family = HistogramMetricFamily(name, text, labels=list(labels))
        for key, value in sorted(groups.items()):
            histogram = value.histogram(of)
            times_family.add_metric(list(key), _cumulative(histogram), sum_value=histogram.total / 1000)
        yield times_family


def _cumulative(histogram: Histogram) -> list[tuple[str, float]]:
    """Return Prometheus' cumulative buckets; a value within 1 % of a bound may count on either side."""
    buckets = [
        (str(bound), float(sum(n for key, n in histogram.counts.items() if middle_of(key) <= bound * 1000)))
        for bound in BOUNDS
    ]
    return [*buckets, ("+Inf", float(histogram.n))]


def render(now: datetime, *further: Collector) -> bytes:
    """Return the page that Prometheus scrapes, with what `further` collectors of the process have."""
    registry = CollectorRegistry()
    for collector in (DeskCollector(now), *further):
        registry.register(collector)
    return generate_latest(registry)

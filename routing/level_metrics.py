"""Error budgets, burn rates, incidents and models set aside, for Prometheus: as the worker has left them."""

from collections.abc import Iterator
from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily, Metric

from routing import slo
from routing.models import Demotion, Incident, LevelState
from routing.targets import TARGETS, Count


def families() -> Iterator[Metric]:
    """Yield the gauges of every target that was judged; one without replies has no sample of its rate."""
    labels = ["route", "target"]
    left = GaugeMetricFamily(
        "support_error_budget_left_ratio", "Share of the error budget that is left.", labels=labels
    )
    rate = GaugeMetricFamily(
        "support_burn_rate", "How fast the error budget burns in a window.", labels=[*labels, "window"]
    )
    incident = GaugeMetricFamily("support_incident_open", "1 while an incident is open.", labels=labels)
    lasting = set(Incident.objects.filter(closed_at=None).values_list("route", "target"))
    for row in LevelState.objects.order_by("route", "target"):
        target = TARGETS.get(row.target)
        if target is None:
            continue
        key, allowed = [row.route, row.target], target.allowed(row.limit)
        rest = slo.left(Count(row.bad, row.of), allowed)
        if rest is not None:
            left.add_metric(key, rest)
        for window, span in slo.WINDOWS.items():
            burnt = slo.burn(Count(*row.burns.get(window, (0, 0))), allowed)
            if burnt is not None and span <= timedelta(days=row.period_days):
                rate.add_metric([*key, window], burnt)
        incident.add_metric(key, float((row.route, row.target) in lasting))
    yield left
    yield rate
    yield incident
    yield _demoted()


def _demoted() -> Metric:
    family = GaugeMetricFamily(
        "support_route_demoted", "1 while a route's first model is set aside.", labels=["route"]
    )
    aside = set(Demotion.objects.filter(ended_at=None).values_list("route", flat=True))
    for route in sorted(aside | set(LevelState.objects.values_list("route", flat=True))):
        family.add_metric([route], float(route in aside))
    return family

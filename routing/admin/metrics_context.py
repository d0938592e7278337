"""What the metrics page says: the figures of the period that was asked for, as its template reads them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from common import clock
from common import example as example_choice
from common.money import usd
from routing import chosen, example, metrics
from routing.admin.cells import MODEL_COLUMNS
from routing.admin.charts import busiest_view, chart_rows, charts, hour_chart
from routing.admin.kept import kept
from routing.admin.route_views import COMPARED, model_rows, views
from routing.beside import beside
from routing.busiest import busiest
from routing.choice import Choice
from routing.chosen import Chosen
from routing.comparing import NEEDED as RATE_NEEDS
from routing.definitions import DEFINITIONS, ESCALATIONS, RESOLUTIONS
from routing.metrics import Figures, Freshness
from routing.models import CatalogueModel, MinuteRow, Route, RouteOutcome
from routing.periods import LABELS
from routing.providers.registry import sandbox_active


def _lateness(fresh: Freshness, tz: ZoneInfo) -> dict[str, str]:
    """Return what is said about the age of the figures: `as_of`, and a warning if there is one."""
    said = {"as_of": _at(fresh.as_of, tz), "warning": ""}
    if fresh.down:
        since = f"has not run since {_at(fresh.ran_at, tz)}" if fresh.ran_at else "has not run yet"
        said["warning"] = (
            f"The worker that adds up the figures {since}. What visitors ask meanwhile is kept and will be "
            "counted as soon as it runs."
        )
    elif fresh.late:
        said["warning"] = f"The worker is catching up: the figures are complete until {said['as_of']}."
    return said


def _at(moment: Any, tz: ZoneInfo) -> str:
    return f"{moment.astimezone(tz):%d %b %Y, %H:%M:%S}" if moment else "not yet"


def _saving(total: Figures) -> str:
    """Return what routing saved against the heavy model alone, in words; empty when it cannot be said."""
    if not total.heavy_cost_pico or total.heavy_unknown or total.cost_unknown:
        return ""
    share = 1 - total.cost_pico / total.heavy_cost_pico
    return f"{abs(share) * 100:.0f} % {'less' if share >= 0 else 'more'} than on the heavy model alone"


def context(request: HttpRequest) -> dict[str, Any]:
    """Return what the page's template reads."""
    now = clock.now()
    seen = chosen.at(request.GET, now)
    choice, period = seen.choice, seen.period
    report, before = chosen.reports(seen)
    # Beside nothing nothing is held: the line above the figures says so once, not each figure again.
    earlier = before if before and before.total.requests else None
    total, routes = views(report, earlier, choice)
    hours = busiest(period.start, period.end, now, seen.tz, seen.purposes, seen.only)
    drawn = {**charts(report, period), **hour_chart(hours)}
    return {
        **_choosing(seen),
        **_lateness(metrics.freshness(now), seen.tz),
        "empty": not _ever(seen.purposes),
        "report": report,
        "total": total,
        "routes": routes,
        "definitions": DEFINITIONS,
        "compared": [DEFINITIONS[name] for name in COMPARED] if earlier else [],
        "before": seen.headline_before,
        "before_few": earlier is not None and earlier.total.requests < RATE_NEEDS,
        "before_none": before is not None and earlier is None,
        "resolution_kinds": RESOLUTIONS,
        "escalation_kinds": ESCALATIONS,
        "escalations": [view for view in (*routes, *(() if choice.route else (total,))) if view.wanting],
        "saving": _saving(report.total),
        "unused": [route.name for route in report.routes if not route.requests],
        "model_columns": MODEL_COLUMNS,
        "models": model_rows(report.models, choice),
        "beside": [(row, usd(row.cost_pico)) for row in beside(period.start, period.end)],
        "drawn": drawn,
        "chart_rows": chart_rows(drawn, report, period, choice),
        "has_p95": any(value is not None for value in drawn["first_text_p95"]),
        "busiest": busiest_view(hours, choice, seen.tz) if hours else None,
        **_example(choice, now),
        **kept(request, choice, seen.tz),
    }


def _choosing(seen: Chosen) -> dict[str, Any]:
    """Return what the bar above the figures offers, and what is chosen there."""
    choice, period = seen.choice, seen.period
    plain = replace(choice, first="", last="")
    routes = _options(Route.objects.values_list("slug", "name"), choice.route)
    return {
        "choice": choice,
        "period": period,
        "periods": [
            (key, label, replace(plain, period=key).query())
            for key, label in LABELS.items()
            if key != "custom"
        ],
        "headline": seen.headline,
        "date_error": seen.wrong,
        "from": choice.first or f"{period.start.astimezone(seen.tz):%Y-%m-%d}",
        "to": choice.last or f"{(period.end - timedelta(minutes=1)).astimezone(seen.tz):%Y-%m-%d}",
        "tz": seen.tz.key,
        "here": choice.query(),
        "without_example": replace(choice, example=False).query(),
        "with_example_query": replace(choice, example=True).query(),
        "other_compare": replace(choice, compare=not choice.compare).query(),
        "unfiltered": replace(choice, route="", model="").query(),
        "route_options": routes,
        "chosen_route": dict(routes).get(choice.route, ""),
        "model_options": _options(CatalogueModel.objects.values_list("id", "label"), choice.model),
    }


def _options(known: Iterable[tuple[str, str]], chosen_one: str) -> list[tuple[str, str]]:
    """Return what can be chosen; what was chosen stays there, also when nobody knows it any more."""
    found = dict(known)
    if chosen_one and chosen_one not in found:
        found[chosen_one] = chosen_one
    return list(found.items())


def _example(choice: Choice, now: datetime) -> dict[str, Any]:
    run = example.state()
    return {
        "with_example": choice.example,
        "example_allowed": example_choice.wanted(),
        "example_real": not sandbox_active(),
        "example_n": example.DEFAULT_N,
        "example": run,
        "example_running": example.running(run, now),
    }


def _ever(purposes: tuple[str, ...]) -> bool:
    """Return whether anything was ever counted, or is about to be."""
    return any(table.objects.filter(purpose__in=purposes).exists() for table in (MinuteRow, RouteOutcome))

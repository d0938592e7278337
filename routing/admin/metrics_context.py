"""What the metrics page says: the figures of the period that was asked for, as its template reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from common import clock
from common import example as example_choice
from common.money import usd
from routing import desk, example, metrics
from routing.admin.cells import MODEL_COLUMNS, Cell, cells, model_row, target_lines
from routing.admin.charts import chart_rows, charts
from routing.beside import beside
from routing.definitions import DEFINITIONS, ESCALATIONS
from routing.metrics import MANAGED, Figures, Freshness
from routing.models import MinuteRow, Purpose, RouteOutcome
from routing.periods import LABELS, Period, PeriodError, parse
from routing.providers.registry import sandbox_active

# What a card shows; the table below the cards shows every figure.
CARD = (
    ("First text", ("first_text_p50", "first_text_p95", "first_text_p99")),
    ("Total time", ("total_p50", "total_p95", "total_p99")),
)
CARD_COUNTS = (
    "input_tokens",
    "output_tokens",
    "errors",
    "out_of_budget",
    "truncations",
    "fallbacks",
    "cached",
    "escalated_before",
    "escalated_after",
    "thumbs_up",
    "thumbs_down",
)


@dataclass(frozen=True)
class RouteView:
    """One route as the template reads it."""

    figures: Figures
    cells: Mapping[str, Cell]
    times: tuple[tuple[str, tuple[Cell, ...]], ...]
    counts: tuple[Cell, ...]
    targets: tuple[str, ...]

    @classmethod
    def of(cls, figures: Figures) -> "RouteView":
        """Return the view of one route's figures."""
        found = cells(figures)
        return cls(
            figures,
            found,
            tuple((title, tuple(found[name] for name in names)) for title, names in CARD),
            tuple(found[name] for name in CARD_COUNTS),
            target_lines(figures.targets),
        )


def _period(request: HttpRequest, tz: ZoneInfo) -> tuple[Period, str]:
    """Return the period asked for, and in words what was wrong with custom dates."""
    now, wish = clock.now(), request.GET
    first, last = wish.get("from", ""), wish.get("to", "")
    key = wish.get("period") or ("custom" if first or last else "today")
    try:
        chosen = parse(key, first, last, now, tz)
    except PeriodError as error:
        return parse("today", "", "", now, tz), str(error)
    return chosen, ""


def _headline(period: Period) -> str:
    first, last = (at.astimezone(period.tz) for at in (period.start, period.end - timedelta(minutes=1)))
    if period.key == "hour":
        return f"{first:%H:%M} to {last + timedelta(minutes=1):%H:%M}"
    if first.date() == last.date():
        return f"{first:%a} {first.day} {first:%B %Y}"
    return f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"


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
    tz = desk.zone(desk.settings())
    period, wrong = _period(request, tz)
    with_example = request.GET.get("example") != "0"
    purposes = MANAGED if with_example else (Purpose.VISITOR.value,)
    report = metrics.figures(period.start, period.end, purposes, period.edges())
    drawn = charts(report, period)
    run = example.state()
    return {
        "period": period,
        "periods": [(key, label) for key, label in LABELS.items() if key != "custom"],
        "headline": _headline(period),
        "date_error": wrong,
        "from": request.GET.get("from", "") or f"{period.start.astimezone(tz):%Y-%m-%d}",
        "to": request.GET.get("to", "") or f"{(period.end - timedelta(minutes=1)).astimezone(tz):%Y-%m-%d}",
        "tz": tz.key,
        **_lateness(metrics.freshness(clock.now()), tz),
        "empty": not _ever(purposes),
        "report": report,
        "total": RouteView.of(report.total),
        "routes": [RouteView.of(route) for route in report.routes],
        "definitions": DEFINITIONS,
        "escalation_kinds": ESCALATIONS,
        "escalations": [each for each in (*report.routes, report.total) if any(each.escalations.values())],
        "saving": _saving(report.total),
        "unused": [route.name for route in report.routes if not route.requests],
        "model_columns": MODEL_COLUMNS,
        "models": [model_row(model) for model in report.models],
        "beside": [(row, usd(row.cost_pico)) for row in beside(period.start, period.end)],
        "drawn": drawn,
        "chart_rows": chart_rows(drawn),
        "has_p95": any(value is not None for value in drawn["first_text_p95"]),
        "with_example": with_example,
        "example_allowed": example_choice.wanted(),
        "example_real": not sandbox_active(),
        "example_n": example.DEFAULT_N,
        "example": run,
        "example_running": example.running(run, clock.now()),
    }


def _ever(purposes: tuple[str, ...]) -> bool:
    """Return whether anything was ever counted, or is about to be."""
    return any(table.objects.filter(purpose__in=purposes).exists() for table in (MinuteRow, RouteOutcome))

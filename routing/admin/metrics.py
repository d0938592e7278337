"""The managers' page: what each route costs, how fast it is, and whether it keeps its targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from common import clock
from common import example as example_choice
from common.money import from_pico, usd
from routing import desk, example, metrics
from routing.admin.cells import MODEL_COLUMNS, Cell, cells, model_row, target_lines
from routing.beside import beside
from routing.definitions import DEFINITIONS, ESCALATIONS
from routing.level_words import duration
from routing.metrics import MANAGED, Figures, Freshness, Report
from routing.models import MinuteRow, Purpose, RouteOutcome
from routing.periods import LABELS, Period, PeriodError, parse
from routing.providers.registry import sandbox_active

PERMISSION = "routing.view_metrics"

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


def _allowed(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


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


def charts(report: Report, period: Period) -> dict[str, Any]:
    """Return what the script draws and the tables beside the charts list: one column a bucket."""
    step = report.points[1].start - report.points[0].start if len(report.points) > 1 else timedelta(days=1)
    form = "%H:%M" if len(report.points) * step <= timedelta(hours=49) else "%d %b"
    form = "%d %b %H:%M" if form == "%d %b" and step < timedelta(hours=23) else form
    used = [(position, route) for position, route in enumerate(report.routes) if route.requests]
    return {
        "labels": [point.start.astimezone(period.tz).strftime(form) for point in report.points],
        "bucket": _step_words(step),
        "routes": [
            {
                "slug": route.route,
                "name": route.name,
                "colour": position,  # a route keeps its colour from one period to the next
                "requests": [point.requests.get(route.route, 0) for point in report.points],
                "cost": [float(from_pico(point.cost_pico.get(route.route, 0))) for point in report.points],
            }
            for position, route in used
        ],
        "first_text_p95": [
            None if point.first_text_p95 is None else round(point.first_text_p95) for point in report.points
        ],
    }


def _step_words(step: timedelta) -> str:
    minutes = round(step / timedelta(minutes=1))
    if minutes >= 23 * 60:
        return "day"
    return f"{minutes} minutes" if minutes < 60 else "hour" if minutes == 60 else f"{minutes // 60} hours"


def chart_rows(drawn: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the buckets with at least one request, for the table beside the charts."""
    return [
        {
            "label": label,
            "requests": sum(route["requests"][index] for route in drawn["routes"]),
            "p95": drawn["first_text_p95"][index],
            "p95_text": _p95_text(drawn["first_text_p95"][index]),
            "cost": f"${sum(route['cost'][index] for route in drawn['routes']):,.6f}",
        }
        for index, label in enumerate(drawn["labels"])
        if any(route["requests"][index] for route in drawn["routes"])
    ]


def _p95_text(ms: int | None) -> str:
    return "too few" if ms is None else duration(ms)


def _context(request: HttpRequest) -> dict[str, Any]:
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


def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the figures of the period asked for."""
    _allowed(request)
    context = {**site.each_context(request), "title": "Metrics", **_context(request)}
    return TemplateResponse(request, "admin/metrics.html", context)


def progress(request: HttpRequest) -> HttpResponse:
    """Answer how far the example traffic is, for the page's script."""
    _allowed(request)
    run = example.state()
    return JsonResponse(
        {
            "running": example.running(run, clock.now()),
            "played": run.played,
            "wanted": run.wanted,
            "note": run.note,
        }
    )


def play(request: HttpRequest) -> HttpResponse:
    """Have the worker play the example traffic."""
    _allowed(request)
    if not example_choice.wanted():
        raise PermissionDenied
    try:
        begun = example.ask(example.DEFAULT_N, clock.now())
    except OperationalError:
        example.end(clock.now())
        messages.error(request, "The worker's queue cannot be reached, so nothing was played. Is Redis up?")
    else:
        if not begun:
            messages.info(request, "Example traffic is already being played.")
    return HttpResponseRedirect(reverse("admin:metrics"))


def remove(request: HttpRequest) -> HttpResponse:
    """Take the example traffic out of the figures again."""
    _allowed(request)
    removed = example.remove()
    messages.success(request, f"Removed the figures of {removed:,} example replies.")
    try:
        example.remove_conversations()
    except OperationalError:
        messages.warning(
            request,
            "The worker's queue cannot be reached, so the example's conversations are still there: remove "
            "them with `manage.py demo_traffic --remove`.",
        )
    return HttpResponseRedirect(reverse("admin:metrics"))


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of the page, for the admin site's own list."""
    return [
        path("metrics/", site.admin_view(require_GET(lambda request: page(site, request))), name="metrics"),
        path("metrics/example/", site.admin_view(require_GET(progress)), name="metrics_example"),
        path("metrics/example/play/", site.admin_view(require_POST(play)), name="metrics_play"),
        path("metrics/example/remove/", site.admin_view(require_POST(remove)), name="metrics_remove"),
    ]

"""The figures of the metrics page as plain data: the names are those of its markup."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.money import from_pico
from routing import chosen, metrics
from routing.chosen import Chosen
from routing.comparing import NEEDED, TIMES
from routing.definitions import RESOLUTIONS
from routing.metrics import Figures, ModelFigures, Report
from routing.periods import Period

# Of a route, as they stand in the JSON and, but for those that have a place of their own, on its card.
COUNTS = (
    "input_tokens",
    "output_tokens",
    "errors",
    "out_of_budget",
    "truncations",
    "fallbacks",
    "cached",
    "escalated_before",
    "escalated_after",
    "handoffs_failed",
    "thumbs_up",
    "thumbs_down",
)


@dataclass(frozen=True)
class Taken:
    """The figures of a choice at a moment."""

    seen: Chosen
    report: Report
    before: Report | None
    as_of: datetime | None


def take(seen: Chosen, now: datetime) -> Taken:
    """Read the figures of a choice."""
    return Taken(seen, *chosen.reports(seen), metrics.freshness(now).as_of)


def plain(taken: Taken) -> dict[str, Any]:
    """Return the figures; null where nothing can be said. USD are strings, so that no digit is lost."""
    seen = taken.seen
    return {
        "period": _span(seen.period),
        "before": {**_span(seen.before), **_sides(taken.before)} if taken.before and seen.before else None,
        "as_of": taken.as_of.isoformat() if taken.as_of else None,
        "time_zone": seen.tz.key,
        "route": seen.choice.route or None,
        "model": seen.choice.model or None,
        "example_counted": seen.choice.example,
        **_sides(taken.report),
        "models": {model.model: _model(model) for model in taken.report.models},
    }


def _span(period: Period) -> dict[str, str]:
    return {"start": period.start.isoformat(), "end": period.end.isoformat()}


def _sides(report: Report) -> dict[str, Any]:
    return {"all": _figures(report.total), "routes": {one.route: _figures(one) for one in report.routes}}


def _usd(pico: int | None) -> str | None:
    return None if pico is None else f"{Decimal(from_pico(pico)).normalize():f}"


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)


def _figures(one: Figures) -> dict[str, Any]:
    judged = one.support_judged
    return {
        **{name: getattr(one, name) for name in ("requests", *COUNTS)},
        **{name: _rounded(getattr(one, name), 1) for name in TIMES},
        "share": _rounded(one.share, 4),
        "cost": _usd(one.cost_pico),
        "cost_unpriced": one.cost_unknown,
        "cost_per_1000": _usd(one.cost_per_1000_pico),
        "heavy_cost": _usd(one.heavy_cost_pico),
        "heavy_cost_unpriced": one.heavy_unknown,
        "grounded": _rounded(one.grounded / judged, 4) if judged >= NEEDED else None,
        "grounded_judged": judged,
        "target": None if one.met is None else "met" if one.met else "missed",
        "resolutions": {name: one.resolutions[name] for name in RESOLUTIONS},
        "escalations": dict(one.escalations),
    }


def _model(one: ModelFigures) -> dict[str, Any]:
    return {
        "requests": one.requests,
        "calls": one.calls,
        "call_errors": one.call_errors,
        "call_truncations": one.call_truncations,
        "first_text_p50": _rounded(one.first_text_p50, 1),
        "first_text_p95": _rounded(one.first_text_p95, 1),
        "input_tokens": one.input_tokens,
        "output_tokens": one.output_tokens,
        "cost": _usd(one.cost_pico),
    }

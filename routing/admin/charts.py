"""What the metrics page draws, and the same as a table for those who cannot see it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.money import from_pico
from routing.admin.cells import cells
from routing.admin.route_views import replies_link
from routing.busiest import HOUR, Busiest
from routing.choice import Choice
from routing.level_words import duration
from routing.metrics import Report
from routing.periods import Period


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


def chart_rows(
    drawn: Mapping[str, Any], report: Report, period: Period, choice: Choice
) -> list[dict[str, Any]]:
    """Return the buckets with at least one request, for the table beside the charts."""
    ends = [point.start for point in report.points[1:]] + [period.end]
    return [
        {
            "label": label,
            "requests": sum(route["requests"][index] for route in drawn["routes"]),
            "link": _span(choice, report.points[index].start, ends[index]),
            "p95": drawn["first_text_p95"][index],
            "p95_text": _p95_text(drawn["first_text_p95"][index]),
            "cost": f"${sum(route['cost'][index] for route in drawn['routes']):,.6f}",
        }
        for index, label in enumerate(drawn["labels"])
        if any(route["requests"][index] for route in drawn["routes"])
    ]


def _span(choice: Choice, start: datetime, end: datetime, **further: str) -> str:
    return replies_link(choice, start=f"{start:%Y-%m-%dT%H:%MZ}", end=f"{end:%Y-%m-%dT%H:%MZ}", **further)


def _p95_text(ms: int | None) -> str:
    return "too few" if ms is None else duration(ms)


def hour_chart(found: Busiest | None) -> dict[str, Any]:
    """Return the bars of the requests by hour of the day; none when there is nothing to draw."""
    if found is None:
        return {}
    return {
        "hours": {
            "labels": [hour.label for hour in found.hours],
            "requests": [hour.requests for hour in found.hours],
        }
    }


def busiest_view(found: Busiest, choice: Choice, tz: ZoneInfo) -> dict[str, Any]:
    """Return the busiest hour of the period as its section says it."""
    at, end = (moment.astimezone(tz) for moment in (found.at, found.at + HOUR))
    figures = found.figures
    wanted = ("requests", "first_text_p95", "total_p95", "queue_p95", "errors", "truncations")
    shown = cells(figures)
    return {
        "title": f"{at:%a} {at.day} {at:%b %Y}, {at:%H:%M} to {end:%H:%M}",
        "cells": [shown[name] for name in wanted],
        "link": _span(choice, found.at, found.at + HOUR),
        "errors_link": _span(choice, found.at, found.at + HOUR, kind="errors") if figures.errors else "",
        "hours": found.hours,
        "shortened": found.shortened,
    }

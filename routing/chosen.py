"""What a choice means at a moment: its period, the one before, and whose replies are counted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from routing import desk, metrics
from routing.choice import Choice
from routing.metrics import MANAGED, Report
from routing.models import Purpose
from routing.periods import Period, PeriodError, before, parse
from routing.stored import Only


@dataclass(frozen=True)
class Chosen:
    """A choice at a moment of the desk; `wrong` says in words what was wrong with its dates."""

    choice: Choice
    period: Period
    before: Period | None
    tz: ZoneInfo
    wrong: str = ""

    @property
    def purposes(self) -> tuple[str, ...]:
        """Return whose replies are counted: visitors', and those of the example unless it is left out."""
        return MANAGED if self.choice.example else (Purpose.VISITOR.value,)

    @property
    def only(self) -> Only:
        """Return which rows are read."""
        return Only(self.choice.route, self.choice.model)

    @property
    def headline(self) -> str:
        """Return the days or the hour that the figures are of."""
        return headline(self.period)

    @property
    def headline_before(self) -> str:
        """Return the same of the period before, with the time at which it stops when that is no midnight."""
        return headline(self.before) if self.before else ""


def at(query: Mapping[str, str], now: datetime) -> Chosen:
    """Return what a query string chooses at `now`; wrong dates are said, and today is chosen instead."""
    tz, choice = desk.zone(desk.settings()), Choice.of(query)
    try:
        period, wrong = parse(choice.period, choice.first, choice.last, now, tz), ""
    except PeriodError as error:
        choice = replace(choice, period="today", first="", last="")
        period, wrong = parse("today", "", "", now, tz), str(error)
    choice = replace(choice, period=period.key)
    return Chosen(choice, period, before(period, now), tz, wrong)


def of_days(query: str, first: date, last: date, now: datetime) -> Chosen:
    """Return a choice's routes and models over other days, held against the days before."""
    kept = {**dict(parse_qsl(query)), "period": "custom", "from": f"{first}", "to": f"{last}", "compare": ""}
    return at(kept, now)


def reports(chosen: Chosen) -> tuple[Report, Report | None]:
    """Return the figures of the period, with the points of its charts, and those of the one before."""
    period, span = chosen.period, chosen.before
    report = metrics.figures(period.start, period.end, chosen.purposes, period.edges(), chosen.only)
    if span is None or not chosen.choice.compare:
        return report, None
    return report, metrics.figures(span.start, span.end, chosen.purposes, only=chosen.only)


def headline(period: Period) -> str:
    """Return a period in words; one that ends within a day says when."""
    start, end = (moment.astimezone(period.tz) for moment in (period.start, period.end))
    last = end - timedelta(minutes=1)
    if period.key == "hour":
        return f"{start:%H:%M} to {end:%H:%M}"
    until = "" if (end.hour, end.minute) == (0, 0) else f", until {end:%H:%M}"
    if start.date() == last.date():
        return f"{start:%a} {start.day} {start:%B %Y}{until}"
    return f"{start.day} {start:%b %Y} to {last.day} {last:%b %Y}{until}"

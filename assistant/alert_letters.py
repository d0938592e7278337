"""What an alert says: the subject and text of its mail, and the JSON of its webhook."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from assistant import mailing, words
from routing import desk
from routing.level_words import (
    bad_words,
    burn_words,
    left_words,
    level_words,
    limit_words,
    name_of,
    period_words,
    value_words,
)
from routing.models import Incident
from routing.targets import TARGETS, Count

FORMAT = 1  # of the JSON; it grows by names, and a name keeps its meaning
SPANS = {"5m": "5 minutes", "30m": "30 minutes", "1h": "hour", "6h": "6 hours", "3d": "3 days"}
ENDS = {
    Incident.ClosedAs.RECOVERED: "is kept again",
    Incident.ClosedAs.SILENT: "gets no replies any more",
    Incident.ClosedAs.WITHDRAWN: "is no longer promised",
}


def subject(incident: Incident, event: str) -> str:
    """Return the subject of a mail about an incident."""
    return f"[Service level] {title(incident, event)}"


def title(incident: Incident, event: str) -> str:
    """Return an incident's opening or end in a few words."""
    route = incident.figures.get("route_name") or incident.route
    name = name_of(incident.target)
    if event == "opened":
        return f"{route}: the error budget of its {name} {level_words(incident.level)}"
    return f"{route}: its {name} {ENDS.get(Incident.ClosedAs(incident.closed_as), 'is closed')}"


def link(incident: Incident) -> str:
    """Return the address of an incident on the desk."""
    return mailing.address_of(f"{reverse('admin:service_levels')}#incident-{incident.pk}")


def text(incident: Incident, event: str) -> str:
    """Return the mail about an incident."""
    lines = [f"{title(incident, event)}.", "", *facts(incident)]
    if event == "opened":
        lines += ["", "One more mail comes when it is over; none in between."]
    else:
        lines += ["", *_end(incident)]
    return "\n".join([*lines, "", f"All service levels: {link(incident)}", ""])


def facts(incident: Incident) -> list[str]:
    """Return for what an incident was opened, a sentence each; few for a target that is not known here."""
    figures, target = incident.figures, TARGETS.get(incident.target)
    opened = f"Open since {moment(incident.opened_at)}."
    if target is None or "limit" not in figures:
        return [opened]
    limit, days = float(figures["limit"]), int(figures["period_days"])
    lines = [f"Target: {limit_words(target, limit)} over {period_words(days)}."]
    for part in (figures["long"], figures["short"]):
        said = bad_words(target, limit, Count(part["bad"], part["of"]))
        span = SPANS.get(part["window"], part["window"])
        lines.append(f"In the last {span} {said}: the budget burnt at {burn_words(part['burn'])}.")
    actual = figures["actual"]
    came = "too few replies to say" if actual is None else value_words(target, actual)
    lines.append(f"Over {period_words(days)}: {came}. Error budget: {left_words(figures['left'])}.")
    return [*lines, opened]


def _end(incident: Incident) -> list[str]:
    closed = incident.closed_at or incident.seen_at
    lines = [f"Closed {moment(closed)}; last seen burning {moment(incident.seen_at)}."]
    lines.append(f"At its worst the budget burnt at {burn_words(incident.peak_burn)}.")
    if incident.closed_as == Incident.ClosedAs.SILENT:
        lines.append("Nobody has asked for six hours, so this is not known to be mended.")
    return lines


def moment(at: datetime) -> str:
    """Return a moment by the desk's clock."""
    zone = words.zone_of(desk.settings())
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} ({zone})"


def payload(incident: Incident, event: str) -> dict[str, Any]:
    """Return the JSON of a webhook; docs/service-levels.md names every field."""
    figures = incident.figures
    return {
        "format": FORMAT,
        "event": event,
        "delivery": delivery(incident, event),
        "incident": incident.pk,
        "route": incident.route,
        "route_name": figures.get("route_name") or incident.route,
        "target": incident.target,
        "target_name": name_of(incident.target),
        "level": incident.level,
        "opened_at": incident.opened_at.isoformat(),
        "closed_at": incident.closed_at.isoformat() if incident.closed_at else None,
        "closed_as": incident.closed_as or None,
        "peak_burn": incident.peak_burn,
        "limit": figures.get("limit"),
        "period_days": figures.get("period_days"),
        "actual": figures.get("actual"),
        "budget_left": figures.get("left"),
        "long": figures.get("long"),
        "short": figures.get("short"),
        "summary": title(incident, event),
        "link": link(incident),
    }


def delivery(incident: Incident, event: str) -> str:
    """Return the name of a message: the same at every try."""
    return f"incident-{incident.pk}-{event}"

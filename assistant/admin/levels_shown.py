"""Service levels as people read them: a card a route, incidents with who was told, models set aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from assistant import alerts
from common.clock import now
from routing import slo
from routing.config import Config, RouteSpec
from routing.level_words import (
    burn_words,
    left_words,
    level_words,
    limit_words,
    name_of,
    period_words,
    value_words,
)
from routing.models import AlertMessage, Demotion, Incident, LevelState
from routing.slo import Level
from routing.targets import Count, Target, promised

SPANS = {"5m": "5 min", "30m": "30 min", "1h": "1 h", "6h": "6 h", "3d": "3 days"}


@dataclass(frozen=True)
class Burn:
    """The rates of a pair of windows; `hot` when they open an incident."""

    label: str
    words: str
    hot: bool


@dataclass(frozen=True)
class TargetRow:
    """One target: what is promised, what came out, what is left and how fast it burns."""

    name: str
    limit: str
    actual: str
    verdict: str
    kind: str
    left: str
    meter: float | None
    replies: int | None
    burns: tuple[Burn, ...]


@dataclass(frozen=True)
class IncidentRow:
    """One incident as people read it."""

    pk: int
    route: str
    target: str
    level: str
    opened: str
    closed: str
    how: str
    peak: str
    told: tuple[str, ...]
    lasts: bool


@dataclass(frozen=True)
class DemotionRow:
    """A model that is set aside, or was."""

    route: str
    slug: str
    model: str
    since: str
    reason: str
    ended: str
    by: str
    because: str


@dataclass(frozen=True)
class Card:
    """A route with targets."""

    slug: str
    name: str
    period: str
    verdict: str
    kind: str
    rows: tuple[TargetRow, ...]
    incidents: tuple[IncidentRow, ...]
    demotion: DemotionRow | None
    demotes: str

    @property
    def silent(self) -> bool:
        """Return whether no reply says anything of this route."""
        if self.incidents or self.demotion:
            return False
        return all(row.replies == 0 for row in self.rows)

    @property
    def order(self) -> tuple[bool, bool]:
        """Return where it stands: what needs somebody comes first."""
        return not (self.incidents or self.demotion), self.kind != "bad"


def moment(at: datetime | None, zone: tzinfo) -> str:
    """Return a moment by the desk's clock, with its day unless that is today."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    today = local.date() == now().astimezone(zone).date()
    return f"{local:%H:%M}" if today else f"{local:%-d %b, %H:%M}"


# ---- cards ---------------------------------------------------------------------------------------


def _row(target: Target, limit: float, days: int, state: LevelState | None) -> TargetRow:
    promise = limit_words(target, limit)
    if state is None or (state.limit, state.period_days) != (limit, days):
        return TargetRow(target.words, promise, "–", "Not judged yet", "plain", "", None, None, ())
    count = Count(state.bad, state.of)
    left = slo.left(count, target.allowed(limit))
    few = state.actual is None or count.of < target.needs
    missed = not few and left is not None and left < -1e-9
    verdict, kind = ("Missed", "bad") if missed else ("Met", "good")
    if few:
        verdict, kind = f"Too few ({target.needs} needed)", "plain"
    return TargetRow(
        name=target.words,
        limit=promise,
        actual=_replies(count.of) if state.actual is None else value_words(target, state.actual),
        verdict=verdict,
        kind=kind,
        left="too few to say" if few and count.of else left_words(left),
        meter=None if few or left is None else max(0.0, min(1.0, left)),
        replies=count.of,
        # Where the whole period has too few replies, each of its windows has.
        burns=() if few else _burns(state, target.allowed(limit), timedelta(days=days)),
    )


def _replies(n: int) -> str:
    return "1 reply" if n == 1 else f"{n:,} replies"


def _burns(state: LevelState, allowed: float, period: timedelta) -> tuple[Burn, ...]:
    """Return the pairs of windows in which something burns, or one that says that nothing does."""
    counts = {name: Count(*both) for name, both in state.burns.items()}
    seen = slo.Seen(allowed, 0, period, counts)
    levels = list(slo.levels_for(period))
    found = tuple(
        Burn(
            pair_words(level, period),
            f"{burn_words(seen.burn(level.long))} / {burn_words(seen.burn(level.short))}",
            seen.burns(level),
        )
        for level in levels
        if seen.burn(level.long)
    )
    longest = SPANS[levels[-1].long]
    quiet = "0×" if seen.of(levels[-1].long).of else "no replies"
    return found or (Burn(f"in the last {longest}", quiet, False),)


def pair_words(level: Level, period: timedelta) -> str:
    """Return a pair of windows and the rate at which both open an incident."""
    return f"{SPANS[level.long]} / {SPANS[level.short]}, alert at {level.rate(period):.3g}×"


def _verdict(rows: Sequence[TargetRow]) -> tuple[str, str]:
    missed = sum(row.kind == "bad" for row in rows)
    if missed:
        return (f"{missed} missed", "bad")
    if all(row.replies is None for row in rows):
        return ("Not judged yet", "plain")
    met = sum(row.kind == "good" for row in rows)
    if met == len(rows):
        return ("All met", "good")
    return (f"{met} met, {len(rows) - met} too few", "plain")


def cards(config: Config, zone: tzinfo) -> list[Card]:
    """Return a card for each route that is on and has targets, what needs somebody first."""
    states = {(row.route, row.target): row for row in LevelState.objects.all()}
    lasting = incidents(Incident.objects.filter(closed_at=None), config, zone)
    aside = {row.slug: row for row in demotions(Demotion.objects.filter(ended_at=None), config, zone)}
    found = []
    for route in config.routes.values():
        days = route.sla.period_days
        rows = tuple(
            _row(target, limit, days, states.get((route.slug, target.name)))
            for target, limit in promised(route.sla)
        )
        if not rows or not route.enabled:
            continue
        verdict, kind = _verdict(rows)
        mine = tuple(row for row in lasting if row.route == route.name)
        found.append(
            Card(
                route.slug,
                route.name,
                period_words(days),
                verdict,
                kind,
                rows,
                mine,
                aside.get(route.slug),
                _demotes(route),
            )
        )
    return sorted(found, key=lambda card: card.order)


def _demotes(route: RouteSpec) -> str:
    """Return what the route does when a budget is spent; nothing for one without a model."""
    if route.kind != "model":
        return ""
    if not route.demotes_itself:
        return "When a budget is spent, the ladder stays as it is."
    if len(route.ladder) < 2:
        return "The ladder has one step, so the model is never set aside."
    return "When a budget is spent while it burns, the first model is set aside."


# ---- incidents and demotions ---------------------------------------------------------------------


def incidents(rows: Any, config: Config, zone: tzinfo) -> list[IncidentRow]:
    """Return incidents for people, with who was told."""
    at = now()
    return [_incident(row, config, zone, at) for row in rows.prefetch_related("messages")]


def _incident(row: Incident, config: Config, zone: tzinfo, at: datetime) -> IncidentRow:
    route = config.routes.get(row.route)
    return IncidentRow(
        pk=row.pk,
        route=route.name if route else row.route,
        target=name_of(row.target),
        level=level_words(row.level),
        opened=moment(row.opened_at, zone),
        closed=moment(row.closed_at, zone),
        how=row.get_closed_as_display() if row.closed_as else "",
        peak=burn_words(row.peak_burn),
        told=tuple(_told(message, at) for message in row.messages.all()) or ("log only",),
        lasts=row.closed_at is None,
    )


def _told(message: AlertMessage, at: datetime) -> str:
    what = "opening" if message.event == AlertMessage.Event.OPENED else "end"
    to = message.to if message.channel == AlertMessage.Channel.MAIL else f"webhook at {message.to}"
    return f"{to}, of its {what}: {alerts.said(message, at)}"


def demotions(rows: Any, config: Config, zone: tzinfo) -> list[DemotionRow]:
    """Return models that are or were set aside, for people."""
    return [_demotion(row, config, zone) for row in rows]


def _demotion(row: Demotion, config: Config, zone: tzinfo) -> DemotionRow:
    route, model = config.routes.get(row.route), config.models.get(row.model)
    return DemotionRow(
        route=route.name if route else row.route,
        slug=row.route,
        model=model.label if model else row.model,
        since=moment(row.since, zone),
        reason=row.reason,
        ended=moment(row.ended_at, zone),
        by=row.ended_by or "the desk",
        because=row.ended_because,
    )

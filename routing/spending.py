"""What was spent in a span and on what, and what a team's own tiers are like: read from roll-ups."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Sum

from routing import desk, publishing, tally
from routing.config import ConfigError, RouteSpec
from routing.metrics import MANAGED
from routing.models import ConversationDay, PlanDay, Purpose, RouteOutcome
from routing.stored import read
from routing.tally import Tally
from routing.what_if import NEEDED, TierFacts, Volume

MONTH_DAYS = 30.0  # the month that figures are scaled to


@dataclass(frozen=True)
class Spending:
    """Pico-USD by day and route, and in all; of every purpose, as far as prices are known."""

    by_day: Mapping[date, Mapping[str, int]]
    by_route: Mapping[str, int]
    by_model: Mapping[str, int]
    by_plan: Mapping[str, int]
    total: int
    unpriced: int

    @property
    def days(self) -> dict[date, int]:
        """Return the spend of each day."""
        return {day: sum(routes.values()) for day, routes in self.by_day.items()}


@dataclass(frozen=True)
class Conversations:
    """Conversations of a span by how they stood, and what their replies cost in pico-USD."""

    n: int = 0
    confirmed: int = 0
    assumed: int = 0
    handed_off: int = 0
    cost_pico: int = 0

    def each(self, resolved: int) -> float | None:
        """Return what one resolved conversation cost, all the others paid along; None without any."""
        return self.cost_pico / resolved if resolved else None


@dataclass(frozen=True)
class Team:
    """A team's own replies over `days`: volume, both tiers, and what single models would have cost.

    `escalated` of `light_replies` were asked again of a heavier model; `at_once` replies were sent to the
    heavy tier by the rules. `heavy_guessed` says that the heavy tier's cost is that of the light replies'
    tokens at the heavy model's price, for want of heavy replies. Money in pico-USD over the span.
    """

    days: float
    volume: Volume
    light: TierFacts
    heavy: TierFacts
    heavy_guessed: bool
    escalated: int
    at_once: int
    spent_pico: int
    heavy_pico: int
    heavy_unfronted_pico: int
    heavy_unknown: int
    mixed: Tally

    @property
    def rate(self) -> float:
        """Return the share of the models' answers that came from the heavy tier, however they got there.

        At this rate the cost "at once" is what the team really pays.
        """
        of = self.light.replies + self.heavy.replies
        return self.heavy.replies / of if of else 0.0


def spending(first: date, last: date, tz: ZoneInfo) -> Spending:
    """Return what was spent on the days `first` to `last` of the desk, both included."""
    days = [first + timedelta(days=index) for index in range((last - first).days + 1)]
    edges = tuple(desk.day_start(day, tz) for day in [*days, last + timedelta(days=1)])
    rows = read(edges[0], edges[-1], [purpose.value for purpose in Purpose], edges)
    plans = PlanDay.objects.filter(day__range=(first, last), purpose__in=MANAGED).order_by()
    summed = plans.values("plan").annotate(cost=Sum("cost_pico"))
    everything = tally.total(rows.by_route.values())
    return Spending(
        by_day={day: rows.by_bucket[at].call_cost_pico for day, at in zip(days, edges, strict=False)},
        by_route=_costs(rows.by_route),
        by_model=_costs(rows.by_model),
        by_plan={row["plan"]: row["cost"] for row in summed if row["cost"]},
        total=everything["call_cost_pico"],
        unpriced=everything["cost_unknown"],
    )


def _costs(tallies: Mapping[str, Tally]) -> dict[str, int]:
    found = {key: value["call_cost_pico"] for key, value in tallies.items()}
    return dict(sorted(((key, cost) for key, cost in found.items() if cost), key=lambda each: -each[1]))


def conversations(first: date, last: date) -> Conversations:
    """Return the conversations of the days `first` to `last` of the desk."""
    rows = ConversationDay.objects.filter(day__range=(first, last), purpose__in=MANAGED)
    names = ("conversations", "confirmed", "assumed", "handed_off", "cost_pico")
    return Conversations(*(value or 0 for value in rows.aggregate(*_sums(names)).values()))


def _sums(names: Iterable[str]) -> list[Sum]:
    return [Sum(name) for name in names]


def team(start: datetime, end: datetime, purposes: Iterable[str] = MANAGED) -> Team:
    """Return the replies to visitors between two moments, by tier; those without a model are instant.

    A desk that is younger than the span is judged from the hour of its first reply on.
    """
    first = RouteOutcome.objects.filter(ended_at__gte=start, purpose__in=list(purposes))
    earliest = first.order_by("ended_at").values_list("ended_at", flat=True).first()
    if earliest is not None and earliest - start > timedelta(days=1):
        start = min(earliest.replace(minute=0, second=0, microsecond=0), end - timedelta(days=1))
    rows = read(start, end, list(purposes), ())
    routes = _routes()
    light, heavy, instant = (
        tally.total(value for slug, value in rows.by_route.items() if _class(routes.get(slug)) == name)
        for name in ("light", "heavy", "instant")
    )
    asked = tally.total((light, heavy))
    days = (end - start) / timedelta(days=1)
    messages = asked["requests"] + instant["requests"]
    facts_heavy, guessed = _heavy(light, heavy)
    return Team(
        days=days,
        volume=Volume(
            messages * MONTH_DAYS / days if days else 0.0, instant["requests"] / messages if messages else 0.0
        ),
        light=TierFacts(light["requests"], _mean(light, "cost"), light.histogram("total")),
        heavy=facts_heavy,
        heavy_guessed=guessed,
        escalated=light["escalated_after"],
        at_once=heavy["escalated_before"],
        spent_pico=asked["cost_pico"],
        heavy_pico=asked["heavy_cost_pico"],
        heavy_unfronted_pico=asked["heavy_cost_pico"] + instant["heavy_cost_pico"],
        heavy_unknown=asked["heavy_unknown"] + asked["cost_unknown"],
        mixed=asked,
    )


def _heavy(light: Tally, heavy: Tally) -> tuple[TierFacts, bool]:
    """Return what heavy replies are like; too few of them are priced by the light ones' tokens."""
    if heavy["requests"] >= NEEDED:
        return TierFacts(heavy["requests"], _mean(heavy, "cost"), heavy.histogram("total")), False
    return TierFacts(heavy["requests"], _mean(light, "heavy_cost"), heavy.histogram("total")), True


def _mean(value: Tally, name: str) -> float | None:
    """Return the mean cost of the replies whose cost is known, None without any."""
    unknown = value["cost_unknown" if name == "cost" else "heavy_unknown"]
    known = value["requests"] - unknown
    return value[f"{name}_pico"] / known if known > 0 else None


def _routes() -> Mapping[str, RouteSpec]:
    try:
        return publishing.current().routes
    except ConfigError:
        return {}


def _class(route: RouteSpec | None) -> str:
    """Return where a route's replies belong; those of a route that is gone are left out."""
    if route is None:
        return ""
    if route.kind != "model":
        return "instant"
    return "heavy" if route.tier == "heavy" else "light"

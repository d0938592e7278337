"""Which budgets a call draws on, how much each holds, and from when to when.

Pure. A budget is a scope (`all`, `route:complex`, `plan:free`, ...) in a period, a day or a month of
the desk's time zone; amounts are whole pico-USD.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common.money import to_pico

Period = Literal["day", "month"]

DEFAULT_CAP_USD = Decimal(5)  # also the default of the settings form

ALL = "all"
EXAMPLE = "example"
DRAFTS = "drafts"
PROBES = "probes"
TESTS = "tests"
SHADOW = "shadow"
HEALTH = "health"
ROUTE = "route:"
PLAN = "plan:"

# Neither example traffic, nor what staff have written or measured for them, may stop the desk from
# answering visitors; and a desk whose visitors have spent the day must still notice that a provider
# works again. The purposes are those of routing.kinds.
SCOPES: Mapping[str, str] = {
    "demo": EXAMPLE,
    "staff_draft": DRAFTS,
    "probe": PROBES,
    "transfer": TESTS,
    "shadow": SHADOW,
    "synthetic": HEALTH,
}
OWN_SCOPES = frozenset(SCOPES.values())
# A health check asks for a few tokens: a tenth of the day's money is hundreds of them with the dearest
# model, and what it cannot pay any more is a provider that has been down all day.
HEALTH_SHARE = 10


@dataclass(frozen=True, slots=True)
class Cap:
    """What a scope may spend in a day and in a month, in pico-USD; None is no budget."""

    day: int | None = None
    month: int | None = None


NO_CAP = Cap()
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Pot:
    """One budget in one period: it holds `cap` pico-USD from `starts` (a day of the desk) to `ends_at`."""

    scope: str
    period: Period
    starts: date
    ends_at: datetime
    cap: int


@dataclass(frozen=True)
class Caps:
    """All budgets of a published configuration, and the time zone in which their days begin."""

    tz: ZoneInfo = UTC_ZONE
    all: Cap = NO_CAP
    routes: Mapping[str, Cap] = field(default_factory=dict)
    plans: Mapping[str, Cap] = field(default_factory=dict)

    def of(self, scope: str) -> Cap:
        """Return the caps of a scope."""
        if scope.startswith(ROUTE):
            return self.routes.get(scope.removeprefix(ROUTE), NO_CAP)
        if scope.startswith(PLAN):
            return self.plans.get(scope.removeprefix(PLAN), NO_CAP)
        if scope == ALL:
            return self.all
        return Cap(self.all.day // HEALTH_SHARE if scope == HEALTH and self.all.day else self.all.day)


def pico_of(usd: object) -> int | None:
    """Return an amount of USD, as a snapshot holds it, in pico-USD; None and "" are no amount."""
    return None if usd is None or usd == "" else to_pico(Decimal(str(usd)))


def zone(values: Mapping[str, Any]) -> ZoneInfo:
    """Return the desk's time zone; UTC for a name that this machine does not know."""
    try:
        return ZoneInfo(str(values.get("time_zone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return UTC_ZONE


def caps_of(snapshot: Mapping[str, Any]) -> Caps:
    """Return the budgets of a configuration's snapshot; older ones have none for routes and plans."""
    settings = snapshot.get("settings") or {}
    day = pico_of(settings.get("daily_cost_cap_usd", DEFAULT_CAP_USD))
    return Caps(
        tz=zone(settings),
        all=Cap(day, pico_of(settings.get("monthly_cost_cap_usd"))),
        routes={row["slug"]: _cap(row) for row in snapshot.get("routes", ())},
        plans={row["plan"]: _cap(row) for row in snapshot.get("plans", ())},
    )


def _cap(row: Mapping[str, Any]) -> Cap:
    return Cap(pico_of(row.get("daily_budget_usd")), pico_of(row.get("monthly_budget_usd")))


def scope_of(purpose: str) -> str:
    """Return the widest budget that a purpose draws on."""
    return SCOPES.get(purpose, ALL)


def scopes_of(purpose: str, route: str, plan: str) -> tuple[str, ...]:
    """Return the budgets that a call draws on, in the order in which they are taken."""
    widest = scope_of(purpose)
    if widest != ALL:
        return (widest,)
    return (ALL, *([PLAN + plan] if plan else []), *([ROUTE + route] if route else []))


def pots(caps: Caps, scopes: tuple[str, ...], at: datetime) -> tuple[Pot, ...]:
    """Return what a call at `at` has to be taken from, in the fixed order that keeps deadlocks out.

    `scopes` come as `scopes_of` orders them; of each, the day is taken before the month.
    """
    return tuple(pot for scope in scopes for pot in pots_of(caps, scope, at))


def pots_of(caps: Caps, scope: str, at: datetime) -> tuple[Pot, ...]:
    """Return the budgets of one scope at a moment: its day, its month, or none."""
    cap = caps.of(scope)
    amounts: tuple[tuple[Period, int | None], ...] = (("day", cap.day), ("month", cap.month))
    return tuple(
        Pot(scope, period, first_day(period, at, caps.tz), end_of(period, at, caps.tz), amount)
        for period, amount in amounts
        if amount is not None
    )


def first_day(period: Period, at: datetime, tz: ZoneInfo) -> date:
    """Return the day of the desk on which the period around `at` began."""
    day = at.astimezone(tz).date()
    return day if period == "day" else day.replace(day=1)


def end_of(period: Period, at: datetime, tz: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which the period around `at` ends at the desk."""
    first = first_day(period, at, tz)
    # 32 days after the first of a month lie in the next one, whatever its length.
    after = first + timedelta(days=1) if period == "day" else (first + timedelta(days=32)).replace(day=1)
    return midnight(after, tz)


def midnight(day: date, tz: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which `day` begins at the desk."""
    return datetime.combine(day, time.min, tzinfo=tz).astimezone(UTC)

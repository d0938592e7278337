"""Money: taken from every budget of a call before it is sent, returned or spent after it.

Every change is one conditional UPDATE with integer arithmetic, so two processes can never both take
the last of it, on SQLite as on PostgreSQL. A call remembers the rows that it was reserved in, so that
it is settled there whatever has become of caps, plans and time zone meanwhile.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import BigIntegerField, Case, F, Q, Sum, Value, When
from django.db.models.functions import Greatest

from common.money import from_pico
from routing import desk
from routing.caps import (
    ALL,
    DRAFTS,
    EXAMPLE,
    HEALTH,
    PLAN,
    PROBES,
    ROUTE,
    SCOPES,
    SHADOW,
    TESTS,
    Pot,
    midnight,
    pots,
    scope_of,
    scopes_of,
)
from routing.errors import BudgetExhausted
from routing.models import Budget, ModelCall

# What a call takes from its budgets: while it runs its reservation; afterwards its cost, and text at an
# unknown price its whole reservation.
CHARGE = Case(
    When(ended_at__isnull=True, then=F("reserved_pico")),
    When(cost_pico__isnull=False, then=F("cost_pico")),
    When(first_text_ms__isnull=True, then=Value(0)),
    default=F("reserved_pico"),
    output_field=BigIntegerField(),
)

_NAMES = {
    ALL: "the desk",
    EXAMPLE: "example traffic",
    DRAFTS: "drafts for staff",
    PROBES: "probes",
    TESTS: "transfer tests",
    SHADOW: "shadow answers",
    HEALTH: "health checks",
}


def name_of(scope: str) -> str:
    """Return what staff call a budget."""
    if scope.startswith(ROUTE):
        return f"the route {scope.removeprefix(ROUTE)}"
    if scope.startswith(PLAN):
        return f"the plan {scope.removeprefix(PLAN)}"
    return _NAMES.get(scope, scope)


def reserve(purpose: str, at: datetime, amount: int, route: str = "", plan: str = "") -> list[int]:
    """Set `amount` pico-USD aside in every budget of a call at `at`, inside the caller's transaction.

    Returns the rows that it was taken from, for `settle`. Raises BudgetExhausted, having changed
    nothing, when spent and reserved would pass the cap of any of them; first of all for one that could not
    hold the amount even if nothing were spent.
    """
    caps = desk.caps()
    wanted = pots(caps, scopes_of(purpose, route, plan), at)
    for pot in wanted:
        if pot.cap < max(amount, 1):
            raise _too_small(pot, amount)
    known = _rows(wanted)
    # One statement changes all or nothing by itself; of several, the first have to be taken back.
    several = len(wanted) > 1 or len(known) < len(wanted)
    with transaction.atomic() if several else nullcontext():
        rows = []
        for pot in wanted:
            row = known.get((pot.scope, pot.period)) or _first_of(pot, at, caps.tz)
            if not _take(row, pot.cap, amount):
                raise _exhausted(pot, caps.tz)
            rows.append(row)
    return rows


def _rows(wanted: Sequence[Pot]) -> dict[tuple[str, str], int]:
    which = Q(pk=None)
    for pot in wanted:
        which |= Q(scope=pot.scope, period=pot.period, period_start=pot.starts)
    found = Budget.objects.filter(which).values_list("scope", "period", "pk")
    return {(scope, period): row for scope, period, row in found}


def _take(row: int, cap: int, amount: int) -> bool:
    # A cap of nothing stands for "no model at all", also for models whose price nobody knows.
    fits = Budget.objects.filter(pk=row, spent_pico__lte=cap - amount - F("reserved_pico"))
    return cap > 0 and fits.update(reserved_pico=F("reserved_pico") + amount, cap_pico=cap) == 1


def _first_of(pot: Pot, at: datetime, tz: ZoneInfo) -> int:
    """Return the row of a budget that nothing was taken from yet.

    One that was set in the middle of its period begins with what its calls have cost before.
    """
    began = midnight(pot.starts, tz)
    before = ModelCall.objects.filter(calls_of(pot.scope), started_at__gte=began, started_at__lte=at)
    carried = before.aggregate(sum=Sum(CHARGE))["sum"] or 0
    row, _ = Budget.objects.get_or_create(
        scope=pot.scope,
        period=pot.period,
        period_start=pot.starts,
        defaults={"cap_pico": pot.cap, "spent_pico": carried, "carried_pico": carried},
    )
    return row.pk


def calls_of(scope: str) -> Q:
    """Return which calls belong to a scope, for a budget that was not there when they were made."""
    visitors = ~Q(purpose__in=list(SCOPES))
    if scope.startswith(ROUTE):
        slug = scope.removeprefix(ROUTE)
        return visitors & (Q(route=slug, paid_by="") | Q(paid_by=slug))
    if scope.startswith(PLAN):
        return visitors & Q(plan=scope.removeprefix(PLAN))
    if scope == ALL:
        return visitors
    return Q(purpose__in=[purpose for purpose, own in SCOPES.items() if own == scope])


_KINDS = {"day": "daily", "month": "monthly"}


def _too_small(pot: Pot, amount: int) -> BudgetExhausted:
    of = f"The {_KINDS[pot.period]} budget of {from_pico(pot.cap).normalize():f} USD for {name_of(pot.scope)}"
    needs = f"{of} is too small for one answer, which reserves {from_pico(amount).normalize():f} USD."
    nothing = f"{of} allows no model."
    return BudgetExhausted(
        needs if pot.cap > 0 else nothing,
        scope=pot.scope,
        period=pot.period,
        ends_at=pot.ends_at,
        never=True,
    )


def _exhausted(pot: Pot, tz: ZoneInfo) -> BudgetExhausted:
    whose = f"{from_pico(pot.cap):.2f} USD for {name_of(pot.scope)}"
    return BudgetExhausted(
        f"The {_KINDS[pot.period]} budget of {whose} is used up until "
        f"{pot.ends_at.astimezone(tz):%Y-%m-%d %H:%M} ({tz}).",
        scope=pot.scope,
        period=pot.period,
        ends_at=pot.ends_at,
    )


def settle(rows: Sequence[int], *, reserved: int, spent: int) -> None:
    """Return a reservation to the rows it was taken from, in that order, and book what was spent."""
    for row in rows:
        Budget.objects.filter(pk=row).update(
            # Greatest: a row that somebody mended by hand must not keep a reply from its end.
            reserved_pico=Greatest(F("reserved_pico") - reserved, 0),
            spent_pico=F("spent_pico") + spent,
        )


def day_row(purpose: str, at: datetime) -> list[int]:
    """Return the row of a call that was stored before calls remembered theirs."""
    day = desk.day_of(at, desk.caps().tz)
    rows = Budget.objects.filter(scope=scope_of(purpose), period=Budget.Period.DAY, period_start=day)
    return list(rows.values_list("pk", flat=True))

"""The day's money: taken before each model call, returned or spent after it.

Every change is one conditional UPDATE with integer arithmetic, so two processes can never both
take the last of it, on SQLite as on PostgreSQL.
"""

from datetime import date, datetime

from django.db.models import F
from django.db.models.functions import Greatest

from routing import desk
from routing.errors import BudgetExhausted
from routing.models import Budget, Purpose

ALL = "all"
EXAMPLE = "example"
DRAFTS = "drafts"
PROBES = "probes"
PROBES_SHARE = 20  # of the day's cap, a twentieth: a probe is a word, and an outage may last all day


def scope_of(purpose: str) -> str:
    """Return the budget that a purpose draws on.

    Example traffic and what staff have written for them have their own, each of the same size: neither
    must stop the desk from answering visitors. The probes that close a breaker have a small one.
    """
    own = {
        Purpose.DEMO.value: EXAMPLE,
        Purpose.STAFF_DRAFT.value: DRAFTS,
        Purpose.SYNTHETIC.value: PROBES,
    }
    return own.get(purpose, ALL)


def _cap_of(scope: str, cap_pico: int) -> int:
    return cap_pico // PROBES_SHARE if scope == PROBES else cap_pico


def _take(scope: str, day: date, amount: int, cap: int) -> bool:
    rows = Budget.objects.filter(scope=scope, period_start=day)
    fits = rows.filter(spent_pico__lte=cap - amount - F("reserved_pico"))
    return fits.update(reserved_pico=F("reserved_pico") + amount, cap_pico=cap) == 1


def reserve(purpose: str, at: datetime, amount: int) -> None:
    """Set `amount` pico-USD aside from the day that `at` falls on, inside the caller's transaction.

    Raises BudgetExhausted, having changed nothing, when spent and reserved would pass the cap.
    """
    settings = desk.settings()
    scope, day = scope_of(purpose), desk.day_of(at, desk.zone(settings))
    cap = _cap_of(scope, desk.cap_pico(settings))
    if _take(scope, day, amount, cap):
        return
    _, first_today = Budget.objects.get_or_create(scope=scope, period_start=day, defaults={"cap_pico": cap})
    if first_today and _take(scope, day, amount, cap):
        return
    raise BudgetExhausted(f"The daily cost cap of {cap / 1e12:.2f} USD is used up ({scope}, {day}).")


def settle(purpose: str, at: datetime, *, reserved: int, spent: int) -> None:
    """Return a reservation made at `at` and book what was really spent in its place."""
    scope, day = scope_of(purpose), desk.day_of(at, desk.zone(desk.settings()))
    changed = Budget.objects.filter(scope=scope, period_start=day).update(
        # Greatest: after a change of the desk's time zone the reservation may lie on the day before.
        reserved_pico=Greatest(F("reserved_pico") - reserved, 0),
        spent_pico=F("spent_pico") + spent,
    )
    if not changed:
        Budget.objects.create(scope=scope, period_start=day, cap_pico=0, spent_pico=spent)

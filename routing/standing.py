"""How every budget stands now: what it holds, what is spent, what running calls have set aside."""

from dataclasses import dataclass
from datetime import datetime

from routing import desk
from routing.budget import name_of
from routing.caps import ALL, DRAFTS, EXAMPLE, HEALTH, PLAN, PROBES, ROUTE, Caps, Pot, pots_of
from routing.models import Budget


@dataclass(frozen=True)
class Standing:
    """One budget in its present period; amounts in pico-USD."""

    pot: Pot
    spent: int = 0
    reserved: int = 0

    @property
    def name(self) -> str:
        """Return what staff call it."""
        return name_of(self.pot.scope)

    @property
    def share(self) -> float:
        """Return the used share of the cap, reservations included; a cap of nothing is used up."""
        return (self.spent + self.reserved) / self.pot.cap if self.pot.cap > 0 else 1.0


def scopes(caps: Caps) -> list[str]:
    """Return every scope that may have a budget, the desk's own first."""
    plans, routes = sorted(caps.plans), sorted(caps.routes)
    own = [ALL, *(PLAN + plan for plan in plans), *(ROUTE + route for route in routes)]
    return [*own, EXAMPLE, DRAFTS, PROBES, HEALTH]


def standing(at: datetime) -> list[Standing]:
    """Return every budget that is set, as it stands in the day and month around `at`."""
    caps = desk.caps()
    wanted = [pot for scope in scopes(caps) for pot in pots_of(caps, scope, at)]
    starts = {pot.starts for pot in wanted}
    rows = {
        (row.scope, row.period, row.period_start): row
        for row in Budget.objects.filter(period_start__in=starts)
    }
    found = []
    for pot in wanted:
        row = rows.get((pot.scope, pot.period, pot.starts))
        found.append(Standing(pot, row.spent_pico, row.reserved_pico) if row else Standing(pot))
    return found

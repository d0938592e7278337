"""First models that are set aside because their route's error budget is spent, as every process knows them.

Decided by the worker that judges the service levels, or taken back by staff; other processes notice by the
counter `demotions`, so a message costs no query.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.versions import raise_version, read_version
from routing.config import RouteSpec
from routing.ladder import Aside
from routing.models import Demotion, Incident

log = logging.getLogger(__name__)

VERSION = "demotions"
# A first model comes back by itself when a tenth of each budget is there again, and not at the first reply.
RESTORED = 0.1
CHANGED = "The ladder or its setting was changed."
RECOVERED = "Its targets are kept again, and a tenth of each error budget is back."


@dataclass(frozen=True)
class RouteStanding:
    """The targets of a route whose budget is spent, each with why in words; and whether all are restored."""

    spent: Mapping[str, str]
    restored: bool


# ---- deciding, in the worker's transaction -------------------------------------------------------


def consider(route: RouteSpec, standing: RouteStanding, now: datetime) -> None:
    """Set the first model of a route aside, or take it back, as its service levels ask for."""
    row = Demotion.objects.filter(route=route.slug, ended_at=None).first()
    stays = route.demotes_itself and route.enabled and len(route.ladder) > 1
    burning = Incident.objects.filter(route=route.slug, closed_at=None)
    if row is None:
        if stays and standing.spent:
            _begin(route, standing, now)
    elif not stays or route.ladder[0] != row.model:
        _end(row, now, "", CHANGED)
    elif standing.restored and not burning.exists():
        _end(row, now, "", RECOVERED)


def _begin(route: RouteSpec, standing: RouteStanding, now: datetime) -> None:
    """Set the first model aside for an incident that burns what is spent, once for each incident."""
    burning = Incident.objects.filter(route=route.slug, closed_at=None, target__in=standing.spent)
    last = Demotion.objects.filter(route=route.slug).order_by("-ended_at").first()
    if last is not None:
        # Whoever took the model back knew of the incidents of that hour.
        burning = burning.filter(opened_at__gt=last.ended_at)
    incident = burning.order_by("opened_at").first()
    if incident is None:
        return
    Demotion.objects.create(
        route=route.slug,
        model=route.ladder[0],
        incident=incident,
        since=now,
        reason=standing.spent[incident.target][:300],
    )
    raise_version(VERSION)
    log.warning("route %s begins with its second model: %s", route.slug, standing.spent[incident.target])


def _end(row: Demotion, now: datetime, by: str, because: str) -> bool:
    ended = Demotion.objects.filter(pk=row.pk, ended_at=None).update(
        ended_at=now, ended_by=by[:150], ended_because=because
    )
    if ended:
        raise_version(VERSION)
        log.warning("route %s begins with %s again: %s", row.route, row.model, because)
    return bool(ended)


def use_first_again(route: str, by: str, now: datetime) -> bool:
    """Take a route's first model back for new replies; False when it was not set aside."""
    with transaction.atomic():
        row = Demotion.objects.filter(route=route, ended_at=None).first()
        ended = row is not None and _end(row, now, by, "Taken back by hand.")
        transaction.on_commit(refresh)
    return ended


# ---- what each process knows ---------------------------------------------------------------------


class _Known:
    """The models that are set aside, by route; whole values are swapped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counter = -1
        self.asides: Mapping[str, Aside] | None = None

    def refresh(self) -> None:
        counter = read_version(VERSION)  # before the rows, see common.versions
        if self.asides is not None and counter == self._counter:
            return
        rows = Demotion.objects.filter(ended_at=None)
        found = {row.route: Aside(row.model, row.since, row.reason) for row in rows}
        with self._lock:
            self._counter, self.asides = counter, found

    def forget(self) -> None:
        with self._lock:
            self._counter, self.asides = -1, None


_known = _Known()


def refresh() -> None:
    """Load the models that are set aside when the counter moved."""
    _known.refresh()


def forget() -> None:
    """Drop what this process has kept; the next reader loads anew."""
    _known.forget()


def of(route: str) -> Aside | None:
    """Return the first model of a route that is set aside, None when it is not; queries only at first."""
    if _known.asides is None:
        _known.refresh()
    return (_known.asides or {}).get(route)

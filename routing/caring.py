"""The daily look at the catalogue: what is found becomes a notice, and closes once it no longer holds."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from routing import publishing
from routing.care import GRAVE, Finding, Seen, findings, ladders_of
from routing.config import ModelSpec, RouteSpec
from routing.ladder import answers_for
from routing.models import CatalogueModel, CatalogueNotice, ModelCall, Route

logger = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=1)
UNKNOWN_MODEL = "UnknownModel"  # the class in routing.errors of a 404


def check(now: datetime) -> list[CatalogueNotice]:
    """Look at models, ladders and the last day's calls; store and log what is found; return what is open."""
    models, routes = _models(), _routes()
    found = findings(models, routes, seen_since(now - LOOK_BACK, models), now.date())
    for each in found:
        level = logging.ERROR if each.grave else logging.WARNING
        logger.log(level, "model %s: %s: %s", each.model, each.kind, each.detail)
    return _store(found, now)


def _models() -> dict[str, ModelSpec]:
    rows = CatalogueModel.objects.prefetch_related("prices")
    return {row.pk: publishing.model_spec(row) for row in rows}


def _routes() -> list[RouteSpec]:
    return [publishing.route_spec(row) for row in Route.objects.prefetch_related("steps")]


def seen_since(start: datetime, models: dict[str, ModelSpec]) -> dict[str, Seen]:
    """Return what calls since `start` say of the models that they asked; those without news are left out."""
    calls = ModelCall.objects.filter(started_at__gte=start, ended_at__isnull=False).order_by("started_at")
    lost: Counter[str] = Counter()
    said: dict[str, str] = {}
    others: defaultdict[str, Counter[str]] = defaultdict(Counter)
    fields = calls.values_list("asked_model", "answering_model", "error_class", "error_detail")
    for asked, answering, failure, detail in fields.iterator():
        if failure == UNKNOWN_MODEL:
            lost[asked] += 1
            said[asked] = detail
        elif not failure:
            lost.pop(asked, None)  # it has answered since
            if not _same(models.get(asked), asked, answering):
                others[asked][answering] += 1
    return {
        model: Seen(lost[model], said.get(model, "")[:200], dict(others[model]))
        for model in lost.keys() | others.keys()
    }


def _same(spec: ModelSpec | None, asked: str, answering: str) -> bool:
    if spec is not None:
        return answers_for(spec, answering)
    return not answering or answering == asked


@transaction.atomic
def _store(found: Iterable[Finding], now: datetime) -> list[CatalogueNotice]:
    open_ones = {(row.model, row.kind): row for row in CatalogueNotice.objects.filter(closed_at=None)}
    for each in found:
        row = open_ones.pop((each.model, each.kind), None)
        if row is None:
            CatalogueNotice.objects.create(
                model=each.model, kind=each.kind, detail=each.detail[:500], first_seen=now, last_seen=now
            )
        else:
            CatalogueNotice.objects.filter(pk=row.pk).update(
                detail=each.detail[:500], last_seen=now, count=F("count") + 1
            )
    CatalogueNotice.objects.filter(pk__in=[row.pk for row in open_ones.values()]).update(closed_at=now)
    return list(CatalogueNotice.objects.filter(closed_at=None))


def notices() -> list[CatalogueNotice]:
    """Return the open notices that still hold by today's ladders, the worst first.

    A ladder that was changed meanwhile needs no second look: its notice is gone from the pages at once, and
    the next check closes it.
    """
    rows = list(CatalogueNotice.objects.filter(closed_at=None))
    if not rows:
        return []
    routes = _routes()
    known = set(CatalogueModel.objects.values_list("pk", flat=True))
    holding = [row for row in rows if row.model not in known or ladders_of(row.model, routes)]
    return sorted(holding, key=lambda row: row.kind not in GRAVE)


def unmailed() -> list[CatalogueNotice]:
    """Return the notices that hold and that nobody has been written about."""
    return [row for row in notices() if row.mailed_at is None]


def mark_mailed(rows: Iterable[CatalogueNotice], now: datetime) -> None:
    """Note that staff were written about these notices."""
    CatalogueNotice.objects.filter(pk__in=[row.pk for row in rows]).update(mailed_at=now)

"""The daily look at the catalogue: what is found becomes a notice, and closes once it no longer holds."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F

from routing import publishing
from routing.care import GRAVE, Finding, Seen, findings, ladders_of, often
from routing.config import Config, ConfigError, ModelSpec, RouteSpec
from routing.ladder import answers_for
from routing.models import CatalogueNotice, ModelCall

logger = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=1)
UNKNOWN_MODEL = "UnknownModel"  # the class in routing.errors of a 404


def check(now: datetime) -> list[CatalogueNotice]:
    """Look at models, ladders and the last day's calls; store and log what is found; return what is open."""
    publishing.refresh()  # a worker has no poll of its own
    models, routes = published().models, _routes()
    found = findings(models, routes, seen_since(now - LOOK_BACK, models), now.date())
    for each in found:
        level = logging.ERROR if each.grave else logging.WARNING
        logger.log(level, "model %s: %s: %s", each.model, each.kind, each.detail)
    return _store(found, now)


def published() -> Config:
    """Return what visitors are answered by now, an empty configuration before the first."""
    try:
        return publishing.current()
    except ConfigError:
        return Config(0, "")


def _routes() -> list[RouteSpec]:
    return list(published().routes.values())


def ladders_by_model() -> dict[str, list[str]]:
    """Return the names of the routes that are on, by the models on their published ladders."""
    routes = _routes()
    return {model: ladders_of(model, routes) for route in routes if route.enabled for model in route.ladder}


def seen_since(start: datetime, models: Mapping[str, ModelSpec]) -> dict[str, Seen]:
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

    A ladder that was published without the model meanwhile needs no second look: its notice is gone from the
    pages at once, and the next check closes it.
    """
    rows = list(CatalogueNotice.objects.filter(closed_at=None))
    if not rows:
        return []
    routes, known = _routes(), published().models
    holding = [row for row in rows if row.model not in known or ladders_of(row.model, routes)]
    return sorted(holding, key=lambda row: row.kind not in GRAVE)


def pressing(notice: CatalogueNotice, now: datetime) -> bool:
    """Return whether somebody should act on a notice today; a name that was seen once can wait."""
    if notice.kind != CatalogueNotice.Kind.OTHER_MODEL:
        return True
    calls = ModelCall.objects.filter(
        asked_model=notice.model, started_at__gte=now - LOOK_BACK, ended_at__isnull=False, error_class=""
    )
    names = calls.order_by().values_list("answering_model").annotate(times=Count("pk"))
    spec, answered, others = published().models.get(notice.model), 0, 0
    for answering, times in names:
        answered += times
        others += 0 if _same(spec, notice.model, answering) else times
    return often(others, answered)


def unmailed() -> list[CatalogueNotice]:
    """Return the notices that hold and that nobody has been written about."""
    return [row for row in notices() if row.mailed_at is None]


def mark_mailed(rows: Iterable[CatalogueNotice], now: datetime) -> None:
    """Note that staff were written about these notices."""
    CatalogueNotice.objects.filter(pk__in=[row.pk for row in rows]).update(mailed_at=now)

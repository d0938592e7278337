"""Judge every target of every route from the roll-ups: error budgets, incidents, and models set aside.

Run by beat. Two workers at once do no harm: the second waits for the first and finds its work done.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from common.versions import hold_version
from routing import demoting, publishing, slo, stored, tally
from routing.config import Config, ConfigError, RouteSpec
from routing.level_words import bad_words, period_words
from routing.metrics import MANAGED
from routing.models import Incident, LevelState, RollUpState
from routing.slo import LEVELS, WINDOWS, Course, Level, Seen
from routing.tally import Tally
from routing.targets import Checked, Target, checked, promised

log = logging.getLogger(__name__)

LOCK = "service levels"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WHOLE_HOURS = 3 * DAY
# Figures that lie further behind say nothing of the last five minutes: nothing is judged until they are back.
STALE = timedelta(minutes=2)

Tell = Callable[[Incident, str], None]
Windows = Mapping[timedelta, Mapping[str, Tally]]


@dataclass(frozen=True)
class Judged:
    """One target of a route now: what came out over its period, and the counts of the burn windows."""

    route: RouteSpec
    whole: Checked
    seen: Seen

    @property
    def target(self) -> Target:
        return self.whole.target

    @property
    def left(self) -> float | None:
        """Return the share of the budget that is left, None without replies."""
        return slo.left(self.whole.count, self.seen.allowed)

    @property
    def spent(self) -> bool:
        """Return whether the budget of the period is spent, by enough replies to say so."""
        return self.left is not None and self.left <= 0 and self.whole.count.of >= self.target.needs

    @property
    def restored(self) -> bool:
        """Return whether enough of the budget is back for a model that was set aside."""
        return self.left is None or self.left >= demoting.RESTORED


# ---- what the roll-ups say -----------------------------------------------------------------------


def windows(at: datetime, periods: Iterable[timedelta]) -> dict[timedelta, dict[str, Tally]]:
    """Return the tallies by route of the last `span` before `at`, for each burn window and period.

    Three days and more begin with a whole hour, so that what is summed up serves; each span is read only as
    far as the next shorter one has not been.
    """
    end = at.replace(second=0, microsecond=0) + MINUTE
    parts: defaultdict[str, list[Tally]] = defaultdict(list)
    found: dict[timedelta, dict[str, Tally]] = {}
    until = end
    for span in sorted({*WINDOWS.values(), *periods}):
        start = end - span
        if span >= WHOLE_HOURS:
            start = start.replace(minute=0)
        if start < until:
            for route, value in stored.read(start, until, MANAGED, ()).by_route.items():
                parts[route].append(value)
        until = min(start, until)
        found[span] = {route: tally.total(values) for route, values in parts.items()}
    return found


def judge(config: Config, read: Windows) -> list[Judged]:
    """Return every promise of the configuration, judged."""
    found = []
    for route in config.routes.values():
        period = route.sla.period_days * DAY
        for target, limit in promised(route.sla) if _promises(route) else ():
            of = {span: values.get(route.slug, Tally()) for span, values in read.items()}
            seen = Seen(
                allowed=target.allowed(limit),
                needs=target.needs,
                period=period,
                counts={name: target.count(of[span], limit) for name, span in WINDOWS.items()},
            )
            found.append(Judged(route, checked(target, limit, of[period]), seen))
    return found


def _promises(route: RouteSpec) -> bool:
    return route.enabled and any(promised(route.sla))


# ---- the job -------------------------------------------------------------------------------------


def watch(now: datetime, tell: Tell) -> None:
    """Judge all targets; open and close incidents, and set first models aside or take them back.

    `tell` is called within the transaction once when an incident opens and once when it closes.
    """
    as_of = RollUpState.objects.filter(pk=1).values_list("as_of", flat=True).first()
    if as_of is None or now - as_of > STALE:
        log.warning("service levels are not judged: the figures lie behind (as of %s)", as_of)
        return
    try:
        publishing.refresh()
        config = publishing.current()
    except ConfigError:
        return
    periods = {route.sla.period_days * DAY for route in config.routes.values() if _promises(route)}
    judged = judge(config, windows(min(now, as_of), periods)) if periods else []
    with transaction.atomic():
        hold_version(LOCK)
        _keep(judged, now)
        for each in judged:
            _follow(each, now, config.number, tell)
        _withdraw(judged, now, tell)
        for route in config.routes.values():
            demoting.consider(route, _standing(route, judged), now)


def _standing(route: RouteSpec, judged: Sequence[Judged]) -> demoting.RouteStanding:
    mine = [each for each in judged if each.route.slug == route.slug]
    spent = {each.target.name: _spent_words(each) for each in mine if each.spent}
    return demoting.RouteStanding(spent, all(each.restored for each in mine))


def _spent_words(each: Judged) -> str:
    words = bad_words(each.target, each.whole.limit, each.whole.count)
    period = period_words(each.route.sla.period_days)
    return f"the error budget of its {each.target.words} is spent ({words} in {period})"


def _keep(judged: Sequence[Judged], now: datetime) -> None:
    rows = [
        LevelState(
            route=each.route.slug,
            target=each.target.name,
            limit=each.whole.limit,
            period_days=each.route.sla.period_days,
            actual=each.whole.actual,
            bad=each.whole.count.bad,
            of=each.whole.count.of,
            burns={name: [count.bad, count.of] for name, count in each.seen.counts.items()},
            judged_at=now,
        )
        for each in judged
    ]
    LevelState.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["route", "target"],
        update_fields=["limit", "period_days", "actual", "bad", "of", "burns", "judged_at"],
    )
    LevelState.objects.exclude(judged_at=now).delete()


# ---- incidents -----------------------------------------------------------------------------------


def open_incidents() -> QuerySet[Incident]:
    """Return the incidents that last, the oldest first."""
    return Incident.objects.filter(closed_at=None).order_by("opened_at", "pk")


def _follow(each: Judged, now: datetime, config_number: int, tell: Tell) -> None:
    """Open an incident for a target, or note how the one that is open goes on."""
    rows = Incident.objects.filter(route=each.route.slug, target=each.target.name)
    row = rows.filter(closed_at=None).first()
    if row is not None:
        _go_on(row, each.seen, now, tell)
        return
    last = rows.order_by("-closed_at").values_list("closed_at", flat=True).first()
    level = slo.opening(each.seen, None if last is None else now - last)
    if level is not None:
        _open(each, level, now, config_number, tell)


def _open(each: Judged, level: Level, now: datetime, config_number: int, tell: Tell) -> None:
    row = Incident.objects.create(
        route=each.route.slug,
        target=each.target.name,
        level=level.name,
        opened_at=now,
        seen_at=now,
        peak_burn=each.seen.peak,
        figures=_figures(each, level),
        config_number=config_number,
    )
    tell(row, "opened")
    _say(row, "opened")


def _figures(each: Judged, level: Level) -> dict[str, object]:
    """Return what an incident keeps of the moment in which it opened."""
    long, short = each.seen.of(level.long), each.seen.of(level.short)
    return {
        "route_name": each.route.name,
        "limit": each.whole.limit,
        "period_days": each.route.sla.period_days,
        "actual": each.whole.actual,
        "bad": each.whole.count.bad,
        "of": each.whole.count.of,
        "left": each.left,
        "long": {"window": level.long, "bad": long.bad, "of": long.of, "burn": each.seen.burn(level.long)},
        "short": {
            "window": level.short,
            "bad": short.bad,
            "of": short.of,
            "burn": each.seen.burn(level.short),
        },
    }


def _go_on(row: Incident, seen: Seen, now: datetime, tell: Tell) -> None:
    before = Course(LEVELS.get(row.level, slo.SLOW), row.calm_since)
    after = slo.course(before, seen, now)
    row.level, row.calm_since = after.level.name, after.calm_since
    row.peak_burn = max(row.peak_burn, seen.peak)
    if after.reading == "burning":
        row.seen_at = now
    if after.closed_as is not None:
        _close(row, after.closed_as, now, tell)
        return
    row.save(update_fields=["level", "calm_since", "peak_burn", "seen_at"])


def _close(row: Incident, how: str, now: datetime, tell: Tell) -> None:
    row.closed_at, row.closed_as = now, how
    row.save()
    tell(row, "closed")
    _say(row, "closed")


def _withdraw(judged: Sequence[Judged], now: datetime, tell: Tell) -> None:
    """Close what belongs to a promise that is no longer made."""
    made = {(each.route.slug, each.target.name) for each in judged}
    for row in open_incidents():
        if (row.route, row.target) not in made:
            _close(row, Incident.ClosedAs.WITHDRAWN, now, tell)


def _say(row: Incident, event: str) -> None:
    """Log an incident's opening or closing, one line of names and values, once it is stored."""
    values = {
        "event": event,
        "incident": row.pk,
        "route": row.route,
        "target": row.target,
        "level": row.level,
        "peak_burn": f"{row.peak_burn:.3g}",
        "opened_at": row.opened_at.isoformat(),
        **({"closed_as": row.closed_as} if row.closed_as else {}),
    }
    line = " ".join(f"{name}={value}" for name, value in values.items())
    level = logging.WARNING if event == "opened" else logging.INFO
    transaction.on_commit(lambda: log.log(level, "service_level %s", line, extra={"service_level": values}))

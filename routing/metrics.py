"""The figures of a period, for each route and in all, from what was rolled up."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from routing import publishing, tally, targets
from routing.config import ConfigError, Sla
from routing.evidence import KINDS
from routing.models import Purpose, RollUpState
from routing.stored import ALL, Bucket, Only, read
from routing.tally import RESOLUTIONS, Tally

MANAGED = (Purpose.VISITOR.value, Purpose.DEMO.value)

# Beat runs the roll-up every 5 s; figures older than 10 s are said to be late, and a worker that
# has missed three runs is said to be down.
LATE_AFTER = timedelta(seconds=10)
DOWN_AFTER = timedelta(seconds=15)


@dataclass(frozen=True)
class TargetCheck:
    """One target of a route: `met` is None while there are too few replies to say."""

    name: str
    limit: float
    actual: float | None
    met: bool | None
    at_least: bool = False


@dataclass(frozen=True)
class Figures:
    """What one route (or all, under the empty slug) did in a period.

    Times in ms, None when there are too few replies; money in pico-USD. `*_unknown` count the
    replies that are missing from a sum because a price or a token count is unknown.
    """

    route: str
    name: str
    tier: str
    requests: int
    share: float | None
    completed: int
    first_text_p50: float | None
    first_text_p95: float | None
    first_text_p99: float | None
    total_p50: float | None
    total_p95: float | None
    total_p99: float | None
    queue_p95: float | None
    match_p95: float | None
    input_tokens: int
    output_tokens: int
    cost_pico: int
    cost_unknown: int
    cost_per_1000_pico: int | None
    errors: int
    out_of_budget: int
    refused: int
    cancelled: int
    truncations: int
    fallbacks: int
    cached: int
    escalated_before: int
    escalated_after: int
    handoffs_failed: int
    thumbs_up: int
    thumbs_down: int
    resolved: int
    support_judged: int
    grounded: int
    heavy_cost_pico: int
    heavy_unknown: int
    escalations: Mapping[str, int]
    resolutions: Mapping[str, int]
    targets: tuple[TargetCheck, ...]
    tally: Tally

    def rate(self, count: int) -> float | None:
        """Return `count` as a share of the requests, None without requests."""
        return count / self.requests if self.requests else None

    @property
    def met(self) -> bool | None:
        """Return whether every target was kept; False as soon as one was missed, None if unsaid."""
        said = [check.met for check in self.targets]
        if False in said:
            return False
        return True if said and None not in said else None


@dataclass(frozen=True)
class ModelFigures:
    """What one model did: replies it gave, and calls it was asked for."""

    model: str
    requests: int
    calls: int
    call_errors: int
    call_truncations: int
    first_text_p50: float | None
    first_text_p95: float | None
    input_tokens: int
    output_tokens: int
    cost_pico: int


@dataclass(frozen=True)
class Point:
    """One bucket of the charts; values by route slug, p95 also for all under the empty slug."""

    start: datetime
    requests: Mapping[str, int]
    cost_pico: Mapping[str, int]
    first_text_p95: float | None


@dataclass(frozen=True)
class Report:
    """All figures of one period."""

    start: datetime
    end: datetime
    routes: tuple[Figures, ...]
    total: Figures
    models: tuple[ModelFigures, ...]
    points: tuple[Point, ...]
    example_requests: int


@dataclass(frozen=True)
class Freshness:
    """Until when the figures are complete, and whether the worker that keeps them so is alive."""

    as_of: datetime | None
    ran_at: datetime | None
    late: bool
    down: bool


@dataclass(frozen=True)
class _RouteFacts:
    name: str
    tier: str
    sla: Sla


def freshness(now: datetime) -> Freshness:
    """Return how old the figures are at `now`."""
    state = RollUpState.objects.filter(pk=1).first()
    as_of, ran_at = (state.as_of, state.ran_at) if state else (None, None)
    return Freshness(
        as_of=as_of,
        ran_at=ran_at,
        late=as_of is None or now - as_of > LATE_AFTER,
        down=ran_at is None or now - ran_at > DOWN_AFTER,
    )


def figures(
    start: datetime,
    end: datetime,
    purposes: Collection[str] = MANAGED,
    edges: Collection[datetime] = (),
    only: Only = ALL,
) -> Report:
    """Return the figures of the minutes from `start` up to `end`, without `end` itself.

    `edges` are the borders of the charts' buckets, none for no charts. Of one route alone there is no share.
    """
    rows = read(start, end, purposes, tuple(edges), only)
    everything = tally.total(rows.by_route.values())
    known = _routes()
    slugs = [only.route] if only.route else [*known, *sorted(set(rows.by_route) - set(known))]
    base = Tally() if only.route else everything
    return Report(
        start=start,
        end=end,
        routes=tuple(
            of_route(slug, known.get(slug, _gone(slug)), rows.by_route.get(slug), base) for slug in slugs
        ),
        total=of_route("", _RouteFacts("All routes", "", Sla()), everything, base),
        models=tuple(_of_model(model, rows.by_model[model]) for model in sorted(rows.by_model) if model),
        points=tuple(_point(at, rows.by_bucket[at]) for at in tuple(edges)[:-1]),
        example_requests=rows.example["requests"],
    )


def _routes() -> dict[str, _RouteFacts]:
    """Return the routes as visitors have them, whatever the draft calls them by now."""
    try:
        published = publishing.current().routes
    except ConfigError:
        return {}
    return {slug: _RouteFacts(route.name, route.tier, route.sla) for slug, route in published.items()}


def _gone(slug: str) -> _RouteFacts:
    """Return what is known of a route that is gone; "" is of replies taken back before they had one."""
    return _RouteFacts(slug or "No route", "", Sla())


def of_route(slug: str, facts: _RouteFacts, value: Tally | None, everything: Tally) -> Figures:
    """Return the figures of one route from its tally and that of all routes."""
    mine = value or Tally()
    requests, first_text, total = mine["requests"], mine.histogram("first_text"), mine.histogram("total")
    return Figures(
        route=slug,
        name=facts.name,
        tier=facts.tier,
        requests=requests,
        share=requests / everything["requests"] if everything["requests"] else None,
        completed=mine["completed"],
        first_text_p50=first_text.percentile(0.5),
        first_text_p95=first_text.percentile(0.95),
        first_text_p99=first_text.percentile(0.99),
        total_p50=total.percentile(0.5),
        total_p95=total.percentile(0.95),
        total_p99=total.percentile(0.99),
        queue_p95=mine.histogram("queue").percentile(0.95),
        match_p95=mine.histogram("match").percentile(0.95),
        input_tokens=mine["input_tokens"],
        output_tokens=mine["output_tokens"],
        cost_pico=mine["cost_pico"],
        cost_unknown=mine["cost_unknown"],
        cost_per_1000_pico=round(mine["cost_pico"] * 1000 / requests) if requests else None,
        errors=mine["errors"],
        out_of_budget=mine["out_of_budget"],
        refused=mine["refused"],
        cancelled=mine["cancelled"],
        truncations=mine["truncations"],
        fallbacks=mine["fallbacks"],
        cached=mine["cached"],
        escalated_before=mine["escalated_before"],
        escalated_after=mine["escalated_after"],
        handoffs_failed=mine["handoffs_failed"],
        thumbs_up=mine["thumbs_up"],
        thumbs_down=mine["thumbs_down"],
        resolved=mine["resolved"],
        support_judged=mine["support_judged"],
        grounded=mine["grounded"],
        heavy_cost_pico=mine["heavy_cost_pico"],
        heavy_unknown=mine["heavy_unknown"],
        escalations={kind: mine[f"escalated_by_{kind}"] for kind in KINDS},
        resolutions={name: mine[f"left_{name}"] for name in RESOLUTIONS},
        targets=_checks(facts.sla, mine),
        tally=mine,
    )


def _checks(sla: Sla, value: Tally) -> tuple[TargetCheck, ...]:
    return tuple(
        TargetCheck(each.target.words, each.limit, each.actual, each.met, each.target.at_least)
        for each in targets.checks(sla, value)
    )


def _of_model(model: str, value: Tally) -> ModelFigures:
    return ModelFigures(
        model=model,
        requests=value["requests"],
        calls=value["calls"],
        call_errors=value["call_errors"],
        call_truncations=value["call_truncations"],
        first_text_p50=value.histogram("call_first_text").percentile(0.5),
        first_text_p95=value.histogram("call_first_text").percentile(0.95),
        input_tokens=value["call_input_tokens"],
        output_tokens=value["call_output_tokens"],
        cost_pico=value["call_cost_pico"],
    )


def _point(at: datetime, bucket: Bucket) -> Point:
    return Point(
        start=at,
        requests=bucket.requests,
        cost_pico=bucket.cost_pico,
        first_text_p95=bucket.first_text.percentile(0.95),
    )

"""The figures of a period: equal to what was scripted, and silent where there is too little."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing import metrics, prometheus, publishing, rollup
from routing.models import Route
from routing.periods import PeriodError, before, parse
from tests.routing.ledger import NOON, outcome, publish_routes

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def route(slug: str, **values: object) -> None:
    Route.objects.update_or_create(
        slug=slug, defaults={"name": slug.title(), "meaning": "", "kind": "model", "tier": "lite", **values}
    )
    publish_routes()


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Leave no configuration behind in this process."""
    publishing.forget()
    yield
    publishing.forget()


def report(**values: object) -> metrics.Report:
    rollup.roll_up(NOON + HOUR)
    return metrics.figures(NOON - HOUR, NOON + HOUR, **values)  # type: ignore[arg-type]


def of(slug: str, whole: metrics.Report) -> metrics.Figures:
    return next(item for item in whole.routes if item.route == slug)


@pytest.mark.django_db
def test_a_scripted_hour_comes_out_as_scripted() -> None:
    route("common", target_first_text_p95_ms=2500, target_error_rate=0.02)
    route("complex", tier="heavy", target_first_text_p95_ms=1000)
    for index in range(100):
        outcome(
            ended_at=NOON + timedelta(seconds=index * 13),
            first_text_ms=(index + 1) * 20,
            total_ms=(index + 1) * 100,
            state="failed" if index == 0 else "completed",
            fallbacks=int(index < 7),
            feedback=1 if index < 5 else -1 if index < 8 else None,
            escalated_after=index < 4,
        )
    for _ in range(25):
        outcome(route="complex", answering_model="big", first_text_ms=1500, escalated_before=True)
    whole = report()

    common = of("common", whole)
    assert (common.requests, common.errors, common.fallbacks) == (100, 1, 7)
    assert (common.thumbs_up, common.thumbs_down) == (5, 3)
    assert (common.escalated_before, common.escalated_after) == (0, 4)
    assert common.share == 0.8
    assert common.first_text_p50 == pytest.approx(1000, rel=0.02)
    assert common.first_text_p95 == pytest.approx(1900, rel=0.02)
    assert common.first_text_p99 == pytest.approx(1980, rel=0.02)
    assert common.total_p95 == pytest.approx(9500, rel=0.02)
    assert (common.input_tokens, common.output_tokens) == (100_000, 10_000)
    assert common.cost_pico == 100 * 300_000_000
    assert common.cost_per_1000_pico == 300_000_000_000
    assert common.heavy_cost_pico == 100 * 4_500_000_000
    assert common.met is True

    heavy = of("complex", whole)
    assert (heavy.requests, heavy.escalated_before, heavy.met) == (25, 25, False)
    assert heavy.first_text_p99 is None  # 25 replies are too few for it
    assert (whole.total.requests, whole.total.cost_pico) == (125, 125 * 300_000_000)
    assert {model.model: model.requests for model in whole.models} == {"small": 100, "big": 25}


@pytest.mark.django_db
@pytest.mark.parametrize(("replies", "met"), [(19, None), (20, False)])
def test_a_target_is_judged_from_twenty_replies_on(replies: int, met: bool | None) -> None:
    route("common", target_error_rate=0.01)
    for _ in range(replies):
        outcome(state="failed")
    assert of("common", report()).met is met


@pytest.mark.django_db
def test_a_spent_budget_is_counted_by_itself_and_breaks_no_promise() -> None:
    route("common", target_error_rate=0.05)
    for index in range(40):
        outcome(state="failed" if index < 20 else "completed", ended_by="budget" if index < 20 else "finish")
    common = of("common", report())
    assert (common.requests, common.errors, common.out_of_budget, common.met) == (40, 0, 20, True)
    for _ in range(3):
        outcome(state="failed", ended_by="upstream")
    common = of("common", report())
    assert (common.errors, common.out_of_budget, common.met) == (3, 20, False)
    states = dict(
        re.findall(r'support_replies_total{.*state="(\w+)"} (\S+)', prometheus.render(NOON).decode())
    )
    assert {name for name, value in states.items() if float(value)} == {
        "completed",
        "failed",
        "out_of_budget",
    }
    assert (states["out_of_budget"], states["failed"], states["truncated"]) == ("20.0", "3.0", "0.0")


@pytest.mark.django_db
def test_a_draft_changes_neither_names_nor_targets() -> None:
    route("common", target_error_rate=0.05)
    Route.objects.filter(slug="common").update(name="Draft name", target_error_rate=None)
    before = of("common", report())
    assert (before.name, len(before.targets)) == ("Common", 1)
    publish_routes()
    after = of("common", report())
    assert (after.name, len(after.targets)) == ("Draft name", 0)


@pytest.mark.django_db
def test_one_missed_target_is_enough_and_no_target_is_neither() -> None:
    route("common", target_total_p95_ms=1000, target_first_text_p95_ms=10)
    route("faq")
    for _ in range(20):
        outcome()
        outcome(route="faq", answering_model="")
    whole = report()
    assert [check.met for check in of("common", whole).targets] == [False, True]
    assert of("common", whole).met is False
    assert of("faq", whole).met is None


@pytest.mark.django_db
def test_only_the_purposes_asked_for_count_and_the_example_is_marked() -> None:
    outcome()
    outcome(purpose="demo")
    outcome(purpose="probe")
    outcome(purpose="staff_test")
    assert (report().total.requests, report().example_requests) == (2, 1)
    assert report(purposes=("visitor",)).total.requests == 1


@pytest.mark.django_db
def test_the_period_is_half_open() -> None:
    for at in (NOON - HOUR - timedelta(seconds=1), NOON - HOUR, NOON + HOUR - timedelta(seconds=1)):
        outcome(ended_at=at)
    outcome(ended_at=NOON + HOUR)
    assert report().total.requests == 2


@pytest.mark.django_db
def test_the_points_of_the_charts_add_up_to_the_totals() -> None:
    period = parse("today", "", "", NOON, BERLIN)
    for index in range(60):
        outcome(ended_at=NOON - timedelta(minutes=index * 3), route="common" if index % 3 else "faq")
    rollup.roll_up(NOON)
    edges = period.edges()
    whole = metrics.figures(period.start, period.end, edges=edges)
    assert len(whole.points) == len(edges) - 1 == 24
    assert sum(sum(point.requests.values()) for point in whole.points) == whole.total.requests == 60
    assert sum(sum(point.cost_pico.values()) for point in whole.points) == whole.total.cost_pico
    busy = next(point for point in whole.points if point.start == NOON - HOUR)
    assert busy.requests == {"common": 14, "faq": 6}
    assert busy.first_text_p95 == pytest.approx(200, rel=0.02)
    quiet = next(point for point in whole.points if point.start == NOON)
    assert quiet.first_text_p95 is None


@pytest.mark.django_db
def test_a_route_that_no_longer_exists_keeps_its_figures() -> None:
    route("common")
    outcome(route="retired")
    outcome(route="")  # taken back while it waited
    assert (of("retired", report()).requests, of("retired", report()).name) == (1, "retired")
    assert of("", report()).name == "No route"
    assert of("common", report()).requests == 0
    assert of("common", report()).cost_per_1000_pico is None


@pytest.mark.django_db
def test_unknown_costs_are_counted_and_not_taken_for_nothing() -> None:
    outcome(cost_pico=None, heavy_cost_pico=None)
    outcome()
    total = report().total
    assert (total.cost_pico, total.cost_unknown, total.heavy_unknown) == (300_000_000, 1, 1)


@pytest.mark.parametrize(
    ("key", "start", "hours"),
    [
        ("today", datetime(2026, 11, 22, 23, tzinfo=UTC), 24),
        ("7d", datetime(2026, 11, 16, 23, tzinfo=UTC), 168),
        # 25 October has 25 hours in Berlin.
        ("30d", datetime(2026, 10, 24, 22, tzinfo=UTC), 30 * 24 + 1),
        ("hour", datetime(2026, 11, 23, 11, 1, tzinfo=UTC), 1),
        ("nonsense", datetime(2026, 11, 22, 23, tzinfo=UTC), 24),
    ],
)
def test_periods_are_days_of_the_desk(key: str, start: datetime, hours: int) -> None:
    period = parse(key, "", "", NOON, BERLIN)
    assert (period.start, period.end - period.start) == (start, timedelta(hours=hours))
    edges = period.edges()
    assert edges == sorted(set(edges))
    assert (edges[0], edges[-1]) == (period.start, period.end)


def test_custom_days_are_both_included_and_checked() -> None:
    period = parse("custom", "2026-10-25", "2026-10-25", NOON, BERLIN)
    assert period.end - period.start == timedelta(hours=25)
    for first, last in (
        ("2026-10-26", "2026-10-25"),
        ("", "2026-10-25"),
        ("2020-01-01", "2026-01-01"),
        ("0001-01-01", "0001-01-02"),
        ("9999-12-31", "9999-12-31"),
    ):
        with pytest.raises(PeriodError):
            parse("custom", first, last, NOON, BERLIN)


@pytest.mark.parametrize(
    ("key", "first", "last", "start", "end"),
    [
        # It is 13:00 in Berlin: yesterday until 13:01, so that half a day stands beside half a day.
        ("today", "", "", datetime(2026, 11, 21, 23, tzinfo=UTC), datetime(2026, 11, 22, 12, 1, tzinfo=UTC)),
        ("7d", "", "", datetime(2026, 11, 9, 23, tzinfo=UTC), datetime(2026, 11, 16, 12, 1, tzinfo=UTC)),
        (
            "hour",
            "",
            "",
            datetime(2026, 11, 23, 10, 1, tzinfo=UTC),
            datetime(2026, 11, 23, 11, 1, tzinfo=UTC),
        ),
        # The day before one of 25 hours has 24.
        (
            "custom",
            "2026-10-25",
            "2026-10-25",
            datetime(2026, 10, 23, 22, tzinfo=UTC),
            datetime(2026, 10, 24, 22, tzinfo=UTC),
        ),
    ],
)
def test_a_period_is_held_against_the_one_before(
    key: str, first: str, last: str, start: datetime, end: datetime
) -> None:
    found = before(parse(key, first, last, NOON, BERLIN), NOON)
    assert found is not None
    assert (found.start, found.end) == (start, end)


def test_what_is_to_come_is_held_against_nothing() -> None:
    assert before(parse("custom", "2027-01-01", "2027-01-02", NOON, BERLIN), NOON) is None

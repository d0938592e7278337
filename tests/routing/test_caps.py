"""Which budgets a call draws on, and when their days and months begin, as tables."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.caps import Cap, Caps, Period, caps_of, end_of, first_day, midnight, pots, pots_of, scopes_of

USD = 10**12
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata")

PERIODS = [
    # The last hour of November in Berlin, and the first of December there, still November in London.
    ("2026-11-30T22:30:00", "Europe/Berlin", "day", "2026-11-30", "2026-11-30T23:00:00"),
    ("2026-11-30T22:30:00", "Europe/Berlin", "month", "2026-11-01", "2026-11-30T23:00:00"),
    ("2026-11-30T23:00:00", "Europe/Berlin", "day", "2026-12-01", "2026-12-01T23:00:00"),
    ("2026-11-30T23:00:00", "Europe/Berlin", "month", "2026-12-01", "2026-12-31T23:00:00"),
    ("2026-11-30T23:00:00", "UTC", "month", "2026-11-01", "2026-12-01T00:00:00"),
    # New York is behind: the year there ends five hours later.
    ("2027-01-01T04:59:59", "America/New_York", "month", "2026-12-01", "2027-01-01T05:00:00"),
    ("2027-01-01T05:00:00", "America/New_York", "month", "2027-01-01", "2027-02-01T05:00:00"),
    # Days of 23 and 25 hours, and the months that hold them.
    ("2026-03-29T00:30:00", "Europe/Berlin", "day", "2026-03-29", "2026-03-29T22:00:00"),
    ("2026-10-25T00:30:00", "Europe/Berlin", "day", "2026-10-25", "2026-10-25T23:00:00"),
    ("2026-10-31T23:30:00", "Europe/Berlin", "month", "2026-11-01", "2026-11-30T23:00:00"),
    # February, in a leap year and in another.
    ("2028-02-29T12:00:00", "UTC", "month", "2028-02-01", "2028-03-01T00:00:00"),
    ("2027-02-28T23:59:59", "UTC", "month", "2027-02-01", "2027-03-01T00:00:00"),
]


@pytest.mark.parametrize(("at", "zone", "period", "starts", "ends_at"), PERIODS)
def test_periods_are_of_the_desks_calendar(
    at: str, zone: str, period: Period, starts: str, ends_at: str
) -> None:
    moment, tz = datetime.fromisoformat(at).replace(tzinfo=UTC), ZoneInfo(zone)
    assert first_day(period, moment, tz) == date.fromisoformat(starts)
    assert end_of(period, moment, tz) == datetime.fromisoformat(ends_at).replace(tzinfo=UTC)


@given(
    st.integers(0, 8 * 366 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds)),
    st.sampled_from(ZONES),
    st.sampled_from(("day", "month")),
)
def test_every_moment_lies_in_its_period_and_the_next_one_begins_where_it_ends(
    at: datetime, zone: str, period: Period
) -> None:
    tz = ZoneInfo(zone)
    starts, ends_at = first_day(period, at, tz), end_of(period, at, tz)
    assert midnight(starts, tz) <= at < ends_at
    assert first_day(period, ends_at, tz) > starts
    assert first_day(period, ends_at - timedelta(microseconds=1), tz) == starts


SCOPES = [
    ("visitor", "common", "free", ("all", "plan:free", "route:common")),
    ("visitor", "common", "", ("all", "route:common")),
    ("staff_test", "complex", "", ("all", "route:complex")),
    ("visitor", "", "", ("all",)),
    ("demo", "common", "free", ("example",)),
    ("staff_draft", "common", "", ("drafts",)),
    ("probe", "common", "", ("probes",)),
    ("transfer", "common", "", ("tests",)),
    ("shadow", "common", "free", ("shadow",)),
    ("synthetic", "common", "", ("health",)),
]


@pytest.mark.parametrize(("purpose", "route", "plan", "scopes"), SCOPES)
def test_scopes(purpose: str, route: str, plan: str, scopes: tuple[str, ...]) -> None:
    assert scopes_of(purpose, route, plan) == scopes


def test_a_snapshot_of_the_first_release_has_the_daily_cap_alone() -> None:
    assert caps_of({}) == Caps(all=Cap(5 * USD))
    old = {"settings": {"daily_cost_cap_usd": "2.00", "time_zone": "nowhere"}, "routes": [{"slug": "common"}]}
    found = caps_of(old)
    assert (found.all, found.tz.key) == (Cap(2 * USD), "UTC")
    assert pots(found, ("all", "route:common", "plan:free"), datetime(2026, 11, 23, tzinfo=UTC)) == pots_of(
        found, "all", datetime(2026, 11, 23, tzinfo=UTC)
    )


def test_pots_come_in_one_order_and_only_where_a_budget_is_set() -> None:
    snapshot = {
        "settings": {"daily_cost_cap_usd": "5", "monthly_cost_cap_usd": "50.5", "time_zone": "Europe/Berlin"},
        "routes": [
            {"slug": "common", "daily_budget_usd": None, "monthly_budget_usd": "0.0001"},
            {"slug": "free", "daily_budget_usd": "1"},
        ],
        "plans": [{"plan": "free", "daily_budget_usd": "0", "monthly_budget_usd": None}],
    }
    at = datetime(2026, 11, 30, 23, tzinfo=UTC)
    found = pots(caps_of(snapshot), ("all", "plan:free", "route:common"), at)
    december = date(2026, 12, 1)
    assert [(pot.scope, pot.period, pot.starts, pot.cap) for pot in found] == [
        ("all", "day", december, 5 * USD),
        ("all", "month", december, 50_500_000_000_000),
        ("plan:free", "day", december, 0),
        ("route:common", "month", december, 100_000_000),
    ]

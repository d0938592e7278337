"""The figures of people against the same ones made row by row, on whichever side of midnight a row falls."""

import uuid
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from assistant.models import Request, Visitor
from assistant.person import inbox_figures

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 10, 27, 12, tzinfo=UTC)  # two days after the clocks of Europe went back


def store(count: int) -> None:
    """Store requests of twelve days: half of them live, of which most were taken."""
    chance, visitor = Random(8), Visitor.objects.create(pk=uuid.uuid4())
    made, moments = [], []
    for number in range(1, count + 1):
        at = NOON - timedelta(minutes=chance.randrange(12 * 24 * 60))
        row = Request(
            number=number, visitor=visitor, client_request_id=str(number), reason="button", text="Hello",
            answer_by=at + timedelta(hours=8), state=chance.choice(("new", "answered")),
        )  # fmt: skip
        if chance.random() < 0.5:
            row.live_asked_at = at
            if chance.random() < 0.7:
                row.live_taken_at, row.live = at + timedelta(seconds=chance.randrange(200)), "closed"
                row.person_rating = chance.choice((None, 1, 4, 5))
            else:
                row.live_failed_at, row.live = at + timedelta(minutes=3), "failed"
        elif chance.random() < 0.7:
            row.answered_at = at + timedelta(minutes=chance.randrange(900))
        made.append(row)
        moments.append(at)
    for row, at in zip(Request.objects.bulk_create(made), moments, strict=True):
        Request.objects.filter(pk=row.pk).update(created_at=at)  # storing set it to now


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/London", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York"]
)
def test_what_the_database_counts_is_what_the_rows_say(
    name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    zone = ZoneInfo(name)
    store(300)
    stored = list(Request.objects.all())
    with django_assert_max_num_queries(4):
        found = inbox_figures.read(7, NOON, zone)
    days = [found.days[0].day + timedelta(days=n) for n in range(7)]
    assert [day.day for day in found.days] == days and days[-1] == NOON.astimezone(zone).date()
    mine = [row for row in stored if row.created_at.astimezone(zone).date() >= days[0]]
    assert 100 < len(mine) < 250
    for day in found.days:
        of = [row for row in mine if row.created_at.astimezone(zone).date() == day.day]
        assert (day.asked, day.live, day.taken, day.failed) == (
            len(of),
            sum(row.live_asked_at is not None for row in of),
            sum(row.live_taken_at is not None for row in of),
            sum(row.live_failed_at is not None for row in of),
        )
    assert (found.asked, found.failed) == (len(mine), sum(row.live_failed_at is not None for row in mine))
    waits = sorted(
        (row.live_taken_at - row.live_asked_at).seconds
        for row in mine
        if row.live_taken_at and row.live_asked_at
    )
    assert (found.wait_median_s, found.wait_p90_s) == (median(waits), waits[int(0.9 * len(waits))])
    hours = [(row.answered_at - row.created_at).seconds / 3600 for row in mine if row.answered_at]
    assert found.answered == len(hours)
    assert found.answer_median_h == pytest.approx(median(hours))
    ratings = [row.person_rating for row in mine if row.person_rating]
    assert dict(found.ratings) == {stars: ratings.count(stars) for stars in range(1, 6)}
    late = [
        row
        for row in mine
        if row.live_taken_at is None
        and row.answer_by
        and (
            row.answered_at > row.answer_by
            if row.answered_at
            else row.state == "new" and row.answer_by < NOON
        )
    ]
    assert found.late == len(late) > 0


def test_an_empty_desk_has_no_figures() -> None:
    found = inbox_figures.read(7, NOON, ZoneInfo("UTC"))
    assert (found.asked, found.wait_median_s, found.answer_median_h, found.rating_mean) == (
        0,
        None,
        None,
        None,
    )
    assert len(found.days) == 7

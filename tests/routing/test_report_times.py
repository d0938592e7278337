"""When a report is due by the desk's clock, and which days it is about."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from routing.report_times import days_of, due_after, last_due

BERLIN = ZoneInfo("Europe/Berlin")
EIGHT = time(8)


@pytest.mark.parametrize(
    ("moment", "weekday", "due"),
    [
        # 23 November 2026 is a Monday; eight in Berlin is seven in UTC.
        (datetime(2026, 11, 23, 6, 59, tzinfo=UTC), None, datetime(2026, 11, 23, 7, tzinfo=UTC)),
        (datetime(2026, 11, 23, 7, tzinfo=UTC), None, datetime(2026, 11, 24, 7, tzinfo=UTC)),
        (datetime(2026, 11, 23, 6, 59, tzinfo=UTC), 0, datetime(2026, 11, 23, 7, tzinfo=UTC)),
        (datetime(2026, 11, 23, 7, tzinfo=UTC), 0, datetime(2026, 11, 30, 7, tzinfo=UTC)),
        (datetime(2026, 11, 23, 7, tzinfo=UTC), 6, datetime(2026, 11, 29, 7, tzinfo=UTC)),
        # The clock goes back in the night: eight is an hour later in UTC.
        (datetime(2026, 10, 24, 6, tzinfo=UTC), None, datetime(2026, 10, 25, 7, tzinfo=UTC)),
    ],
)
def test_it_is_due_at_the_desks_time(moment: datetime, weekday: int | None, due: datetime) -> None:
    assert due_after(moment, weekday, EIGHT, BERLIN) == due


def test_of_days_that_were_slept_through_only_the_last_is_due() -> None:
    due = datetime(2026, 11, 23, 7, tzinfo=UTC)
    thursday = datetime(2026, 11, 26, 9, tzinfo=UTC)
    assert last_due(due, thursday, None, EIGHT, BERLIN) == datetime(2026, 11, 26, 7, tzinfo=UTC)
    assert last_due(due, thursday, 0, EIGHT, BERLIN) == due


def test_a_report_is_about_days_that_are_over() -> None:
    due = datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert days_of(due, False, BERLIN) == (date(2026, 11, 22), date(2026, 11, 22))
    assert days_of(due, True, BERLIN) == (date(2026, 11, 16), date(2026, 11, 22))
    # Shortly after the desk's midnight it is still yesterday in UTC.
    assert days_of(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), False, BERLIN)[0] == date(2026, 11, 22)

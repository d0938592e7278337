"""Stored figures are what the rows say, or the command names each that is not and has it made anew."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import Model

from routing import recorder, rollup
from routing.models import DayRow, HourRow, MinuteRow, RouteOutcome
from tests.routing.ledger import NOON, attempt, outcome, result

pytestmark = pytest.mark.django_db

NOW = NOON + timedelta(days=1, hours=3)


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def checked(*arguments: str) -> tuple[str, bool]:
    """Return what the command prints, its error included, and whether it found nothing."""
    said = StringIO()
    try:
        call_command("metrics_check", *arguments, stdout=said)
    except CommandError as error:
        return f"{said.getvalue()}{error}", False
    return said.getvalue(), True


@pytest.fixture
def two_days() -> None:
    for hours in (0, 1, 25):
        outcome(ended_at=NOON + timedelta(hours=hours))
        outcome(ended_at=NOON + timedelta(hours=hours), state="failed", first_text_ms=None)
    start = attempt()
    recorder.start_call(start)
    recorder.settle_call(start, result(error_class="Stalled"))
    rollup.roll_up(NOW)


def test_figures_that_are_right_differ_in_nothing(two_days: None) -> None:
    said, right = checked()
    assert right, said
    assert "3 minutes, 3 hours, 1 days with figures compared" in said


@pytest.mark.parametrize(
    ("table", "span"), [(MinuteRow, "minute"), (HourRow, "hour"), (DayRow, "day")], ids=str
)
def test_a_wrong_figure_is_named_and_made_anew(two_days: None, table: type[Model], span: str) -> None:
    row = table._default_manager.earliest("pk")
    figures = row.figures  # type: ignore[attr-defined]  # each of the three tables has it
    figures["counts"]["errors"] = 7
    figures["histograms"]["total"]["total"] += 1
    row.save()
    said, right = checked("--repair")
    assert not right
    wrong = [line for line in said.splitlines() if line.startswith("  ")]
    assert len(wrong) == 1
    assert wrong[0].startswith(f"  {span} 2026-11-23 ")
    assert "common / visitor / small: errors 7, not " in wrong[0]
    assert "times of total" in wrong[0]
    rollup.roll_up(NOW)
    assert checked() == (checked()[0], True)


def test_a_row_too_many_or_too_few_is_found_and_made_anew(two_days: None) -> None:
    MinuteRow.objects.filter(minute=NOON).delete()
    extra = MinuteRow.objects.get(minute=NOON + timedelta(hours=1))
    MinuteRow.objects.create(minute=NOON + timedelta(hours=2), route="ghost", figures=extra.figures)
    said, right = checked()
    assert not right
    assert "minute 2026-11-23 12:00, common / visitor / small: " in said
    assert "requests 0, not 2" in said
    assert "minute 2026-11-23 14:00, ghost: " in said
    assert "2 rows differ; --repair has them made anew." in said
    checked("--repair")
    rollup.roll_up(NOW)
    assert checked()[1]


def test_minutes_that_wait_or_whose_rows_are_deleted_are_no_differences(two_days: None) -> None:
    late = outcome(ended_at=NOON + timedelta(hours=25, minutes=5))
    said, right = checked()
    assert right
    assert "1 minutes wait for the roll-up" in said
    rollup.roll_up(NOW)
    rollup.delete_from_ledger(RouteOutcome, NOON + timedelta(minutes=1))(
        list(RouteOutcome.objects.filter(ended_at__lte=NOON).values_list("pk", flat=True))
    )
    said, right = checked()
    assert right, said
    assert "1 minutes kept, rows gone" in said
    late.delete()  # by hand, which nobody may
    assert "requests 1, not 0" in checked()[0]


def test_the_period_is_of_days_of_the_desk(two_days: None) -> None:
    assert "From 2026-11-24 00:00 to 2026-11-25 00:00 UTC" in checked("--days", "1")[0]
    assert "1 minutes, 1 hours, 0 days" in checked("--days", "1")[0]
    assert "2 minutes, 2 hours, 1 days" in checked("--from", "2026-11-23", "--to", "2026-11-23")[0]
    for wrong in (("--from", "soon"), ("--from", "2026-11-25"), ("--from", "2026-11-23", "--days", "2")):
        assert not checked(*wrong)[1]

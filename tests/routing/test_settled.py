"""Figures of what is over are read once a process, and read again as soon as one of their rows is another."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from routing import metrics, recorder, rollup, settled, stored
from routing.models import HourRow, RouteOutcome
from tests.routing.ledger import NOON, outcome

pytestmark = pytest.mark.django_db

START, END = NOON - timedelta(hours=3), NOON
EDGES = tuple(START + timedelta(hours=hour) for hour in range(4))


def read(only: stored.Only = stored.ALL, purposes: tuple[str, ...] = ("visitor",)) -> stored.Rows:
    return stored.read(START, END, purposes, EDGES, only)


def summed() -> RouteOutcome:
    """Have three hours of replies summed up; returns one of them."""
    rows = [
        outcome(ended_at=START + timedelta(minutes=7 * step), first_text_ms=100 + step) for step in range(24)
    ]
    outcome(ended_at=START + timedelta(minutes=5), route="faq", answering_model="", cost_pico=0)
    outcome(ended_at=START + timedelta(minutes=5), purpose="demo")
    rollup.roll_up(NOON + timedelta(minutes=1))
    assert HourRow.objects.filter(hour__lt=NOON).exists()
    return rows[0]


def figures_read() -> int:
    """Return how many statements read stored figures when the span is read."""
    with CaptureQueriesContext(
        connection,
    ) as seen:
        read()
    return sum('"figures"' in query["sql"] for query in seen.captured_queries)


def test_the_second_look_reads_no_figures_and_tells_the_same() -> None:
    summed()
    fresh = read()
    assert figures_read() == 0
    assert read() == fresh
    settled.forget()
    assert figures_read() >= 1
    assert read() == fresh
    assert sum(bucket.requests.get("common", 0) for bucket in fresh.by_bucket.values()) == 24
    assert fresh.by_route["common"]["requests"] == 24 and fresh.by_route["faq"]["requests"] == 1


def test_a_late_thumb_is_in_the_next_look() -> None:
    reply = summed()
    assert read().by_route["common"]["thumbs_up"] == 0
    recorder.amend_outcome(reply.pk, feedback=1)
    rollup.roll_up(NOON + timedelta(minutes=2))
    assert read().by_route["common"]["thumbs_up"] == 1


def test_what_is_asked_for_keeps_its_own_figures() -> None:
    summed()
    for _ in range(2):
        assert set(read().by_route) == {"common", "faq"}
        assert set(read(stored.Only(route="faq")).by_route) == {"faq"}
        assert set(read(stored.Only(model="small")).by_route) == {"common"}
        assert read(purposes=("demo",)).example["requests"] == 1


def test_removed_example_traffic_is_gone_at_once() -> None:
    summed()
    both = metrics.MANAGED
    assert read(purposes=both).by_route["common"]["requests"] == 25
    recorder.remove_purpose("demo")
    assert read(purposes=both).by_route["common"]["requests"] == 24


def test_only_so_many_spans_are_kept() -> None:
    summed()
    for minutes in range(settled.KEPT + 5):
        stored.read(START - timedelta(hours=minutes), END, ("visitor",), ())
    assert len(settled._kept) <= settled.KEPT

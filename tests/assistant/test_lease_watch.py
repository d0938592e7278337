"""A lease is over when it has stood still under the watcher's own clock, whatever time is written in it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from assistant.lease_watch import LeaseWatch

A, B = uuid4(), uuid4()
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_a_lease_that_moves_lives_and_one_that_stands_still_is_over() -> None:
    watch = LeaseWatch()
    for second in range(0, 9, 3):
        seen = {A: NOON + timedelta(seconds=second), B: NOON}
        assert watch.silent(seen, 100.0 + second, 9.0) == set()
    assert watch.silent({A: NOON + timedelta(seconds=9), B: NOON}, 109.0, 9.0) == {B}


def test_a_wall_clock_that_jumps_takes_nothing_from_anybody() -> None:
    watch = LeaseWatch()
    watch.silent({A: NOON}, 0.0, 9.0)
    assert watch.silent({A: NOON - timedelta(hours=1)}, 8.0, 9.0) == set()
    assert watch.silent({A: NOON - timedelta(hours=1)}, 16.0, 9.0) == set()
    assert watch.silent({A: NOON - timedelta(hours=1)}, 17.0, 9.0) == {A}


def test_an_owner_without_a_lease_is_watched_for_as_long() -> None:
    watch = LeaseWatch()
    assert watch.silent({A: None}, 0.0, 9.0) == set()
    assert watch.silent({A: None}, 9.0, 9.0) == {A}


def test_after_a_lost_database_everybody_gets_a_whole_lease() -> None:
    watch = LeaseWatch()
    watch.silent({A: NOON}, 0.0, 9.0)
    watch.start_anew()
    assert watch.silent({A: NOON}, 60.0, 9.0) == set()
    assert watch.silent({A: NOON}, 69.0, 9.0) == {A}

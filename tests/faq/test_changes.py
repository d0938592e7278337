"""The log of edits: whoever reads from a number on misses nothing, or is told that the log does not know."""

import pytest
from django.db import transaction

from common.versions import raise_version, read_version
from faq import changes
from faq.changes import Changes

pytestmark = pytest.mark.django_db


def test_a_reader_is_told_what_was_touched_since_its_number() -> None:
    first = changes.announce([7])
    second = changes.announce([8, 8, 9], negatives=True)
    assert changes.since(first, second) == Changes(frozenset({8, 9}), negatives=True)
    assert changes.since(first - 1, second) == Changes(frozenset({7, 8, 9}), negatives=True)
    assert changes.since(second, second) == Changes()


def test_quiet_edits_are_seen_with_the_next_raise_whoever_raises() -> None:
    at = changes.announce()
    changes.note(changes.hold(), [7])
    assert read_version("faq") == at
    by_another = changes.announce([8])
    changes.note(changes.hold(), [9])
    assert changes.since(at, by_another) == Changes(frozenset({7, 8, 9}))
    last = changes.announce()
    assert changes.since(by_another, last) == Changes(frozenset({9}))


@pytest.mark.django_db(transaction=True)
def test_what_was_raised_without_the_log_trimmed_or_went_back_is_not_known() -> None:
    with transaction.atomic():
        start = changes.announce([1])
        raise_version("faq")  # by somebody who keeps no log
        last = changes.announce([2])
    assert changes.since(start, last) is None
    assert changes.since(last - 1, last) == Changes(frozenset({2}))
    assert changes.since(last + 1, last) is None
    with transaction.atomic():
        for _ in range(changes.KEPT):
            end = raise_version("faq")
        end = changes.announce([3])
    assert changes.trim() > 0
    assert changes.since(last, end) is None
    assert changes.since(end - 1, end) == Changes(frozenset({3}))


@pytest.mark.django_db(transaction=True)
def test_an_edit_is_logged_inside_its_transaction_only() -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        changes.announce([1])
    with pytest.raises(RuntimeError, match="inside the transaction"):
        changes.hold()
    try:
        with transaction.atomic():
            number = changes.announce([1])
            raise LookupError
    except LookupError:
        assert changes.since(number - 1, number) is None

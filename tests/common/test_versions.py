"""Counters that announce an edit to every process."""

import pytest
from django.db import transaction

from common.versions import raise_version, read_version


@pytest.mark.django_db
def test_a_counter_rises_by_one_with_each_edit() -> None:
    assert read_version("faq") == 0
    with transaction.atomic():
        assert raise_version("faq") == 1
    with transaction.atomic():
        assert raise_version("faq") == 2
    assert (read_version("faq"), read_version("config")) == (2, 0)


@pytest.mark.django_db(transaction=True)
def test_an_edit_that_is_rolled_back_announces_nothing() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        raise_version("config")
        _ = 1 // 0
    assert read_version("config") == 0
    with pytest.raises(RuntimeError, match="inside the transaction"):
        raise_version("config")

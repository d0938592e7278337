"""A message is matched before the database is asked, in bounded time and for nobody who is refused anyway."""

import asyncio
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.core.management import call_command

from assistant import match_ahead
from assistant.limits import VISITOR_MESSAGES, RateLimited, limiter
from assistant.who import Who
from faq import index
from routing import publishing
from tests.example_rows import make_once

TEXT = "which plan has reminders by text"


@pytest.fixture(autouse=True)
def seeded(db: None) -> Iterator[None]:
    make_once("ahead", lambda: call_command("seed", verbosity=0))
    publishing.refresh(force=True)
    index.forget()
    index.refresh()
    yield
    publishing.forget()
    index.forget()


def begin(who: Who) -> None:
    asyncio.run(match_ahead.begin(who, TEXT))


def is_shared(who: Who) -> bool:
    """Return whether the next two matches of the text are one: of two that were begun, and not otherwise."""
    return index.match(TEXT, language=who.language) is index.match(TEXT, language=who.language)


def test_a_message_finds_its_match_ready_unless_its_sender_has_sent_too_many() -> None:
    who = Who(uuid4(), language="en")
    begin(who)
    begin(who)
    assert is_shared(who)
    with pytest.raises(RateLimited):
        for _ in range(VISITOR_MESSAGES + 1):
            limiter().take(who)
    begin(who)
    begin(who)
    assert not is_shared(who)


def test_a_message_that_no_thread_is_free_for_goes_on_without_and_is_matched_no_more() -> None:
    go, who = threading.Event(), Who(uuid4(), language="en")
    busy = [match_ahead._threads().submit(go.wait, 10) for _ in range(match_ahead.THREADS)]
    begin(who)
    assert not any(each.done() for each in busy), "it has waited for nobody"
    go.set()
    assert all(each.result(10) for each in busy)
    begin(who)
    assert not is_shared(who), "only the second of two was begun"


def test_a_desk_that_has_not_loaded_its_faq_yet_loads_it_nowhere_but_in_a_database_thread() -> None:
    index.forget()
    asyncio.run(match_ahead.begin(Who(uuid4()), TEXT))
    assert not index.ready()

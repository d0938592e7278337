"""What the tests of the chat's own parts share: the rows that a new desk begins with."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from faq import index
from routing import publishing
from tests.breakers import forget_calls
from tests.example_rows import make_once


@pytest.fixture
def seeded(db: None) -> Iterator[None]:
    """Bring the database to the state of `manage.py seed`, with nothing of an earlier test in memory."""
    make_once("chat", lambda: call_command("seed", verbosity=0))
    publishing.forget()
    index.forget()
    forget_calls()
    yield
    publishing.forget()
    index.forget()

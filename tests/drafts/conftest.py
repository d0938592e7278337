"""A seeded desk in this process, with the shipped sandbox behind its models."""

import time
from collections.abc import Callable, Iterator

import pytest
from django.core.management import call_command

from faq import index, neighbours
from routing import publishing
from tests.breakers import forget_calls
from tests.control import Control
from tests.example_rows import make_once


@pytest.fixture
def upstream(transactional_db: None, sandbox: str) -> Iterator[Control]:
    """Seed the desk and return the controls of the sandbox, which answers at once."""
    make_once("seed", lambda: call_command("seed", verbosity=0))
    publishing.refresh(force=True)
    index.refresh(force=True)
    neighbours.forget()
    forget_calls()
    control = Control(sandbox)
    control.clear()
    control.pace(first_text_ms=0, gap_ms=0)
    yield control
    control.clear()
    forget_calls()
    publishing.forget()
    index.forget()
    neighbours.forget()


@pytest.fixture
def wait() -> Callable[[Callable[[], bool], str], None]:
    """Return a function that waits for something another process does, and fails when it never comes."""

    def until(done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 100  # bounds a failure; a killed worker is replaced after some 30 s
        while not done():
            assert time.monotonic() < deadline, f"{what} never came"
            time.sleep(0.2)

    return until

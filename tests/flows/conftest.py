"""What the stories over the socket share: a desk, its sandbox's controls, and new visitors."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from django.conf import settings

from assistant.visitors import issue_cookie
from tests.control import Control
from tests.flows.client import Chat
from tests.servers import DeskServer

BRISK = {"first_text_ms": 60, "gap_ms": 4}


@pytest.fixture(autouse=True)
def brisk(sandbox: str) -> None:
    """Let the sandbox write faster than people read; a test that needs a slow one says so for itself."""
    Control(sandbox).pace(**BRISK)


@pytest.fixture
def control(sandbox: str) -> Iterator[Control]:
    """Control the sandbox for one test; no fault and no pace outlives it."""
    control = Control(sandbox)
    control.clear()
    yield control
    control.clear()
    control.pace(**BRISK)


def new_cookie(plan: str = "") -> str:
    """Return the Cookie header of a new visitor: signed here, as the desk under test shares our key."""
    return f"{settings.VISITOR_COOKIE}={issue_cookie(uuid4(), plan)}"


NewChat = Callable[..., Chat]


@pytest.fixture
def new_chat(desk: DeskServer) -> NewChat:
    """Return a maker of chats of new visitors."""

    def make(plan: str = "", cookie: str = "", conversation_id: str | None = None) -> Chat:
        return Chat(desk.url, cookie or new_cookie(plan), conversation_id)

    return make

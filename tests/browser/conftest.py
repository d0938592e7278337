"""Chromium for tests, the modules of the page without a desk, and the controls of the sandbox.

Playwright's sync API leaves its event loop marked as running in this thread, so it is started for
one test module and stopped again: async tests elsewhere in the session need the thread for themselves.
"""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chat import Chat
from tests.control import Control
from tests.environment import ROOT
from tests.servers import DeskServer, missing

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        missing("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep the requests for modules out of the test output."""


@pytest.fixture(scope="module")
def modules(chromium: Browser) -> Iterator[Page]:
    """Open a page from which a test can import the chat's modules, with no desk behind it."""
    handler = functools.partial(_Quiet, directory=str(ROOT / "assistant/static/assistant"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = chromium.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    yield page
    page.close()
    server.shutdown()
    server.server_close()


@pytest.fixture
def upstream(sandbox: str) -> Iterator[Control]:
    """Offer the sandbox's controls; faults are taken back and the pace is made quick again afterwards."""
    control = Control(sandbox)
    yield control
    control.clear()
    control.pace(**QUICK)


QUICK = {"first_text_ms": 20, "gap_ms": 2}


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Open a browser that knows nobody; every page of it must stay free of errors and refused content."""
    made = chromium.new_context(viewport={"width": 1100, "height": 800}, locale="en-GB")
    yield made
    made.close()


@pytest.fixture
def new_chat(context: BrowserContext, desk: DeskServer) -> Iterator[Callable[[], Chat]]:
    """Return a maker of tabs with the chat open; at the end none may have reported an error."""
    chats: list[Chat] = []

    def make(url: str = "") -> Chat:
        chat = Chat(context.new_page(), url or desk.url)
        chats.append(chat)
        return chat.open()

    yield make
    assert [trouble for chat in chats for trouble in chat.troubles] == []


@pytest.fixture
def chat(new_chat: Callable[[], Chat], upstream: Control) -> Chat:
    """Open the chat in a new browser, on a quick sandbox."""
    upstream.pace(**QUICK)
    return new_chat()

"""Chromium for tests, the modules of the page without a desk, and the controls of the sandbox.

Playwright's sync API leaves its event loop marked as running in this thread, so it is started for
one test module and stopped again: async tests elsewhere in the session need the thread for themselves.
"""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from assistant.static_files import LIGHTEN
from tests.browser.chat import WAIT_MS, Chat
from tests.browser.chromium import ARGUMENTS, SHELL
from tests.control import Control
from tests.environment import ROOT
from tests.servers import DeskServer, missing

# Five seconds, which is what Playwright waits by itself, are not enough for every page on a busy machine.
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Start the browser of a module: the shell, or what the module itself names as its BROWSER."""
    program = getattr(request.module, "BROWSER", SHELL)
    if not program.exists():
        missing("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep the requests for modules out of the test output."""


@pytest.fixture(scope="module")
def modules(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open a page from which a test can import the modules of a release, with no desk behind it."""
    folder = tmp_path_factory.mktemp("modules")
    for path in (ROOT / "assistant/static/assistant").glob("*.js"):
        (folder / path.name).write_text(LIGHTEN[path.suffix](path.read_text()))
    handler = functools.partial(_Quiet, directory=str(folder))
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

"""The chat page as a person uses it, for tests: ask, wait, look."""

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Route, WebSocketRoute, expect

WAIT_MS = 30_000  # bounds a failure, on a busy machine too
EVENTS = "/events/chat/"


@dataclass
class Chat:
    """One tab with the chat open."""

    page: Page
    url: str
    troubles: list[str] = field(default_factory=list)

    def open(self) -> "Chat":
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("console", self._console)
        self.page.goto(self.url)
        self.online()
        return self

    def _console(self, message: ConsoleMessage) -> None:
        refused = "Content Security Policy" in message.text
        of_the_line = "WebSocket" in message.text or EVENTS in message.location["url"]
        if refused or (message.type == "error" and not of_the_line):
            self.troubles.append(message.text)

    def online(self) -> None:
        expect(self.page.locator("#connection")).to_have_text("Online", timeout=WAIT_MS)
        expect(self.log).to_have_attribute("aria-busy", "false")  # a long conversation is built in slices

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Your message")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Conversation")

    @property
    def answers(self) -> Locator:
        return self.page.locator("article.answer")

    @property
    def answer(self) -> Locator:
        return self.answers.last

    def send(self, text: str) -> None:
        """Type a message and press Enter."""
        self.box.fill(text)
        self.box.press("Enter")

    def ask(self, text: str) -> Locator:
        """Send a message and wait for the end of its answer."""
        before = self.answers.count()
        self.send(text)
        expect(self.answers).to_have_count(before + 1, timeout=WAIT_MS)
        return self.ended()

    def ended(self) -> Locator:
        """Wait until the last answer has ended."""
        expect(self.answer).to_have_attribute("aria-busy", "false", timeout=WAIT_MS)
        return self.answer

    def streaming(self, letters: int = 20) -> Locator:
        """Wait until the last answer shows some text and is still being written."""
        self.page.wait_for_function(
            """(letters) => {
              const answer = [...document.querySelectorAll("article.answer")].at(-1);
              return answer && answer.querySelector(".prose").innerText.length >= letters;
            }""",
            arg=letters,
        )
        expect(self.answer).to_have_attribute("aria-busy", "true")
        return self.answer

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def leave(self) -> None:
        """Do what a browser does when it puts the page away, and come back to it."""
        self.page.evaluate("window.dispatchEvent(new Event('pagehide'))")

    def words(self) -> str:
        """Return the text of the last answer's body."""
        return self.answer.locator(".prose").inner_text()


class Line:
    """The socket of a page, in the hands of a test that can cut it and keep it cut, its fallback as well."""

    def __init__(self, context: BrowserContext) -> None:
        self.cut = False
        self.dead = False
        self.sent: list[dict[str, Any]] = []
        self.routes: list[WebSocketRoute] = []
        context.route_web_socket("**/ws/chat/", self._connect)
        context.route(f"**{EVENTS}", self._ask)

    def _ask(self, route: Route) -> None:
        if self.cut:
            route.abort()
        else:
            route.continue_()

    def _connect(self, route: WebSocketRoute) -> None:
        self.routes.append(route)
        if self.cut:
            route.close()
            return
        server = route.connect_to_server()
        route.on_message(lambda text: self._carry(text, server))
        server.on_message(lambda text: self._carry(text, route))

    def _carry(self, text: str | bytes, receiver: WebSocketRoute) -> None:
        """Hand a frame on, or let it vanish as it does where the network has gone without a word."""
        if receiver not in self.routes:
            self.sent.append(json.loads(text))
        if not self.dead:
            receiver.send(text)

    def down(self) -> None:
        self.cut = True
        self.routes[-1].close()

    def up(self) -> None:
        self.cut = False

"""The chat page with a desk behind it that says what a test wants: every state, within a second."""

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect

from tests.browser.chat import EVENTS, WAIT_MS

AT = "2026-11-23T10:00:00Z"
LIMITS = {"text": 8000}
ASSISTANT = {
    "name": "Harbour Help",
    "greeting": "Hello. What would you like to know?",
    "contact": "help@example.com",
}
STARTERS = ["How do I reset my password?", "What does it cost?", "Can I cancel at any time?"]
FACTS = {
    "available": True,
    "contact": "help@example.com",
    "hours_text": "Monday to Friday, 9:00 to 17:00",
    "answer_by_text": "The team answers by Tuesday, 17:00, by e-mail.",
    "privacy_url": "https://example.com/privacy",
}


def reply(number: int = 1, **more: Any) -> dict[str, Any]:
    """Return an ended reply as `opened` brings it: the light model's, unless `more` says otherwise."""
    text = str(more.get("text", "Yes, in the settings."))
    return {
        "reply_id": f"r{number}", "epoch": 1, "seq": 3, "state": "completed", "ended_by": "", "text": text,
        "upto": 0, "html": f"<p>{text}</p>", "route": "lite", "tier": "lite", "label": "AI answer",
        "stored": None, "lang": "", "sources": [], "suggestions": [], "feedback_actions": [], "notice": "",
        "retryable": False, "continuable": False, "offer_person": False, "person_reason": "",
        "cause": "first", "created_at": AT, "rating": None, "rating_reason": "", "resolved": None,
        "did_you_mean": [], "chosen": "", **more,
    }  # fmt: skip


def turn(number: int = 1, text: str = "Can I change my plan?", *replies: dict[str, Any]) -> dict[str, Any]:
    """Return a turn as `opened` brings it, with one ended reply when none is given."""
    names = {"turn_id": f"t{number}", "client_message_id": f"m{number}", "text": text, "created_at": AT}
    return {**names, "replies": list(replies) or [reply(number)]}


def message(**more: Any) -> dict[str, Any]:
    """Return a `message` frame of staff."""
    return {
        "type": "message", "message_id": "n1", "author": "staff", "text": "I have changed it for you.",
        "html": "", "created_at": AT, "after_turn": None, **more,
    }  # fmt: skip


TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass
class Scripted:
    """A tab whose line ends in the test: `opening` answers its `open`, `say` sends it any further frame."""

    context: BrowserContext
    url: str
    opening: dict[str, Any] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    refusal: dict[str, Any] | None = None
    away: bool = False
    routes: list[WebSocketRoute] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.route_web_socket("**/ws/chat/", self._connect)
        self.context.route(f"**{EVENTS}", lambda route: route.abort())
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)

    def _connect(self, route: WebSocketRoute) -> None:
        if self.away:
            route.close()
            return
        self.routes.append(route)
        route.on_message(self._hear)

    def _hear(self, text: str | bytes) -> None:
        frame = json.loads(text)
        self.sent.append(frame)
        if frame["type"] == "open":
            self.say(**(self.refusal or self._opened()))

    def _opened(self) -> dict[str, Any]:
        return {
            "type": "opened", "protocol": 1, "conversation_id": "c1", "turns": [], "messages": [],
            "limits": LIMITS, "suggestions": STARTERS, "assistant": ASSISTANT, "plans": [], "plan": "",
            "sandbox": True, "state": "open", "person": FACTS, "live": None, "person_there": False,
            **self.opening,
        }  # fmt: skip

    def drawn(self) -> None:
        """Wait for a section that came into sight: it is let into the layout one frame later."""
        self.page.evaluate(TWO_FRAMES)

    def say(self, **frame: Any) -> None:
        self.routes[-1].send(json.dumps(frame))

    def load(self, path: str = "/", **opening: Any) -> None:
        """Open the page as a browser that knows nothing, in the conversation that `opening` describes."""
        self.away, self.opening = False, opening
        self.sent.clear()
        if self.page.url.startswith(self.url):
            self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        self.page.goto(self.url + path)
        if path == "/" and self.refusal is None:
            expect(self.page.locator("#connection")).to_have_text("Online")

    def lose(self) -> None:
        """Cut the line and keep it cut."""
        self.away = True
        self.routes[-1].close()

    # -- what a visitor does ------------------------------------------------------------------------

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Your message")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def type(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def sent_frame(self, kind: str) -> dict[str, Any]:
        """Wait for the last frame of a kind that the page has sent."""
        for _ in range(100):
            found = [frame for frame in self.sent if frame["type"] == kind]
            if found:
                return found[-1]
            self.page.wait_for_timeout(20)
        raise AssertionError(f"the page sent no {kind}: {self.sent}")

    # -- what the desk says to a message ------------------------------------------------------------

    def ask(self, text: str = "Can I change my plan?") -> None:
        """Send a message and acknowledge it; its answer waits for the model."""
        self.type(text)
        named = {
            "client_message_id": self.sent_frame("send")["client_message_id"],
            "turn_id": "t",
            "reply_id": "r",
        }
        self.say(type="ack", epoch=1, cause="first", chosen="", **named)
        self.status(1)

    def status(self, seq: int, stage: str = "waiting", label: str = "Thinking", **more: Any) -> None:
        self.say(type="status", reply_id="r", seq=seq, stage=stage, label=label, **more)

    def delta(self, seq: int, text: str) -> None:
        self.say(type="delta", reply_id="r", seq=seq, text=text)

    def done(self, seq: int, **more: Any) -> None:
        self.say(**{**reply(**more), "type": "done", "reply_id": "r", "seq": seq})

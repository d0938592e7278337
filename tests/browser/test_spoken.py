"""What a screen reader is told: the browser's accessibility tree, and what live regions say, in its order."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.scripted import Scripted, message, reply, turn
from tests.browser.states import OFFER, PROSE, STATES
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

START = datetime(2026, 11, 23, 10, tzinfo=UTC)

# Notes what a live region holds whenever it changes, as a screen reader would take it; empty is not spoken.
RECORD = """
() => {
  window.heard = [];
  const live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], output";
  const note = (records) => {
    const regions = new Set();
    for (const { target, addedNodes } of records) {
      const at = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
      regions.add(at?.closest(live));
      for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) {
        regions.add(node.closest(live));
        for (const inner of node.querySelectorAll(live)) regions.add(inner);
      }
    }
    for (const region of regions) {
      const words = region?.isConnected ? region.textContent.trim() : "";
      if (words) window.heard.push(words);
    }
  };
  const all = { childList: true, characterData: true, subtree: true };
  new MutationObserver(note).observe(document.body, all);
}
"""


@pytest.fixture
def scripted(chromium: Browser, desk: DeskServer) -> Iterator[Scripted]:
    context = chromium.new_context(viewport={"width": 1100, "height": 800}, locale="en-GB")
    yield Scripted(context, desk.url)
    context.close()


@pytest.fixture
def listened(scripted: Scripted) -> Scripted:
    """Return a chat that is open, its clock in the test's hands, and every live region recorded."""
    scripted.page.clock.install(time=START)
    scripted.page.clock.pause_at(START + timedelta(seconds=1))
    scripted.load()
    scripted.page.evaluate(RECORD)
    return scripted


def pass_ms(desk: Scripted, milliseconds: int = 100) -> None:
    desk.page.clock.run_for(milliseconds)


def heard(desk: Scripted) -> list[str]:
    """Return what was said since the last call."""
    return list(desk.page.evaluate("() => window.heard.splice(0)"))


class Tree:
    """The accessibility tree of a page, as the browser hands it to a screen reader."""

    def __init__(self, desk: Scripted) -> None:
        session = desk.context.new_cdp_session(desk.page)
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        session.detach()
        self.by_id = {node["nodeId"]: node for node in nodes}
        self.nodes = [node for node in self._below(nodes[0]) if not node["ignored"]]

    def _below(self, node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield a node and all under it in the order of reading."""
        yield node
        for child in node.get("childIds", ()):
            if child in self.by_id:
                yield from self._below(self.by_id[child])

    def all(self, role: str) -> list[dict[str, Any]]:
        return [node for node in self.nodes if node["role"]["value"] == role]

    def one(self, role: str, name: str) -> dict[str, Any]:
        (found,) = (node for node in self.all(role) if name in node["name"]["value"])
        return found

    def above(self, node: dict[str, Any]) -> list[dict[str, Any]]:
        parent = self.by_id.get(node.get("parentId", ""))
        return [] if parent is None else [parent, *self.above(parent)]

    def words(self, node: dict[str, Any]) -> str:
        """Return the text under a node."""
        texts = (each for each in self._below(node) if not each["ignored"])
        return " ".join(str(each["name"]["value"]) for each in texts if each["role"]["value"] == "StaticText")


def told(node: dict[str, Any], name: str) -> Any:
    """Return a property of a node, None when it has none."""
    return {each["name"]: each["value"].get("value") for each in node.get("properties", ())}.get(name)


def test_an_answer_is_said_once_and_nothing_of_it_while_it_is_written(listened: Scripted) -> None:
    listened.ask()
    pass_ms(listened)
    assert heard(listened) == ["Assistant is answering"]
    for seq in range(2, 42):
        listened.delta(seq, f"word{seq} ")
        pass_ms(listened, 50)
    expect(listened.page.locator("article.answer")).to_contain_text("word41")
    assert heard(listened) == []
    pass_ms(listened, 5_000)  # 7 s since the beginning
    assert heard(listened) == ["Assistant is still answering"]
    pass_ms(listened, 7_000)
    assert heard(listened) == ["Assistant is still answering"]
    listened.done(42, text="All of it.", notice="Look at the page about plans too.")
    expect(listened.page.locator("article.answer")).to_have_attribute("aria-busy", "false")
    pass_ms(listened)
    assert heard(listened) == ["Harbour Help: All of it. Look at the page about plans too."]
    pass_ms(listened, 30_000)
    assert heard(listened) == []


def test_what_a_stop_or_an_offer_says_is_said_once(listened: Scripted) -> None:
    listened.ask()
    pass_ms(listened)
    assert heard(listened) == ["Assistant is answering"]
    listened.status(2, did_you_mean=OFFER)
    expect(listened.button("How do I change my plan?")).to_be_visible()
    pass_ms(listened)
    (offer,) = heard(listened)
    assert "Did you mean “How do I change my plan?” or “Wie ändere ich meinen Tarif?”" in offer
    listened.button("Stop").click()
    listened.done(3, state="cancelled", text="", html="")
    expect(listened.page.get_by_text("Stopped.")).to_be_visible()
    pass_ms(listened)
    assert len(heard(listened)) == 1
    pass_ms(listened, 30_000)
    assert heard(listened) == []


def test_the_tree_of_a_running_answer_has_no_live_text(scripted: Scripted) -> None:
    STATES["streaming"](scripted)
    tree = Tree(scripted)
    log = tree.one("log", "Conversation")
    assert told(log, "live") is None  # a log would be "polite" by itself
    answer = tree.one("article", "Harbour Help, AI assistant")
    assert told(answer, "busy") == 1
    assert log in tree.above(answer)
    for around in tree.above(answer):
        assert told(around, "live") in (None, "off")
        assert around["role"]["value"] not in ("status", "alert")
    spoken = [tree.words(node) for node in (*tree.all("status"), *tree.all("alert"))]
    assert not [words for words in spoken if "Open the settings" in words]
    assert "Open the settings and" in tree.words(answer)


def test_every_message_of_the_tree_is_an_article_with_author_and_time(listened: Scripted) -> None:
    listened.ask("Can I change my plan?")
    listened.delta(2, "Yes, you can.")
    listened.done(3, text="Yes, you can.")
    listened.say(**message(text="I have changed it for you."))
    expect(listened.page.locator(".note")).to_be_visible()
    pass_ms(listened, 10_000)  # what was said is forgotten: nobody finds an answer a second time
    for _ in range(100):  # what rests is in the tree again once the browser has seen that it is in sight
        tree = Tree(listened)
        if len(tree.all("article")) == 3:
            break
        listened.page.wait_for_timeout(100)
    names = [str(node["name"]["value"]) for node in tree.all("article")]
    assert [name.rsplit(", ", 1)[0] for name in names] == [
        "You",
        "Harbour Help, AI assistant",
        "Support team",
    ]
    times = [tree.words(node) for node in tree.all("time")]
    assert all(name.endswith(time) for name, time in zip(names, [times[0], times[1], times[-1]], strict=True))
    assert all(told(node, "busy") in (None, False) for node in tree.all("article"))
    every = [str(node["name"]["value"]) for node in tree.all("StaticText")]
    assert every.count("Yes, you can.") == every.count("I have changed it for you.") == 1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("limit_reached", "many messages"),
        ("messages_refused", "many messages"),
        ("verb_refused", "cannot be asked again"),
        ("too_long", "over the limit"),
        ("form_with_errors", "Please give an e-mail address"),
        ("page_to_the_team_with_errors", "Please give an e-mail address"),
    ],
)
def test_errors_are_alerts_beside_what_they_are_about(scripted: Scripted, state: str, words: str) -> None:
    STATES[state](scripted)
    tree = Tree(scripted)
    (alert,) = (node for node in tree.all("alert") if words in tree.words(node))
    assert told(alert, "live") == "assertive"
    if "errors" in state:
        field = tree.one("textbox", "Your e-mail address")
        assert told(field, "invalid") == "true"
        assert words in field["description"]["value"]
        assert told(field, "required") is True


def test_what_a_sighted_visitor_sees_change_is_said(listened: Scripted) -> None:
    listened.context.grant_permissions(["clipboard-write"])
    listened.load(turns=[turn(1, "Can I?", reply(html=PROSE))])
    listened.page.evaluate(RECORD)
    listened.button("Copy code").click()
    pass_ms(listened)
    assert heard(listened) == ["Copied"]
    listened.say(**message(text="Here is a person."))
    expect(listened.page.locator(".note")).to_be_visible()
    pass_ms(listened)
    assert heard(listened) == ["Support team: Here is a person."]
    listened.lose()
    pass_ms(listened, 2_500)
    (banner,) = heard(listened)
    assert banner.startswith("The connection was lost")


def test_the_states_of_buttons_are_in_the_tree(scripted: Scripted) -> None:
    STATES["asked_what_was_wrong"](scripted)
    tree = Tree(scripted)
    assert told(tree.one("button", "Bad answer"), "pressed") == "true"
    assert told(tree.one("button", "Good answer"), "pressed") == "false"
    assert told(tree.one("button", "Menu"), "expanded") is False
    assert tree.one("group", "What was wrong with it?")
    scripted.button("Menu").click()
    expect(scripted.button("Menu")).to_have_attribute("aria-expanded", "true")  # it is fetched first
    assert told(Tree(scripted).one("button", "Menu"), "expanded") is True

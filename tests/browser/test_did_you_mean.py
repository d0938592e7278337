"""The buttons under a message: what a visitor sees of them, presses, hears, and finds again."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser.chat import WAIT_MS, Chat, Line
from tests.browser.conftest import QUICK
from tests.control import Control
from tests.flows.test_did_you_mean import ANSWER_FIRST, ASK_BACK, DO, ENTRIES, UNSURE, prepare, shell
from tests.servers import DeskServer, running_desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SLOW = {"first_text_ms": 900, "gap_ms": 40, "tokens": 1000}  # forty seconds of writing
DELETE = "Wie lösche ich meine Lieferadresse?"
CHANGE = "Wie ändere ich meine Lieferadresse?"


@pytest.fixture(scope="module")
def own_desk(tmp_path_factory: pytest.TempPathFactory, sandbox: str) -> Iterator[DeskServer]:
    with running_desk(tmp_path_factory.mktemp("mean") / "var", sandbox, prepare=prepare) as desk:
        yield desk


NewTab = Callable[[], Chat]


@pytest.fixture
def new_tab(own_desk: DeskServer, new_chat: Callable[[str], Chat], upstream: Control) -> NewTab:
    """Return a maker of tabs of one browser, on a desk that has the entries and a quick model."""
    upstream.pace(**QUICK)

    def make() -> Chat:
        return new_chat(own_desk.url)

    return make


def group(chat: Chat) -> Locator:
    return chat.page.get_by_role("group", name="Did you mean")


def ask(chat: Chat) -> None:
    """Send the question that the FAQ is unsure of."""
    chat.send(UNSURE)
    expect(group(chat).get_by_role("button")).to_have_count(3)


def test_a_press_brings_the_approved_answer_and_ends_the_other(new_tab: NewTab, upstream: Control) -> None:
    chat = new_tab()
    upstream.pace(**{**SLOW, "first_text_ms": 8000})  # no word of it before the press
    ask(chat)
    for button in group(chat).get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
        expect(button).to_have_attribute("lang", "de")
    group(chat).get_by_role("button", name=DELETE).click()
    expect(chat.answer.locator(".prose")).to_have_text("Unter Adressen → Löschen.")
    expect(chat.answer.locator(".chip")).to_have_text("Approved answer")
    expect(chat.page.locator("article.answer:visible")).to_have_count(1)  # no word of the other was written
    expect(group(chat).get_by_role("button", name=DELETE)).to_have_attribute("aria-pressed", "true")
    expect(chat.button("Stop")).to_be_hidden()
    expect(chat.page.locator("#announce")).to_contain_text("Unter Adressen → Löschen.")
    chat.button("That solved it").click()
    expect(chat.answer.get_by_text("Good to hear.")).to_be_visible()
    chat.page.reload()
    chat.online()
    expect(group(chat).get_by_role("button", name=DELETE)).to_have_attribute("aria-pressed", "true")
    expect(chat.page.locator("article.answer:visible")).to_have_count(1)
    chat.send("thanks")
    chat.ended()
    chat.page.reload()
    chat.online()
    expect(group(chat)).to_have_text(f"You chose: {DELETE}")
    expect(group(chat).get_by_role("button")).to_have_count(0)


def test_the_offer_moves_nothing_and_is_said_once(new_tab: NewTab, upstream: Control) -> None:
    chat = new_tab()
    upstream.pace(**SLOW)
    chat.page.evaluate(
        """() => {
          window.said = [];
          const region = document.querySelector("#announce");
          new MutationObserver(() => region.textContent && said.push(region.textContent))
            .observe(region, {childList: true});
        }"""
    )
    ask(chat)
    top = chat.answer.bounding_box()
    chat.streaming(60)
    after = chat.answer.bounding_box()
    assert top is not None
    assert after is not None
    scrolled = chat.log.evaluate("(log) => log.scrollTop")
    assert abs(top["y"] - after["y"]) <= scrolled + 1
    said = chat.page.evaluate("() => window.said.filter((words) => words.includes('Did you mean'))")
    assert len(said) == 1
    assert all(question in said[0] for question in ENTRIES)
    group(chat).get_by_role("button", name=CHANGE).click()
    expect(chat.answers).to_have_count(2)
    expect(chat.answers.first).to_have_attribute("data-state", "cancelled")
    expect(chat.answers.first).to_be_visible()  # what was written stays
    expect(chat.answers.first.get_by_role("button", name="Retry")).to_have_count(0)


def test_the_keyboard_is_enough(new_tab: NewTab, upstream: Control) -> None:
    chat = new_tab()
    upstream.pace(**SLOW)
    ask(chat)
    first = group(chat).get_by_role("button").first
    first.focus()
    chat.page.keyboard.press("Tab")
    second = group(chat).get_by_role("button").nth(1)
    expect(second).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(second).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(chat.answer).to_be_focused()  # pressed again it leads to its answer


def test_another_tab_shows_the_offer_and_the_choice(new_tab: NewTab, upstream: Control) -> None:
    chat = new_tab()
    upstream.pace(**SLOW)
    ask(chat)
    other = new_tab()
    expect(group(other).get_by_role("button")).to_have_count(3)
    group(other).get_by_role("button", name=CHANGE).click()
    for tab in (chat, other):
        expect(group(tab).get_by_role("button", name=CHANGE)).to_have_attribute("aria-pressed", "true")
        expect(tab.answer.locator(".prose")).to_have_text("Unter Einstellungen → Adressen.")


def test_a_choice_made_without_a_line_is_made_when_it_is_back(
    own_desk: DeskServer, context: BrowserContext, upstream: Control
) -> None:
    line = Line(context)
    chat = Chat(context.new_page(), own_desk.url).open()
    upstream.pace(**SLOW)
    ask(chat)
    line.down()
    pressed = group(chat).get_by_role("button", name=DELETE)
    pressed.click()
    expect(pressed).to_have_attribute("aria-busy", "true")
    line.up()
    expect(pressed).to_have_attribute("aria-pressed", "true", timeout=WAIT_MS)
    expect(chat.answer.locator(".prose")).to_have_text("Unter Adressen → Löschen.")
    assert [frame["type"] for frame in line.sent].count("choose") == 1
    upstream.pace(**QUICK)
    assert chat.troubles == []


def test_an_answer_that_is_gone_is_said_beside_the_buttons(new_tab: NewTab, own_desk: DeskServer) -> None:
    chat = new_tab()
    ask(chat)
    chat.ended()
    button = group(chat).get_by_role("button", name=DELETE)
    gone = button.get_attribute("data-entry")
    shell(own_desk, DO.format(what="archive", pk=gone))
    try:
        chat.page.wait_for_timeout(2500)  # five times as long as a process takes to see an edit
        button.click()
        expect(group(chat).get_by_role("alert")).to_contain_text("withdrawn")
        expect(button).to_have_count(0)
        group(chat).get_by_role("button", name=CHANGE).click()
        expect(chat.answer.locator(".prose")).to_have_text("Unter Einstellungen → Adressen.")
    finally:
        shell(own_desk, DO.format(what="publish", pk=gone))


@pytest.mark.parametrize("width", [320, 390])
def test_the_buttons_wrap_on_a_phone(new_tab: NewTab, width: int) -> None:
    chat = new_tab()
    chat.page.set_viewport_size({"width": width, "height": 640})
    ask(chat)
    for button in group(chat).get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert chat.page.evaluate("() => document.documentElement.scrollWidth") <= width


# Where an answer begins in its section: what stands above it must not go while somebody reads it.
BEGINS = """(node) => {
  const [own, section] = [node, node.closest("section")].map((each) => each.getBoundingClientRect().top);
  return Math.round(own - section);
}"""


def test_the_next_question_leaves_the_offer_where_it_is_and_takes_no_press(new_tab: NewTab) -> None:
    chat = new_tab()
    ask(chat)
    first = chat.ended()
    before = first.evaluate(BEGINS)
    chat.ask("thanks")
    expect(group(chat).get_by_role("button", disabled=True)).to_have_count(3)
    assert chat.answers.first.evaluate(BEGINS) == before
    chat.page.reload()
    chat.online()
    expect(chat.answers).to_have_count(2)
    expect(group(chat)).to_be_hidden()  # nobody has seen it there on this page


def test_asked_back_the_visitor_says_none_of_these(new_tab: NewTab, own_desk: DeskServer) -> None:
    shell(own_desk, ASK_BACK)
    try:
        chat = new_tab()
        chat.page.wait_for_timeout(2500)  # five times as long as a process takes to see an edit
        ask(chat)
        expect(chat.answer.locator(".prose")).to_contain_text("Wählen Sie die passende")
        chat.button("None of these").click()
        expect(chat.answers).to_have_count(2)
        chat.ended()
        expect(chat.answer.locator(".chip")).to_have_text("AI answer")
        expect(group(chat).get_by_role("button")).to_have_count(3)  # an answer is still one press away
        expect(chat.page.get_by_role("group", name="You could ask next")).to_have_count(0)
    finally:
        shell(own_desk, ANSWER_FIRST)

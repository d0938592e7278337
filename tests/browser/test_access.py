"""The page without a mouse, without sight, on a small screen and from a refused address, on a real desk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.chat import WAIT_MS, Chat, Line
from tests.browser.conftest import QUICK
from tests.control import Control
from tests.servers import DeskServer, running_desk

pytestmark = pytest.mark.browser

TEXTS = "Does it send texts too?"
COMPARE = "Compare Pro and Studio for 3 locations, 12 staff and SMS; what happens if we downgrade mid-month?"


def test_the_keyboard_alone_is_enough(chat: Chat, upstream: Control) -> None:
    keys = chat.page.keyboard
    keys.press("Tab")
    expect(chat.page.get_by_role("link", name="Skip to the message box")).to_be_focused()
    keys.press("Enter")
    expect(chat.box).to_be_focused()
    upstream.pace(first_text_ms=30, gap_ms=40, tokens=250)
    keys.type(TEXTS)
    keys.press("Enter")
    chat.streaming()
    expect(chat.box).to_be_focused()
    keys.press("Tab")
    expect(chat.button("Stop")).to_be_focused()
    keys.press("Enter")
    chat.ended()
    expect(chat.box).to_be_focused()
    upstream.pace(**QUICK)
    retry = chat.button("Retry")
    for _ in range(12):
        keys.press("Shift+Tab")
        if retry.evaluate("node => node === document.activeElement"):
            break
    expect(retry).to_be_focused()
    keys.press("Enter")
    expect(chat.answers).to_have_count(2)
    chat.ended()
    chat.button("Menu").focus()
    keys.press("Enter")
    expect(chat.button("New conversation")).to_be_visible()  # the menu is fetched first
    keys.press("Tab")
    expect(chat.button("New conversation")).to_be_focused()
    keys.press("Escape")
    expect(chat.button("Menu")).to_be_focused()
    expect(chat.page.locator("#menu")).to_be_hidden()


def test_a_screen_reader_hears_the_start_and_the_whole_answer_once(chat: Chat, upstream: Control) -> None:
    chat.page.evaluate(
        """() => {
          window.heard = [];
          const note = () => { const words = region.textContent; if (words) window.heard.push(words); };
          const region = document.querySelector("#announce");
          new MutationObserver(note).observe(region, {childList: true, characterData: true, subtree: true});
        }"""
    )
    expect(chat.log).to_have_attribute("aria-live", "off")
    upstream.pace(first_text_ms=30, gap_ms=40, tokens=100)
    chat.send(TEXTS)
    answer = chat.streaming()
    assert answer.evaluate("node => node.closest('[aria-live]').getAttribute('aria-live')") == "off"
    chat.ended()
    chat.page.wait_for_function("() => window.heard.length >= 2")  # a bare expression needs eval
    heard = chat.page.evaluate("window.heard")
    assert heard[0] == "Assistant is answering"
    whole = [words for words in heard if chat.words().split("\n")[0][:60] in words]
    assert len(whole) == 1


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_never_scrolls_sideways(
    chromium: Browser, desk: DeskServer, upstream: Control, width: int
) -> None:
    upstream.pace(**QUICK)
    context = chromium.new_context(viewport={"width": width, "height": 640}, has_touch=True)
    chat = Chat(context.new_page(), desk.url).open()
    wide = "document.documentElement.scrollWidth > window.innerWidth || log.scrollWidth > log.clientWidth"
    overflows = f"() => {{ const log = document.querySelector('#transcript'); return {wide}; }}"
    assert not chat.page.evaluate(overflows)
    expect(chat.page.locator("#starters button").first).to_be_in_viewport(ratio=1)
    expect(chat.page.locator("#welcome").get_by_role("button", name="Talk to a person")).to_be_in_viewport(
        ratio=1
    )
    chat.box.fill("x " * 4_100)
    chat.box.press("Enter")
    expect(chat.page.get_by_role("alert").filter(has_text="too long")).to_be_visible()
    assert chat.page.evaluate("document.querySelector('#composer').offsetHeight < innerHeight / 2")
    chat.box.fill("")
    chat.ask("How do I reset my password?")
    chat.ask("Write a Python function that verifies your webhook signature")
    chat.ask("w" * 300)
    assert not chat.page.evaluate(overflows)
    expect(chat.box).to_be_in_viewport()
    assert chat.troubles == []
    context.close()


def test_who_wants_less_motion_gets_whole_blocks(
    chromium: Browser, desk: DeskServer, upstream: Control
) -> None:
    context = chromium.new_context(reduced_motion="reduce")
    chat = Chat(context.new_page(), desk.url).open()
    upstream.pace(first_text_ms=500, gap_ms=20)
    chat.page.evaluate(
        """() => {
          window.plain = 0;
          const look = () => {
            if ([...document.querySelectorAll(".open")].some((node) => node.textContent)) window.plain += 1;
          };
          const all = {childList: true, characterData: true, subtree: true};
          new MutationObserver(look).observe(document.querySelector("#turns"), all);
        }"""
    )
    chat.ask(COMPARE)
    assert chat.words()
    assert chat.page.evaluate("window.plain") == 0
    assert chat.page.evaluate("document.getAnimations().length") == 0
    context.close()


def test_a_refused_address_is_told_and_does_not_knock_for_ever(
    chromium: Browser, sandbox: str, tmp_path: Path
) -> None:
    env = {"ORIGINS": "http://localhost:1", "ALLOWED_HOSTS": "127.0.0.1"}
    with running_desk(tmp_path / "var", sandbox, env=env) as desk:
        page = chromium.new_page()
        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.goto(desk.url)
        expect(page.locator("#banner")).to_contain_text("may not use the chat")
        expect(page.locator("#connection")).to_have_text("Closed")
        page.evaluate("window.dispatchEvent(new Event('online'))")
        page.wait_for_timeout(1500)  # longer than the first pauses before a new try
        assert len(sockets) == 1
        page.close()


def test_a_session_that_ended_asks_to_load_again(
    context: BrowserContext, new_chat: Callable[[], Chat], desk: DeskServer
) -> None:
    line = Line(context)
    chat = new_chat()
    context.add_cookies([{"name": "visitor", "value": "forged", "url": desk.url}])
    line.down()
    line.up()
    expect(chat.page.locator("#banner")).to_contain_text("Your session has ended", timeout=WAIT_MS)
    chat.button("Load again").click()
    chat.online()

"""The page without a mouse, without sight, on a small screen, in the dark, and from a refused address."""

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


def test_every_message_is_an_article_with_author_and_time(chat: Chat) -> None:
    chat.ask(TEXTS)
    articles = chat.log.get_by_role("article")
    expect(articles).to_have_count(2)
    for article, author in ((articles.first, "You"), (articles.last, "AI assistant")):
        assert author in (article.get_attribute("aria-label") or "")
        expect(article.locator("time")).not_to_be_empty()
        assert article.locator("time").get_attribute("datetime")


def test_every_control_has_a_name_and_room_to_be_hit(chat: Chat) -> None:
    chat.ask("How do I reset my password?")
    chat.button("Menu").click()
    small = chat.page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], textarea")]
          .filter((node) => node.offsetParent && !node.closest(".skip, p:not(.fine), li"))
          .map((node) => [node.innerText || node.getAttribute("aria-label"), node.getBoundingClientRect()])
          .filter(([name, box]) => box.width < 24 || box.height < 24)"""
    )
    assert small == []
    nameless = chat.page.evaluate(
        """() => [...document.querySelectorAll("button")]
          .filter((node) => node.offsetParent)
          .filter((node) => !node.textContent.trim() && !node.getAttribute("aria-label")).length"""
    )
    assert nameless == 0


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


CONTRAST = """
() => {
  const rgb = (css) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const pen = canvas.getContext("2d");
    pen.fillStyle = css;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const part = (byte) => {
      const value = byte / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = [];
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    const unseen = node.closest(".unseen, .skip, [hidden], noscript, script, dialog");
    if (!texts.currentNode.data.trim() || unseen || !node.offsetParent) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push([texts.currentNode.data.trim().slice(0, 30), Math.round(ratio * 10) / 10]);
  }
  return poor;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    chromium: Browser, desk: DeskServer, upstream: Control, scheme: str
) -> None:
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light")
    chat = Chat(context.new_page(), desk.url).open()
    assert chat.page.evaluate(CONTRAST) == []
    upstream.pace(**QUICK)
    chat.ask("How do I reset my password?")
    chat.ask("Write a Python function that verifies your webhook signature")
    upstream.fault("error_first", times=12)
    chat.ask(TEXTS)
    chat.button("Menu").click()
    assert chat.page.evaluate(CONTRAST) == []
    sheet = chat.page.evaluate("getComputedStyle(document.querySelector('#desk')).backgroundColor")
    assert (sheet == "rgb(20, 25, 27)") == (scheme == "dark")
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
        expect(page.locator("#banner")).to_contain_text("may not talk to the desk")
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

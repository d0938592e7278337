"""What comes out of the printer: the whole conversation, dark on light, and nothing that is to be pressed."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from assistant.rendering import render
from tests.browser.scripted import Scripted, reply, turn
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

PAPER = (718, 1047)  # A4 between margins of 1 cm
TABLE = """
| Plan | Price per month | Calendars | Storage | Support | Where to read on |
|---|--:|:-:|---|---|---|
| Enterprise-plus | 120.00 | unlimited | 500 GB | By telephone | https://example.com/a/very/long/address/1 |
"""
LONG = "Every studio keeps its calendar, and the plan shows them beside each other in one view."
# What can be seen: of the conversation, and beside it; the ink; and what does not show all that is in it.
PRINTED = """
() => {
  const shown = (node) => node.checkVisibility({ contentVisibilityAuto: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const isCut = (node) => node.scrollHeight > node.clientHeight + 1;
  const light = (colour) => Math.min(...colour.match(/\\d+/g).slice(0, 3).map(Number));
  const text = (node) => node.querySelector(".text").textContent;
  return {
    questions: all("article.mine").map(text),
    answers: all(".answer .prose").length,
    controls: all("button, textarea, form, .banner, .sandbox, dialog").length,
    ink: light(getComputedStyle(document.querySelector(".prose p")).color),
    cut: all(".desk, .transcript, .folded, .code pre").filter(isCut).length,
    beyond: all(".table").filter((node) => node.scrollWidth > node.clientWidth).length,
  };
}
"""


def long_turns() -> list[dict[str, Any]]:
    html = f"<p>{LONG}</p>" * 30 + "<pre><code>curl https://example.com</code></pre>"
    given = [turn(n, f"Question {n}?", reply(n, text=f"{LONG}\n\n" * 30, html=html)) for n in range(1, 13)]
    return [*given, turn(13, LONG * 20, reply(13, html=render(TABLE)))]


def test_a_conversation_is_printed_whole_and_nothing_else_is(chromium: Browser, desk: DeskServer) -> None:
    context = chromium.new_context(
        viewport={"width": 1100, "height": 800}, locale="en-GB", color_scheme="dark"
    )
    scripted = Scripted(context, desk.url)
    given = long_turns()
    scripted.load(turns=given)
    page = scripted.page
    page.locator("#transcript[aria-busy=false] section.past").nth(12).wait_for(state="attached")
    on_screen = page.evaluate(PRINTED)
    assert on_screen["beyond"] == 1
    assert on_screen["controls"] > 3 and on_screen["ink"] > 128 and on_screen["cut"] > 0
    assert len(on_screen["questions"]) < 13  # what is out of sight is left out of the layout
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": PAPER[0], "height": PAPER[1]})
    scripted.drawn()
    printed = page.evaluate(PRINTED)
    questions = [each["text"] for each in given]
    assert printed == {
        "questions": questions,
        "answers": 13,
        "controls": 0,
        "ink": printed["ink"],
        "cut": 0,
        "beyond": 0,
    }
    assert printed["ink"] < 64
    context.close()

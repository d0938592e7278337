"""Every state of the page in a narrow window, enlarged, with wide text spacing and from right to left."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from assistant.rendering import render
from tests.browser.scripted import Scripted, reply, turn
from tests.browser.states import SOURCE, STATES
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

WIDE = (1100, 800)
TWICE = (640, 400)  # WCAG 1.4.4: a laptop's 1280 by 800 at 200 %
NARROW = (320, 256)  # 1.4.10: 1280 by 1024 at 400 %
PHONE = (320, 640)

LOOK = (Path(__file__).parent / "layout.js").read_text()

# WCAG 1.4.12. A sheet that is made by script is not refused by the page's policy.
SPACING = """
() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`p { margin-block-end: 2em !important; }
    * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }`);
  document.adoptedStyleSheets = [sheet];
}
"""


@pytest.fixture(scope="module")
def scripted(chromium: Browser, desk: DeskServer) -> Iterator[Scripted]:
    context = chromium.new_context(viewport={"width": 1100, "height": 800}, locale="en-GB")
    yield Scripted(context, desk.url)
    context.close()


def lost(desk: Scripted, size: tuple[int, int]) -> Any:
    desk.page.set_viewport_size({"width": size[0], "height": size[1]})
    desk.drawn()
    return desk.page.evaluate(LOOK)


@pytest.mark.parametrize("name", STATES)
def test_nothing_is_lost_enlarged_spaced_or_mirrored(scripted: Scripted, name: str) -> None:
    scripted.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    STATES[name](scripted)
    assert [lost(scripted, size) for size in (WIDE, TWICE, NARROW)] == [[], [], []]
    scripted.page.evaluate("document.documentElement.dir = 'rtl'")
    assert [lost(scripted, size) for size in (PHONE, WIDE)] == [[], []]
    scripted.page.evaluate(SPACING)
    assert [lost(scripted, size) for size in (WIDE, PHONE)] == [[], []]


CONTRAST = """
  const bright = (css) => {
    const [r, g, b] = css.match(/[\\d.]+/g).slice(0, 3).map((byte) => byte / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const style = (selector) => getComputedStyle(document.querySelector(selector));
  const contrast = (one, other) => {
    const [dark, light] = [bright(one), bright(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
"""

# What shows a control or its state without being text (WCAG 1.4.11), against the ground beside it.
SHAPES = (
    f"() => {{ {CONTRAST}"
    + """
  const paper = style(".desk").backgroundColor;
  document.querySelector("#transcript").focus({ focusVisible: true });
  const focus = style("#transcript").outlineColor;
  return {
    box: contrast(style(".box").borderColor, paper),
    field: contrast(style(".field input").borderColor, style(".request").backgroundColor),
    focus: contrast(focus, paper),
    send: contrast(style(".send").backgroundColor, style(".box").backgroundColor),
    rung: contrast(style(".tier i.lit").backgroundColor, paper),
  };
}
"""
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shapes_stand_out_as_well_as_text(scripted: Scripted, scheme: str) -> None:
    STATES["form_for_a_person"](scripted)
    scripted.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    ratios = scripted.page.evaluate(SHAPES)
    scripted.page.emulate_media(color_scheme="light")
    assert {name: ratio for name, ratio in ratios.items() if ratio < 3} == {}


FORCED = """
(selector) => {
  const { borderTopStyle, borderTopWidth, outlineStyle, outlineWidth, backgroundColor } =
    getComputedStyle(document.querySelector(selector));
  const line = (style, width) => style !== "none" && parseFloat(width) > 0;
  const [border, outline] = [line(borderTopStyle, borderTopWidth), line(outlineStyle, outlineWidth)];
  return { border, outline, backgroundColor };
}
"""


def test_forced_colours_leave_every_shape_and_the_focus(scripted: Scripted) -> None:
    ended = reply(rating="down", suggestions=["What does Pro cost?"], retryable=True, state="truncated")
    scripted.load(turns=[turn(1, "Can I change my plan?", ended)])
    scripted.page.emulate_media(forced_colors="active")

    def look(selector: str) -> Any:
        return scripted.page.evaluate(FORCED, selector)

    for selector in (".mine .text", ".chip", ".notice", ".do", ".box", ".send", ".menu-button"):
        assert look(selector)["border"], selector
    pressed, other = look(".quiet[aria-pressed=true]"), look(".quiet[aria-pressed=false]")
    assert (pressed["border"], other["border"]) == (True, False)
    assert look(".chip i.lit")["backgroundColor"] != look(".chip i:not(.lit)")["backgroundColor"]
    assert not look(".box")["outline"]
    scripted.box.focus()
    assert look(".box")["outline"]
    scripted.page.emulate_media(forced_colors="none")


def test_an_answer_goes_the_way_of_its_own_writing(scripted: Scripted) -> None:
    scripted.page.set_viewport_size({"width": 1100, "height": 800})
    hebrew = reply(html="<p>כן, בהגדרות.</p><pre><code>a = 1;</code></pre>", text="כן, בהגדרות.")
    scripted.load(turns=[turn(1, "أين الإعدادات؟", hebrew), turn(2, "And in English?", reply(2))])

    def direction(selector: str, index: int = 0) -> Any:
        return (
            scripted.page.locator(selector).nth(index).evaluate("(node) => getComputedStyle(node).direction")
        )

    assert [direction(".mine .text", n) for n in (0, 1)] == ["rtl", "ltr"]
    assert [direction(".answer .prose", n) for n in (0, 1)] == ["rtl", "ltr"]
    assert direction(".answer pre") == "ltr"
    scripted.box.fill("שלום")
    assert direction("#message") == "rtl"
    scripted.box.fill("")

    def left(selector: str) -> float:
        return float(scripted.page.locator(selector).first.bounding_box()["x"])  # type: ignore[index]

    mirrored = ("mine .text", "menu-button:last-of-type", "mark", "tier", "send")
    before = [left(f".{name}") for name in mirrored]
    scripted.page.evaluate("document.documentElement.dir = 'rtl'")
    after = [left(f".{name}") for name in mirrored]
    middle = 1100 / 2
    assert [x > middle for x in before] == [not (x > middle) for x in after]


FIRST_LINE = """
() => {
  const answer = document.querySelector("article.answer");
  const walker = document.createTreeWalker(answer.querySelector(".prose"), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  do walker.nextNode(); while (!walker.currentNode.data.trim());
  range.selectNode(walker.currentNode);
  return range.getClientRects()[0].top - answer.getBoundingClientRect().top;
}
"""


def test_the_first_words_of_an_answer_stay_where_they_were_written(scripted: Scripted) -> None:
    scripted.load()
    scripted.ask()
    scripted.delta(2, "Yes, you can.")
    expect(scripted.page.locator(".open")).to_have_text("Yes, you can.")
    written = scripted.page.evaluate(FIRST_LINE)
    scripted.delta(3, "\n\nOpen the settings.")
    scripted.say(type="block", reply_id="r", seq=4, upto=15, html="<p>Yes, you can.</p>")
    expect(scripted.page.locator(".final")).to_have_text("Yes, you can.")
    assert scripted.page.evaluate(FIRST_LINE) == written
    text = "Yes, you can.\n\nOpen the settings."
    scripted.done(5, text=text, html="<p>Yes, you can.</p>\n<p>Open the settings.</p>")
    expect(scripted.page.locator("article.answer")).to_have_attribute("aria-busy", "false")
    assert scripted.page.evaluate(FIRST_LINE) == written


TABLE = """
| Plan | Price per month | Calendars | Support | Where to read on |
|---|--:|:-:|---|---|
| Professional | 12.50 | 25 | By e-mail, within one working day | [The help](https://example.com/help) |
| Enterprise-plus | 120.00 | any | By telephone | https://example.com/a/very/long/address/0123456789 |
| 業務用 | 29.00 | 3 | 予約カレンダーの共有について、営業日に電話でご案内します | example.com |
"""
# How far the transcript and the table scroll sideways, words that are broken (those of cells with an address
# may be), and the narrowest column with more than a line of text.
TABLES = """
() => {
  const table = document.querySelector(".table");
  const beyond = (node) => node.scrollWidth - node.clientWidth;
  const linesOf = (text, from, to) => {
    const range = document.createRange();
    range.setStart(text, from);
    range.setEnd(text, to);
    return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
  };
  const broken = [];
  const texts = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (text.parentNode.closest(".unseen, [data-wide=endless]")) continue;
    for (const { 0: word, index } of text.data.matchAll(/[\\w.]{1,24}(?![^\\s-])/g)) {
      if (linesOf(text, index, index + word.length) > 1) broken.push(word);
    }
  }
  const wide = [...table.querySelectorAll("[data-wide]")].map((cell) => cell.offsetWidth);
  const page = beyond(document.querySelector("#transcript"));
  return { page, table: beyond(table), broken, narrowest: Math.min(...wide) };
}
"""


@pytest.mark.parametrize("width", [320, 390, WIDE[0]])
@pytest.mark.parametrize(("first", "onward"), [("Plan", "ArrowRight"), ("الخطة", "ArrowLeft")])
def test_a_table_keeps_its_words_whole_and_scrolls_in_its_own_box(
    scripted: Scripted, width: int, first: str, onward: str
) -> None:
    # So high that nothing has to scroll to the end of the answer, whatever fonts the machine has.
    scripted.page.set_viewport_size({"width": width, "height": 1600})
    text = TABLE.replace("Plan", first) + "\n"
    html = render(text, ["example.com"])
    scripted.load()
    scripted.ask()
    scripted.delta(2, text)
    scripted.say(type="block", reply_id="r", seq=3, upto=len(text), html=html)
    table = scripted.page.get_by_role("group", name="Table")
    expect(table).to_be_visible()
    written = table.bounding_box()
    looked = scripted.page.evaluate(TABLES)
    assert (looked["page"], looked["broken"]) == (0, [])
    assert looked["narrowest"] >= 136  # 8.5rem: some 14 letters
    assert (looked["table"] > 0) is (width < WIDE[0])
    scripted.done(4, text=text, html=html)
    expect(scripted.page.locator("article.answer")).to_have_attribute("aria-busy", "false")
    assert table.bounding_box() == written
    if width < WIDE[0]:
        table.press(onward)
        expect(table).not_to_have_js_property("scrollLeft", 0)
    scripted.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})


# What shades the edges of a table, and how a link stands out on its darkest end, coloured as the frame.
SHADE = f"""() => {{ {CONTRAST}
  return [style(".table").backgroundImage, contrast(style(".table a").color, style(".table").borderTopColor)];
}}"""


def test_a_shade_tells_a_finger_that_a_table_goes_on(scripted: Scripted, chromium: Browser) -> None:
    given = [turn(1, "Which plans?", reply(html=render(TABLE, ["example.com"])))]
    scripted.load(turns=given)
    assert scripted.page.evaluate(SHADE)[0] == "none"  # a mouse is shown a scroll bar
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone = Scripted(context, scripted.url)
    phone.load(turns=given)
    for scheme in ("light", "dark"):
        phone.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        shade, contrast = phone.page.evaluate(SHADE)
        assert shade.count("linear-gradient") == 2
        assert contrast >= 4.5
    context.close()


def test_times_are_those_of_the_reader_s_region(scripted: Scripted) -> None:
    scripted.load(turns=[turn(1, "Can I change my plan?", reply(sources=[SOURCE]))])
    shown = scripted.page.locator("article.answer")
    expect(shown.locator("time")).to_have_text(re.compile(r"^23 Nov, \d\d:\d\d$"))  # not "Nov 23, 10:00 AM"
    expect(shown.locator(".reviewed")).to_contain_text("1 Oct 2026")


def test_that_an_earlier_chat_has_ended_is_no_news_in_the_next_one(scripted: Scripted) -> None:
    scripted.load("/?ended")
    said = scripted.page.get_by_text("The chat has ended. This browser has forgotten it.")
    expect(said).to_be_visible()
    scripted.ask("How do I sign in?")
    expect(said).to_have_count(0)


IN_VIEW = """
() => {
  document.querySelector("#message").focus();
  const [bar, box] = [".bar", "#message"].map((name) => document.querySelector(name).getBoundingClientRect());
  return [window.scrollY, bar.top, box.bottom <= innerHeight];
}
"""


def test_on_a_small_phone_the_message_box_stays_below_the_line_for_a_person(scripted: Scripted) -> None:
    scripted.page.set_viewport_size({"width": 320, "height": 568})
    STATES["waiting_for_a_person"](scripted)  # with an error in its form
    assert scripted.page.evaluate(IN_VIEW) == [0, 0, True]
    STATES["rating_of_a_person"](scripted)
    assert scripted.page.evaluate(IN_VIEW) == [0, 0, True]
    marks = scripted.page.locator(".live-stars label")
    tops = {marks.nth(index).bounding_box()["y"] for index in range(marks.count())}  # type: ignore[index]
    assert (marks.count(), len(tops)) == (5, 1)
    scripted.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})


def test_what_was_asked_last_is_in_sight_and_an_empty_chat_begins_at_its_beginning(
    scripted: Scripted,
) -> None:
    page, phone = scripted.page, (390, 640)
    page.set_viewport_size({"width": 640, "height": 360})  # all of the welcome does not fit
    scripted.load()
    expect(page.locator("#starters button")).to_have_count(3)
    expect(page.locator("#greeting")).to_be_in_viewport(ratio=1)
    assert page.evaluate("transcript.scrollHeight > transcript.clientHeight")

    # A form that nobody asked for makes way for the next question.
    page.set_viewport_size({"width": phone[0], "height": phone[1]})
    scripted.ask("How do I sign in?")
    scripted.done(2, state="failed", text="", html="", offer_person=True, person_reason="failed")
    form = page.get_by_role("form", name="Talk to a person")
    expect(form).to_be_visible()
    scripted.type("And how do I sign out?")
    expect(form).to_have_count(0)

    # One in use stays below what is asked meanwhile, and what is asked is seen.
    scripted.load()
    page.locator("[data-person]").first.click()
    form.get_by_label("What should they know?").fill("My own words")
    scripted.ask("How do I sign in?")
    expect(page.get_by_text("Thinking", exact=True)).to_be_in_viewport(ratio=1)
    for at in range(2, 22):
        scripted.delta(at, f"Line {at}.\n")
    expect(page.get_by_text("Line 21.")).to_be_visible()
    expect(form.get_by_label("What should they know?")).not_to_be_in_viewport()
    assert page.evaluate(LAST_LINE_SEEN)
    scripted.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})


LAST_LINE_SEEN = """
() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => {
  const bottom = (name) => document.querySelector(name).getBoundingClientRect().bottom;
  const left = bottom("#transcript") - bottom(".open");
  resolve(left >= 0 && left < 80);
})))
"""

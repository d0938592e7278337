"""A conversation of ten thousand words: all of it is there, and nobody who reads in it loses their place."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.chat import WAIT_MS
from tests.browser.chromium import ARGUMENTS, SHELL
from tests.browser.scripted import Scripted, reply, turn
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

TURNS = 30  # as many as come with the page
WORDS = 340  # of each answer
FILLER = "Every studio keeps its calendar, and the plan shows them beside each other in one view."


@pytest.fixture(scope="module")
def scripted(chromium: Browser, desk: DeskServer) -> Iterator[Scripted]:
    context = chromium.new_context(viewport={"width": 1100, "height": 800}, locale="en-GB")
    yield Scripted(context, desk.url)
    context.close()


def long_turn(number: int) -> dict[str, Any]:
    """Return a turn with a long answer that no other is like."""
    sentences = [f"Sentence {place} of answer{number}x." for place in range(1, 1 + number % 5)]
    sentences += [FILLER] * (WORDS // len(FILLER.split()))
    text = "\n\n".join(sentences)
    html = "\n".join(f"<p>{sentence}</p>" for sentence in sentences)
    return turn(number, f"Question {number}?", reply(number, text=text, html=html))


def turns(first: int) -> list[dict[str, Any]]:
    return [long_turn(number) for number in range(first, first + TURNS)]


SHOWN = """
() => [...document.querySelectorAll("section.turn")].map((turn) => [
  turn.querySelector(".mine .text").textContent,
  [...turn.querySelectorAll(".prose p:not(.open)")].map((p) => p.textContent).join("\\n\\n"),
])
"""
LEFT = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight"
HEIGHT = "(log) => log.scrollHeight"
# How many blocks of the answer there were each time that some had come, and how much of it was moved.
BUILT = """
Object.assign(window, { built: [], moved: 0 });
new MutationObserver(() => {
  const blocks = document.querySelector(".final")?.childElementCount ?? 0;
  if (blocks && blocks !== window.built.at(-1)) window.built.push(blocks);
}).observe(document, { subtree: true, childList: true });
const inTranscript = ({ node }) => document.querySelector("#turns")?.contains(node);
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.moved += entry.sources.some(inTranscript) ? entry.value : 0;
}).observe({ type: "layout-shift", buffered: true });
"""
# To the top in steps of half a window, and the heights that the transcript had on the way.
CLIMB = """
async (log) => {
  const heights = new Set();
  while (log.scrollTop > 0) {
    log.scrollBy(0, -log.clientHeight / 2);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    heights.add(log.scrollHeight);
  }
  return [...heights];
}
"""


def shown_of(given: list[dict[str, Any]]) -> list[list[str]]:
    return [[each["text"], each["replies"][0]["text"]] for each in given]


def load(desk: Scripted) -> Locator:
    """Open the long conversation and wait until what is out of sight takes no part in the layout."""
    desk.load(turns=turns(31))
    expect(desk.page.locator("section.turn")).to_have_count(TURNS, timeout=WAIT_MS)
    expect(desk.page.locator("section.past")).to_have_count(TURNS)
    return desk.page.get_by_role("log", name="Conversation")


def top(article: Locator) -> float:
    return float(article.evaluate("(node) => node.getBoundingClientRect().top"))


def test_a_long_conversation_is_whole_and_its_end_is_followed(scripted: Scripted) -> None:
    log = load(scripted)
    assert scripted.page.evaluate(SHOWN) == shown_of(turns(31))
    assert log.evaluate(LEFT) <= 1
    scripted.ask()
    for seq in range(2, 12):
        scripted.delta(seq, f"{FILLER}\n\n")
    expect(scripted.page.locator("article.answer").last).to_contain_text(FILLER)
    scripted.page.wait_for_function("() => document.querySelectorAll('.open')[30].textContent.length > 800")
    assert log.evaluate(LEFT) <= 1
    scripted.done(12, text=f"{FILLER}\n\n" * 10)
    expect(scripted.page.locator("article.answer").last).to_have_attribute("aria-busy", "false")
    expect(scripted.button("New text")).to_be_hidden()
    # What is out of sight is found all the same by who searches the page (the last argument: around its end).
    assert scripted.page.evaluate("window.find('Sentence 1 of answer32x.', true, false, true)")


def test_whoever_hears_the_page_hears_all_of_it(chromium: Browser, desk: DeskServer) -> None:
    """With a screen reader at work, which is what this argument tells Chromium."""
    browser = chromium.browser_type.launch(
        executable_path=SHELL, args=[*ARGUMENTS, "--force-renderer-accessibility"]
    )
    listened = Scripted(browser.new_context(locale="en-GB"), desk.url)
    load(listened)
    tree = listened.page.context.new_cdp_session(listened.page).send("Accessibility.getFullAXTree")
    heard = " ".join(str(node.get("name", {}).get("value", "")) for node in tree["nodes"])
    browser.close()
    assert [number for number in range(31, 61) if f"Question {number}?" not in heard] == []
    assert "Sentence 1 of answer31x." in heard


def test_who_reads_above_stays_there_and_is_told_of_new_text(scripted: Scripted) -> None:
    log = load(scripted)
    scripted.ask()
    scripted.delta(2, "Yes, you can. ")
    read = scripted.page.locator("article.answer").nth(14)
    read.evaluate("(node) => node.scrollIntoView({ block: 'start' })")
    before = top(read)
    for seq in range(3, 9):
        scripted.delta(seq, f"{FILLER}\n\n")
    expect(scripted.button("New text")).to_be_visible()
    scripted.done(9, text=f"Yes, you can. {FILLER}")
    expect(scripted.page.locator("article.answer").last).to_have_attribute("aria-busy", "false")
    assert abs(top(read) - before) <= 1
    scripted.button("New text").click()
    assert log.evaluate(LEFT) <= 1
    expect(scripted.button("New text")).to_be_hidden()


def test_nothing_moves_on_the_way_up_in_whatever_width(scripted: Scripted) -> None:
    log = load(scripted)
    height = log.evaluate(HEIGHT)
    assert log.evaluate(CLIMB) == [height]
    scripted.page.set_viewport_size({"width": 480, "height": 800})
    log.evaluate("(log) => log.scrollTo(0, log.scrollHeight)")
    scripted.page.wait_for_function(
        "(height) => document.querySelector('#transcript').scrollHeight > height", arg=height
    )
    expect(scripted.page.locator("section.past")).to_have_count(TURNS)
    narrow = log.evaluate(HEIGHT)
    assert log.evaluate(CLIMB) == [narrow]
    scripted.page.set_viewport_size({"width": 1100, "height": 800})


def test_older_messages_come_in_above_without_moving_what_is_read(scripted: Scripted) -> None:
    log = load(scripted)
    log.evaluate("(log) => log.scrollTo(0, 0)")
    read = scripted.page.locator("article.mine").first
    expect(read).to_contain_text("Question 31?")
    before = top(read)
    scripted.button("Show earlier messages").click()
    assert scripted.sent_frame("history")["before"] == "t31"
    scripted.say(type="history", turns=turns(1))
    expect(scripted.page.locator("section.turn")).to_have_count(2 * TURNS, timeout=WAIT_MS)
    assert scripted.page.evaluate(SHOWN) == shown_of(turns(1) + turns(31))
    earlier = scripted.page.locator("article.mine").nth(TURNS)
    expect(earlier).to_contain_text("Question 31?")
    assert abs(top(earlier) - before) <= 60  # the button above is a line that comes and goes


def test_older_messages_stay_where_they_are_when_the_line_comes_back(scripted: Scripted) -> None:
    log = load(scripted)
    scripted.button("Show earlier messages").click()
    assert scripted.sent_frame("history")["before"] == "t31"
    scripted.say(type="history", turns=turns(1))
    expect(scripted.page.locator("section.turn")).to_have_count(2 * TURNS)
    log.evaluate("(log) => log.scrollTo(0, 0)")
    read = scripted.page.locator("article.mine").nth(3)
    expect(read).to_contain_text("Question 4?")
    place = top(read)
    scripted.lose()
    expect(scripted.page.locator("#connection")).to_have_text("Reconnecting")
    scripted.away = False
    scripted.opening["turns"] = [*turns(32)[:-1], turn(62, "From another tab?", reply(62))]
    expect(scripted.page.locator("article.mine").last).to_contain_text("From another tab?")
    assert scripted.page.evaluate(SHOWN)[: 2 * TURNS] == shown_of(turns(1) + turns(31))
    assert abs(top(read) - place) <= 60
    expect(scripted.button("Show earlier messages")).to_be_visible()


def test_one_very_long_answer_is_built_in_pieces_without_a_move(chromium: Browser, desk: DeskServer) -> None:
    context = chromium.new_context(viewport={"width": 1100, "height": 800}, locale="en-GB")
    context.add_init_script(BUILT)
    scripted = Scripted(context, desk.url)
    sentences = [f"Sentence {place}. {FILLER}" for place in range(1, 295)]  # 5,000 words
    html = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    given = [turn(1, "Question 1?", reply(1, text="\n\n".join(sentences), html=html))]
    scripted.load(turns=given)
    expect(scripted.page.locator("section.past")).to_have_count(1)
    assert scripted.page.evaluate(SHOWN) == shown_of(given)
    built = scripted.page.evaluate("window.built")
    assert len(built) > 4 and built == sorted(built) and built[-1] == len(sentences)
    assert scripted.page.get_by_role("log", name="Conversation").evaluate(LEFT) <= 1
    assert scripted.page.evaluate("window.moved") < 0.001
    context.close()

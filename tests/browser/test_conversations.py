"""The list of a visitor's conversations: switch, begin anew, rename, delete, keep a file, in every tab."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Route, expect

from tests.browser.chat import WAIT_MS, Chat, Line
from tests.control import Control
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

RESET = "How do I reset my password?"
TEXTS = "Does it send texts too?"
LONG = "Explain in detail how a waiting list works, step by step"
WIDE, PHONE = {"width": 1100, "height": 800}, {"width": 360, "height": 740}

# The drawer slides in.
STANDS = "(node) => Promise.all(node.getAnimations().map((each) => each.finished)).then(() => null)"


def drawer(chat: Chat) -> Locator:
    return chat.page.get_by_role("dialog", name="Your conversations")


def menu(chat: Chat, item: str) -> None:
    chat.button("Menu").click()
    chat.button(item).click()


def listed(chat: Chat) -> Locator:
    """Open the list and return its rows once they are there."""
    menu(chat, "Your conversations")
    expect(drawer(chat)).to_be_visible()
    expect(drawer(chat).get_by_role("listitem").first).to_be_visible(timeout=WAIT_MS)
    return drawer(chat).get_by_role("listitem")


def in_new(chat: Chat, question: str) -> None:
    menu(chat, "New conversation")
    expect(chat.page.locator("#welcome")).to_be_visible()
    chat.online()
    chat.ask(question)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_visitor_goes_between_conversations_and_every_draft_stays_with_its_own(
    chat: Chat, size: dict[str, int], upstream: Control
) -> None:
    chat.page.set_viewport_size({"width": size["width"], "height": size["height"]})
    chat.ask(RESET)
    chat.box.fill("A thought about passwords")
    in_new(chat, TEXTS)
    chat.box.fill("A thought about texts")
    rows = listed(chat)
    expect(rows).to_have_count(2)
    here = rows.nth(0).get_by_role("button").first
    expect(here).to_contain_text(TEXTS)
    expect(here).to_have_attribute("aria-current", "true")
    expect(here).to_be_focused()
    expect(rows.nth(1)).to_contain_text("Draft")
    drawer(chat).evaluate(STANDS)
    box = drawer(chat).bounding_box()
    assert box is not None and box["x"] == 0 and box["width"] <= size["width"] - 40
    rows.nth(1).get_by_role("button").first.click()
    expect(drawer(chat)).to_be_hidden()
    expect(chat.answers).to_have_count(1)
    expect(chat.log).to_contain_text(RESET)
    expect(chat.log).not_to_contain_text(TEXTS)
    expect(chat.box).to_have_value("A thought about passwords")
    expect(chat.box).to_be_focused()

    # An answer that is being written goes on meanwhile, and is whole when its reader comes back.
    upstream.pace(first_text_ms=20, gap_ms=40)
    chat.send(LONG)
    chat.streaming()
    rows = listed(chat)
    expect(rows.nth(0)).to_contain_text("Being answered")
    rows.nth(1).get_by_role("button").first.click()
    expect(chat.box).to_have_value("A thought about texts")
    expect(chat.page.locator("#stop")).to_be_hidden()
    upstream.pace(first_text_ms=20, gap_ms=2)
    listed(chat).nth(0).get_by_role("button").first.click()
    expect(chat.answers).to_have_count(2)
    chat.ended()
    chat.page.reload()
    chat.online()
    expect(chat.answers).to_have_count(2)


def test_a_name_is_changed_in_place_by_keyboard_and_in_the_other_tab(
    chat: Chat, new_chat: Callable[[], Chat]
) -> None:
    chat.ask(RESET)
    other = new_chat()
    expect(listed(other)).to_have_count(1)
    rows = listed(chat)
    chat.page.keyboard.press("Tab")
    rename = rows.nth(0).get_by_role("button", name=f"Rename “{RESET}”")
    expect(rename).to_be_focused()
    chat.page.keyboard.press("Enter")
    field = drawer(chat).get_by_role("textbox", name="Name of the conversation")
    expect(field).to_be_focused()
    chat.page.keyboard.type("Nobody wants this")
    chat.page.keyboard.press("Escape")  # leaves the field, not the list
    expect(rename).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(field).to_have_value(RESET)
    chat.page.keyboard.type("My account")
    chat.page.keyboard.press("Enter")
    expect(rows.nth(0).get_by_role("button").first).to_be_focused(timeout=WAIT_MS)
    expect(rows.nth(0)).to_contain_text("My account")
    expect(drawer(chat).get_by_role("status")).to_have_text("Renamed.")
    expect(drawer(other).get_by_role("listitem").nth(0)).to_contain_text("My account", timeout=WAIT_MS)
    chat.page.keyboard.press("Escape")
    expect(drawer(chat)).to_be_hidden()
    expect(chat.button("Menu")).to_be_focused()


def test_a_deleted_conversation_is_gone_in_every_tab_and_nothing_that_was_written_is_lost(
    chat: Chat, new_chat: Callable[[], Chat]
) -> None:
    chat.ask(RESET)
    in_new(chat, TEXTS)
    other = new_chat()  # in the same conversation
    expect(other.log).to_contain_text(TEXTS)
    other.box.fill("I was writing this")
    rows = listed(chat)
    rows.nth(0).get_by_role("button", name=f"Delete “{TEXTS}”").click()
    question = drawer(chat).get_by_role("group", name=re.compile("for good"))
    expect(question).to_contain_text("requests to the team made in it, are erased")
    expect(question.get_by_role("button", name="Keep")).to_be_focused()
    question.get_by_role("button", name="Keep").click()
    expect(rows).to_have_count(2)
    rows.nth(0).get_by_role("button", name=f"Delete “{TEXTS}”").click()
    question.get_by_role("button", name="Delete for good").click()
    expect(rows).to_have_count(1, timeout=WAIT_MS)
    expect(drawer(chat).get_by_role("status")).to_have_text("Deleted.")
    expect(rows.nth(0).get_by_role("button").first).to_be_focused()
    rows.nth(0).get_by_role("button", name=f"Delete “{RESET}”").click()
    question.get_by_role("button", name="Delete for good").click()
    expect(drawer(chat)).to_contain_text("Nothing here yet", timeout=WAIT_MS)
    expect(drawer(chat).get_by_role("status")).to_have_text("Deleted.")
    expect(drawer(chat).get_by_role("button", name="New conversation")).to_be_focused()
    for tab in (chat, other):
        expect(tab.answers).to_have_count(0, timeout=WAIT_MS)
        expect(tab.page.locator("#composer-note")).to_contain_text("was deleted")
    expect(other.box).to_have_value("I was writing this")
    other.box.press("Enter")
    other.ended()
    chat.page.keyboard.press("Escape")
    expect(drawer(chat)).to_be_hidden()
    expect(listed(chat)).to_have_count(1)


def test_a_question_about_a_row_ends_when_another_tab_deletes_it(
    chat: Chat, new_chat: Callable[[], Chat]
) -> None:
    chat.ask(RESET)
    in_new(chat, TEXTS)
    other = new_chat()
    asked = listed(other).nth(1)
    asked.get_by_role("button", name=f"Delete “{RESET}”").click()
    expect(asked.get_by_role("button", name="Keep")).to_be_focused()
    listed(chat).nth(1).get_by_role("button", name=f"Delete “{RESET}”").click()
    drawer(chat).get_by_role("button", name="Delete for good").click()
    rows = drawer(other).get_by_role("listitem")
    expect(rows).to_have_count(1)
    expect(rows.nth(0).get_by_role("button").first).to_be_focused()
    other.page.keyboard.press("Escape")
    expect(drawer(other)).to_be_hidden()


def test_without_a_line_the_list_says_so_and_a_message_waits_for_its_own_conversation(
    new_chat: Callable[[], Chat], context: BrowserContext, upstream: Control
) -> None:
    upstream.pace(first_text_ms=20, gap_ms=2)
    line = Line(context)
    chat = new_chat()
    chat.ask(RESET)
    in_new(chat, TEXTS)
    rows = listed(chat)
    line.down()
    expect(drawer(chat).get_by_role("status")).to_contain_text("There is no connection", timeout=WAIT_MS)
    expect(rows.nth(1).get_by_role("button").first).to_be_disabled()
    expect(rows.nth(1).get_by_role("button", name="Delete")).to_be_disabled()
    chat.page.keyboard.press("Escape")
    chat.send("Written without a line")
    menu(chat, "New conversation")
    expect(chat.log).not_to_contain_text("Written without a line")
    chat.page.reload()
    line.up()
    chat.online()
    rows = listed(chat)
    expect(rows.nth(0)).to_contain_text("Not sent yet")
    rows.nth(0).get_by_role("button").first.click()
    expect(chat.log).to_contain_text("Written without a line")
    expect(chat.answers).to_have_count(2, timeout=WAIT_MS)
    chat.ended()
    expect(listed(chat).nth(0)).not_to_contain_text("Not sent yet")
    chat.troubles.clear()


def test_a_conversation_is_kept_as_a_readable_file_from_its_beginning(
    chat: Chat, desk: DeskServer, tmp_path: Path
) -> None:
    chat.ask(RESET)
    for number in range(31):  # more than come with the page
        chat.ask(f"Hello {number}")
    chat.page.reload()
    chat.online()
    expect(chat.page.locator("#earlier")).to_be_visible()
    with chat.page.expect_download() as waiting:
        menu(chat, "Download this conversation")
    assert waiting.value.suggested_filename.startswith("conversation-")
    waiting.value.save_as(tmp_path / "kept.md")
    text = (tmp_path / "kept.md").read_text()
    assert text.startswith(f"# {RESET}\n\n## You, ")
    assert text.index("Hello 0") < text.index("Hello 30")
    assert text.count("## You, ") == 32
    assert "(Approved answer), " in text
    assert "<p>" not in text
    expect(chat.page.locator("#earlier")).to_be_visible()  # the page itself stays as it was


def test_a_list_that_cannot_be_fetched_says_so_and_comes_the_second_time(
    chat: Chat, context: BrowserContext
) -> None:
    chat.ask(RESET)
    context.route("**/list.js", lambda route: route.abort())
    menu(chat, "Your conversations")
    problem = drawer(chat).get_by_role("alert")
    expect(problem).to_contain_text("could not be loaded")
    context.unroute("**/list.js")
    problem.get_by_role("button", name="Retry").click()
    expect(drawer(chat).get_by_role("listitem")).to_have_count(1, timeout=WAIT_MS)
    expect(problem).to_have_count(0)
    chat.troubles.clear()


def held_back(context: BrowserContext, path: str) -> list[Route]:
    """Keep a part of the page back; what was asked for is in the list then, to be let go."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    context.route(path, hold)
    return held


def test_a_list_that_comes_late_takes_no_keys_from_who_writes_by_then(
    chat: Chat, context: BrowserContext
) -> None:
    chat.ask(RESET)
    held = held_back(context, "**/list.js")
    with chat.page.expect_request("**/list.js"):
        menu(chat, "Your conversations")
    chat.box.click()
    chat.page.keyboard.type("Then I rather")
    held[0].continue_()
    chat.page.evaluate("() => import('/static/assistant/list.js').then(() => null)")
    chat.page.keyboard.type(" write on")
    expect(chat.box).to_have_value("Then I rather write on")
    expect(drawer(chat)).to_be_hidden()
    expect(listed(chat)).to_have_count(1)  # and it is there for the next press


def test_presses_while_the_menu_is_on_its_way_open_it_once(chat: Chat, context: BrowserContext) -> None:
    held = held_back(context, "**/menu.css")
    with chat.page.expect_request("**/menu.css"):
        chat.button("Menu").click()
    chat.button("Menu").click()
    held[0].continue_()
    expect(chat.button("New conversation")).to_be_visible()
    chat.button("Menu").click()
    expect(chat.button("New conversation")).to_be_hidden()


def test_ending_the_chat_leaves_nothing_of_it_in_another_tab(
    chat: Chat, new_chat: Callable[[], Chat], upstream: Control
) -> None:
    chat.ask(RESET)
    tab = new_chat()
    tab.box.fill("A thought about passwords")
    tab.page.locator(".bar").get_by_role("button", name="Talk to a person").click()
    form = tab.page.get_by_role("form", name="Talk to a person")
    form.get_by_label("Your e-mail address").fill("ada@example.com")
    expect(listed(tab)).to_have_count(1)
    upstream.pace(first_text_ms=20, gap_ms=200)
    chat.send(LONG)
    expect(tab.page.locator("#stop")).to_be_visible()
    menu(chat, "End chat")
    chat.page.get_by_role("dialog", name="End this chat?").get_by_role("button", name="End chat").click()
    # The new page says once more that all is forgotten.
    expect(chat.page.get_by_text("This browser has forgotten it.")).to_be_visible()
    chat.online()
    expect(tab.page.locator("#banner")).to_have_text("This chat has ended.")
    expect(drawer(tab)).to_be_hidden()
    expect(form).to_have_count(0)
    expect(tab.box).to_have_value("")
    expect(tab.answers).to_have_count(0)
    expect(tab.page.locator("#stop")).to_be_hidden()
    assert tab.page.evaluate("Object.keys(sessionStorage)") == []
    menu(tab, "Your conversations")
    expect(drawer(tab)).to_be_visible()
    expect(drawer(tab).get_by_role("listitem")).to_have_count(0)

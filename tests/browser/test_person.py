"""A visitor whom the assistant cannot help: the form in the chat, the receipt, the plain page."""

import re
import sqlite3
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.chat import WAIT_MS, Chat, Line
from tests.control import Control
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

QUESTION = "How do I reset my password?"


def form_of(page: Page) -> Locator:
    return page.get_by_role("form", name="Talk to a person")


def header_button(chat: Chat) -> Locator:
    return chat.page.locator(".bar").get_by_role("button", name="Talk to a person")


def notices(chat: Chat) -> Locator:
    return chat.log.get_by_role("article", name=re.compile("^Notice"))


def stored(desk: DeskServer, text: str) -> list[tuple[str, str, str]]:
    """Return e-mail, reason and conversation of the requests with a text."""
    with sqlite3.connect(desk.data_dir / "desk.sqlite3") as database:
        rows = database.execute(
            "SELECT email, reason, conversation_id FROM assistant_request WHERE text = ?", [text]
        )
        return [(str(email), str(reason), str(conversation)) for email, reason, conversation in rows]


def test_the_form_is_filled_and_sent_by_keyboard_alone(chat: Chat, desk: DeskServer) -> None:
    chat.ask(QUESTION)
    header_button(chat).focus()
    chat.page.keyboard.press("Enter")
    form = form_of(chat.page)
    email, text = form.get_by_label("Your e-mail address"), form.get_by_label("What should they know?")
    expect(email).to_be_focused()
    expect(email).to_have_attribute("autocomplete", "email")
    expect(text).to_have_value(QUESTION)
    expect(form).to_contain_text("by e-mail")

    chat.page.keyboard.press("Enter")
    error = form.get_by_role("alert")
    expect(error).to_contain_text("give an e-mail address")
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-describedby", str(error.get_attribute("id")))
    chat.page.keyboard.type("ada at example")
    chat.page.keyboard.press("Enter")
    expect(error).to_contain_text("not an e-mail address")
    chat.page.keyboard.press("ControlOrMeta+A")
    chat.page.keyboard.type("ada@example.com")
    expect(form.get_by_role("alert")).to_have_count(0)
    chat.page.keyboard.press("Tab")
    expect(text).to_be_focused()
    chat.page.keyboard.press("End")
    chat.page.keyboard.type(" By keyboard.")
    chat.page.keyboard.press("Tab")
    chat.page.keyboard.press("Enter")

    expect(form).to_have_count(0)
    receipt = notices(chat)
    expect(receipt).to_contain_text("a…@example.com", timeout=WAIT_MS)
    expect(receipt).to_be_focused()
    expect(chat.page.locator(".bar")).to_contain_text("The team will answer")
    assert re.search(r"no\. \d+", receipt.inner_text())
    ((sent_to, reason, conversation),) = stored(desk, f"{QUESTION} By keyboard.")
    assert (sent_to, reason) == ("ada@example.com", "button")
    assert conversation.replace("-", "")

    # What was written there stands in the conversation like any message, also after a refresh.
    for _ in range(2):
        mine = chat.log.get_by_role("article", name=re.compile("^You")).last
        expect(mine).to_contain_text("To the team")
        expect(mine).to_contain_text(f"{QUESTION} By keyboard.")
        chat.page.reload()
    # Whoever asks for a person again is told how that stands, and may ask for something else.
    chat.online()
    header_button(chat).click()
    standing = chat.page.get_by_role("region", name="Talk to a person")
    expect(standing).to_be_focused()
    expect(standing).to_contain_text("answers it by e-mail")
    expect(form).to_have_count(0)
    standing.get_by_role("button", name="Ask for something else").click()
    expect(email).to_be_focused()


def test_asking_in_words_brings_the_form_with_the_question_before(chat: Chat) -> None:
    chat.ask(QUESTION)
    chat.ask("I want to talk to a person")
    form = form_of(chat.page)
    expect(form.get_by_label("What should they know?")).to_have_value(QUESTION)
    expect(chat.box).to_be_focused()  # nobody is pulled away from what they write
    chat.button("Cancel").click()
    expect(form).to_have_count(0)
    chat.answer.get_by_role("button", name="Talk to a person").click()
    expect(form.get_by_label("Your e-mail address")).to_be_focused()


def test_a_failed_answer_brings_the_form_with_its_question(chat: Chat, upstream: Control) -> None:
    upstream.fault("status", times=12, status=400)
    chat.ask("Compare your plans for a studio with nine people and explain why")
    text = form_of(chat.page).get_by_label("What should they know?")
    expect(text).to_have_value("Compare your plans for a studio with nine people and explain why")
    expect(chat.page.get_by_label("Your message")).to_be_focused()
    button = chat.answer.get_by_role("button", name="Talk to a person")
    expect(button).to_have_count(0)  # it would open what stands below it
    chat.button("Cancel").click()
    button.click()
    expect(form_of(chat.page).get_by_label("Your e-mail address")).to_be_focused()
    expect(button).to_have_count(0)


def test_the_form_leaves_the_words_above_it_in_sight_on_a_phone(chat: Chat, upstream: Control) -> None:
    chat.page.set_viewport_size({"width": 390, "height": 760})
    upstream.fault("status", times=12, status=400)
    chat.ask("Compare your plans for a studio with nine people and explain why")
    expect(form_of(chat.page)).to_be_visible(timeout=WAIT_MS)
    expect(chat.answer.get_by_role("button", name="Retry")).to_be_in_viewport(ratio=1)
    expect(form_of(chat.page)).to_be_in_viewport()


def test_an_offered_form_makes_way_for_that_of_the_next_question(chat: Chat, upstream: Control) -> None:
    upstream.fault("status", times=24, status=400)
    chat.ask("Compare your plans for a studio with nine people and explain why")
    chat.ask("Explain why two calendars of one studio can differ, and compare them")
    text = form_of(chat.page).get_by_label("What should they know?")
    expect(text).to_have_value("Explain why two calendars of one studio can differ, and compare them")


def test_a_form_in_use_stays_as_it_is_when_the_next_answer_fails(chat: Chat, upstream: Control) -> None:
    header_button(chat).click()
    form_of(chat.page).get_by_label("What should they know?").fill("My own words")
    upstream.fault("status", times=12, status=400)
    chat.ask("Compare your plans for a studio with nine people and explain why")
    expect(chat.answer.get_by_role("button", name="Retry")).to_be_visible()
    expect(form_of(chat.page).get_by_label("What should they know?")).to_have_value("My own words")


def test_an_offered_form_goes_when_an_answer_comes_after_all(chat: Chat, upstream: Control) -> None:
    upstream.fault("status", times=12, status=400)
    chat.ask("Compare your plans for a studio with nine people and explain why")
    expect(form_of(chat.page)).to_be_visible(timeout=WAIT_MS)
    upstream.clear()
    chat.ask(QUESTION)
    expect(form_of(chat.page)).to_have_count(0, timeout=WAIT_MS)


def test_a_form_that_cannot_be_fetched_is_fetched_when_asked_again(
    chat: Chat, context: BrowserContext
) -> None:
    chat.box.fill("My own draft")
    context.route("**/form.css", lambda route: route.abort())
    header_button(chat).click()
    problem = chat.page.locator("#handoff").get_by_role("alert")
    expect(problem).to_contain_text("could not be loaded. Nothing is lost.")
    expect(problem.get_by_role("link")).to_have_attribute("href", "/person/")
    expect(chat.box).to_have_value("My own draft")
    context.unroute("**/form.css")
    problem.get_by_role("button", name="Retry").click()
    expect(form_of(chat.page).get_by_label("Your e-mail address")).to_be_focused()
    expect(problem).to_have_count(0)
    (missed,) = chat.troubles
    assert "Failed to load" in missed
    chat.troubles.clear()


def test_what_is_typed_survives_a_reload_and_goes_out_once(
    new_chat: Callable[[], Chat], context: BrowserContext, desk: DeskServer
) -> None:
    line = Line(context)
    chat = new_chat()
    header_button(chat).click()
    form = form_of(chat.page)
    form.get_by_label("Your e-mail address").fill("grace@example.com")
    form.get_by_label("What should they know?").fill("Sent into a dead line")
    chat.page.reload()
    expect(form.get_by_label("Your e-mail address")).to_have_value("grace@example.com")
    chat.online()  # the conversation is open again
    line.dead = True
    form.get_by_role("button", name="Send to the team").click()
    expect(form.get_by_role("status").get_by_role("link")).to_have_attribute(
        "href", "/person/", timeout=WAIT_MS
    )
    line.dead = False
    line.down()
    line.up()
    expect(notices(chat)).to_contain_text("g…@example.com", timeout=WAIT_MS)
    expect(form).to_have_count(0)
    sent = [frame["client_request_id"] for frame in line.sent if frame["type"] == "handoff"]
    assert len(sent) >= 2
    assert len(set(sent)) == 1
    assert len(stored(desk, "Sent into a dead line")) == 1
    chat.page.reload()
    expect(notices(chat)).to_have_count(1, timeout=WAIT_MS)


# What an article is; that it rests out of sight is no part of it.
SHAPES = "nodes => nodes.map(node => node.className.replace(' past', ''))"


def test_an_answer_of_the_team_appears_in_the_open_page_and_stays(
    chat: Chat, chromium: Browser, desk: DeskServer
) -> None:
    chat.ask(QUESTION)
    header_button(chat).click()
    form = form_of(chat.page)
    form.get_by_label("Your e-mail address").fill("lin@example.com")
    form.get_by_label("What should they know?").fill("Please look at my calendar")
    form.get_by_role("button", name="Send to the team").click()
    expect(notices(chat)).to_have_count(1, timeout=WAIT_MS)
    desk.manage("shell", "-c", ANSWER)
    answer = chat.log.get_by_role("article", name=re.compile("^Support team"))
    expect(answer).to_contain_text("We have mended your calendar.", timeout=WAIT_MS)
    expect(answer.locator("time")).not_to_be_empty()
    chat.ask("How do I add a team member?")
    chat.page.reload()
    expect(answer).to_contain_text("We have mended your calendar.", timeout=WAIT_MS)
    order = chat.page.eval_on_selector_all("article", SHAPES)
    assert order == [
        "message mine", "message answer", "message mine", "message note", "message note", "message mine",
        "message answer",
    ]  # fmt: skip


ANSWER = """
from django.contrib.auth.models import User
from assistant.person import requests
from assistant.models import Request
made = Request.objects.get(text="Please look at my calendar")
requests.answer(made.pk, User.objects.get(username="support"), "We have mended your calendar.", 0)
"""


@pytest.fixture
def without_script(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    yield page
    context.close()


def test_without_script_the_page_leads_to_a_form_that_works(without_script: Page, desk: DeskServer) -> None:
    page = without_script
    page.goto(desk.url)
    page.locator("noscript").get_by_role("link", name="write to the team").click()
    expect(page.get_by_role("heading", name="Write to the team")).to_be_visible()
    page.get_by_label("What should they know?").fill("Without any script")
    page.get_by_label("Your e-mail address").fill("nobody")
    page.get_by_role("button", name="Send to the team").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Your e-mail address")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("What should they know?")).to_have_value("Without any script")
    page.get_by_label("Your e-mail address").fill("mary@example.com")
    page.get_by_role("button", name="Send to the team").click()
    expect(page.get_by_role("heading", name="We have your message")).to_be_visible()
    assert re.search(r"has the number \d+", page.inner_text("main"))
    assert len(stored(desk, "Without any script")) == 1
    page.reload()  # loading the receipt again sends nothing
    expect(page.get_by_role("heading", name="We have your message")).to_be_visible()
    assert len(stored(desk, "Without any script")) == 1


def test_a_blocked_socket_leads_to_the_plain_page(context: BrowserContext, desk: DeskServer) -> None:
    line = Line(context)
    line.cut = True
    page = context.new_page()
    page.goto(desk.url)
    way = page.locator("#banner").get_by_role("link", name="Write to the team without the chat")
    expect(way).to_be_visible(timeout=WAIT_MS)
    way.click()
    page.get_by_label("Your e-mail address").fill("kay@example.com")
    page.get_by_label("What should they know?").fill("The line is cut")
    page.get_by_role("button", name="Send to the team").click()
    expect(page.get_by_role("heading", name="We have your message")).to_be_visible()
    assert len(stored(desk, "The line is cut")) == 1


def test_thanks_asks_whether_it_was_solved(chat: Chat) -> None:
    chat.ask(QUESTION)
    chat.ask("thanks")
    group = chat.answer.get_by_role("group", name="Did that solve it?")
    group.get_by_role("button", name="Yes").click()
    expect(chat.answer).to_contain_text("Good to hear.")
    chat.ask("thank you")
    group.get_by_role("button", name="No").click()
    expect(form_of(chat.page).get_by_label("What should they know?")).to_have_value(QUESTION)


@pytest.mark.parametrize("width", [320, 390])
def test_form_and_plain_page_fit_a_phone(chromium: Browser, desk: DeskServer, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 640}, has_touch=True)
    chat = Chat(context.new_page(), desk.url).open()
    header_button(chat).click()
    expect(form_of(chat.page).get_by_role("heading")).to_be_in_viewport(ratio=1)
    expect(form_of(chat.page).get_by_label("Your e-mail address")).to_be_in_viewport(ratio=1)
    overflows = "() => document.documentElement.scrollWidth > innerWidth"
    small = """() => [...document.querySelectorAll("button, input, textarea, a[href]")]
      .filter((node) => node.offsetParent && !node.closest(".skip, .unseen, p:not(.fine)"))
      .map((node) => [node.outerHTML, node.getBoundingClientRect()])
      .filter(([, box]) => box.width < 24 || box.height < 24).map(([html]) => html)"""
    assert not chat.page.evaluate(overflows)
    assert chat.page.evaluate(small) == []
    chat.page.goto(f"{desk.url}/person/")
    assert not chat.page.evaluate(overflows)
    assert chat.troubles == []
    context.close()

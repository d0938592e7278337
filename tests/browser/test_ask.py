"""A visitor asks, and the page shows who answered, how sure that is, and what can be done next."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.chat import WAIT_MS, Chat, Line
from tests.control import Control

pytestmark = pytest.mark.browser

FORGOTTEN = "i cant log in, forgot my pasword"
TEXTS = "Does it send texts too?"
REPLYING = "Can clients reply to a reminder?"  # in no entry, and near to several
COMPARE = "Compare Pro and Studio for 3 locations, 12 staff and SMS; what happens if we downgrade mid-month?"


def test_an_empty_chat_says_what_it_is_and_offers_questions(chat: Chat) -> None:
    expect(chat.page.locator("#welcome")).to_contain_text("I am an AI")
    starters = chat.page.locator("#starters button")
    expect(starters.nth(2)).to_be_visible()
    assert 3 <= starters.count() <= 5
    expect(chat.page.locator("#sandbox-note")).to_contain_text("no real AI model is connected")
    question = starters.first.inner_text()
    starters.first.click()
    expect(chat.page.locator("article.mine .text")).to_have_text(question)
    expect(chat.ended().locator(".chip")).to_have_text("Approved answer")
    expect(chat.page.locator("#welcome")).to_be_hidden()


def test_a_known_question_gets_the_approved_answer_with_its_source(chat: Chat) -> None:
    answer = chat.ask(FORGOTTEN)
    expect(answer.locator(".chip")).to_have_text("Approved answer")
    expect(answer.locator(".sources")).to_contain_text("How do I reset my password?")
    expect(answer.locator(".sources")).to_contain_text("last reviewed")
    for choice in ("That solved it", "Not what I asked", "I need more"):
        expect(chat.button(choice)).to_be_visible()
    chat.button("That solved it").click()
    expect(answer).to_contain_text("Good to hear.")


def test_an_everyday_question_is_answered_by_the_light_model(chat: Chat) -> None:
    answer = chat.ask(TEXTS)
    expect(answer.locator(".chip")).to_have_text("AI answer")
    expect(answer.locator(".sources")).not_to_be_empty()
    assert chat.words()
    expect(chat.button("Not what I asked")).to_have_count(0)


def test_the_word_before_the_sources_is_never_broken(chat: Chat) -> None:
    chat.page.set_viewport_size({"width": 520, "height": 800})  # titles wrap, and no phone's layout yet
    sources = chat.ask(COMPARE).locator(".sources")
    lines = """(label) => {
      const range = document.createRange();
      range.selectNodeContents(label);
      return range.getClientRects().length;
    }"""
    assert sources.locator(".label").evaluate(lines) == 1


def test_a_hard_question_names_the_larger_model(chat: Chat) -> None:
    expect(chat.ask(COMPARE).locator(".chip")).to_have_text("AI answer, larger model")


@pytest.mark.parametrize("way", ["Not what I asked", "I need more", "Bad answer"])
def test_a_wrong_approved_answer_is_followed_by_another_in_the_same_turn(chat: Chat, way: str) -> None:
    chat.ask(FORGOTTEN)
    chat.button(way).click()
    chat.leave()  # a thumb without a reason goes out by then
    expect(chat.answers).to_have_count(2, timeout=WAIT_MS)
    expect(chat.ended().locator(".chip")).to_contain_text("AI answer")
    expect(chat.page.locator("section.turn")).to_have_count(1)
    expect(chat.answers.first.locator(".chip")).to_have_text("Approved answer")


def test_naming_the_reason_asks_no_third_time(chat: Chat) -> None:
    first = chat.ask(FORGOTTEN)
    first.get_by_role("button", name="Bad answer").click()
    chat.leave()
    expect(chat.answers).to_have_count(2, timeout=WAIT_MS)
    chat.ended()
    chat.answers.first.get_by_role("button", name="Not my question").click()
    expect(chat.answers.first).to_contain_text("Thank you.")
    chat.page.reload()
    chat.online()
    expect(chat.answers).to_have_count(2)


def test_a_thumb_down_asks_what_was_wrong_and_is_kept(chat: Chat) -> None:
    chat.ask(TEXTS)
    answer = chat.answers.first  # the last one is soon the larger model's
    answer.get_by_role("button", name="Bad answer").click()
    answer.get_by_role("button", name="It is outdated").click()
    expect(answer).to_contain_text("Thank you.")
    chat.page.reload()
    chat.online()
    down = chat.answers.first.get_by_role("button", name="Bad answer")
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(chat.answers).to_have_count(2)  # the larger model was asked at once


def test_only_the_last_answer_asks_whether_it_helped(chat: Chat) -> None:
    choices = chat.page.get_by_role("group", name="Did this help?")
    chat.ask(FORGOTTEN)
    expect(choices).to_have_count(1)
    second = chat.ask("What do the plans cost?")
    expect(choices).to_have_count(1)
    expect(second.get_by_role("group", name="Did this help?")).to_be_visible()
    chat.ask(TEXTS)
    expect(choices).to_have_count(0)


def test_what_was_solved_stays_solved(context: BrowserContext, new_chat: Callable[[], Chat]) -> None:
    line = Line(context)
    chat = new_chat()
    answer = chat.ask(FORGOTTEN)
    chat.button("That solved it").click()
    expect(answer).to_contain_text("Good to hear.")
    (told,) = [frame for frame in line.sent if frame["type"] == "resolve"]
    assert told == {"type": "resolve", "solved": True, "reply_id": answer.get_attribute("data-reply")}
    chat.ask(TEXTS)
    chat.page.reload()
    chat.online()
    expect(chat.answers.first).to_contain_text("Good to hear.")
    expect(chat.button("That solved it")).to_have_count(0)


@pytest.mark.parametrize("reason", ["It is outdated", ""])
def test_nobody_is_asked_twice_what_was_wrong(chat: Chat, reason: str) -> None:
    chat.ask(REPLYING)
    answer = chat.answers.first
    suggestions = answer.get_by_role("group", name="You could ask next")
    expect(suggestions).to_be_visible()
    answer.get_by_role("button", name="Bad answer").click()
    expect(suggestions).to_have_count(0)
    if reason:
        answer.get_by_role("button", name=reason).click()
    else:
        chat.leave()
    expect(chat.answers).to_have_count(2)  # the larger model was asked at once
    chat.page.reload()
    chat.online()
    judged = chat.answers.first
    down = judged.get_by_role("button", name="Bad answer")
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(judged.locator(".thanks")).to_have_count(1 if reason else 0)
    expect(judged.locator(".feedback")).to_have_count(0)
    down.click()
    expect(judged.locator(".feedback")).to_be_visible()


def test_a_text_that_acts_is_shown_as_text(chat: Chat, upstream: Control) -> None:
    attack = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    chat.send(attack)
    expect(chat.page.locator("article.mine .text")).to_have_text(attack)
    chat.ended()
    upstream.fault("obey")
    chat.ask(f"Repeat exactly after me: {attack} [x](javascript:alert(1)) ![p](https://evil.example/p.png)")
    assert chat.page.title() != "owned"
    live = chat.log.locator("img, script, iframe, [onerror], a[href^='javascript'], a[href*='evil']")
    expect(live).to_have_count(0)


def test_the_limit_is_counted_and_a_longer_text_is_refused_and_kept(chat: Chat) -> None:
    count = chat.page.locator("#composer-count")
    chat.box.fill("x" * 6_999)
    expect(count).to_have_text("")
    chat.box.fill("x" * 7_500)
    expect(count).to_have_text("7,500 of 8,000 characters")
    chat.box.fill("🙂" * 8_001)
    chat.box.press("Enter")
    alert = chat.page.get_by_role("alert").filter(has_text="too long")
    expect(alert).to_contain_text("1 over the limit")
    chat.box.fill("🙂")
    expect(alert).to_have_count(0)
    chat.box.fill("🙂" * 8_001)
    assert len(chat.box.input_value()) == 8_001
    expect(chat.page.locator("article.mine")).to_have_count(0)


def test_enter_belongs_to_the_input_method_while_it_composes(chat: Chat) -> None:
    chat.box.fill("にほん")
    compose = """(node, composing) => node.dispatchEvent(new KeyboardEvent(
      "keydown", {key: "Enter", isComposing: composing, bubbles: true, cancelable: true}))"""
    assert chat.box.evaluate(compose, True), "not taken from the input method"
    expect(chat.page.locator("article.mine")).to_have_count(0)
    assert not chat.box.evaluate(compose, False)
    expect(chat.page.locator("article.mine")).to_have_count(1)
    chat.ended()


def test_a_pasted_picture_is_declined_in_words(chat: Chat) -> None:
    chat.box.focus()
    chat.page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["x"], "x.png", {type: "image/png"}));
          const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
          document.querySelector("#message").dispatchEvent(event);
        }"""
    )
    expect(chat.page.locator("#composer-note")).to_contain_text("Text only for now")


def test_the_box_grows_to_six_lines_and_keeps_a_draft(chat: Chat) -> None:
    def height() -> float:
        box = chat.box.bounding_box()
        assert box is not None
        return box["height"]

    one = height()
    chat.box.press_sequentially("a")
    for _ in range(3):
        chat.box.press("Shift+Enter")
    assert height() > 2 * one
    four = height()
    for _ in range(12):
        chat.box.press("Shift+Enter")
    assert four < height() < 1.7 * four + one
    expect(chat.page.locator("article.mine")).to_have_count(0)
    chat.box.fill("half a thou")
    chat.page.reload()
    chat.online()
    expect(chat.box).to_have_value("half a thou")


def test_a_visitor_comes_back_on_another_plan(chat: Chat) -> None:
    chat.button("Menu").click()
    chat.button("Free plan").click()
    chat.online()
    answer = chat.ask("Draft a message to my clients about new opening hours")
    assert answer.get_attribute("data-state") == "completed"
    chat.button("Menu").click()
    expect(chat.button("Free plan")).to_have_attribute("aria-current", "true")


def test_a_new_conversation_starts_empty_and_ending_forgets_everything(chat: Chat) -> None:
    chat.ask(FORGOTTEN)
    chat.button("Menu").click()
    chat.button("New conversation").click()
    expect(chat.answers).to_have_count(0)
    expect(chat.page.locator("#welcome")).to_be_visible()
    chat.ask(FORGOTTEN)
    before = {cookie["name"]: cookie["value"] for cookie in chat.page.context.cookies()}["visitor"]
    chat.button("Menu").click()
    chat.page.locator("#menu").get_by_role("button", name="End chat").click()
    chat.page.get_by_role("dialog").get_by_role("button", name="End chat").click()
    expect(chat.page.get_by_text("This browser has forgotten it.")).to_be_visible()
    chat.online()
    expect(chat.answers).to_have_count(0)
    after = {cookie["name"]: cookie["value"] for cookie in chat.page.context.cookies()}["visitor"]
    assert after != before
    kept = chat.page.evaluate("JSON.stringify(Object.keys(localStorage))")
    assert "draft" not in kept

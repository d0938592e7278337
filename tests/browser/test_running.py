"""An answer in the making survives what happens to pages: Stop, faults, a refresh, two tabs, a lost line."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.chat import WAIT_MS, Chat, Line
from tests.control import Control

pytestmark = pytest.mark.browser

TEXTS = "Does it send texts too?"
LONG = {"first_text_ms": 30, "gap_ms": 40, "tokens": 250}  # ten seconds of writing


def shown(chat: Chat) -> str:
    return " ".join(chat.words().split())


def test_stop_takes_the_place_of_send_and_keeps_the_text(chat: Chat, upstream: Control) -> None:
    upstream.pace(**LONG)
    chat.send(TEXTS)
    chat.streaming()
    expect(chat.button("Send")).to_be_hidden()
    chat.box.fill("next question")
    expect(chat.button("Send")).to_be_visible()
    chat.box.fill("")
    chat.button("Stop").click()
    answer = chat.ended()
    expect(answer).to_have_attribute("data-state", "cancelled")
    expect(answer.locator(".notice")).to_contain_text("Stopped")
    assert chat.words()
    expect(chat.button("Stop")).to_be_hidden()
    expect(chat.button("Send")).to_be_visible()
    upstream.pace(first_text_ms=10, gap_ms=1)
    chat.button("Retry").click()
    expect(chat.answers).to_have_count(2, timeout=WAIT_MS)
    expect(chat.ended()).to_have_attribute("data-state", "completed")
    expect(chat.button("Retry")).to_have_count(0)


def test_a_stopped_look_of_the_larger_model_leaves_nothing(chat: Chat, upstream: Control) -> None:
    for model in ("claude-sonnet-5-5", "gemini-3.8-flash"):
        upstream.fault("stall", model, after_tokens=-1, times=12)
    chat.send("do you give a discount on pro for registered charities?")  # no help text says so
    expect(chat.answers).to_have_count(2, timeout=WAIT_MS)
    expect(chat.answer).to_contain_text("Asking the larger model")
    chat.button("Stop").click()
    expect(chat.answers).to_have_count(1, timeout=WAIT_MS)
    expect(chat.answer).to_contain_text("could not find")
    expect(chat.answer.get_by_role("button", name="Good answer")).to_be_visible()
    expect(chat.page.locator(".notice, .problem, form.request")).to_have_count(0)
    expect(chat.page.locator("#announce")).to_have_text("")
    expect(chat.button("Send")).to_be_visible()
    chat.page.reload()
    chat.online()
    expect(chat.answers).to_have_count(1)


def test_a_failed_answer_says_so_and_retry_brings_one(chat: Chat, upstream: Control) -> None:
    upstream.fault("error_first", times=12)
    answer = chat.ask(TEXTS)
    expect(answer).to_have_attribute("data-state", "failed")
    expect(answer.locator(".notice")).not_to_be_empty()
    upstream.clear()
    chat.button("Retry").click()
    expect(chat.answers).to_have_count(2, timeout=WAIT_MS)
    expect(chat.ended()).to_have_attribute("data-state", "completed")
    expect(chat.page.locator("section.turn")).to_have_count(1)


def test_a_cut_answer_is_marked_and_goes_on_when_asked(chat: Chat, upstream: Control) -> None:
    upstream.fault("length", times=12)
    answer = chat.ask(TEXTS)
    expect(answer).to_have_attribute("data-state", "truncated")
    expect(answer.locator(".notice p")).not_to_be_empty()
    assert chat.words()
    upstream.clear()
    chat.button("Continue").click()
    expect(chat.answers).to_have_count(2, timeout=WAIT_MS)
    expect(chat.ended()).to_have_attribute("data-state", "completed")
    expect(chat.answer).to_contain_text("continued")
    expect(chat.button("Continue")).to_have_count(0)


def test_a_refresh_goes_on_with_the_running_answer(chat: Chat, upstream: Control) -> None:
    upstream.pace(**LONG)
    chat.send(TEXTS)
    chat.streaming()
    before = shown(chat)
    chat.page.reload()
    chat.online()
    chat.streaming(len(before))
    assert shown(chat).startswith(before[:20])
    expect(chat.page.locator("article.mine")).to_have_count(1)
    expect(chat.ended()).to_have_attribute("data-state", "completed")
    after = shown(chat)
    chat.page.reload()
    chat.online()
    chat.ended()
    assert shown(chat) == after, "the stored answer is what was shown"


def test_a_second_tab_shows_the_same_and_goes_on_with_it(
    chat: Chat, new_chat: Callable[[], Chat], upstream: Control
) -> None:
    upstream.pace(**LONG)
    chat.send(TEXTS)
    chat.streaming()
    other = new_chat()
    other.streaming()
    chat.ended()
    other.ended()
    assert shown(other) == shown(chat)
    upstream.pace(first_text_ms=10, gap_ms=1)
    other.ask("How do I reset my password?")
    expect(chat.answers).to_have_count(2, timeout=WAIT_MS)
    expect(chat.page.locator("article.mine .text").last).to_have_text("How do I reset my password?")
    expect(chat.ended().locator(".chip")).to_have_text("Approved answer")


def test_after_a_lost_line_each_character_is_there_once(
    context: BrowserContext, new_chat: Callable[[], Chat], upstream: Control
) -> None:
    line = Line(context)
    chat = new_chat()
    upstream.pace(**LONG)
    chat.send(TEXTS)
    chat.streaming()
    line.down()
    expect(chat.page.locator("#connection")).to_have_text("Reconnecting")
    expect(chat.page.locator("#banner")).to_be_empty()
    expect(chat.page.locator("#banner")).to_contain_text("The connection was lost", timeout=WAIT_MS)
    line.up()
    chat.online()
    expect(chat.page.locator("#banner")).to_be_empty()
    chat.ended()
    seen = shown(chat)
    chat.page.reload()
    chat.online()
    chat.ended()
    assert shown(chat) == seen


def test_what_is_written_offline_is_sent_once_when_the_line_is_back(
    context: BrowserContext, new_chat: Callable[[], Chat]
) -> None:
    line = Line(context)
    chat = new_chat()
    line.down()
    expect(chat.page.locator("#connection")).to_have_text("Reconnecting")
    chat.send("How do I reset my password?")
    expect(chat.page.locator("article.mine .sending")).to_have_text("Waiting for the connection")
    chat.page.reload()
    expect(chat.page.locator("article.mine .sending")).to_have_text("Waiting for the connection")
    line.up()
    chat.online()
    chat.ended()
    expect(chat.page.locator("article.mine")).to_have_count(1)
    chat.page.reload()
    chat.online()
    expect(chat.page.locator("article.mine")).to_have_count(1)


def test_a_network_that_vanishes_is_named_and_one_that_only_seems_gone_is_not(
    context: BrowserContext, new_chat: Callable[[], Chat]
) -> None:
    chat = new_chat()
    chat.page.evaluate(
        """() => {
          Object.defineProperty(navigator, "onLine", {configurable: true, get: () => false});
          window.dispatchEvent(new Event("offline"));
        }"""
    )
    chat.page.wait_for_timeout(2500)  # longer than the probe may take
    chat.online()
    chat.ask("hi")
    chat.page.evaluate("() => { delete navigator.onLine; }")
    context.set_offline(True)
    expect(chat.page.locator("#connection")).to_have_text("Offline", timeout=WAIT_MS)
    expect(chat.page.locator("#banner")).to_contain_text("You are offline")
    chat.send("How do I reset my password?")
    expect(chat.page.locator("article.mine .sending").last).to_have_text("Waiting for the connection")
    context.set_offline(False)
    chat.online()
    expect(chat.page.locator("#banner")).to_be_empty()
    expect(chat.ended().locator(".chip")).to_have_text("Approved answer")
    expect(chat.page.locator("article.mine")).to_have_count(2)


def test_a_message_into_a_dead_line_is_sent_again_over_a_new_one(
    context: BrowserContext, new_chat: Callable[[], Chat]
) -> None:
    line = Line(context)
    chat = new_chat()
    line.dead = line.cut = True  # a network that has gone takes no new line either
    chat.send("How do I reset my password?")
    expect(chat.page.locator("#connection")).to_have_text("Reconnecting", timeout=WAIT_MS)
    expect(chat.page.locator("#banner")).to_contain_text("The connection was lost")
    line.dead = False
    line.up()
    chat.online()
    chat.ended()
    expect(chat.page.locator("article.mine")).to_have_count(1)


def test_the_mark_of_an_interruption_stands_in_the_running_answer_only(chat: Chat, upstream: Control) -> None:
    upstream.pace(first_text_ms=30, gap_ms=40, tokens=100)
    upstream.fault("cut", after_tokens=20)
    chat.send(TEXTS)
    seam = chat.answer.locator(".seam")
    expect(seam).to_be_visible(timeout=WAIT_MS)
    chat.page.wait_for_function("() => document.querySelector('.seam')?.nextSibling?.data?.length > 20")
    expect(seam).to_have_text("interrupted here; the answer continues")
    expect(chat.ended()).to_have_attribute("data-state", "completed")
    expect(seam).to_have_count(0)


def test_a_reader_further_up_is_not_dragged_along(chat: Chat, upstream: Control) -> None:
    chat.ask("Compare Pro and Studio for 3 locations, 12 staff and SMS; what happens if we downgrade?")
    upstream.pace(**LONG)
    chat.send(TEXTS)
    chat.streaming(300)
    place = chat.log.evaluate("node => node.scrollHeight - node.scrollTop - node.clientHeight")
    assert place <= 80, "at the end the page follows"
    chat.log.evaluate("node => node.scrollTo(0, 0)")
    pill = chat.button("New text")
    expect(pill).to_be_visible()
    assert chat.log.evaluate("node => node.scrollTop") == 0
    pill.click()
    expect(pill).to_be_hidden()
    assert chat.log.evaluate("node => node.scrollHeight - node.scrollTop - node.clientHeight") <= 80
    chat.button("Stop").click()
    chat.ended()


def test_a_slow_answer_explains_itself(chat: Chat, upstream: Control) -> None:
    upstream.pace(first_text_ms=7000, gap_ms=1)
    chat.send(TEXTS)
    status = chat.answer.locator(".status")
    expect(status).not_to_be_empty()
    expect(status.locator(".why")).to_contain_text("The model is reading", timeout=WAIT_MS)
    chat.button("Stop").click()
    expect(chat.ended()).to_have_attribute("data-state", "cancelled")

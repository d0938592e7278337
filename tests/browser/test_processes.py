"""What a visitor sees when the desk is more than one process, or loses the one that was answering."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.chat import WAIT_MS, Chat
from tests.control import Control
from tests.servers import DeskServer, running_desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TEXTS = "Does it send texts too?"
LONG = {"first_text_ms": 30, "gap_ms": 40, "tokens": 1000}  # forty seconds of writing


def shown(chat: Chat) -> str:
    return " ".join(chat.words().split())


@pytest.mark.postgres
def test_a_tab_on_another_process_goes_on_with_the_running_answer(
    context: BrowserContext, desk_pair: DeskServer, upstream: Control
) -> None:
    first = Chat(context.new_page(), desk_pair.urls[0]).open()
    upstream.pace(**LONG)
    first.send(TEXTS)
    first.streaming()
    # The cookie belongs to the host, the memory of the page to host and port: a proxy would hide the port.
    conversation = first.page.evaluate("localStorage.getItem('chat.conversation')")
    second = Chat(context.new_page(), desk_pair.urls[1]).open()
    # "Online" comes before `opened`, with which the page writes down a conversation of its own.
    second.page.wait_for_function("() => sessionStorage.getItem('chat.conversation') !== null")
    second.page.evaluate(
        "(id) => { localStorage.setItem('chat.conversation', id); sessionStorage.clear(); }", conversation
    )
    second.page.reload()
    second.online()
    second.streaming()
    second.button("Stop").click()
    expect(first.ended()).to_have_attribute("data-state", "cancelled")
    second.ended()
    assert shown(second) == shown(first)
    assert first.troubles == second.troubles == []


@pytest.fixture
def own_desk(sandbox: str, tmp_path: Path) -> Iterator[DeskServer]:
    with running_desk(tmp_path / "var", sandbox, worker=True) as running:
        yield running


@pytest.mark.timeout(240)
def test_a_killed_process_costs_a_pause_and_no_text(
    context: BrowserContext, own_desk: DeskServer, upstream: Control
) -> None:
    chat = Chat(context.new_page(), own_desk.url).open()
    upstream.pace(**LONG)
    chat.send(TEXTS)
    chat.streaming(200)
    chat.page.wait_for_timeout(3000)  # text older than this must survive
    kept = shown(chat)[:200]
    own_desk.webs[0].kill()
    expect(chat.page.locator("#connection")).to_have_text("Reconnecting")
    chat.box.fill("still writing")
    upstream.pace(**{**LONG, "gap_ms": 4})
    own_desk.start_web(0)
    chat.online()
    expect(chat.answer).to_have_attribute("aria-busy", "false", timeout=2 * WAIT_MS)
    expect(chat.answer).to_have_attribute("data-state", "completed")
    assert shown(chat).startswith(kept)
    assert len(shown(chat)) > len(kept) + 200, "the rest came as well"
    expect(chat.answer).to_contain_text("The answer was interrupted and then completed.")
    expect(chat.box).to_have_value("still writing")
    settled = shown(chat)
    chat.page.reload()
    chat.online()
    chat.ended()
    assert shown(chat) == settled


def test_older_messages_come_when_asked_for(chat: Chat, new_chat: Callable[[], Chat]) -> None:
    for number in range(32):
        chat.ask(f"hi {number}")
    other = new_chat()
    expect(other.page.locator("article.mine")).to_have_count(30)
    other.button("Show earlier messages").click()
    expect(other.page.locator("article.mine")).to_have_count(32)
    expect(other.page.locator("article.mine .text").first).to_have_text("hi 0")
    expect(other.button("Show earlier messages")).to_be_hidden()

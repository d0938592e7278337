"""The page in German and in Japanese: what it says, an answer, an error, the form for a person, a choice."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chat import WAIT_MS, Chat
from tests.browser.conftest import QUICK
from tests.control import Control
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

KNOWN = "How do I reset my password?"
NewPage = Callable[[str], Chat]


@pytest.fixture
def abroad(chromium: Browser, desk: DeskServer, upstream: Control) -> Iterator[NewPage]:
    """Return a maker of chats in browsers of other countries; no page may have reported an error."""
    upstream.pace(**QUICK)
    chats: list[Chat] = []

    def make(locale: str) -> Chat:
        page = chromium.new_context(viewport={"width": 360, "height": 760}, locale=locale).new_page()
        chat = Chat(page, desk.url)
        chats.append(chat)
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: chat.troubles.append(f"error: {error}"))
        page.on("console", chat._console)
        page.goto(desk.url)
        expect(page.locator("#connection")).to_have_attribute("data-state", "online", timeout=WAIT_MS)
        return chat

    yield make
    assert [trouble for chat in chats for trouble in chat.troubles] == []
    for chat in chats:
        chat.page.context.close()


def fits(chat: Chat) -> bool:
    """Return whether nothing on the page is wider than the phone, and no button cuts its words off."""
    return bool(
        chat.page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth
              && [...document.querySelectorAll("button, a.item, summary")].every(
                (each) => !each.offsetParent || each.scrollWidth <= each.clientWidth + 1)"""
        )
    )


def test_a_german_page_speaks_german_and_marks_what_is_not(abroad: NewPage) -> None:
    chat = abroad("de-AT")
    page = chat.page
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_text("Häufig gefragt")).to_be_visible()
    expect(page.locator("#starters button").first).to_have_text("Wie setze ich mein Passwort zurück?")
    expect(page.locator("#starters button").first).to_have_attribute("lang", "de")
    assert fits(chat)
    scripts = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    assert not [name for name in scripts if re.search(r"locale|catalog|\.po|\.json", name)]

    box = page.get_by_role("textbox", name="Ihre Nachricht")
    box.fill(KNOWN)
    box.press("Enter")
    expect(chat.answer).to_have_attribute("aria-busy", "false", timeout=WAIT_MS)
    prose = chat.answer.locator(".prose")
    expect(prose).to_have_attribute("lang", "en")
    expect(prose).to_have_attribute("dir", "auto")
    expect(chat.answer.locator(".chip")).to_have_text("Freigegebene Antwort")
    expect(chat.answer.get_by_role("button", name="Gute Antwort")).to_be_visible()
    expect(chat.answer).to_contain_text(re.compile(r"zuletzt geprüft am \d+\. \w+"))
    assert fits(chat)

    box.fill("Danke!")
    box.press("Enter")
    expect(chat.answers).to_have_count(2, timeout=WAIT_MS)
    expect(chat.answer).to_contain_text("Gern geschehen")
    assert chat.words().startswith("Gern geschehen")
    assert chat.answer.locator(".prose").get_attribute("lang") is None, "it is in the page's language"

    box.fill("x" * 8001)
    box.press("Enter")
    expect(page.locator("#composer-note")).to_contain_text(
        re.compile(r"1 mehr als die erlaubten 8.000 Zeichen")  # 8.000, or 8 000 in Austria
    )


def test_a_japanese_page_has_its_form_and_lets_the_visitor_choose(abroad: NewPage) -> None:
    chat = abroad("ja")
    page = chat.page
    expect(page.locator("#connection")).to_have_text("オンライン")
    for starter in page.locator("#starters button").all():  # the FAQ has none in Japanese
        expect(starter).to_have_attribute("lang", "en")
    page.locator(".bar").get_by_role("button", name="担当者に相談").click()
    form = page.get_by_role("form", name="担当者に相談")
    form.get_by_label("ご用件").fill("予約を変更したいです。")
    form.get_by_role("button", name="担当者に送る").click()
    expect(form.get_by_role("alert")).to_contain_text("メールアドレスをご記入ください")
    form.get_by_label("メールアドレス").fill("hana@example.com")
    assert fits(chat)
    form.get_by_role("button", name="担当者に送る").click()
    receipt = page.get_by_role("article", name=re.compile("^お知らせ"))
    expect(receipt).to_contain_text("を受け付けました", timeout=WAIT_MS)

    page.get_by_role("button", name="メニュー").click()
    page.locator(".languages summary").click()
    page.get_by_role("link", name="Français").click()
    expect(page.locator("#connection")).to_have_text("En ligne", timeout=WAIT_MS)
    page.goto(chat.url)
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator("#conversation-state")).to_have_text(" · L’équipe va répondre")
    page.goto(f"{chat.url}/person/")
    expect(page.get_by_role("heading", name="Écrire à l’équipe")).to_be_visible()
    expect(page.get_by_label("Votre adresse e-mail")).to_be_visible()

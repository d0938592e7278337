"""What is stored about a visitor, taken away or deleted by the visitor, from the chat's own menu."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chat import WAIT_MS, Chat

pytestmark = pytest.mark.browser

WORDS = "Does it send texts too, says Quittengelee?"


def test_the_menu_gives_a_file_and_deletes_for_good(chat: Chat, tmp_path: Path) -> None:
    chat.ask(WORDS)
    page = chat.page
    page.get_by_role("button", name="Menu").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    target = tmp_path / "data.json"
    download.value.save_as(target)
    stored = json.loads(target.read_text(encoding="utf-8"))
    assert stored["conversations"][0]["turns"][0]["text"] == WORDS
    expect(page.get_by_role("link", name="Privacy notice").first).to_have_attribute(
        "href", "https://larkfield.example/privacy"
    )
    if page.locator("#menu").is_hidden():
        page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Delete my data").click()
    dialog = page.get_by_role("dialog", name="Delete your data?")
    dialog.get_by_role("button", name="Keep my data").click()
    expect(dialog).to_be_hidden()
    expect(chat.answers).to_have_count(1)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Delete my data").click()
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Your data has been deleted")).to_be_visible(timeout=WAIT_MS)
    expect(chat.answers).to_have_count(0)
    page.goto(page.url.split("?")[0])
    expect(chat.answers).to_have_count(0)
    assert "Quittengelee" not in page.content()
    assert "Quittengelee" not in page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")

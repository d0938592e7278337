"""The review queue by keystroke in a real browser: choose, refuse, add, undo."""

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_drafts import page  # noqa: F401 - a signed-in page that stays free of errors
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

MAKE = """
from uuid import uuid4
from faq.engine_models import key_of
from faq.models import AskedQuestion, Entry
near = str(Entry.objects.filter(kind="answer", status="published").order_by("pk").first().pk)
for text, times in (("first {word} question", 3), ("question, first {word}", 1), ("second {word} matter", 2)):
    for _ in range(times):
        AskedQuestion.objects.create(
            uuid=uuid4(), text=text, normalised=key_of(text), language="en", confidence=0.8, threshold=0.95,
            suggested=near, candidates=[dict(entry_id=near, confidence=0.8, score=0.5, phrasing="")],
        )
"""
REMOVE = """
from faq.models import AskedQuestion, Phrasing
from faq import services
AskedQuestion.objects.filter(text__contains={word!r}).delete()
for each in Phrasing.objects.filter(text__contains={word!r}):
    services.remove_phrasing(each)
"""


@pytest.fixture
def word(desk: DeskServer) -> Iterator[str]:
    """Leave questions on the shared desk that hold a word of their own, and take them away again."""
    word = f"zeppelin{uuid.uuid4().hex[:6]}"
    desk.manage("shell", "-c", MAKE.format(word=word))
    yield word
    desk.manage("shell", "-c", REMOVE.format(word=word))


def test_groups_are_judged_by_keys(page: Page, desk: DeskServer, word: str) -> None:  # noqa: F811
    page.goto(f"{desk.url}/admin/review/?text={word}&traffic=visitor")
    groups = page.locator("[data-group]")
    expect(groups).to_have_count(2)
    expect(groups.first).to_be_focused()
    expect(groups.first.locator(".faq-review-count")).to_have_text("4 ×")
    page.keyboard.press("j")
    expect(groups.last).to_be_focused()
    page.keyboard.press("k")
    expect(groups.first).to_be_focused()

    # What is typed into a field is no command, and a refusal keeps it.
    page.keyboard.press("e")
    stored = groups.first.locator("[name=stored]")
    expect(stored).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("???")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(groups.first.get_by_role("alert")).to_contain_text("holds no word")
    expect(stored).to_have_value("???")

    stored.fill(f"About the {word}")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("password")
    page.keyboard.press("Enter")
    expect(groups.first.locator("[data-found] input").first).to_be_checked()
    page.keyboard.press("a")
    expect(page.locator("[data-said]")).to_contain_text("1 wording added")
    expect(groups).to_have_count(1)
    expect(groups.first).to_be_focused()

    page.mouse.wheel(0, 2000)  # however far down the queue somebody is, it stays in view
    expect(page.locator("[data-undo]")).to_be_in_viewport(ratio=1)
    page.keyboard.press("u")
    expect(page.get_by_text("Undone: 4 messages wait again.")).to_be_visible()
    expect(groups).to_have_count(2)


def test_the_second_of_two_is_told(
    page: Page,  # noqa: F811
    context: BrowserContext,
    desk: DeskServer,
    word: str,
) -> None:
    address = f"{desk.url}/admin/review/?text={word}&traffic=visitor"
    page.goto(address)
    other = context.new_page()
    other.goto(address)
    other.locator("[data-group]").first.get_by_role("button", name="Wrong").click()
    expect(other.locator("[data-group]")).to_have_count(1)
    row = page.locator("[data-group]").first
    row.get_by_role("button", name="Set aside").click()
    expect(row.get_by_role("alert")).to_contain_text("Already judged “wrong” by support")
    expect(row.get_by_role("button", name="Set aside")).to_be_disabled()

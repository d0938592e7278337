"""Proposed phrasings by keystroke, and an answer rewritten beside its field, in a real browser."""

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.servers import DeskServer

pytestmark = pytest.mark.browser

SLOW_MS = 30_000  # a worker with one process may be busy with the roll-up
ANSWER = (
    "Open *Hangar*. Choose *Export*. It takes 5 minutes. Then write to help@larkfield.example for the rest."
)
MAKE = """
from faq import services
from faq.models import Entry
print("ENTRY", services.save_entry(Entry(question="How do I export my {word}?", answer={answer!r})).pk)
"""
REMOVE = """
from faq import services
from faq.models import Entry
services.delete(Entry.objects.filter(pk={pk}))
"""


@pytest.fixture
def entry(desk: DeskServer) -> Iterator[int]:
    """Make a draft without phrasings on the shared desk, and take it away again."""
    word = f"zeppelin{uuid.uuid4().hex[:6]}"
    said = desk.manage("shell", "-c", MAKE.format(word=word, answer=ANSWER))
    pk = int(said.split("ENTRY ")[1].split()[0])
    yield pk
    desk.manage("shell", "-c", REMOVE.format(pk=pk))


@pytest.fixture
def page(context: BrowserContext, desk: DeskServer) -> Iterator[Page]:
    """Open a signed-in page; it must stay free of errors and of content that the policy refuses."""
    page, troubles = context.new_page(), list[str]()
    page.set_viewport_size({"width": 1400, "height": 900})
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        # A refused decision is answered with 409, which Chromium reports as an error as well.
        lambda said: troubles.append(said.text) if said.type == "error" and "409" not in said.text else None,
    )
    page.goto(f"{desk.url}/admin/")
    page.fill("#id_username", "support")
    page.fill("#id_password", desk.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#nav-sidebar-apps")).to_be_visible()
    yield page
    assert troubles == []


def test_proposals_are_ordered_moved_through_accepted_and_rejected(
    page: Page, desk: DeskServer, entry: int
) -> None:
    page.goto(f"{desk.url}/admin/faq/entry/{entry}/change/")
    work = page.locator("[data-faq-proposals]")
    expect(work.locator("[data-price]")).to_contain_text("about $")
    work.get_by_role("button", name="Propose phrasings").click()
    expect(work.locator("[data-label]")).to_contain_text("Done", timeout=SLOW_MS)
    expect(work.locator("[data-cost]")).to_contain_text("Cost: $")
    rows = work.locator("[data-proposal]")
    count = rows.count()
    assert count >= 3
    first, second, third = (rows.nth(at).locator(".faq-proposal-text").inner_text() for at in range(3))

    rows.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    expect(rows.first).to_be_focused()
    page.keyboard.press("a")
    expect(work.locator("[data-said]")).to_contain_text(f"Accepted: “{first}”")
    expect(rows.first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(work.locator("[data-said]")).to_contain_text(f"Rejected: “{third}”")
    expect(rows).to_have_count(count - 2)
    # Keys typed into a field of the form decide nothing.
    page.locator("#id_category").focus()
    page.keyboard.type("array")
    expect(rows).to_have_count(count - 2)

    page.goto(f"{desk.url}/admin/faq/entry/{entry}/change/")
    assert page.locator("#id_phrasings-0-text").input_value() == first
    expect(work.locator(".faq-proposal-text").first).to_have_text(second)
    page.get_by_role("button", name="Accept all without conflict").click()
    expect(work.locator("[data-said]")).to_contain_text("accepted.")


def test_an_answer_is_rewritten_beside_the_field_and_kept_only_by_saving(
    page: Page, desk: DeskServer, entry: int
) -> None:
    form = f"{desk.url}/admin/faq/entry/{entry}/change/"
    page.goto(form)
    expect(page.locator("[data-offers]")).to_contain_text("about $")
    page.get_by_role("button", name="Shorten").click()
    result = page.locator("[data-result]")
    expect(result).to_be_visible(timeout=SLOW_MS)
    expect(result.locator("[data-edit-warnings]")).to_contain_text("help@larkfield.example is gone")
    expect(result.locator("[data-edit-diff] del")).to_contain_text("help@larkfield.example")
    expect(result.locator("[data-edit-price]")).to_contain_text("Gemini 3.5 Flash-Lite, $")

    page.reload()
    expect(result).to_be_visible()
    page.get_by_role("button", name="Use this").click()
    expect(result).to_be_hidden()
    short = page.locator("#id_answer").input_value()
    assert short and short != ANSWER and short in ANSWER
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(form)
    assert page.locator("#id_answer").input_value() == ANSWER, "it was not saved"
    expect(result).to_be_hidden()

    page.get_by_role("button", name="Friendlier").click()
    expect(result).to_be_visible(timeout=SLOW_MS)
    expect(result.locator("[data-edit-warnings]")).to_be_hidden()
    page.get_by_role("button", name="Use this").click()
    friendly = page.locator("#id_answer").input_value()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("body")).to_contain_text("was changed successfully")
    page.goto(form)
    assert page.locator("#id_answer").input_value() == friendly
    page.get_by_role("button", name="Final version").click()
    expect(result).to_be_visible(timeout=SLOW_MS)
    expect(result.locator("[data-edit-price]")).to_contain_text("Claude Sonnet 5.5, $")
    page.get_by_role("button", name="Discard").click()
    expect(result).to_be_hidden()
    assert page.locator("#id_answer").input_value() == friendly

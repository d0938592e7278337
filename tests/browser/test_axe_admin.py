"""The pages that staff use daily under axe-core, in light and in dark: nothing is found."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import npm
from tests.browser.chat import WAIT_MS, Chat
from tests.browser.conftest import QUICK
from tests.control import Control
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

QUESTION = "How do I reset my password?"
# By name: the address below /admin/, and from a list on what leads to its first row.
CHANGE = "#result_list tbody a[href*='/change']"
PAGES = {
    "home": "",
    "inbox": "inbox/",
    "a request in the inbox": "inbox/ .inbox-line",
    "conversations": "assistant/conversation/",
    "one conversation": f"assistant/conversation/ {CHANGE}",
    "FAQ": "faq/entry/",
    "one entry": f"faq/entry/ {CHANGE}",
    "review": "review/",
    "rules": "routing/rule/",
    "one rule": f"routing/rule/ {CHANGE}",
    "one route": "routing/route/common/change/",
    "try a question": f"try/?q={QUESTION.replace(' ', '+')}",
    "metrics": "metrics/",
    "cost": "cost/",
    "changes": "routing/fliprecord/",
    "sites": "assistant/site/",
    "one site": f"assistant/site/ {CHANGE}",
    "connection doctor": "connection/",
    "one request": f"assistant/request/ {CHANGE}",
    "people": "inbox-figures/",
    "settings": "assistant/assistantsettings/1/change/",
    "identity of a site": "sites/1/identity/",
    "help desk": "help-desk/",
}
# What axe cannot decide by itself counts as found, but for contrast: it knows no colour behind what stands
# on, or is covered by, the theme's see-through bar at the lower edge, and behind text in a drawing.
UNDECIDED = {"color-contrast"}
# In dark only colours differ.
LOOK = """
async (dark) => {
  const rules = dark ? { runOnly: ["color-contrast"] } : { rules: { "target-size": { enabled: true } } };
  const { violations, incomplete } = await axe.run(document, rules);
  const named = (found) => found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html, failureSummary }) => [id, `${target}: ${failureSummary} ${html}`]));
  return [named(violations), named(incomplete)];
}
"""
# Alone, as an open menu covers targets and comes in through half its colours.
TWINS = """
async () => (await axe.run(document, { runOnly: ["landmark-unique"] })).violations
  .flatMap(({ nodes }) => nodes.map(({ html }) => html))
"""
DARK = "(dark) => { document.documentElement.classList.toggle('dark', dark); }"


@pytest.fixture(scope="module")
def staff(chromium: Browser, desk: DeskServer, sandbox: str) -> Iterator[Page]:
    """Sign the administrator in, once a visitor has asked something and left a request for a person."""
    # Nothing moves, on the first page as on the last: a colour on its way to another is not judged.
    context = chromium.new_context(
        viewport={"width": 1400, "height": 1000}, locale="en-GB", reduced_motion="reduce"
    )
    Control(sandbox).pace(**QUICK)
    visitor = Chat(context.new_page(), desk.url).open()
    visitor.ask(QUESTION)
    visitor.page.goto(f"{desk.url}/person/")
    visitor.page.fill("[name=email]", "ada@example.com")
    visitor.page.fill("[name=text]", "Please call me about the invoice.")
    visitor.page.locator("form [type=submit]").last.click()
    visitor.page.close()
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{desk.url}/admin/login/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", desk.password)
    page.click("[type=submit]")
    expect(page.locator("#nav-sidebar-apps")).to_be_visible()
    yield page
    context.close()


def show(page: Page, where: str, url: str) -> None:
    address, _, through = where.partition(" ")
    answer = page.goto(f"{url}/admin/{address}")
    assert answer is not None
    assert answer.status == 200
    if through:
        page.locator(through).first.click()
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_found_on_a_page_of_the_admin(staff: Page, desk: DeskServer, name: str) -> None:
    show(staff, PAGES[name], desk.url)
    staff.evaluate(npm.file_of(npm.AXE, "axe.min.js").read_text())
    for dark in (False, True):
        staff.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        staff.evaluate(DARK, dark)
        found, undecided = staff.evaluate(LOOK, dark)
        assert found == []
        assert [each for each in undecided if each[0] not in UNDECIDED] == []


def test_parts_of_a_form_and_the_menu_of_a_field_are_told_apart(staff: Page, desk: DeskServer) -> None:
    show(staff, PAGES["one route"], desk.url)
    staff.evaluate(npm.file_of(npm.AXE, "axe.min.js").read_text())
    staff.emulate_media(color_scheme="light", reduced_motion="reduce")
    expect(staff.get_by_role("navigation", name="Parts of the form")).to_be_visible()
    for field, name in (("escalates_to", "Escalates to, more"), ("steps-1-model", "Model, more")):
        staff.locator(f"[data-id='related-widget-wrapper-{field}'] .material-symbols-outlined").last.click()
        menu = staff.get_by_role("navigation", name=name)
        expect(menu).to_be_visible()
        assert staff.evaluate(TWINS) == []
        staff.get_by_role("navigation", name="Parts of the form").get_by_text("Budgets").click()
        expect(menu).to_be_hidden()
    staff.get_by_text("Add another step").click()
    staff.locator("[data-id='related-widget-wrapper-steps-2-model'] .material-symbols-outlined").last.click()
    expect(staff.get_by_role("navigation", name="Model, more")).to_be_visible()


def test_the_parts_of_a_form_are_opened_by_keyboard(staff: Page, desk: DeskServer) -> None:
    show(staff, PAGES["one route"], desk.url)
    first, second, third = (
        staff.get_by_role("button", name=name, exact=True) for name in ("Instructions", "Privacy", "Budgets")
    )
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(staff.get_by_label("Daily budget, USD")).to_be_hidden()
    first.focus()
    staff.keyboard.press("Tab")
    expect(second).to_be_focused()
    staff.keyboard.press("Tab")
    assert third.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    staff.keyboard.press("Enter")
    expect(staff.get_by_label("Daily budget, USD")).to_be_visible()
    expect(third).to_have_attribute("aria-pressed", "true")
    expect(first).to_have_attribute("aria-pressed", "false")
    staff.keyboard.press("Shift+Tab")
    staff.keyboard.press("Space")
    expect(staff.get_by_label("Daily budget, USD")).to_be_hidden()
    expect(second).to_have_attribute("aria-pressed", "true")


def test_the_keyboard_gets_past_the_menu_and_shows_where_it_is(staff: Page, desk: DeskServer) -> None:
    show(staff, PAGES["rules"], desk.url)
    staff.keyboard.press("Tab")
    expect(staff.get_by_role("link", name="Skip the menu")).to_be_focused()
    staff.keyboard.press("Enter")
    staff.keyboard.press("Tab")
    assert staff.evaluate("document.querySelector('#main').contains(document.activeElement)")
    switch = staff.locator("#result_list input[type=checkbox]").first
    while not switch.evaluate("node => node === document.activeElement"):
        staff.keyboard.press("Tab")
    assert switch.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"

"""Support, manager and admin each do the day's work of their role, and are refused the others' pages."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect

from tests.browser.chat import Chat
from tests.servers import DeskServer

pytestmark = pytest.mark.browser


class Staff:
    """A person at the admin; every page must stay free of errors and of content the policy refuses."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.set_viewport_size({"width": 1400, "height": 900})  # wide enough for the sidebar to stand open
        self.admin = f"{url}/admin/"
        self.troubles: list[str] = []
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._note)

    def _note(self, message: object) -> None:
        text, kind = getattr(message, "text", ""), getattr(message, "type", "")
        # A refused page is said by Chromium as an error as well; the tests ask for those.
        if kind == "error" and "403" not in text:
            self.troubles.append(text)

    def sign_in(self, name: str, password: str) -> "Staff":
        self.page.goto(self.admin)
        self.page.fill("#id_username", name)
        self.page.fill("#id_password", password)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.locator("#nav-sidebar-apps")).to_be_visible()
        return self

    def open(self, path: str) -> Page:
        answer = self._go(path)
        assert answer.status == 200, f"{path}: {answer.status}"
        return self.page

    def refused(self, *paths: str) -> None:
        for path in paths:
            assert self._go(path).status == 403, path

    def _go(self, path: str) -> Response:
        answer = self.page.goto(self.admin + path)
        assert answer is not None
        return answer

    def offers(self) -> list[str]:
        """Return the titles in the menu: behind the icon's name, before a count."""
        self.open("")
        texts = self.page.locator("#nav-sidebar-apps a").all_inner_texts()
        return [
            [line for line in text.split("\n") if not line.strip().isdigit()][-1].strip() for text in texts
        ]


@pytest.fixture
def staff(context: BrowserContext, desk: DeskServer) -> Iterator[Callable[[str], Staff]]:
    people: list[Staff] = []

    def sign_in(name: str) -> Staff:
        people.append(Staff(context.new_page(), desk.url).sign_in(name, desk.password))
        return people[-1]

    yield sign_in
    assert [trouble for person in people for trouble in person.troubles] == []


def publish_draft(page: Page) -> None:
    """Publish what waits, from the list that a saved rule or route leads back to."""
    page.get_by_role("link", name="See the difference, publish or discard").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Published as version")).to_be_visible()


def test_support_reads_a_conversation_tries_a_question_and_edits_a_rule(
    staff: Callable[[str], Staff], chat: Chat
) -> None:
    word = f"zeppelin{uuid.uuid4().hex[:8]}"
    chat.ask(f"Does the {word} send text reminders too?")
    support = staff("support")
    assert support.offers() == [
        "Home",
        "Inbox",
        "Requests",
        "Conversations",
        "FAQ",
        "Review",
        "FAQ health",
        "Not for the FAQ",
        "What people ask",
        "Old questions",
        "Asked questions",
        "FAQ confidence",
        "Rules",
        "Versions",
        "Try a question",
        "Transfer cases",
        "Backtests",
        "Rehearse an outage",
        "People",
        "Transfer tests",
    ]

    page = support.open(f"assistant/conversation/?q={word}")
    page.locator("#result_list tbody a").first.click()
    expect(page.locator(".desk-bubble").first).to_contain_text(word)
    receipt = page.locator(".desk-receipt").first
    expect(receipt).to_contain_text("Rule that fired: Everything else")
    expect(receipt).to_contain_text("$0.")
    receipt.locator("summary").filter(has_text="Signals").click()
    expect(receipt.locator(".desk-signals").filter(has_text="number of questions")).to_be_visible()

    page = support.open("routing/rule/add/")
    page.fill("#id_name", "Airships")
    page.select_option("#id_route", label="A person")
    page.fill("#id_reason", "Airships are rented by people.")
    page.select_option("#id_conditions-0-signal", label="message")
    page.select_option("#id_conditions-0-operator", label="contains any of")
    page.fill("#id_conditions-0-value", word)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#result_list")).to_contain_text("Airships")
    publish_draft(page)
    page = support.open("try/")
    page.fill("[name=text]", f"Does the {word} send text reminders too?")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".desk-try-result")).to_contain_text("Rule that fired: Airships")

    page = support.open("routing/rule/")
    page.get_by_role("link", name="Airships").click()
    page.get_by_role("link", name="Delete rule").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.locator("#result_list")).not_to_contain_text("Airships")
    publish_draft(page)
    support.refused("metrics/", "routing/route/", "routing/modelcall/", "auth/user/")


def test_a_manager_reads_the_metrics_and_nothing_of_what_was_said(staff: Callable[[str], Staff]) -> None:
    manager = staff("manager")
    work = ["Home", "What people ask", "Old questions", "Versions", "Backtests"]
    figures = ["Metrics", "People", "Service levels", "Changes", "Transfer tests", "Probe runs"]
    assert manager.offers() == [*work, *figures, "Cost", "Budgets", "Plan budgets"]
    expect(manager.open("metrics/").locator("#content")).to_contain_text("as of")
    manager.refused(
        "assistant/conversation/", "faq/entry/", "routing/rule/", "try/", "routing/route/", "auth/user/"
    )


def test_an_admin_swaps_a_ladder_and_finds_it_in_the_trail(staff: Callable[[str], Staff]) -> None:
    admin = staff("admin")
    for _ in range(2):  # there and back, since other tests use this desk
        page = admin.open("routing/route/common/change/")
        rows = page.locator("#steps-group tbody.original [x-sort\\:handle]")
        rows.nth(1).evaluate("row => row.scrollIntoView({block: 'center'})")  # else the footer lies on it
        rows.nth(1).drag_to(rows.nth(0))
        expect(page.locator("[name=steps-1-position]")).to_have_value("0")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("was changed successfully")).to_be_visible()
        publish_draft(page)
    changes = admin.open("routing/fliprecord/").locator("#result_list tbody")
    assert changes.count() >= 2
    expect(changes.first).to_contain_text("Common")
    expect(changes.first).to_contain_text("admin")
    for path in ("routing/cataloguemodel/", "routing/modelcall/", "routing/configversion/", "auth/user/"):
        admin.open(path)

"""A visitor in one browser and the team in another, from the wish for a person to its rating."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.chat import WAIT_MS, Chat
from tests.mail_server import Mailbox, running_mail_server, text_of
from tests.servers import DeskServer, running_desk, wait_until
from tests.team import Team, working
from tests.webhook_receiver import Receiver, running_receiver

pytestmark = pytest.mark.browser

QUESTION = "How do I reset my password?"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with running_mail_server() as box:
        yield box


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture(scope="module")
def told_desk(
    tmp_path_factory: pytest.TempPathFactory, sandbox: str, mailbox: Mailbox, receiver: Receiver
) -> Iterator[DeskServer]:
    """Run a desk with a help desk beside it and a mail server."""
    env = {
        "EMAIL_URL": mailbox.url,
        "HELP_DESK_WEBHOOK_URL": receiver.url,
        "HELP_DESK_WEBHOOK_SECRET": "a-secret-of-both-sides",
    }
    folder = tmp_path_factory.mktemp("told")
    with running_desk(folder / "var", sandbox, worker=True, env=env) as running:
        yield running


@pytest.fixture(scope="module")
def team(told_desk: DeskServer) -> Iterator[Team]:
    with working(told_desk) as team:
        team.does("StaffPresence.objects.all().delete()[0]")
        yield team


class Staff:
    """One member of the team in a browser of their own, with the inbox open."""

    def __init__(self, chromium: Browser, desk: DeskServer, name: str) -> None:
        self.context = chromium.new_context(viewport={"width": 1500, "height": 900}, locale="en-GB")
        # A desk inside a network may run on plain http, where browsers make no UUIDs.
        self.context.add_init_script("delete Crypto.prototype.randomUUID")
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.goto(f"{desk.url}/admin/login/?next=/admin/inbox/")
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", desk.password)
        self.page.click("[type=submit]")
        expect(self.page.get_by_role("navigation", name="Requests")).to_be_visible()

    def section(self, name: str) -> Locator:
        return self.page.get_by_role("region", name=re.compile(f"^{name}"))

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("textbox", name="Your message")

    @property
    def thread(self) -> Locator:
        return self.page.locator("[data-part=thread]")

    @property
    def facts(self) -> Locator:
        return self.page.locator("[data-part=facts]")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def takes(self, name: str) -> None:
        self.press(name)
        expect(self.page.get_by_text("With staff: you")).to_be_visible()
        # The field of the new page sends nothing before its script runs, which shows this button.
        expect(self.page.get_by_role("button", name="Insert an FAQ answer")).to_be_visible()

    def available(self) -> None:
        self.page.get_by_role("switch", name="You are available").check()
        expect(self.page.get_by_text("Visitors are offered a live chat.")).to_be_visible()


@pytest.fixture
def staff(chromium: Browser, told_desk: DeskServer, team: Team) -> Iterator[Staff]:
    one = Staff(chromium, told_desk, "support")
    yield one
    one.context.close()
    assert one.troubles == []


@pytest.fixture
def visitor(chromium: Browser, told_desk: DeskServer) -> Iterator[Chat]:
    context = chromium.new_context(viewport={"width": 1000, "height": 800}, locale="en-GB")
    chat = Chat(context.new_page(), told_desk.url).open()
    yield chat
    context.close()
    assert chat.troubles == []


def bar(chat: Chat) -> Locator:
    return chat.page.get_by_role("region", name="Chat with a person")


def ask_for_a_person(chat: Chat, text: str) -> None:
    chat.page.locator(".bar").get_by_role("button", name="Talk to a person").click()
    form = chat.page.get_by_role("form", name="Talk to a person")
    expect(form).to_contain_text("Somebody from the team is there now", timeout=WAIT_MS)
    form.get_by_label("What should they know?").fill(text)
    form.get_by_role("button", name="Ask for a person").click()
    expect(bar(chat)).to_contain_text("next in line", timeout=WAIT_MS)


def events(receiver: Receiver) -> list[str]:
    return [json.loads(body)["event"] for _, _, body in receiver.got]


def test_from_the_wish_to_the_rating_with_both_sides_on_the_page(
    staff: Staff, visitor: Chat, receiver: Receiver, mailbox: Mailbox
) -> None:
    staff.available()
    staff.page.get_by_role("switch", name="Sound and title mark").check()
    visitor.ask(QUESTION)
    ask_for_a_person(visitor, "My invoice is wrong.")

    # It appears without a new page, is said, and marks the title.
    line = staff.section("Waiting for a person").get_by_role("link")
    expect(line).to_contain_text("My invoice is wrong.")
    expect(staff.page).to_have_title(re.compile(r"^\(1\) "))
    expect(staff.page.locator("[data-said]")).to_contain_text("A visitor is waiting")
    line.focus()
    staff.page.keyboard.press("Enter")
    expect(staff.thread).to_contain_text("My invoice is wrong.")
    expect(staff.field).to_be_hidden()
    staff.takes("Take")
    expect(visitor.log).to_contain_text("is here now", timeout=WAIT_MS)
    answers = visitor.answers.count()

    # Both ways, and the assistant is silent.
    staff.field.fill("Hello.")
    staff.field.press("Shift+Enter")
    staff.field.press_sequentially("Which invoice is it?")
    staff.field.press("Enter")
    expect(staff.field).to_have_value("")
    expect(visitor.log).to_contain_text("Which invoice is it?", timeout=WAIT_MS)
    expect(staff.thread).to_contain_text("Which invoice is it?")
    expect(staff.page.locator("[data-pending] article")).to_have_count(0)
    staff.field.fill("An unsent draft")
    visitor.send("Number 4711.")
    expect(staff.thread).to_contain_text("Number 4711.")
    expect(staff.page.locator("[data-said]")).to_contain_text("Visitor: Number 4711.")
    expect(visitor.answers).to_have_count(answers)
    staff.page.reload()
    expect(staff.field).to_have_value("An unsent draft")

    # An approved answer goes into the field, as plain text.
    staff.field.fill("")
    staff.press("Insert an FAQ answer")
    dialog = staff.page.get_by_role("dialog", name="Insert an FAQ answer")
    dialog.get_by_label("What is it about?").fill("reset my password")
    dialog.get_by_role("button", name=re.compile("password")).first.click()
    expect(staff.field).to_be_focused()
    expect(staff.field).to_have_value(re.compile("password", re.IGNORECASE))
    staff.field.fill("")

    staff.press("Hand back to the assistant")
    expect(visitor.log).to_contain_text("The assistant answers again", timeout=WAIT_MS)
    visitor.ask("How do I change my e-mail address?")
    staff.takes("Take again")
    close = staff.page.locator("summary", has_text="Close")
    close.click()
    staff.page.keyboard.press("Escape")
    expect(close).to_be_focused()
    expect(staff.page.get_by_label("Note for the team")).to_be_hidden()
    staff.page.keyboard.press("Enter")
    staff.page.get_by_label("Note for the team").fill("Invoice corrected.")
    staff.press("Close the request")
    expect(staff.page.get_by_text("“Invoice corrected.”")).to_be_visible()

    bar(visitor).get_by_title("4, good").click()
    bar(visitor).get_by_role("button", name="Send rating").click()
    expect(staff.facts).to_contain_text("4 of 5")
    bar(visitor).get_by_role("button", name="Send me this conversation by e-mail").click()
    bar(visitor).get_by_label("Your e-mail address").fill("ada@visitor.example")
    bar(visitor).get_by_role("button", name="Send me the conversation").click()
    text = text_of(mailbox.wait_for("ada@visitor.example")[0])
    assert sorted([QUESTION, "Which invoice is it?", "Number 4711."], key=text.index)[-1] == "Number 4711."
    expect(staff.facts).to_contain_text("asked for by the visitor")
    wait_until(lambda: "request.rated" in events(receiver), what="the rating at the help desk")
    told = events(receiver)
    assert told == [
        "request.created", "request.taken", "request.message", "request.message", "request.back",
        "request.taken", "request.closed", "request.rated",
    ]  # fmt: skip


def test_a_message_that_does_not_get_there_is_kept_and_sent_once(
    staff: Staff, visitor: Chat, team: Team
) -> None:
    staff.available()
    ask_for_a_person(visitor, "Can you hear me?")
    staff.section("Waiting for a person").get_by_role("link").click()
    staff.takes("Take")

    def stored_but_unheard(route: Route) -> None:
        route.fetch()
        route.abort()

    staff.page.route("**/say/", stored_but_unheard)
    staff.field.fill("Yes, loud and clear.")
    staff.field.press("Enter")
    unsent = staff.page.locator(".inbox-unsent")
    expect(unsent).to_contain_text("The desk cannot be reached")
    staff.field.fill("And you?")
    staff.field.press("Enter")
    expect(staff.page.locator("[data-pending]")).to_contain_text("waits for the one above")
    staff.page.unroute("**/say/")  # what was not acknowledged goes out again by itself, under its own id
    expect(staff.page.locator("[data-pending] article")).to_have_count(0)
    expect(staff.thread.locator(".inbox-staff .inbox-text")).to_have_text(
        ["Yes, loud and clear.", "And you?"]
    )
    stored = "Message.objects.filter(text='Yes, loud and clear.', request__live='with_staff').count()"
    assert team.does(stored) == 1

    # Enter that ends a word of an input method is not a message.
    staff.field.fill("こんにちは")
    staff.field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(staff.field).to_have_value("こんにちは")
    staff.press("Release to colleagues")
    expect(staff.section("Waiting for a person").get_by_role("link")).to_have_count(1)
    staff.page.locator("summary", has_text="Close").click()
    staff.press("Close the request")


def test_two_of_the_team_and_a_phone(
    chromium: Browser, told_desk: DeskServer, staff: Staff, visitor: Chat
) -> None:
    staff.available()
    ask_for_a_person(visitor, "Who takes me?")
    other = Staff(chromium, told_desk, "admin")
    for each in (staff, other):
        each.section("Waiting for a person").get_by_role("link").click()
        expect(each.page.get_by_role("button", name="Take", exact=True)).to_be_visible()
    other.page.route("**/news/", lambda route: route.abort())  # its page is a moment behind
    staff.press("Take")
    other.press("Take")
    expect(other.page.get_by_text("support has taken this conversation meanwhile.")).to_be_visible()
    expect(other.field).to_be_hidden()
    other.context.close()
    assert other.troubles == []
    staff.page.set_viewport_size({"width": 390, "height": 844})
    expect(staff.field).to_be_in_viewport(ratio=1)
    expect(staff.page.get_by_role("navigation", name="Requests")).to_be_hidden()
    fits: Any = staff.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert fits
    staff.page.get_by_role("link", name="All requests", exact=True).click()
    expect(staff.section("With you").get_by_role("link")).to_contain_text("Who takes me?")
    switch = staff.page.get_by_role("switch", name="You are available")
    switch.uncheck()
    expect(staff.page.get_by_text("Nobody is available")).to_be_visible()

"""What is photographed: a name, who looks, the page, and what is done on it before the picture.

The chat's scenes use the page as a visitor does; the sandbox plays the models, slowly where one must follow.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.control import Control

SLOW = {"first_text_ms": 300, "gap_ms": 60}
QUICK = {"first_text_ms": 30, "gap_ms": 2}
DESKTOP = (1200, 800)
PHONE = (390, 780)

QUESTION = "i cant log in, forgot my pasword"
SENTENCE = "Which of my reminders go out tomorrow, and can I change the wording for one client only?"
ENOUGH = re.compile(r"(.|\n){100}")


@dataclass(frozen=True)
class Scene:
    """One picture; `act` brings the page to the moment. `staff` is the account that looks, "" a visitor.

    README or docs show those that are `shown`; the others are for whoever looks over the pages.
    """

    name: str
    path: str = "/"
    act: Callable[[Page, Control], None] = lambda page, control: None
    size: tuple[int, int] = DESKTOP
    staff: str = ""
    shown: bool = False
    site: bool = False  # a page of the example company's own site, with the widget on it


def _say(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Your message")
    box.fill(text)
    box.press("Enter")


def _ended(page: Page, answers: int) -> None:
    expect(page.locator("article.answer")).to_have_count(answers)
    expect(page.locator("article.answer").last).to_have_attribute("aria-busy", "false")


def approved(page: Page, control: Control) -> None:
    """Ask what the FAQ answers."""
    control.pace(**QUICK)
    _say(page, QUESTION)
    _ended(page, 1)


def streaming(page: Page, control: Control) -> None:
    """Ask what a model answers, and look while it writes."""
    approved(page, control)
    control.pace(**SLOW)
    _say(page, SENTENCE)
    expect(page.locator("article.answer")).to_have_count(2)
    expect(page.locator("article.answer .prose").last).to_contain_text(ENOUGH)


def stopped(page: Page, control: Control) -> None:
    """Stop an answer that is being written."""
    streaming(page, control)
    page.locator("#stop").click()
    _ended(page, 2)


def cut_off(page: Page, control: Control) -> None:
    """Let an answer end at the model's limit."""
    approved(page, control)
    control.fault("length", after_tokens=30, times=8)
    _say(page, SENTENCE)
    _ended(page, 2)
    control.clear()


def conversations(page: Page, control: Control) -> None:
    """Begin a second conversation and open the list of both."""
    approved(page, control)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("#welcome")).to_be_visible()
    _say(page, "What do the plans cost?")
    _ended(page, 1)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Your conversations").click()
    expect(page.get_by_role("dialog", name="Your conversations")).to_be_visible()


def person(page: Page, control: Control) -> None:
    """Open the form that asks for a person."""
    approved(page, control)
    _say(page, "I want to talk to a person")
    _ended(page, 2)
    expect(page.locator("form.request")).to_be_visible()


def widget(page: Page, control: Control) -> None:
    """Wait for the widget's button."""
    page.locator("support-desk .launcher").wait_for()


def widget_answer(page: Page, control: Control) -> None:
    """Open the widget and ask what the FAQ answers."""
    control.pace(**QUICK)
    page.locator("support-desk .launcher").click()
    chat = page.frame_locator("support-desk iframe")
    expect(chat.locator("#connection")).to_have_text("Online")
    box = chat.get_by_role("textbox", name="Your message")
    box.fill("What do the plans cost?")
    box.press("Enter")
    expect(chat.locator("article.answer").last).to_have_attribute("aria-busy", "false")


def first_site(page: Page, control: Control) -> None:
    """Open the page of the first site in the list."""
    page.locator("#result_list th a").first.click()
    page.wait_for_load_state("networkidle")


SHOP = "/example/shop/"
WIDGET = (
    Scene("widget-closed", SHOP, act=widget, site=True),
    Scene("widget-answer", SHOP, act=widget_answer, site=True, shown=True),
    Scene("widget-phone-closed", SHOP, act=widget, size=PHONE, site=True),
    Scene("widget-phone-answer", SHOP, act=widget_answer, size=PHONE, site=True),
)
CHAT = (
    Scene("chat-empty"),
    Scene("chat-approved", act=approved),
    Scene("chat-streaming", act=streaming, shown=True),
    Scene("chat-stopped", act=stopped),
    Scene("chat-cut-off", act=cut_off),
    Scene("chat-person", act=person),
    Scene("chat-list", act=conversations),
    Scene("phone-empty", size=PHONE),
    Scene("phone-approved", act=approved, size=PHONE, shown=True),
)
ADMIN = (
    Scene("admin-metrics", "/admin/metrics/", staff="manager", shown=True),
    Scene("admin-conversations", "/admin/assistant/conversation/", staff="support"),
    Scene("admin-faq", "/admin/faq/entry/", staff="support"),
    Scene("admin-review", "/admin/review/", staff="support"),
    Scene("admin-rules", "/admin/routing/rule/", staff="support"),
    Scene("admin-try", "/admin/try/?q=Does+it+send+texts+too%3F", staff="support"),
    Scene("admin-cost", "/admin/cost/", staff="manager"),
    Scene("admin-sites", "/admin/assistant/site/", act=first_site, staff="admin"),
)


def talk(visitor: Page, team: Page) -> None:
    """Have a visitor ask for a person, and somebody of the team who is there take it."""
    team.get_by_role("switch", name="You are available").check()
    expect(team.get_by_text("Visitors are offered a live chat.")).to_be_visible()
    _say(visitor, QUESTION)
    _ended(visitor, 1)
    visitor.locator(".bar").get_by_role("button", name="Talk to a person").click()
    form = visitor.get_by_role("form", name="Talk to a person")
    expect(form).to_contain_text("Somebody from the team is there now")
    form.get_by_label("What should they know?").fill("The link in the e-mail says that it has expired.")
    form.get_by_role("button", name="Ask for a person").click()
    waiting = team.get_by_role("region", name=re.compile("^Waiting"))
    waiting.get_by_role("link").first.click()
    team.get_by_role("button", name="Take", exact=True).click()
    field = team.get_by_role("textbox", name="Your message")
    field.fill("Hello! I have sent you a new one just now; it is good for an hour.")
    field.press("Enter")
    expect(visitor.locator("#transcript")).to_contain_text("it is good for an hour")
    _say(visitor, "It works now, thank you!")
    expect(team.locator("[data-part=thread]")).to_contain_text("It works now")


# Both sides of one live chat: the pictures of the visitor and of the team.
TALK = ("chat-live", "admin-inbox")

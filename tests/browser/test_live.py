"""A visitor and somebody of the team in one chat: asked for, waited for, talked to, rated, or nobody came."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.chat import WAIT_MS, Chat, Line
from tests.servers import DeskServer
from tests.team import Team, working

pytestmark = pytest.mark.browser

QUESTION = "How do I reset my password?"
OTHER = "How do I change my e-mail address?"


@pytest.fixture(scope="module")
def team(desk: DeskServer) -> Iterator[Team]:
    with working(desk) as team:
        yield team


@pytest.fixture(autouse=True)
def anna_is_there(team: Team) -> None:
    team.present()


def bar(chat: Chat) -> Locator:
    return chat.page.get_by_role("region", name="Chat with a person")


def form_of(page: Page) -> Locator:
    return page.get_by_role("form", name="Talk to a person")


def header(chat: Chat) -> Locator:
    return chat.page.locator("#conversation-state")


def wish(chat: Chat) -> Locator:
    return chat.page.locator(".bar").get_by_role("button", name="Talk to a person")


def asked(chat: Chat, team: Team, text: str = "My invoice is wrong.") -> str:
    """Ask for a person from the header and return the request's id once the page says that one waits."""
    wish(chat).click()
    form = form_of(chat.page)
    expect(form).to_contain_text("Somebody from the team is there now", timeout=WAIT_MS)
    form.get_by_label("What should they know?").fill(text)
    form.get_by_role("button", name="Ask for a person").click()
    expect(bar(chat)).to_contain_text("next in line", timeout=WAIT_MS)
    expect(form).to_have_count(0)
    return str(team.does("str(Request.objects.filter(live='waiting').latest('number').pk)"))


def test_from_the_wish_to_the_rating_in_two_tabs(
    new_chat: Callable[[], Chat], upstream: object, team: Team
) -> None:
    chat = new_chat()
    chat.ask(QUESTION)
    request = asked(chat, team)
    expect(header(chat)).to_have_text(" · Waiting for a person")
    expect(chat.log).to_contain_text("The team has been told")
    wish(chat).click()  # leads to where it stands, and asks nobody again
    expect(bar(chat)).to_be_focused()
    chat.ask(OTHER)  # the assistant answers meanwhile
    tab = new_chat()
    expect(bar(tab)).to_contain_text("next in line", timeout=WAIT_MS)
    team.take(request)
    for each in (chat, tab):
        expect(header(each)).to_have_text(" · Anna is here", timeout=WAIT_MS)
        expect(each.log).to_contain_text("Anna from the team is here now")
        expect(each.box).to_have_attribute("placeholder", "Write to the team")
    wish(chat).click()
    expect(chat.box).to_be_focused()
    expect(bar(chat)).to_contain_text("Anna reads what you write below.")
    expect(form_of(chat.page)).to_have_count(0)
    assert team.does(f"Request.objects.get(pk={request!r}).conversation.requests.count()") == 1
    answers = chat.answers.count()
    chat.send("Can you see my invoice?")
    expect(tab.log).to_contain_text("Can you see my invoice?")
    team.does(f"live.writing({request!r}, member('anna'))")
    expect(bar(tab)).to_contain_text("Anna is writing.", timeout=WAIT_MS)
    team.say(request, "Yes, it is corrected.")
    for each in (chat, tab):
        expect(each.log.get_by_role("article", name=re.compile("^Support team"))).to_contain_text("corrected")
    expect(chat.answers).to_have_count(answers)
    assert "Can you see my invoice?" in str(
        team.does(f"[line.text for line in live.thread({request!r}).lines]")
    )
    team.does(f"live.close({request!r}, member('anna')).live")
    # By keyboard alone, from the first number on.
    stars = bar(chat).get_by_role("radio", name="1, very bad")
    stars.focus()
    for _ in range(3):
        chat.page.keyboard.press("ArrowRight")
    chat.page.keyboard.press("Tab")
    chat.page.keyboard.type("Quick")
    chat.page.keyboard.press("Enter")
    expect(bar(chat)).to_contain_text("Thank you.", timeout=WAIT_MS)
    assert team.row(request, "person_rating", "person_rating_reason") == [4, "Quick"]
    bar(tab).get_by_role("button", name="Send me this conversation by e-mail").click()
    bar(tab).get_by_label("Your e-mail address").fill("ada@example.com")
    bar(tab).get_by_role("button", name="Send me the conversation").click()
    expect(bar(chat)).to_contain_text("sent to your e-mail address", timeout=WAIT_MS)
    bar(chat).get_by_role("button", name="Close").click()
    expect(bar(chat)).to_be_hidden()
    assert team.row(request, "transcript_to") == ["ada@example.com"]
    chat.ask(QUESTION)  # and the assistant answers again


def test_nobody_comes_and_the_visitor_leaves_an_address(chat: Chat, team: Team) -> None:
    request = asked(chat, team, text="Nobody hears this.")
    bar(chat).get_by_role("button", name="Answer me by e-mail instead").click()
    field = bar(chat).get_by_label("Your e-mail address")
    field.fill("ada@ex")
    team.does(f"Request.objects.filter(pk={request!r}).update(live_until=now())")
    expect(chat.log).to_contain_text("Nobody from the team could come in time", timeout=WAIT_MS)
    expect(field).to_have_value("ada@ex")  # the bar was drawn anew meanwhile
    expect(field).to_be_focused()
    assert chat.page.evaluate("document.documentElement.scrollHeight <= innerHeight"), (
        "no focus scrolls the page"
    )
    team.gone(5)

    def asked_meanwhile(route: Route) -> None:
        """Click while the part is on its way that shows how the live chat stands."""
        wish(chat).click()
        route.continue_()

    chat.page.route(re.compile(r"/live\.(\w+\.)?js"), asked_meanwhile)
    chat.page.reload()
    expect(field).to_be_focused()
    expect(form_of(chat.page)).to_have_count(0)
    field.fill("ada at example")
    field.press("Enter")
    expect(bar(chat).get_by_role("alert")).to_contain_text("not an e-mail address")
    expect(field).to_be_focused()
    field.fill("ada@example.com")
    field.press("Enter")
    expect(chat.log).to_contain_text("a…@example.com", timeout=WAIT_MS)
    expect(bar(chat)).to_be_hidden()
    assert team.row(request, "text", "live", "state") == ["Nobody hears this.", "failed", "new"]


def test_who_was_there_leaves_and_the_visitor_chooses(chat: Chat, team: Team) -> None:
    request = asked(chat, team)
    team.take(request)
    expect(header(chat)).to_have_text(" · Anna is here", timeout=WAIT_MS)
    team.gone(3)
    expect(bar(chat)).to_contain_text("Anna seems to have left", timeout=WAIT_MS)
    bar(chat).get_by_role("button", name="Wait").click()
    expect(bar(chat)).not_to_contain_text("seems to have left")
    expect(header(chat)).to_have_text(" · Anna is away")
    bar(chat).get_by_role("button", name="Back to the assistant").click()
    expect(header(chat)).to_have_text("", timeout=WAIT_MS)
    chat.ask(QUESTION)
    # Asked again it is a new request, and one that is not waited for does not stay.
    team.present()
    expect(form_of(chat.page)).to_have_count(0)
    other = asked(chat, team)
    assert other != request
    bar(chat).get_by_role("button", name="Do not wait any longer").click()
    expect(bar(chat)).to_be_hidden(timeout=WAIT_MS)


@pytest.mark.parametrize("width", [320])
def test_the_bar_fits_a_small_phone(chat: Chat, team: Team, width: int) -> None:
    chat.page.set_viewport_size({"width": width, "height": 640})
    request = asked(chat, team)
    fits = "[document.body, document.querySelector('#live')].every((node) => node.scrollWidth <= innerWidth)"
    assert chat.page.evaluate(fits)
    team.take(request)
    team.does(f"live.close({request!r}, member('anna')).live")
    expect(bar(chat)).to_contain_text("How was the chat", timeout=WAIT_MS)
    assert chat.page.evaluate(fits)
    assert chat.box.is_visible()
    for choice in bar(chat).locator("label").filter(has=chat.page.get_by_role("radio")).all():
        size = choice.bounding_box()
        assert size is not None and size["width"] >= 24 and size["height"] >= 24
    bar(chat).get_by_role("button", name="Not now").click()
    expect(bar(chat)).to_be_hidden()
    chat.page.reload()
    chat.online()
    expect(bar(chat)).to_be_hidden()


def test_without_a_line_a_press_is_refused_in_words_and_what_was_chosen_stays(
    new_chat: Callable[[], Chat], context: BrowserContext, upstream: object, team: Team
) -> None:
    line = Line(context)
    chat = new_chat()
    chat.ask(QUESTION)
    request = asked(chat, team)
    team.take(request)
    expect(header(chat)).to_have_text(" · Anna is here", timeout=WAIT_MS)
    team.does(f"live.close({request!r}, member('anna')).live")
    bar(chat).get_by_role("radio", name="4, good").check(force=True, timeout=WAIT_MS)
    bar(chat).get_by_label("Why?").fill("Quick")
    line.down()
    expect(chat.page.locator("#connection")).to_have_text("Reconnecting")
    bar(chat).get_by_role("button", name="Send rating").click()
    expect(bar(chat)).to_contain_text("There is no connection just now.")
    expect(bar(chat).get_by_label("Why?")).to_have_value("Quick")
    line.up()
    chat.online()
    expect(bar(chat)).not_to_contain_text("There is no connection just now.")
    bar(chat).get_by_role("button", name="Send rating").click()
    expect(bar(chat)).to_contain_text("Thank you.", timeout=WAIT_MS)
    assert team.row(request, "person_rating", "person_rating_reason") == [4, "Quick"]

"""A site signs its visitor in and out: what the chat shows, and what the page around is told."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chat import WAIT_MS
from tests.browser.host import STRICT, Host
from tests.browser.test_widget import BROWSER, Widget, host, visit  # noqa: F401 - read by fixtures, and two of them
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

WATCH = """
window.log = [];
window.SupportDesk = [];
SupportDesk.push(["on", "identity", (detail) => log.push(detail)]);
"""


def told(widget: Widget, times: int) -> None:
    """Wait until the page was told so often; its policy allows no function that is polled in it."""
    for _ in range(WAIT_MS // 50):
        if len(widget.log()) >= times:
            break
        widget.page.wait_for_timeout(50)
    assert len(widget.log()) == times


def test_a_person_keeps_the_conversation_and_leaves_none_behind(
    visit: Callable[[str], Widget],  # noqa: F811
    host: Host,  # noqa: F811
    desk: DeskServer,
) -> None:
    def token(sub: str) -> str:
        printed = desk.manage(
            "identity_token", "--site", "widget-shop", "--sub", sub, "--email", f"{sub}@example.com"
        )
        return printed.strip().splitlines()[-1]

    tag = f'<script async src="{desk.url}/widget.js" data-site="widget-shop"></script>'
    host.page("/signed", tag, STRICT.format(desk=desk.url), WATCH)
    widget = visit(f"{host.near}/signed").open()
    widget.ask("hello")
    widget.ended()
    said = widget.answer.inner_text()

    used = token("ada")
    widget.page.evaluate("token => SupportDesk.identify(token)", used)
    told(widget, 1)
    widget.online()
    expect(widget.answer).to_have_text(said, use_inner_text=True)
    # Another page of the site: the frame comes back as the person without a token.
    widget.page.reload()
    widget.online()
    expect(widget.answer).to_have_text(said, use_inner_text=True)
    widget.frame.get_by_role("button", name="Talk to a person").first.click()
    expect(widget.frame.get_by_label("Your e-mail address")).to_have_value("ada@example.com")

    widget.page.evaluate("token => SupportDesk.identify(token)", used)
    told(widget, 1)
    widget.page.evaluate("SupportDesk.identify(null)")
    told(widget, 2)
    assert widget.log() == [{"ok": False, "reason": "used"}, {"ok": True, "reason": "signed_out"}]
    expect(widget.frame.locator("article")).to_have_count(0)
    widget.page.reload()
    widget.online()
    expect(widget.frame.locator("article")).to_have_count(0)
    widget.page.evaluate("token => SupportDesk.identify(token)", token("ada"))
    expect(widget.answer).to_have_text(said, use_inner_text=True)


def test_who_signs_out_leaves_no_draft_and_no_list_to_the_next_one(
    visit: Callable[[str], Widget],  # noqa: F811
    host: Host,  # noqa: F811
    desk: DeskServer,
) -> None:
    tag = f'<script async src="{desk.url}/widget.js" data-site="widget-shop"></script>'
    host.page("/signed", tag, STRICT.format(desk=desk.url), WATCH)
    widget = visit(f"{host.near}/signed").open()
    printed = desk.manage("identity_token", "--site", "widget-shop", "--sub", "grace")
    widget.page.evaluate("token => SupportDesk.identify(token)", printed.strip().splitlines()[-1])
    told(widget, 1)
    widget.online()
    widget.ask("How do I reset my password?")
    widget.ended()
    frame = widget.frame

    def menu(item: str) -> None:
        frame.get_by_role("button", name="Menu", exact=True).click()
        frame.get_by_role("button", name=item, exact=True).click()

    menu("New conversation")
    expect(frame.locator("#welcome")).to_be_visible()
    widget.online()
    widget.box.fill("Something that only Grace should know")
    menu("Your conversations")
    rows = frame.get_by_role("dialog", name="Your conversations").get_by_role("listitem")
    rows.first.get_by_role("button").first.click()  # her draft waits for the next new conversation
    expect(widget.box).to_have_value("")
    menu("Your conversations")
    expect(rows).to_have_count(1)
    widget.page.evaluate("SupportDesk.identify(null)")
    told(widget, 2)
    widget.online()
    expect(frame.get_by_role("dialog", name="Your conversations")).to_be_hidden()
    expect(frame.locator("article")).to_have_count(0)
    expect(widget.box).to_have_value("")
    menu("Your conversations")
    expect(frame.get_by_role("dialog", name="Your conversations")).to_contain_text("Nothing here yet")
    expect(rows).to_have_count(0)

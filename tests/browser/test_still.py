"""A chat that cannot start says so: in an old browser, without one of its modules, without cookies."""

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.chat import WAIT_MS
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

LATE_MS = 6000  # still.js waits five seconds behind the page's load


def opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.clock.install()
    page.goto(url)
    page.clock.fast_forward(LATE_MS)
    return page


def test_a_page_whose_modules_do_not_start_says_so_and_shows_the_way_to_the_team(
    context: BrowserContext, desk: DeskServer
) -> None:
    started = opened(context, desk.url)
    expect(started.locator("#connection")).to_have_text("Online")
    expect(started.locator("#no-start")).to_have_count(0)
    # To an old browser the module is a mistake in its language.
    context.route(
        "**/answer*.js", lambda route: route.fulfill(content_type="text/javascript", body="class {")
    )
    page = opened(context, desk.url)
    notice = page.get_by_role("alert").filter(has_text="could not start")
    expect(notice).to_be_visible()
    for dead in ("#message", "#send", "#menu-button", "#connection"):
        expect(page.locator(dead)).to_be_hidden()
    context.unroute("**/answer*.js")
    notice.get_by_role("link", name="Load again").click()
    expect(page.locator("#connection")).to_have_text("Online")
    page.close()
    page = opened(context, desk.url)
    expect(page.locator("#no-start")).to_have_count(0)


def test_a_browser_that_keeps_no_cookie_hears_that_and_not_of_a_session(
    context: BrowserContext, desk: DeskServer
) -> None:
    def without_cookie(route: Route) -> None:
        answer = route.fetch()
        context.clear_cookies()  # what was fetched here has left its own
        headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
        route.fulfill(response=answer, headers=headers)

    context.route(desk.url, without_cookie)
    context.route(f"{desk.url}/", without_cookie)
    context.add_init_script("Object.defineProperty(navigator, 'cookieEnabled', {get: () => window.kept})")
    page = context.new_page()
    page.goto(desk.url)
    expect(page.locator("#banner")).to_contain_text("This chat needs a cookie", timeout=WAIT_MS)
    context.add_init_script("window.kept = true")
    page.reload()
    expect(page.locator("#banner")).to_contain_text("Your session has ended", timeout=WAIT_MS)

"""The widget on another site's pages: as its visitors use it, and as an attacker would."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, FrameLocator, Locator, Page, expect

from assistant.embed.widget_files import latest
from tests import npm
from tests.browser.chat import WAIT_MS
from tests.browser.chromium import CHROMIUM
from tests.browser.conftest import QUICK
from tests.browser.host import STRICT, Host, running_host
from tests.control import Control
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

BROWSER = CHROMIUM  # the shell has no rules for the cookies and the storage of other sites' frames

RESET = "How do I reset my password?"
LONG = "Does it send texts too?"
SECRET = "my-account-4711"  # in a question: must be heard by nobody but the desk
MAKE = """
from assistant.models import Site
defaults = {{"name": "Shop", "origins": "{origins}", "accent": "#b0104a"}}
Site.objects.update_or_create(key="widget-shop", defaults=defaults)
"""
UNMAKE = "from assistant.models import Site; Site.objects.filter(key='widget-shop').delete()"
WATCH = """
window.log = [];
window.SupportDesk = [];
for (const name of ["ready", "open", "close", "unread", "message", "gone"]) {
  SupportDesk.push(["on", name, (detail) => log.push([name, detail])]);
}
"""


@pytest.fixture(scope="module")
def host(desk: DeskServer) -> Iterator[Host]:
    """Run the site and give the desk its row: it is listed under two of its names."""
    with running_host() as running:
        desk.manage("shell", "-c", MAKE.format(origins=f"{running.far}\\n{running.near}"))
        tag = f'<script async src="{desk.url}/widget.js" data-site="widget-shop"></script>'
        running.page("/", tag, STRICT.format(desk=desk.url), WATCH)
        yield running
        desk.manage("shell", "-c", UNMAKE)


class Widget:
    """A page of the site with the widget on it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.said: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.goto(url)

    @property
    def launcher(self) -> Locator:
        return self.page.locator("support-desk .launcher")

    @property
    def panel(self) -> Locator:
        return self.page.locator("support-desk .panel")

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("support-desk iframe")

    @property
    def box(self) -> Locator:
        return self.frame.get_by_role("textbox", name="Your message")

    @property
    def answer(self) -> Locator:
        return self.frame.locator("article.answer").last

    def open(self) -> "Widget":
        self.launcher.click()
        return self.online()

    def online(self) -> "Widget":
        expect(self.frame.locator("#connection")).to_have_text("Online", timeout=WAIT_MS)
        return self

    def ask(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def ended(self) -> None:
        expect(self.answer).to_have_attribute("aria-busy", "false", timeout=WAIT_MS)

    def log(self) -> list[Any]:
        return list(self.page.evaluate("log"))

    def troubles(self) -> list[str]:
        return [words for words in self.said if re.match("error|warning", words)]


@pytest.fixture
def visit(context: BrowserContext, upstream: Control) -> Iterator[Callable[[str], Widget]]:
    """Return a maker of pages with the widget; none may have had an error or a refused piece of content."""
    upstream.pace(**QUICK)
    made: list[Widget] = []

    def go(url: str) -> Widget:
        made.append(Widget(context.new_page(), url))
        return made[-1]

    yield go
    assert [trouble for widget in made for trouble in widget.troubles()] == []


def test_it_opens_and_closes_under_a_strict_policy_and_loses_nothing(
    visit: Callable[[str], Widget], host: Host, upstream: Control, context: BrowserContext
) -> None:
    widget = visit(host.near)
    box = widget.launcher.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 48  # whatever the site's own rules say about buttons
    expect(widget.launcher).to_have_attribute("aria-expanded", "false")
    expect(widget.launcher).to_have_css("background-color", "rgb(176, 16, 74)")
    assert widget.page.locator("iframe").count() == 0  # nothing of the chat is fetched before it is wanted

    widget.open()
    expect(widget.launcher).to_have_attribute("aria-expanded", "true")
    expect(widget.box).to_be_focused()
    upstream.pace(first_text_ms=20, gap_ms=60, tokens=60)
    widget.ask(LONG)
    expect(widget.answer).to_have_attribute("aria-busy", "true")
    widget.box.fill("half a thought")
    widget.box.press("Escape")
    expect(widget.panel).not_to_be_visible()
    expect(widget.launcher).to_be_focused()
    expect(widget.launcher).to_have_attribute("aria-expanded", "false")

    expect(widget.launcher.locator(".badge")).to_have_text("1")
    expect(widget.launcher).to_have_attribute("aria-label", "Chat, 1 unread")
    widget.launcher.press("Enter")
    expect(widget.launcher.locator(".badge")).to_have_text("")
    expect(widget.box).to_be_focused()
    expect(widget.box).to_have_value("half a thought")
    widget.ended()
    text = widget.answer.locator(".prose").inner_text()
    names = [name for name, _ in widget.log()]
    assert names == ["ready", "open", "close", "message", "unread", "open"]
    assert widget.log()[4] == ["unread", {"count": 1}]

    # Another page of the site goes on with it: open as it was, and without taking the focus.
    widget.page.reload()
    widget.online()
    expect(widget.answer.locator(".prose")).to_have_text(text)
    expect(widget.box).to_have_value("half a thought")
    expect(widget.box).not_to_be_focused()
    widget.page.emulate_media(media="print")
    expect(widget.launcher).not_to_be_visible()
    assert context.cookies() == []


def test_the_site_drives_it_and_a_pinned_version_is_held_to_its_sum(
    visit: Callable[[str], Widget], host: Host, desk: DeskServer
) -> None:
    loader = latest()
    pinned = (
        f'<script async src="{desk.url}/widget/{loader.version}/widget.js" integrity="{{}}"'
        ' crossorigin="anonymous" data-site="widget-shop" data-accent="#ffee00" data-position="left"'
        ' data-label="Ask us" data-language="de" data-color-scheme="dark"></script>'
    )
    policy = STRICT.format(desk=desk.url)
    host.page("/pinned", pinned.format(loader.integrity), policy, WATCH + 'SupportDesk.push(["open"]);')
    widget = visit(f"{host.far}/pinned").online()
    expect(widget.launcher).to_have_text("Ask us")
    expect(widget.launcher).to_have_css("color", "rgb(0, 0, 0)")
    expect(widget.launcher).to_have_css("left", "20px")
    ground = widget.frame.locator(".desk").evaluate("node => getComputedStyle(node).backgroundColor")
    assert ground == "rgb(20, 25, 27)"  # dark, although the browser prefers light
    widget.page.evaluate("SupportDesk.close()")
    expect(widget.panel).not_to_be_visible()
    assert widget.page.evaluate(
        """() => {
          const heard = [];
          const off = SupportDesk.on("open", () => heard.push("open"));
          SupportDesk.open();
          off();
          SupportDesk.close();
          SupportDesk.open();
          try { SupportDesk.on("text", () => {}); } catch (error) { heard.push(error.name); }
          return heard;
        }"""
    ) == ["open", "TypeError"]

    host.page("/altered", pinned.format("sha384-" + "A" * 64), policy, WATCH)
    page = visit(f"{host.far}/altered")
    page.page.wait_for_load_state("networkidle")
    assert page.launcher.count() == 0
    assert "integrity" in page.said.pop()


def findings(frame: Frame, selector: str) -> list[str]:
    """Return what axe-core finds in a part of a page, with the colours that the site's own became."""
    frame.evaluate(npm.file_of(npm.AXE, "axe.min.js").read_text())
    found = frame.evaluate("selector => axe.run(selector)", selector)
    return [f"{each['id']}: {each['nodes'][0]['target']}" for each in found["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_it_fills_the_screen_and_closes_from_within(
    chromium: Browser, host: Host, scheme: Any, upstream: Control
) -> None:
    context = chromium.new_context(
        viewport={"width": 390, "height": 780},
        color_scheme=scheme,
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    widget = Widget(context.new_page(), host.far).open()
    assert widget.panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 780}
    expect(widget.launcher).not_to_be_visible()
    assert widget.page.evaluate("getComputedStyle(document.documentElement).overflow") == "hidden"
    widget.ask(RESET)
    widget.ended()
    assert findings(widget.page.main_frame, "support-desk") == []
    (chat,) = widget.page.main_frame.child_frames
    assert findings(chat, "html") == []
    wide = widget.frame.locator("html").evaluate("node => node.scrollWidth")
    assert wide == 390
    widget.frame.get_by_role("button", name="Close the chat").click()
    expect(widget.launcher).to_be_visible()
    expect(widget.launcher).to_be_focused()
    assert widget.page.evaluate("getComputedStyle(document.documentElement).overflow") == "visible"
    # Escape closes what is open inside first, although a phone's Back is listened for.
    widget.launcher.click()
    menu = widget.frame.get_by_role("button", name="Menu")
    menu.click()
    expect(menu).to_have_attribute("aria-expanded", "true")
    widget.page.keyboard.press("Escape")
    expect(menu).to_have_attribute("aria-expanded", "false")
    expect(widget.launcher).not_to_be_visible()
    # Back asks what is open to close, as Escape does; here neither button nor frame hear the key.
    widget.page.evaluate("document.querySelector('support-desk').shadowRoot.activeElement?.blur()")
    widget.page.keyboard.press("Escape")
    expect(widget.launcher).to_be_visible()
    assert widget.troubles() == []
    context.close()


def test_it_works_where_a_browser_keeps_nothing_for_frames_of_other_sites(
    visit: Callable[[str], Widget], host: Host, context: BrowserContext
) -> None:
    widget = visit(host.far).open()
    blocked = """() => {
      try { return typeof localStorage; } catch (error) { return error.name; }
    }"""
    assert widget.frame.locator("html").evaluate(blocked) == "SecurityError"  # else this test shows nothing
    widget.ask(RESET)
    widget.ended()
    text = widget.answer.locator(".prose").inner_text()
    widget.launcher.click()
    widget.launcher.click()
    expect(widget.answer.locator(".prose")).to_have_text(text)
    # The next page of the site goes on with it, by a cookie that the browser keeps for this site alone.
    widget.page.reload()
    widget.online()
    expect(widget.answer.locator(".prose")).to_have_text(text)
    (kept,) = (cookie for cookie in context.cookies() if cookie["name"] == "desk-frame")
    assert (kept["path"], kept["secure"], kept["sameSite"]) == ("/embed/widget-shop/", True, "None")
    assert str(kept.get("partitionKey", "")).startswith("http://localhost")
    # The visitor's own data, by the token that the frame holds.
    widget.frame.get_by_role("button", name="Menu").click()
    with widget.page.expect_download() as download:
        widget.frame.get_by_role("button", name="Download my data").click()
    assert RESET in download.value.path().read_text()
    widget.frame.get_by_role("button", name="Menu").click()
    widget.frame.get_by_role("button", name="Delete my data").click()
    widget.frame.get_by_role("button", name="Delete for good").click()
    expect(widget.frame.get_by_text("Your data has been deleted")).to_be_visible()
    widget.online()
    expect(widget.frame.locator("article.answer")).to_have_count(0)
    widget.page.reload()
    widget.online()
    expect(widget.frame.locator("article.answer")).to_have_count(0)
    # The page to the team may not be framed: it opens beside, where the desk's own cookies work.
    with context.expect_page() as beside:
        widget.frame.get_by_role("link", name="Write to the team").click()
    expect(beside.value.get_by_role("heading", name="Write to the team")).to_be_visible()
    beside.value.close()
    assert {cookie["domain"] for cookie in context.cookies(host.far)} <= {"127.0.0.1"}


def test_a_page_that_isolates_itself_shows_the_chat(
    visit: Callable[[str], Widget], host: Host, desk: DeskServer
) -> None:
    tag = f'<script async src="{desk.url}/widget.js" data-site="widget-shop"></script>'
    for path, embedder in (("/isolated", "require-corp"), ("/without", "credentialless")):
        host.page(path, tag, STRICT.format(desk=desk.url), WATCH)
        host.headers[path] = {
            "Cross-Origin-Embedder-Policy": embedder,
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        widget = visit(host.far + path).open()
        assert widget.page.evaluate("crossOriginIsolated") is True  # else this test shows nothing
        widget.ask(RESET)
        widget.ended()


def test_a_page_that_is_taken_off_the_list_loses_its_open_chat_and_its_button(
    visit: Callable[[str], Widget], host: Host, desk: DeskServer
) -> None:
    gone, kept = visit(host.far).open(), visit(host.near).open()
    shut, unused = visit(host.far).open(), visit(host.far)
    shut.launcher.click()
    desk.manage("shell", "-c", MAKE.format(origins=host.near))
    banner = gone.frame.locator("#banner")
    expect(banner).to_contain_text("This chat is not available on this site any more.", timeout=WAIT_MS)
    expect(gone.frame.locator("#connection")).to_have_text("Closed")
    expect(banner.get_by_role("button")).to_have_count(0)  # to load it again would lead nowhere
    expect(banner.get_by_role("link", name="Write to the team without the chat")).to_be_visible()
    # Who had not opened it yet learns it when they do.
    unused.launcher.click()
    status = unused.panel.get_by_role("status")
    expect(status).to_have_text("The chat could not be loaded.", timeout=WAIT_MS)
    unused.launcher.click()
    expect(unused.launcher).to_have_count(0)
    assert any("frame-ancestors" in said for said in unused.said)
    unused.said.clear()
    desk.manage("shell", "-c", MAKE.format(origins=f"{host.far}\\n{host.near}"))
    gone.page.wait_for_timeout(1500)  # longer than the first pauses of a page that tries again
    expect(gone.frame.locator("#connection")).to_have_text("Closed")
    # The button goes: at once where the chat was closed, with its words where it was open.
    expect(shut.launcher).to_have_count(0)
    gone.launcher.click()
    expect(gone.launcher).to_have_count(0)
    told = [[name for name, _ in page.log()][-2:] for page in (shut, gone, unused)]
    assert told[:2] == [["close", "gone"], ["gone", "close"]]
    assert sorted(told[2]) == ["close", "gone"]  # whichever was the faster
    kept.ask(RESET)
    kept.ended()


def test_a_chat_that_cannot_be_loaded_says_so_and_comes_when_it_can(
    visit: Callable[[str], Widget], host: Host, context: BrowserContext
) -> None:
    context.route("**/embed/**", lambda route: route.abort())
    widget = visit(host.far)
    widget.launcher.click()
    again = widget.panel.get_by_role("button", name="Try again")
    expect(again).to_be_visible(timeout=WAIT_MS)
    expect(widget.panel.get_by_role("status")).to_have_text("The chat could not be loaded.")
    context.unroute("**/embed/**")
    again.click()
    widget.online()
    widget.said.clear()


def test_a_page_that_is_not_listed_gets_no_button_and_no_frame(
    visit: Callable[[str], Widget], host: Host, desk: DeskServer
) -> None:
    host.page(
        "/thief", f'<iframe src="{desk.url}/embed/widget-shop/"></iframe>', "", "window.SupportDesk = [];"
    )
    widget = visit(host.stranger)
    widget.page.wait_for_load_state("networkidle")
    assert widget.launcher.count() == 0
    (words,) = (said for said in widget.said if "support desk" in said)
    assert f"the site does not list {host.stranger}" in words
    widget.said.clear()

    thief = visit(f"{host.stranger}/thief")
    thief.page.wait_for_load_state("networkidle")
    (frame,) = (frame for frame in thief.page.frames if frame != thief.page.main_frame)
    assert frame.locator("#message").count() == 0
    assert any("frame-ancestors" in said for said in thief.said)
    thief.said.clear()


# What a listed page may try: it holds both ends of its own script, and reads all that reaches it.
HOSTILE = """
window.heard = [];
window.ports = [];
addEventListener("message", (event) => heard.push(event.data));
const Real = MessageChannel;
window.MessageChannel = class extends Real {
  constructor() {
    super();
    const { port1 } = this;
    Object.defineProperty(this, "port1", { value: new Proxy(port1, {
      get: (port, name) => (typeof port[name] === "function" ? port[name].bind(port) : port[name]),
      set(port, name, value) {
        port[name] = name === "onmessage" ? (event) => { heard.push(event.data); value(event); } : value;
        return true;
      },
    }) });
  }
};
window.forge = (target, source, message) => {
  const { port1, port2 } = new Real();
  port1.onmessage = (event) => ports.push(event.data);
  // A function of another window posts in that window's name.
  const post = source.Function("target", "message", "port", "target.postMessage(message, '*', [port])");
  post(target, message, port2);
};
"""


def test_a_hostile_page_and_a_hostile_frame_neither_read_nor_post_nor_pretend(
    context: BrowserContext, host: Host, desk: DeskServer, upstream: Control
) -> None:
    upstream.pace(**QUICK)
    tag = f'<script async src="{desk.url}/widget.js" data-site="widget-shop"></script>'
    mimic = f"{host.stranger}/mimic"  # of an origin that is not listed
    host.page("/empty", "", "")
    host.page(
        "/mimic",
        "",
        "",
        """window.got = [];
        addEventListener("message", (event) => got.push([event.data, event.ports.length]));
        const say = () => parent.postMessage({ desk: 1, type: "hello" }, "*");
        say();
        setInterval(say, 50);""",
    )
    host.page("/hostile", f'{tag}<iframe src="{mimic}"></iframe><iframe src="/empty"></iframe>', "", HOSTILE)
    widget = Widget(context.new_page(), f"{host.far}/hostile").open()
    page = widget.page

    # A channel from anybody but the page right around, in another version, or a second one: nothing comes.
    page.evaluate(
        """() => {
          const sibling = document.querySelector("iframe[src='/empty']").contentWindow;
          const { shadowRoot } = document.querySelector("support-desk");
          const chat = shadowRoot.querySelector("iframe").contentWindow;
          forge(chat, sibling, { desk: 1, type: "connect", open: false });
          forge(chat, window, { desk: 1, type: "connect", open: false });
          forge(chat, window, { desk: 2, type: "connect", open: false });
          forge(chat, window, "connect");
          chat.postMessage({ type: "send", client_message_id: "x", text: "forged" }, "*");
          chat.postMessage({ desk: 1, type: "hidden" }, "*");
        }"""
    )
    # Nor does the page see into the frame.
    assert page.evaluate(
        """() => {
          const { shadowRoot } = document.querySelector("support-desk");
          const frame = shadowRoot.querySelector("iframe");
          try { frame.contentWindow.document; } catch (error) { return [error.name, frame.contentDocument]; }
          return "read";
        }"""
    ) == ["SecurityError", None]
    widget.ask(f"{RESET} {SECRET}")
    widget.ended()
    expect(widget.frame.locator("article.answer")).to_have_count(1)
    widget.launcher.click()
    widget.launcher.click()
    assert page.evaluate("ports") == []
    # All that the page has heard from the desk: that there is something, and never what.
    heard = page.evaluate("heard")
    assert {said["type"] for said in heard} == {"hello", "ready", "message"}
    assert all(set(said) <= {"desk", "type", "count"} for said in heard)
    assert SECRET not in str(heard)
    # The other frame says hello all the time; no channel was ever sent to it.
    (other,) = (frame for frame in page.frames if frame.url == mimic)
    assert other.evaluate("got") == []
    assert [said for said in widget.said if said.startswith("error: ") and "postMessage" not in said] == []

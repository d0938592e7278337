"""The connection by itself, its clock and sockets in the test's hand: when it waits, doubts, and gives up."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SETUP = """
async () => {
  const {Connection} = await import("/socket.js");
  window.sockets = [];
  class Fake extends EventTarget {
    static OPEN = 1;
    static CLOSING = 2;
    constructor() { super(); this.readyState = 0; this.sent = []; window.sockets.push(this); }
    send(text) { this.sent.push(JSON.parse(text).type); }
    close() { this.readyState = 3; }
    opens() { this.readyState = 1; this.dispatchEvent(new Event("open")); }
    says(frame) { this.dispatchEvent(new MessageEvent("message", {data: JSON.stringify(frame)})); }
    drops(code) { this.readyState = 3; this.dispatchEvent(new CloseEvent("close", {code})); }
  }
  window.WebSocket = Fake;
  Math.random = () => 1; // the longest wait that the jitter allows
  window.states = [];
  window.doubted = [];
  window.connection = new Connection("ws://desk.example/", {
    up() {},
    frame() {},
    state(name, detail) {
      window.states.push([name, detail.reason]);
      window.doubted.push(detail.doubted);
    },
  });
  window.connection.start();
}
"""


@pytest.fixture
def line(chromium: Browser, modules: Page) -> Iterator[Page]:
    page = chromium.new_page()
    page.clock.install()
    page.goto(modules.url)
    page.clock.pause_at("2030-01-01")  # from here on time passes only when a test says so
    page.evaluate(SETUP)
    yield page
    page.close()


def sockets(page: Page) -> int:
    return int(page.evaluate("window.sockets.length"))


def last(page: Page, call: str) -> None:
    page.evaluate(f"() => {{ window.sockets.at(-1).{call}; }}")


def state(page: Page) -> Any:
    return page.evaluate("window.states.at(-1)")


def test_each_failure_waits_longer_until_a_minute_went_well(line: Page) -> None:
    for milliseconds in (500, 1000, 2000):
        before = sockets(line)
        last(line, "drops(1006)")
        line.clock.run_for(milliseconds - 50)
        assert sockets(line) == before
        line.clock.run_for(100)
        assert sockets(line) == before + 1
    last(line, "opens()")
    for _ in range(5):
        line.clock.run_for(14_000)
        last(line, "says({type: 'alive'})")
    last(line, "drops(1006)")
    line.clock.run_for(550)
    assert sockets(line) == 5, "the waits begin at half a second again"


def test_a_silent_line_is_given_up_and_a_talking_one_kept(line: Page) -> None:
    last(line, "opens()")
    line.clock.run_for(30_000)
    last(line, "says({type: 'alive'})")
    line.clock.run_for(30_000)
    assert sockets(line) == 1
    line.clock.run_for(6_000)
    assert state(line)[0] in {"reconnecting", "connecting"}
    line.clock.run_for(1_000)
    assert sockets(line) == 2


def test_a_page_that_wakes_up_asks_whether_the_line_lives(line: Page) -> None:
    last(line, "opens()")
    line.evaluate("window.dispatchEvent(new Event('pageshow'))")
    assert line.evaluate("window.sockets[0].sent") == ["ping"]
    last(line, "says({type: 'pong'})")
    line.clock.run_for(4_000)
    assert sockets(line) == 1
    line.evaluate("window.dispatchEvent(new Event('online'))")
    line.clock.run_for(3_600)
    assert sockets(line) == 2


def goes_offline(page: Page, offline: bool = True) -> None:
    page.evaluate(
        """(offline) => {
          Object.defineProperty(navigator, "onLine", {configurable: true, get: () => !offline});
          window.dispatchEvent(new Event(offline ? "offline" : "online"));
        }""",
        offline,
    )


def test_an_offline_browser_ends_the_line_when_no_pong_comes_in_2_s(line: Page) -> None:
    last(line, "opens()")
    goes_offline(line)
    assert line.evaluate("window.sockets[0].sent") == ["ping"]
    last(line, "says({type: 'delta', reply_id: 'r', seq: 1, text: 'sent before the network went'})")
    line.clock.run_for(1_900)
    assert state(line)[0] == "online"
    line.clock.run_for(200)
    assert state(line) == ["offline", ""]
    assert line.evaluate("window.doubted.at(-1)"), "two seconds have passed already: the banner need not wait"


def test_a_desk_that_answers_an_offline_browser_keeps_its_line(line: Page) -> None:
    last(line, "opens()")
    goes_offline(line)
    last(line, "says({type: 'pong'})")
    line.clock.run_for(14_000)
    last(line, "says({type: 'alive'})")
    line.clock.run_for(14_000)
    assert state(line)[0] == "online"
    assert sockets(line) == 1


def test_a_verb_without_an_answer_raises_doubt_after_5_s(line: Page) -> None:
    last(line, "opens()")
    line.evaluate("window.connection.send({type: 'send'})")
    line.clock.run_for(3_000)
    line.evaluate("window.connection.send({type: 'stop'})")
    line.clock.run_for(1_900)
    assert line.evaluate("window.sockets[0].sent") == ["send", "stop"]
    line.clock.run_for(200)
    assert line.evaluate("window.sockets[0].sent") == ["send", "stop", "ping"]
    line.clock.run_for(5_800)
    assert state(line)[0] == "online", "a desk that waits for its database is not given up"
    line.clock.run_for(200)
    assert state(line)[0] == "reconnecting"


def test_a_verb_with_an_answer_raises_none(line: Page) -> None:
    last(line, "opens()")
    line.evaluate("window.connection.send({type: 'send'})")
    last(line, "says({type: 'ack'})")
    line.clock.run_for(20_000)
    assert line.evaluate("window.sockets[0].sent") == ["send"]
    assert sockets(line) == 1


def test_a_wait_ends_at_once_when_the_network_is_back(line: Page) -> None:
    for _ in range(6):
        last(line, "drops(1006)")
        line.clock.run_for(31_000)
    last(line, "drops(1006)")
    before = sockets(line)
    line.evaluate("window.dispatchEvent(new Event('online'))")
    assert sockets(line) == before + 1


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("says({type: 'error', code: 'refused', message: 'No.'})", "refused"),
        ("says({type: 'error', code: 'sign_in', message: 'Again.'})", "sign_in"),
        ("drops(4403)", "refused"),
        ("drops(4401)", "sign_in"),
        ("drops(4409)", "outdated"),
    ],
)
def test_a_no_is_a_no(line: Page, end: str, reason: str) -> None:
    last(line, "opens()")
    last(line, end)
    assert state(line) == ["ended", reason]
    for event in ("online", "pageshow"):
        line.evaluate("(name) => window.dispatchEvent(new Event(name))", event)
    line.clock.run_for(120_000)
    assert sockets(line) == 1


@pytest.mark.parametrize("code", [1000, 1005, 1006, 1011, 4408, 4413, 4429, 4503])
def test_every_other_end_is_tried_again(line: Page, code: int) -> None:
    last(line, "opens()")
    last(line, f"drops({code})")
    line.clock.run_for(600)
    assert sockets(line) == 2


def test_a_desk_that_restarts_is_left_alone_for_as_long_as_it_asks(line: Page) -> None:
    last(line, "opens()")
    last(line, "says({type: 'error', code: 'not_available', message: 'Restarting.', retry_after: 5})")
    last(line, "drops(4503)")
    line.clock.run_for(4_000)
    line.evaluate("window.dispatchEvent(new Event('pageshow'))")
    assert sockets(line) == 1
    line.clock.run_for(1_500)
    assert sockets(line) == 2


def test_a_line_that_is_cut_for_its_silence_is_kept_by_speaking_sooner(line: Page) -> None:
    def pings() -> int:
        return int(line.evaluate("window.sockets.at(-1).sent.filter((type) => type === 'ping').length"))

    for cuts in range(3):
        last(line, "opens()")
        last(line, "says({type: 'opened'})")
        line.clock.run_for(5_000)
        assert pings() == (2 if cuts == 2 else 0), "once may be chance"
        last(line, "drops(1006)")
        line.clock.run_for(4_100)
    last(line, "opens()")
    last(line, "says({type: 'opened'})")
    last(line, "drops(1006)")  # in the middle of talking: that says nothing of silence
    assert line.evaluate("window.connection.quiet.length") == 3

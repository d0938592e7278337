"""The chat behind a proxy that lets no WebSocket through, and the parts that it then consists of."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chat import WAIT_MS, Chat
from tests.browser.proxy import CompanyProxy
from tests.control import Control

pytestmark = pytest.mark.browser

TEXTS = "Does it send texts too?"
LONG = {"first_text_ms": 30, "gap_ms": 40, "tokens": 250}


@pytest.fixture
def proxy() -> Iterator[CompanyProxy]:
    with CompanyProxy() as running:
        yield running


@pytest.fixture
def context(chromium: Browser, proxy: CompanyProxy) -> Iterator[BrowserContext]:
    made = chromium.new_context(proxy={"server": proxy.url}, locale="en-GB")
    yield made
    made.close()


def shown(chat: Chat) -> str:
    return " ".join(chat.words().split())


def test_a_visitor_behind_such_a_proxy_notices_nothing(
    new_chat: Callable[[], Chat], upstream: Control, proxy: CompanyProxy
) -> None:
    chat = new_chat()
    assert proxy.refused == 2
    expect(chat.ask("How do I reset my password?").locator(".chip")).to_have_text("Approved answer")
    upstream.pace(**LONG)
    chat.send("Geht das auch auf Zürichs 🙂 Tablet?")
    chat.streaming()
    chat.button("Stop").click()
    expect(chat.ended()).to_have_attribute("data-state", "cancelled")

    chat.send(TEXTS)
    chat.streaming()
    begun = shown(chat)
    proxy.cut()
    expect(chat.page.locator("#connection")).to_have_text("Reconnecting")
    chat.online()
    expect(chat.ended()).to_have_attribute("data-state", "completed")
    assert shown(chat).startswith(begun)
    expect(chat.page.locator("#banner")).to_be_empty()

    seen, refused = chat.log.get_by_role("article").all_inner_texts(), proxy.refused
    chat.page.reload()
    chat.online()
    chat.ended()
    assert chat.log.get_by_role("article").all_inner_texts() == seen, "the stored answers are what was shown"
    assert proxy.refused == refused, "this tab knows by now that sockets are blocked"
    upstream.pace(first_text_ms=10, gap_ms=1)
    chat.ask("hi")


def test_what_is_written_while_the_line_is_cut_is_sent_once(
    new_chat: Callable[[], Chat], upstream: Control, proxy: CompanyProxy, context: BrowserContext
) -> None:
    chat = new_chat()
    context.set_offline(True)
    expect(chat.page.locator("#connection")).to_have_text("Offline", timeout=WAIT_MS)
    chat.send("How do I reset my password?")
    expect(chat.page.locator("article.mine .sending")).to_have_text("Waiting for the connection")
    context.set_offline(False)
    chat.online()
    chat.ended()
    other = new_chat()
    other.ended()
    other.ask("hi")
    expect(chat.answers).to_have_count(2, timeout=WAIT_MS)
    expect(chat.page.locator("article.mine")).to_have_count(2)


def test_events_are_read_wherever_their_bytes_were_cut(modules: Page) -> None:
    read = modules.evaluate(
        """async () => {
          const {EventText} = await import("/events.js");
          const said = ['data: {"text":"Zürich 🙂: x"}', ":", 'event: close\\ndata: {"code":4503}'];
          const text = [": hello", ...said, ""].join("\\n\\n");
          const bytes = new TextEncoder().encode(text);
          const results = new Set();
          for (let cut = 0; cut <= bytes.length; cut += 1) {
            const [events, decoder] = [new EventText(), new TextDecoder()];
            const parts = [bytes.slice(0, cut), bytes.slice(cut)];
            const found = parts.flatMap((part) => events.feed(decoder.decode(part, {stream: true})));
            results.add(JSON.stringify(found));
          }
          return [...results];
        }"""
    )
    assert read == ['[["message","{\\"text\\":\\"Zürich 🙂: x\\"}"],["close","{\\"code\\":4503}"]]']


def ways(page: Page, *steps: str, blocked: bool = False) -> list[str]:
    """Return which line is tried next after each step."""
    return list(
        page.evaluate(
            """async ([steps, blocked]) => {
              const {Ways} = await import("/socket.js");
              const ways = new Ways(blocked);
              return [ways.next, ...steps.map((step) => {
                const [what, way] = step.split(" ");
                ways[what](way);
                return ways.next;
              })];
            }""",
            [steps, blocked],
        )
    )


@pytest.mark.parametrize(
    ("steps", "nexts"),
    [
        (("failed socket", "failed socket", "worked events"), ["socket", "socket", "events", "events"]),
        # A desk that is away: both take turns, and the first that comes through stays.
        (
            ("failed socket", "failed socket", "failed events", "failed socket", "failed events"),
            ["socket", "socket", "events", "socket", "events", "socket"],
        ),
        (("failed socket", "worked socket", "failed socket"), ["socket"] * 4),
        # Where sockets have worked, four failures in a row are needed.
        (("worked socket", *["failed socket"] * 4), ["socket"] * 5 + ["events"]),
        # A socket that opened beside the requests and brought nothing was its last chance.
        (
            ("failed socket", "failed socket", "worked events", "tried", "failed socket"),
            ["socket", "socket", "events", "events", "socket", "events"],
        ),
    ],
)
def test_which_line_is_tried_next(modules: Page, steps: tuple[str, ...], nexts: list[str]) -> None:
    assert ways(modules, *steps) == nexts
    assert ways(modules, *steps, blocked=True)[0] == "events"


# A desk made of answers that the test wrote down: what the line asks, and what comes of it.
DESK = """
async ({posts, frames}) => {
  const {EventLine} = await import("/events.js");
  const asked = [], heard = [];
  const streams = [];
  window.fetch = async (url, {method = "GET", headers, body, signal}) => {
    if (method === "GET") {
      const stream = new ReadableStream({start(controller) {
        signal.addEventListener("abort", () => { try { controller.error(signal.reason); } catch {} });
        streams.push({controller, opening: JSON.parse(headers["X-Desk-Open"])});
        controller.enqueue(new TextEncoder().encode('data: {"type":"opened","conversation_id":"c"}\\n\\n'));
      }});
      return new Response(stream, {headers: {"Content-Type": "text/event-stream"}});
    }
    const {conversation_id, frames} = JSON.parse(body);
    asked.push([conversation_id, ...frames.map((frame) => frame.type + (frame.client_message_id ?? ""))]);
    const [status, answer] = frames[0].type === "ping" ? [200, [{type: "pong"}]] : posts.shift();
    return new Response(typeof answer === "string" ? answer : JSON.stringify(answer), {status});
  };
  Math.random = () => 0;
  const line = new EventLine("/events/chat/");
  line.addEventListener("message", ({data}) => heard.push(JSON.parse(data)));
  let closed = 0;
  line.addEventListener("close", ({code}) => { closed = code; });
  await new Promise((done) => line.addEventListener("open", done));
  line.send(JSON.stringify({type: "open", conversation_id: null, after: {r: 3}}));
  const until = async (held) => { while (!held()) await new Promise((done) => setTimeout(done, 5)); };
  await until(() => heard.some((frame) => frame.type === "opened"));
  for (const frame of frames) line.send(JSON.stringify(frame));
  await until(() => posts.length === 0 && !line.busy || closed);
  line.close();
  return {asked: asked.slice(1), heard: heard.slice(2), closed, streams: streams.map(({opening}) => opening)};
}
"""
SENDS = [{"type": "send", "client_message_id": str(number), "text": "?"} for number in (1, 2, 3)]


def desk(page: Page, posts: list[tuple[int, Any]], frames: list[dict[str, Any]]) -> Any:
    return page.evaluate(DESK, {"posts": posts, "frames": frames})


def test_posts_go_out_one_after_the_other_and_are_repeated_until_the_desk_took_them(modules: Page) -> None:
    away = {"type": "error", "code": "not_available", "message": "Restarting.", "retry_after": 0.01}
    acks = [{"type": "ack", "client_message_id": frame["client_message_id"]} for frame in SENDS]
    posts = [(200, acks[:1]), (503, [away]), (502, "<html>"), (200, acks[1:])]
    result = desk(modules, posts, SENDS)
    later = ["c", "send2", "send3"]
    assert result["asked"] == [["c", "send1"], later, later, later]
    assert result["heard"] == acks, "what the desk will take later is no error for the page"
    assert result["streams"] == [{"type": "open", "conversation_id": None, "after": {"r": 3}}]
    assert result["closed"] == 0


def test_what_a_proxy_finds_too_large_is_an_error_and_what_never_arrives_ends_the_line(modules: Page) -> None:
    result = desk(modules, [(413, "<html>")], SENDS[:1])
    (error,) = result["heard"]
    assert (error["code"], error["client_message_id"]) == ("too_long", "1")
    result = desk(modules, [(403, "<html>a proxy's page</html>")] * 5, SENDS[:1])
    assert (result["heard"], result["closed"]) == ([], 1006), "only the desk itself may refuse a page"


def test_a_gap_begins_the_stream_anew_in_the_same_conversation(modules: Page) -> None:
    resume = {"type": "resume", "reply_id": "r", "epoch": 1, "after": 2}
    result = desk(modules, [(200, [])], [resume, SENDS[0]])
    assert result["streams"][1:] == [{"type": "open", "conversation_id": "c", "after": {}}]
    assert result["asked"] == [["c", "send1"]]


# The connection with a fallback: sockets in the test's hand, a desk that answers every POST and one stream.
CONNECTION = """
async (blockedAt) => {
  const {Connection} = await import("/socket.js");
  window.sockets = [];
  class Fake extends EventTarget {
    static CONNECTING = 0; static OPEN = 1; static CLOSING = 2; static CLOSED = 3;
    constructor() { super(); this.readyState = 0; this.sent = []; window.sockets.push(this); }
    send(text) { this.sent.push(JSON.parse(text).type); }
    close() { this.readyState = 3; this.dispatchEvent(new CloseEvent("close", {code: 1000})); }
    opens() { this.readyState = 1; this.dispatchEvent(new Event("open")); }
    drops() { this.readyState = 3; this.dispatchEvent(new CloseEvent("close", {code: 1006})); }
    says(frame) { this.dispatchEvent(new MessageEvent("message", {data: JSON.stringify(frame)})); }
  }
  window.WebSocket = Fake;
  window.fetch = async (url, {method = "GET"}) => {
    if (method === "POST") return new Response('[{"type":"pong"}]');
    return new Response(new ReadableStream({start(stream) {
      const say = (text) => stream.enqueue(new TextEncoder().encode(text));
      window.live = setInterval(() => say(":\\n\\n"), 3000);
      say('data: {"type":"opened","conversation_id":"c"}\\n\\n');
    }}), {headers: {"Content-Type": "text/event-stream"}});
  };
  Math.random = () => 0;
  window.states = [];
  window.remembered = [];
  window.connection = new Connection("ws://desk.example/", {
    up() { window.connection.send({type: "open", conversation_id: null}); },
    frame() {},
    state(name) { window.states.push(name); },
  }, {url: "/events/chat/", blockedAt: () => blockedAt, remember(at) { window.remembered.push(at); }});
  window.connection.start();
}
"""


@pytest.fixture
def page(chromium: Browser, modules: Page) -> Iterator[Page]:
    made = chromium.new_page()
    made.clock.install()
    made.goto(modules.url)
    made.clock.pause_at("2030-01-01")
    yield made
    made.close()


def passes(page: Page, seconds: int) -> None:
    for _ in range(seconds // 3):
        page.clock.run_for(3_000)


def online(page: Page) -> None:
    page.wait_for_function("window.remembered.length > 0 && window.states.at(-1) === 'online'", polling=20)


def sockets(page: Page) -> int:
    return int(page.evaluate("window.sockets.length"))


def test_a_socket_is_tried_again_beside_the_requests_and_takes_over(page: Page) -> None:
    page.evaluate(CONNECTION, 0)
    page.evaluate("window.sockets[0].drops()")
    page.wait_for_function("window.connection.events !== null", polling=20)
    page.clock.run_for(100)
    page.evaluate("window.sockets[1].drops()")
    page.clock.run_for(100)
    online(page)
    passes(page, 290)
    assert sockets(page) == 2
    passes(page, 12)
    assert sockets(page) == 3
    page.evaluate("window.sockets[2].drops()")
    passes(page, 290)
    assert (sockets(page), page.evaluate("window.states.at(-1)")) == (3, "online")
    passes(page, 12)
    page.evaluate("window.sockets[3].opens()")
    assert page.evaluate("window.sockets[3].sent") == ["open"]
    page.evaluate("window.sockets[3].says({type: 'opened'})")
    assert page.evaluate("window.remembered.at(-1)") == 0
    assert page.evaluate("window.states.slice(window.states.indexOf('online')).every((s) => s === 'online')")


def test_a_blocked_socket_costs_no_wait_of_its_own_while_the_desk_is_away(page: Page) -> None:
    page.evaluate(CONNECTION, 0)
    page.evaluate(
        """() => {
          Math.random = () => 1;
          window.posts = 0;
          window.fetch = async () => { window.posts += 1; throw new TypeError("nobody there"); };
        }"""
    )
    page.evaluate("window.sockets[0].drops()")
    page.wait_for_function("window.connection.events !== null", polling=20)
    page.clock.run_for(400)
    assert sockets(page) == 1, "a first loss is waited out: it says nothing of blocked sockets yet"
    page.clock.run_for(200)
    for tries, wait_ms in ((1, 1000), (2, 2000), (3, 4000)):
        assert sockets(page) == tries + 1
        page.evaluate("window.sockets.at(-1).drops()")
        page.clock.run_for(1)
        page.wait_for_function(
            "(tries) => window.posts === tries && window.connection.socket === null", arg=tries, polling=20
        )
        page.clock.run_for(wait_ms - 100)
        assert sockets(page) == tries + 1, "both together wait once"
        page.clock.run_for(200)


def test_a_page_that_was_blocked_a_minute_ago_begins_with_requests(page: Page) -> None:
    now = page.evaluate("Date.now()")
    page.evaluate(CONNECTION, now - 60_000)
    page.evaluate("window.dispatchEvent(new Event('pageshow'))")  # as after every load
    online(page)
    assert sockets(page) == 0


def test_a_page_that_was_blocked_long_ago_begins_with_a_socket(page: Page) -> None:
    page.evaluate(CONNECTION, page.evaluate("Date.now()") - 600_000)
    assert sockets(page) == 1
    page.evaluate("window.sockets[0].opens()")
    page.evaluate("window.sockets[0].says({type: 'opened'})")
    online(page)

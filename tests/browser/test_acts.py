"""What a visitor does in each state and what the page sends for it; the clock is in the test's hand."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.scripted import AT, Scripted, message, reply, turn
from tests.browser.states import FAQ
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

QUESTION = "Can I change my plan?"
LATER = "And back again?"


@pytest.fixture
def scripted(context: BrowserContext, desk: DeskServer) -> Iterator[Callable[..., Scripted]]:
    """Return what opens the page with a desk that the test plays; time passes there only when it says so."""
    made: list[Scripted] = []

    def load(**opening: Any) -> Scripted:
        played = Scripted(context, desk.url)
        made.append(played)
        played.page.clock.install()
        played.load(**opening)
        return played

    yield load
    for played in made:
        played.page.close()


def sent(played: Scripted, *kinds: str) -> list[dict[str, Any]]:
    """Return what the page has sent of these kinds, after a moment in which it could have sent more."""
    played.page.wait_for_timeout(100)
    return [frame for frame in played.sent if frame["type"] in kinds]


def passes(page: Page, seconds: float) -> None:
    page.clock.run_for(int(seconds * 1000))


def comes_back(played: Scripted) -> None:
    """Let the network return; a try that is under way may have to fail first."""
    played.away = False
    for _ in range(20):
        played.page.evaluate("window.dispatchEvent(new Event('online'))")
        played.page.wait_for_timeout(100)
        if played.page.locator("#connection").inner_text() == "Online":
            return
        passes(played.page, 3)
    raise AssertionError("the page does not come back")


def wait_behind(played: Scripted, text: str = LATER) -> None:
    """Send a second message while the first one is being answered."""
    played.ask()
    played.delta(2, "Yes, you")
    played.type(text)
    second = {"client_message_id": played.sent[-1]["client_message_id"], "turn_id": "t2", "reply_id": "r2"}
    played.say(type="ack", epoch=1, cause="first", chosen="", **second)
    expect(played.page.get_by_text("Waiting for its turn")).to_be_visible()


def end(played: Scripted, reply_id: str, **more: Any) -> None:
    played.say(**{**reply(**more), "type": "done", "reply_id": reply_id, "seq": more.pop("seq", 1)})


def taken_back(played: Scripted, reply_id: str) -> None:
    stopped = {"state": "cancelled", "ended_by": "stop", "text": "", "html": "", "route": "", "tier": ""}
    end(played, reply_id, **stopped, label="", retryable=True)


def test_online_is_said_once_the_desk_has_opened_the_conversation(scripted: Callable[..., Scripted]) -> None:
    played = scripted()
    state = played.page.locator("#connection")
    played.refusal = {"type": "alive"}  # it says something, and that is not yet `opened`
    played.sent.clear()
    played.page.reload()
    played.sent_frame("open")
    passes(played.page, 1)
    expect(state).to_have_text("Connecting")
    played.say(**played._opened())
    expect(state).to_have_text("Online")


def test_a_stop_that_cannot_be_sent_is_not_offered(scripted: Callable[..., Scripted]) -> None:
    played = scripted()
    wait_behind(played)
    passes(played.page, 16)
    expect(played.button("Stop and ask again")).to_be_visible()
    expect(played.button("Cancel")).to_be_visible()
    played.lose()
    passes(played.page, 3)
    expect(played.page.locator("#connection")).to_have_text("Reconnecting")
    expect(played.page.get_by_text("There is no connection just now")).to_be_visible()
    expect(played.button("Stop and ask again")).to_have_count(0)
    expect(played.button("Cancel")).to_have_count(0)
    expect(
        played.page.locator("article.answer").get_by_role("button", name="Talk to a person")
    ).to_be_visible()


def test_stop_and_ask_again_does_both(scripted: Callable[..., Scripted]) -> None:
    played = scripted()
    played.ask()
    passes(played.page, 16)
    played.button("Stop and ask again").click()
    assert played.sent_frame("stop")["reply_id"] == "r"
    played.done(2, state="cancelled", ended_by="stop", text="", html="", retryable=True)
    assert played.sent_frame("retry")["reply_id"] == "r"
    assert len(sent(played, "stop", "retry")) == 2


def test_a_waiting_message_is_edited_or_cancelled(scripted: Callable[..., Scripted]) -> None:
    played = scripted()
    wait_behind(played)
    expect(played.page.locator("article.answer:visible")).to_have_count(1)
    played.button("Edit").click()
    assert [frame["reply_id"] for frame in sent(played, "stop")] == ["r2"]
    expect(played.box).to_have_value(LATER)
    expect(played.button("Stop")).to_be_visible()  # the answer that runs goes on
    taken_back(played, "r2")
    expect(played.page.locator(".mine-row").last).to_contain_text("Taken back.")
    played.button("Ask it after all").click()
    assert played.sent_frame("retry")["reply_id"] == "r2"


def test_what_was_never_sent_is_changed_without_a_line(scripted: Callable[..., Scripted]) -> None:
    played = scripted()
    played.lose()
    passes(played.page, 3)
    played.type(QUESTION)
    played.type(LATER)
    mine = played.page.locator(".mine-row")
    mine.last.get_by_role("button", name="Remove").click()
    expect(mine).to_have_count(1)
    expect(played.box).to_be_focused()
    mine.first.get_by_role("button", name="Edit").click()
    expect(mine).to_have_count(0)
    expect(played.box).to_have_value(QUESTION)
    comes_back(played)
    assert sent(played, "send") == []


def test_sixty_seconds_offline_cost_nothing_but_time(scripted: Callable[..., Scripted]) -> None:
    played = scripted()
    played.ask()
    played.delta(2, "Before the loss, ")
    expect(played.page.get_by_text("Before the loss,")).to_be_visible()
    played.lose()
    for _ in range(20):
        passes(played.page, 3)
    expect(played.page.locator("#banner")).to_contain_text("The connection was lost")
    played.type(LATER)
    expect(played.page.get_by_text("Waiting for the connection")).to_be_visible()
    begun = reply(state="streaming", html="", label="", upto=0, text="Before the loss, and after it", seq=5)
    named = {"turn_id": "t", "client_message_id": played.sent_frame("send")["client_message_id"]}
    played.opening = {"turns": [{**turn(1, QUESTION, {**begun, "reply_id": "r"}), **named}]}
    played.sent.clear()
    comes_back(played)
    assert [frame["after"] for frame in sent(played, "open")] == [{"r": 2}]
    assert [frame["text"] for frame in sent(played, "send")] == [LATER]
    expect(played.page.locator("article.answer .prose")).to_have_text("Before the loss, and after it")
    expect(played.page.locator("#banner")).to_be_empty()


def rated(played: Scripted) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in frame.items() if name not in ("type", "reply_id")}
        for frame in sent(played, "feedback")
    ]


def test_a_thumb_down_goes_out_with_its_reason(scripted: Callable[..., Scripted]) -> None:
    played = scripted(turns=[turn(1, QUESTION, reply(**FAQ))])
    played.button("Bad answer").click()
    passes(played.page, 5)
    assert rated(played) == []
    played.button("The tone").click()
    tone = {"rating": "down", "reason": "tone"}
    assert rated(played) == [tone]
    expect(played.page.get_by_text("Looking at it again.")).to_have_count(0)
    words = played.page.get_by_role("textbox", name="What should we know about it?")
    words.fill("Too curt")
    words.press("Enter")
    assert rated(played) == [tone, {**tone, "comment": "Too curt"}]
    expect(words).to_have_count(0)
    passes(played.page, 20)
    assert len(rated(played)) == 2


@pytest.mark.parametrize("way", ["waits", "leaves", "loads again", "asks on", "rates another"])
def test_a_thumb_down_without_a_reason_is_not_lost(scripted: Callable[..., Scripted], way: str) -> None:
    played = scripted(turns=[turn(1, QUESTION, reply(1)), turn(2, LATER, reply(2))])
    answers = played.page.locator("article.answer")
    answers.first.get_by_role("button", name="Bad answer").click()
    assert rated(played) == []
    if way == "waits":
        passes(played.page, 8)
    elif way == "leaves":
        played.page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    elif way == "loads again":
        played.sent.clear()
        played.page.reload()
        expect(played.page.locator("#connection")).to_have_text("Online")
    elif way == "asks on":
        played.type("Next?")
    else:
        answers.last.get_by_role("button", name="Bad answer").click()
    assert {"rating": "down"} in rated(played)
    assert {frame["reply_id"] for frame in sent(played, "feedback")} == {"r1"}


def test_a_thumb_down_without_a_line_goes_out_when_there_is_one(scripted: Callable[..., Scripted]) -> None:
    played = scripted(turns=[turn(1, QUESTION, reply(1))])
    played.lose()
    passes(played.page, 3)
    played.button("Bad answer").click()
    passes(played.page, 9)
    comes_back(played)
    assert rated(played) == [{"rating": "down"}]


def counted(box: Locator) -> tuple[str, str]:
    return box.get_by_role("alert").inner_text(), box.locator(".left").inner_text()


def test_the_larger_model_is_offered_where_there_is_one_and_its_limit_counts_down(
    scripted: Callable[..., Scripted],
) -> None:
    heavy = reply(3, route="complex", tier="heavy", label="AI answer, larger model")
    played = scripted(
        turns=[turn(1, QUESTION, reply(1)), turn(2, LATER, reply(2, **FAQ)), turn(3, "Why?", heavy)],
        climbs=["lite", "faq"],
    )
    answers = played.page.locator("article.answer")
    expect(answers.nth(1).get_by_role("button", name="Ask an AI model")).to_be_visible()
    expect(answers.nth(2).get_by_role("button", name="Ask the larger model")).to_have_count(0)
    larger = answers.first.get_by_role("button", name="Ask the larger model")
    larger.click()
    asked = {"type": "escalate", "reply_id": "r1", "reason": "more"}
    assert sent(played, "escalate") == [asked]
    expect(larger).to_have_count(0)
    refusal = {
        "type": "error",
        "code": "answers_spent",
        "message": "The AI answers of this hour are used up.",
    }
    played.say(**refusal, reply_id="r1", retry_after=70)
    box = answers.first.locator(".problem")
    words, left = counted(box)
    assert (words, left) == (f"{refusal['message']} You can try again in 70 secs.", "70 secs")
    expect(box.get_by_role("button")).to_be_disabled()
    passes(played.page, 30)
    assert counted(box) == (words, "40 secs"), "the seconds go on, and nothing is read out again"
    for _ in range(2):
        played.say(type="alive")
        passes(played.page, 21)
    expect(box.get_by_role("status")).to_have_text("You can try again now.")
    box.get_by_role("button").click()
    assert sent(played, "escalate") == [asked, asked]
    expect(box).to_have_count(0)


def test_a_message_beyond_the_limit_goes_out_later_under_its_own_id(
    scripted: Callable[..., Scripted],
) -> None:
    played = scripted()
    played.type(QUESTION)
    named = {"client_message_id": played.sent_frame("send")["client_message_id"], "retry_after": 42}
    played.say(type="error", code="rate_limited", message="Too many messages. Go on in 42 s.", **named)
    box = played.page.locator(".mine-row .problem")
    words, left = counted(box)
    assert (words, left) == ("Not sent. Too many messages. Go on in 42 s.", "42 secs")
    expect(box.get_by_role("button", name="Retry")).to_be_disabled()
    for _ in range(2):
        passes(played.page, 21.5)
        played.say(type="alive")
    box.get_by_role("button", name="Retry").click()
    expect(box).to_have_count(0)
    assert len({(frame["client_message_id"], frame["text"]) for frame in sent(played, "send")}) == 1
    assert len(sent(played, "send")) == 2


def test_messages_refused_for_one_reason_say_it_once_and_go_out_together(
    scripted: Callable[..., Scripted],
) -> None:
    played = scripted()
    limit = {"code": "rate_limited", "message": "These were many messages at once."}
    other = {"code": "conflict", "message": "This message was sent before with other words."}
    texts = [QUESTION, LATER, "Hello?", "Is this the same?", "Anybody?"]
    for seconds, text in enumerate(texts):
        played.type(text)
        refusal = {**limit, "retry_after": 42 - seconds} if text != texts[3] else other
        name = sent(played, "send")[-1]["client_message_id"]
        played.say(type="error", client_message_id=name, **refusal)
        expect(played.page.locator(".mine-row").nth(seconds)).to_contain_text("Not sent")
    mine = played.page.locator(".mine-row")
    alerts = mine.get_by_role("alert")
    expect(alerts).to_have_text(
        [f"Not sent. {other['message']}", f"Not sent. {limit['message']} You can try again in 38 secs."]
    )
    expect(mine.last.get_by_role("alert")).to_be_visible()  # under the last that it is about
    expect(played.button("Edit")).to_have_count(5)
    expect(played.button("Remove")).to_have_count(5)
    played.box.fill("my own draft")
    mine.nth(1).get_by_role("button", name="Edit").click()
    expect(played.box).to_have_value(f"{LATER}\nmy own draft")
    mine.last.get_by_role("button", name="Remove").click()
    expect(mine.locator(".text")).to_have_text([QUESTION, "Hello?", "Is this the same?"])
    expect(mine.nth(1).get_by_role("alert")).to_contain_text("You can try again in 40 secs.")
    for _ in range(2):
        passes(played.page, 21.5)
        played.say(type="alive")
    before = {frame["text"]: frame["client_message_id"] for frame in sent(played, "send")}
    played.button("Retry").click()
    again = sent(played, "send")[5:]
    expected = [(text, before[text]) for text in (QUESTION, "Hello?")]
    assert [(frame["text"], frame["client_message_id"]) for frame in again] == expected
    expect(alerts).to_have_text([f"Not sent. {other['message']}"])
    expect(played.box).to_be_focused()


def test_a_refusal_that_is_final_offers_no_second_try(scripted: Callable[..., Scripted]) -> None:
    played = scripted(turns=[turn(1, QUESTION, reply(1))], climbs=["lite"])
    played.button("Ask the larger model").click()
    played.sent_frame("escalate")
    played.say(type="error", code="not_available", message="The largest model has answered.", reply_id="r1")
    box = played.page.locator("article.answer .problem")
    expect(box.get_by_role("alert")).to_have_text("The largest model has answered.")
    expect(box.get_by_role("button")).to_have_count(0)
    expect(played.button("Ask the larger model")).to_have_count(0)


def test_a_stopped_answer_is_continued_or_begun_anew(scripted: Callable[..., Scripted]) -> None:
    stopped = reply(1, state="cancelled", ended_by="stop", retryable=True, continuable=True)
    played = scripted(turns=[turn(1, QUESTION, stopped)])
    expect(played.button("Retry")).to_be_visible()
    played.button("Continue").click()
    assert [frame["reply_id"] for frame in sent(played, "continue")] == ["r1"]
    expect(played.button("Retry")).to_have_count(0)


def test_an_answer_that_comes_whole_is_read_from_its_question(scripted: Callable[..., Scripted]) -> None:
    played = scripted(turns=[turn(1, QUESTION, reply(1))])
    played.ask(LATER)
    whole = {**FAQ, "text": "A line of it.", "html": "<p>A line of it.</p>" * 40}
    played.done(2, **whole)
    expect(played.page.locator("article.mine").last).to_be_in_viewport(ratio=0.9)
    expect(played.page.locator("article.answer .meta").last).not_to_be_in_viewport()
    expect(played.button("New text")).to_be_hidden()


def test_what_the_browser_keeps_from_its_clipboard_is_copied_the_old_way(
    scripted: Callable[..., Scripted],
) -> None:
    played = scripted(turns=[turn(1, QUESTION, reply(text="Yes, in the settings."))])
    played.page.evaluate(
        """() => {
          navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
          document.addEventListener("copy", () => { window.copied = getSelection().toString(); });
        }"""
    )
    played.page.locator("article.answer").get_by_role("button", name="Copy", exact=True).click()
    expect(played.button("Copied")).to_be_visible()
    assert played.page.evaluate("window.copied") == "Yes, in the settings."


def test_a_form_that_is_being_written_outlives_a_request_from_another_tab(
    scripted: Callable[..., Scripted],
) -> None:
    played = scripted(turns=[turn()])
    form = played.page.get_by_role("form", name="Talk to a person")
    asked = {"number": 7, "state": "new", "client_request_id": "of-another-tab"}
    wish = played.page.locator(".bar").get_by_role("button", name="Talk to a person")
    wish.click()
    form.get_by_label("What should they know?").fill("A long story")
    played.say(**message(author="system", text="The team has your request.", request=asked))
    expect(played.page.locator(".note")).to_be_visible()
    expect(form.get_by_label("What should they know?")).to_have_value("A long story")
    form.get_by_role("button", name="Cancel").click()
    wish.click()
    expect(form).to_be_visible()
    played.say(**message(message_id="n2", author="system", text="And another one.", request=asked))
    expect(form).to_have_count(0)


def test_a_way_that_cannot_be_gone_says_so(scripted: Callable[..., Scripted]) -> None:
    played = scripted(turns=[turn()])
    played.page.route("**/switching.js", lambda route: route.abort())
    played.say(type="elsewhere", conversation_id="c2", title=LATER, live=None, unread=1)
    played.button("Go there").click()
    expect(played.page.locator("#composer-note")).to_contain_text("could not be loaded. Nothing is lost.")


def test_one_conversation_after_the_other_is_deleted_while_a_new_one_is_being_opened(
    scripted: Callable[..., Scripted],
) -> None:
    played = scripted(turns=[turn()])
    drawer = played.page.get_by_role("dialog", name="Your conversations")
    rows = [
        {"conversation_id": name, "title": f"About {name}", "state": "open", "updated_at": AT, "unread": 0}
        for name in ("c1", "c2")
    ]

    def delete(name: str) -> None:
        drawer.get_by_role("button", name=f"Delete “About {name}”").click()
        drawer.get_by_role("button", name="Delete for good").click()

    played.button("Menu").click()
    played.button("Your conversations").click()
    played.sent_frame("list")
    played.say(type="conversations", conversations=rows, next=None, first=True)
    delete("c1")
    assert played.sent_frame("delete")["conversation_id"] == "c1"
    played.refusal = {"type": "alive"}  # the new conversation is a while in coming
    played.say(type="deleted", conversation_id="c1")
    expect(drawer.get_by_role("listitem")).to_have_count(1)
    delete("c2")
    expect(drawer.get_by_role("button", name="Deleting")).to_be_visible()
    assert played.sent_frame("delete")["conversation_id"] == "c2"


def test_a_file_can_be_asked_for_after_the_reading_of_another_conversation_was_left(
    scripted: Callable[..., Scripted],
) -> None:
    played = scripted(turns=[turn(number, QUESTION, reply(number)) for number in range(1, 31)])

    def menu(item: str) -> None:
        played.button("Menu").click()
        played.button(item).click()

    menu("Download this conversation")
    assert played.sent_frame("history")["before"] == "t1"
    played.opening = {"conversation_id": "c2", "turns": [turn(40, LATER, reply(40))]}
    menu("New conversation")  # before the older messages have come
    expect(played.page.locator("#composer-note")).to_contain_text("could not be downloaded")
    expect(played.page.locator("article.mine")).to_contain_text(LATER)
    with played.page.expect_download() as waiting:
        menu("Download this conversation")
    assert waiting.value.path().read_text().startswith(f"# {LATER}")

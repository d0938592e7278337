"""Every state of the chat page, by name, each as what a desk and a visitor do to bring it about."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.template.loader import render_to_string
from playwright.sync_api import Route, expect

from assistant.rendering import render
from tests.browser.scripted import AT, Scripted, message, reply, turn

STATES: dict[str, Callable[[Scripted], None]] = {}

PROSE = render(
    """Yes: open **Settings** and read [the page about plans](https://example.com/) with `plan=pro`.

### In short
- up at once
- down at the end of the month

> Nothing is lost.

| Plan | What you get | Price |
|---|---|--:|
| Professional | Reminders, calendars and more | 29 |

```sh
curl https://example.com/a/very/long/address/that/does/not/fit/on/a/phone
```
""",
    ["example.com"],
)
SOURCE = {"title": "How do I change my plan?", "reviewed_on": "2026-10-01"}
OFFER = [
    {"entry_id": "e1", "question": "How do I change my plan?", "language": "en"},
    {"entry_id": "e2", "question": "Wie ändere ich meinen Tarif?", "language": "de"},
]
FAQ: dict[str, Any] = {
    "route": "faq", "tier": "none", "label": "Approved answer", "sources": [SOURCE],
    "feedback_actions": ["solved", "not_asked", "more"],
}  # fmt: skip


def state(make: Callable[[Scripted], None]) -> Callable[[Scripted], None]:
    STATES[make.__name__] = make
    return make


@state
def empty(desk: Scripted) -> None:
    desk.load()
    expect(desk.page.locator("#starters button")).to_have_count(3)


@state
def sending(desk: Scripted) -> None:
    desk.load()
    desk.type("Can I change my plan?")
    expect(desk.page.get_by_text("Sending", exact=True)).to_be_visible()


@state
def thinking(desk: Scripted) -> None:
    desk.load()
    desk.ask()
    expect(desk.page.get_by_text("Thinking", exact=True)).to_be_visible()


@state
def thinking_for_long(desk: Scripted) -> None:
    thinking(desk)
    # The page asks a clock of its own; 16 s are made to have passed there.
    desk.page.evaluate(
        "() => { const now = performance.now.bind(performance); performance.now = () => now() + 16000; }"
    )
    expect(desk.button("Stop and ask again")).to_be_visible()


@state
def queued(desk: Scripted) -> None:
    thinking(desk)
    desk.type("And back again?")
    second = {"client_message_id": desk.sent[-1]["client_message_id"], "turn_id": "t2", "reply_id": "r2"}
    desk.say(type="ack", epoch=1, cause="first", chosen="", **second)
    expect(desk.page.get_by_text("Waiting for its turn").first).to_be_visible()


@state
def streaming(desk: Scripted) -> None:
    thinking(desk)
    desk.delta(2, "Yes, you can.\n\nOpen the settings and")
    desk.say(type="block", reply_id="r", seq=3, upto=15, html=PROSE)
    expect(desk.page.get_by_text("Open the settings and")).to_be_visible()


@state
def continuing(desk: Scripted) -> None:
    streaming(desk)
    desk.status(4, "continuing", "Finishing the answer")
    desk.delta(5, " choose another plan.")
    expect(desk.page.get_by_text("interrupted here")).to_be_visible()


@state
def new_text_below(desk: Scripted) -> None:
    desk.load(turns=[turn(n, "Again?") for n in range(1, 9)])
    desk.ask()
    desk.page.locator("#transcript").evaluate("(log) => log.scrollTo(0, 0)")
    desk.delta(2, "Yes, and here is more of it.")
    expect(desk.button("New text")).to_be_visible()


@state
def approved_answer(desk: Scripted) -> None:
    desk.load()
    desk.ask()
    desk.delta(2, "Yes, in the settings.")
    desk.done(3, **FAQ)
    expect(desk.button("That solved it")).to_be_visible()


@state
def model_answer(desk: Scripted) -> None:
    ended = reply(html=PROSE, sources=[SOURCE, SOURCE], suggestions=["What does Pro cost?", "Can I go back?"])
    desk.load(turns=[turn(1, "Can I change my plan?", ended)])
    expect(desk.button("What does Pro cost?")).to_be_visible()


@state
def stored_answer(desk: Scripted) -> None:
    stored = {"written_at": "2026-11-20T10:00:00Z", "model": "light-1"}
    ended = reply(tier="heavy", label="AI answer, larger model", stored=stored)
    desk.load(turns=[turn(1, "Can I change my plan?", ended)])
    expect(desk.page.get_by_text("AI answer, larger model")).to_be_visible()


@state
def did_you_mean(desk: Scripted) -> None:
    desk.load()
    desk.ask()
    desk.status(2, "waiting", "Thinking", did_you_mean=OFFER)
    expect(desk.button("How do I change my plan?")).to_be_visible()


@state
def a_meaning_chosen(desk: Scripted) -> None:
    first = reply(1, state="cancelled", text="", html="", label="", did_you_mean=OFFER)
    chosen = reply(2, cause="choice", chosen="e1", **FAQ)
    desk.load(turns=[turn(1, "plan", first, chosen)])
    expect(desk.button("How do I change my plan?")).to_have_attribute("aria-pressed", "true")


@state
def asked_what_was_wrong(desk: Scripted) -> None:
    desk.load(turns=[turn()])
    desk.button("Bad answer").click()
    expect(desk.button("It is outdated")).to_be_visible()


@state
def thanked_for_the_reason(desk: Scripted) -> None:
    asked_what_was_wrong(desk)
    desk.button("It is outdated").click()
    expect(desk.page.locator(".thanks")).to_be_visible()


@state
def stopped(desk: Scripted) -> None:
    desk.load(turns=[turn(1, "Can I?", reply(state="cancelled", ended_by="stop", retryable=True))])
    expect(desk.page.get_by_text("Stopped.")).to_be_visible()


@state
def cut_off(desk: Scripted) -> None:
    desk.load(turns=[turn(1, "Can I?", reply(state="truncated", continuable=True, ended_by="length"))])
    expect(desk.button("Continue")).to_be_visible()


@state
def failed(desk: Scripted) -> None:
    failure: dict[str, Any] = {
        "state": "failed",
        "retryable": True,
        "ended_by": "upstream",
        "offer_person": True,
    }
    desk.load(turns=[turn(1, "Can I?", reply(**failure, person_reason="button"))])
    expect(desk.button("Retry")).to_be_visible()


@state
def refused_to_answer(desk: Scripted) -> None:
    desk.load(
        turns=[turn(1, "Can I?", reply(state="refused", ended_by="refusal", html="", text="", label=""))]
    )
    expect(desk.page.get_by_text("I cannot answer that.")).to_be_visible()


@state
def budget_spent(desk: Scripted) -> None:
    desk.load(turns=[turn(1, "Can I?", reply(state="truncated", ended_by="budget"))])
    expect(desk.page.get_by_text("rest of the day")).to_be_visible()


@state
def limit_reached(desk: Scripted) -> None:
    desk.load()
    desk.type("Again?")
    named = {"client_message_id": desk.sent_frame("send")["client_message_id"], "retry_after": 90}
    desk.say(type="error", code="rate_limited", message="These were many messages at once.", **named)
    expect(desk.page.get_by_role("alert").get_by_text("many messages")).to_be_visible()


@state
def messages_refused(desk: Scripted) -> None:
    desk.load()
    for number, text in enumerate(("And what does the larger plan cost?", "Again?", "Hello?"), 1):
        desk.type(text)
        named = {"client_message_id": desk.sent_frame("send")["client_message_id"], "retry_after": 90}
        desk.say(type="error", code="rate_limited", message="These were many messages at once.", **named)
        expect(desk.button("Remove")).to_have_count(number)


@state
def verb_refused(desk: Scripted) -> None:
    desk.load(turns=[turn(1, "Can I?", reply(state="failed", retryable=True))])
    desk.button("Retry").click()
    desk.sent_frame("retry")
    desk.say(type="error", code="not_available", message="This answer cannot be asked again.", reply_id="r1")
    expect(desk.page.get_by_role("alert").get_by_text("cannot be asked again")).to_be_visible()


@state
def too_long(desk: Scripted) -> None:
    desk.load()
    desk.type("a word " * 1200)
    expect(desk.page.get_by_text("over the limit")).to_be_visible()


@state
def long_message_folded(desk: Scripted) -> None:
    desk.load(turns=[turn(1, "It is like this. " * 100)])
    expect(desk.button("Show all")).to_be_visible()


@state
def earlier_messages(desk: Scripted) -> None:
    desk.load(turns=[turn(n, "Again?") for n in range(1, 31)])
    desk.page.locator("#transcript").evaluate("(log) => log.scrollTo(0, 0)")
    expect(desk.button("Show earlier messages")).to_be_visible()


@state
def reconnecting(desk: Scripted) -> None:
    desk.load(turns=[turn()])
    desk.lose()
    expect(desk.page.get_by_text("The connection was lost")).to_be_visible()
    desk.type("Are you there?")
    expect(desk.page.get_by_text("Waiting for the connection")).to_be_visible()


@state
def offline(desk: Scripted) -> None:
    desk.load(turns=[turn()])
    desk.context.set_offline(True)
    desk.lose()
    try:
        expect(desk.page.get_by_text("You are offline")).to_be_visible()
    finally:
        desk.context.set_offline(False)
        # Only the picture is looked at: the page would notice that it is not so.
        desk.page.evaluate("() => { for (let id = setTimeout(() => 0); id > 0; id -= 1) clearTimeout(id); }")


@state
def refused(desk: Scripted) -> None:
    desk.refusal = {"type": "error", "code": "refused", "message": "This page may not use the chat."}
    try:
        desk.load()
        expect(desk.button("Load again")).to_be_visible()
    finally:
        desk.refusal = None


@state
def form_for_a_person(desk: Scripted) -> None:
    desk.load(turns=[turn()])
    desk.page.locator(".bar [data-person]").click()
    expect(desk.page.get_by_label("Your e-mail address")).to_be_focused()


@state
def form_with_errors(desk: Scripted) -> None:
    form_for_a_person(desk)
    desk.page.get_by_label("What should they know?").fill("")
    desk.button("Send to the team").click()
    expect(desk.page.get_by_text("Please give an e-mail address")).to_be_visible()


@state
def form_on_its_way(desk: Scripted) -> None:
    form_for_a_person(desk)
    desk.page.get_by_label("Your e-mail address").fill("ada@example.com")
    desk.button("Send to the team").click()
    expect(desk.page.get_by_text("Sending.")).to_be_visible()


@state
def receipt(desk: Scripted) -> None:
    form_on_its_way(desk)
    made = {"request_id": "q", "number": 12, "state": "open", "answer_by": None}
    made["client_request_id"] = desk.sent_frame("handoff")["client_request_id"]
    desk.say(**message(author="system", text="Your request has the number 12.", request=made))
    desk.say(type="conversation", state="waiting")
    expect(desk.page.locator(".note")).to_be_focused()


@state
def staff_message(desk: Scripted) -> None:
    desk.load(turns=[turn()], state="with_staff")
    desk.say(**message(html='<p>I have changed it. <a href="https://example.com/">Look</a></p>'))
    expect(desk.page.get_by_text("I have changed it.")).to_be_visible()


def live(**more: Any) -> dict[str, Any]:
    return {
        "request_id": "q", "state": "with_staff", "since": AT, "position": None, "until": None, "by": "Mina",
        "away": False, "writing": False, "taken": True, "email": False, "rating": None, "transcript": False,
        "ended_at": None, **more,
    }  # fmt: skip


@state
def offered_a_person(desk: Scripted) -> None:
    desk.load(turns=[turn()], live=live(state="offered", taken=False))
    expect(desk.button("Chat now")).to_be_visible()


@state
def waiting_for_a_person(desk: Scripted) -> None:
    waits = live(state="waiting", position=2, until="2026-11-23T10:05:00Z", taken=False)
    desk.load(turns=[turn()], state="waiting", live=waits)
    desk.button("Answer me by e-mail instead").click()
    expect(desk.page.get_by_label("Your e-mail address")).to_be_focused()
    desk.button("Have it answered by e-mail").click()
    expect(desk.page.get_by_role("alert").get_by_text("Please give an e-mail address")).to_be_visible()


@state
def with_a_person(desk: Scripted) -> None:
    desk.load(turns=[turn()], state="with_staff", live=live(writing=True), messages=[message()])
    expect(desk.page.get_by_text("Mina is writing.")).to_be_visible()


@state
def the_person_is_away(desk: Scripted) -> None:
    desk.load(turns=[turn()], state="with_staff", live=live(away=True))
    expect(desk.button("Wait")).to_be_visible()


@state
def rating_of_a_person(desk: Scripted) -> None:
    desk.load(turns=[turn()], live=live(state="closed", ended_at=datetime.now(UTC).isoformat()))
    expect(desk.page.get_by_text("How was the chat with the team?").first).to_be_visible()


@state
def list_of_conversations(desk: Scripted) -> None:
    menu(desk)
    desk.button("Your conversations").click()
    desk.sent_frame("list")
    titles = ("Can I change my plan?", "هل يمكنني تغيير خطتي؟", "A very long title without end " * 4)
    rows = [
        {
            "conversation_id": f"c{number}", "title": title, "state": "open", "updated_at": AT,
            "unread": number - 1, "answering": number == 2,
        }
        for number, title in enumerate(titles, 1)
    ]  # fmt: skip
    desk.say(type="conversations", conversations=rows, next="more", first=True)
    expect(desk.button("Show more")).to_be_visible()


@state
def conversation_renamed(desk: Scripted) -> None:
    list_of_conversations(desk)
    desk.page.get_by_role("button", name=re.compile("Rename")).first.click()
    expect(desk.page.locator(".drawer input")).to_be_focused()


@state
def conversation_deleted(desk: Scripted) -> None:
    list_of_conversations(desk)
    desk.page.get_by_role("button", name=re.compile("Delete")).first.click()
    expect(
        desk.page.locator(".drawer").get_by_role("button", name=re.compile("Keep|Cancel")).first
    ).to_be_visible()


@state
def menu(desk: Scripted) -> None:
    desk.load()
    desk.button("Menu").click()
    expect(desk.button("End chat")).to_be_visible()


@state
def question_before_the_end(desk: Scripted) -> None:
    menu(desk)
    desk.button("End chat").click()
    expect(desk.page.get_by_role("dialog", name="End this chat?")).to_be_visible()


@state
def question_before_deleting(desk: Scripted) -> None:
    menu(desk)
    desk.button("Delete my data").click()
    expect(desk.page.get_by_role("dialog", name="Delete your data?")).to_be_visible()


@state
def chat_ended(desk: Scripted) -> None:
    desk.load("/?ended")


@state
def data_deleted(desk: Scripted) -> None:
    desk.load("/?deleted")


@state
def page_to_the_team(desk: Scripted) -> None:
    desk.load("/person/")


@state
def page_to_the_team_with_errors(desk: Scripted) -> None:
    desk.load("/person/")
    desk.button("Send to the team").click()
    expect(desk.page.get_by_role("alert").first).to_be_visible()


@state
def page_to_the_team_receipt(desk: Scripted) -> None:
    desk.load("/person/")
    desk.page.get_by_label("Your e-mail address").fill("ada@example.com")
    desk.page.get_by_label("What should they know?").fill("Two invoices came.")
    desk.button("Send to the team").click()
    expect(desk.page.get_by_role("heading", name="We have your message")).to_be_visible()


@state
def without_script(desk: Scripted) -> None:
    """Show what the page is where no script runs; with one that looks at it, so that it can be looked at."""

    def bare(route: Route) -> None:
        answer = route.fetch()
        html = re.sub(r"<script.*?</script>|</?noscript>", "", answer.text(), flags=re.DOTALL)
        route.fulfill(response=answer, body=html)

    desk.page.route(f"{desk.url}/?bare", bare)
    desk.load("/?bare")
    expect(desk.page.get_by_text("This chat needs JavaScript")).to_be_visible()


def plain(template: str, **context: Any) -> Callable[[Scripted], None]:
    """Return a state: a page that stands in for another, at an address of its own for its styles' sake."""

    def show(desk: Scripted) -> None:
        html = render_to_string(
            template, {"desk": {"name": "Harbour Help", "contact": "help@example.com"}, **context}
        )
        desk.page.route(
            f"{desk.url}/stand-in", lambda route: route.fulfill(body=html, content_type="text/html")
        )
        desk.load("/stand-in")
        desk.page.unroute(f"{desk.url}/stand-in")

    return show


STATES |= {
    "page_not_found": plain("404.html"),
    "page_refused": plain("403.html"),
    "page_broken": plain("500.html"),
    "data_is_gone": plain("my_data.html", words="There was nothing to delete."),
    "desk_away": plain("unavailable.html"),
}

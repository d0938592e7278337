"""The whole chat by keyboard alone: where the focus goes, in which order, that it is seen and never lost."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.scripted import Scripted, message, reply, turn
from tests.browser.states import FAQ, OFFER
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

# The focused control as a person would call it, and what is wrong with the way it shows.
FOCUS = """
() => {
  const node = document.activeElement;
  if (node === document.body) return ["", ""];
  const label = node.labels?.[0]?.innerText ?? "";
  const name = node.getAttribute("aria-label") || label || node.innerText.trim().split("\\n")[0];
  const shown = [node, node.closest(".box")].filter(Boolean).some((at) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
    const outlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    return outlined || (at !== node && boxShadow !== "none");
  });
  const box = node.getBoundingClientRect();
  const [x, y] = [box.x + box.width / 2, Math.max(0, box.y) + Math.min(box.height, 40) / 2];
  const hit = document.elementFromPoint(x, y);
  if (!shown) return [name, "no focus is shown"];
  return [name, node.contains(hit) ? "" : `behind ${hit?.className ?? "the edge"}`];
}
"""


@pytest.fixture(scope="module")
def scripted(chromium: Browser, desk: DeskServer) -> Iterator[Scripted]:
    context = chromium.new_context(viewport={"width": 1100, "height": 800}, locale="en-GB")
    yield Scripted(context, desk.url)
    context.close()


def focus(desk: Scripted) -> str:
    """Return the name of what has the focus, which must be seen."""
    name, trouble = desk.page.evaluate(FOCUS)
    assert trouble == "", f"{name}: {trouble}"
    return str(name)


def press(desk: Scripted, *keys: str) -> str:
    for key in keys:
        desk.page.keyboard.press(key)
    return focus(desk)


def tab_to(desk: Scripted, name: str, key: str = "Tab") -> list[str]:
    """Press Tab until that control has the focus; return the names of the stops up to it."""
    stops: list[str] = []
    while not stops or stops[-1] != name:
        stops.append(press(desk, key))
        assert len(stops) < 40, f"{name} is not reached: {stops}"
    return stops


def test_every_stop_in_its_order_and_round_again(scripted: Scripted) -> None:
    ended = reply(suggestions=["What does Pro cost?"], **FAQ)
    scripted.load(turns=[turn(1, "Can I change my plan?", ended)])
    stops = tab_to(scripted, "")  # behind the last stop the browser's own controls begin
    assert stops[:4] == ["Skip to the message box", "Talk to a person", "Menu", "Conversation"]
    assert stops[4:11] == [
        "Copy", "Good answer", "Bad answer", "That solved it", "Not what I asked", "I need more",
        "What does Pro cost?",
    ]  # fmt: skip
    assert stops[11:] == ["Your message", "Send", "help@example.com", "Write to the team", ""]
    back = tab_to(scripted, "Skip to the message box", key="Shift+Tab")
    assert [name for name in back if name] == stops[-2::-1]


def test_from_the_question_to_the_reason_without_a_mouse(scripted: Scripted) -> None:
    keys = scripted.page.keyboard
    scripted.load()
    press(scripted, "Tab")
    assert press(scripted, "Enter") == "Your message"  # by the link that skips the header
    keys.type("Can I change my plan?")
    assert press(scripted, "Enter") == "Your message"
    named = {"client_message_id": scripted.sent_frame("send")["client_message_id"]}
    scripted.say(type="ack", epoch=1, cause="first", chosen="", turn_id="t", reply_id="r", **named)
    scripted.status(1, did_you_mean=OFFER)
    expect(scripted.button("Stop")).to_be_visible()
    assert press(scripted, "Tab") == "Stop"
    assert "How do I change my plan?" in tab_to(scripted, "How do I change my plan?", key="Shift+Tab")
    keys.press("Enter")
    assert scripted.sent_frame("choose")["entry_id"] == "e1"
    tab_to(scripted, "Stop")
    keys.press("Enter")
    scripted.sent_frame("stop")
    scripted.done(2, state="cancelled", retryable=True)
    expect(scripted.box).to_be_focused()  # Stop is gone: the next question can be typed
    tab_to(scripted, "Retry", key="Shift+Tab")
    keys.press("Enter")
    assert scripted.sent_frame("retry")["reply_id"] == "r"
    expect(scripted.page.locator("article.answer")).to_be_focused()  # the button is gone, its answer is there

    scripted.load(turns=[turn()])
    tab_to(scripted, "Bad answer")
    keys.press("Space")
    assert tab_to(scripted, "The tone")[-5:] == [
        "It is wrong", "It is outdated", "It is incomplete", "Not my question", "The tone",
    ]  # fmt: skip
    keys.press("Enter")
    expect(scripted.page.locator("#announce")).to_have_text("Thank you. The team reads this.")
    assert scripted.sent_frame("feedback")["reason"] == "tone"
    assert focus(scripted)


def test_a_follow_up_question_is_one_key(scripted: Scripted) -> None:
    scripted.load(turns=[turn(1, "Can I?", reply(suggestions=["What does Pro cost?"]))])
    scripted.box.focus()
    assert press(scripted, "Shift+Tab") == "What does Pro cost?"
    scripted.page.keyboard.press("Enter")
    assert scripted.sent_frame("send")["text"] == "What does Pro cost?"
    expect(scripted.page.locator("article.mine").last).to_contain_text("What does Pro cost?")


def test_the_menu_and_its_questions_give_the_focus_back(scripted: Scripted) -> None:
    keys = scripted.page.keyboard
    scripted.load()
    tab_to(scripted, "Menu")
    keys.press("Enter")
    expect(scripted.button("Delete my data")).to_be_visible()  # the menu is fetched first
    tab_to(scripted, "Delete my data")
    assert press(scripted, "Escape") == "Menu"
    expect(scripted.page.locator("#menu")).to_be_hidden()
    for item, keep in (("Delete my data", "Keep my data"), ("End chat", "Keep chatting")):
        for leave in ("Escape", "Enter"):
            keys.press("Enter")
            tab_to(scripted, item)
            assert press(scripted, "Enter") == keep  # the harmless answer first
            inside = {press(scripted, "Tab") for _ in range(5)} - {""}  # "" is the browser's own frame
            assert inside == {keep, "Delete for good" if item == "Delete my data" else "End chat"}
            if focus(scripted) != keep:
                tab_to(scripted, keep)
            keys.press(leave)
            expect(scripted.button("Menu")).to_be_focused()
    keys.press("Enter")
    tab_to(scripted, "New conversation")
    assert press(scripted, "Enter") == "Your message"


def test_the_form_for_a_person_is_never_left_without_a_focus(scripted: Scripted) -> None:
    keys = scripted.page.keyboard
    scripted.load(turns=[turn()])
    email = scripted.page.get_by_label("Your e-mail address")
    tab_to(scripted, "Talk to a person")
    keys.press("Enter")
    expect(email).to_be_focused()  # the form is fetched first
    keys.type("ada")
    assert press(scripted, "Enter") == "Your e-mail address"  # where the error is
    expect(scripted.page.get_by_role("alert").get_by_text("not an e-mail address")).to_be_visible()
    keys.type("@example.com")
    assert press(scripted, "Tab") == "What should they know?"
    assert [press(scripted, "Tab") for _ in range(2)] == ["Send to the team", "Cancel"]
    assert press(scripted, "Enter") == "Your message"
    tab_to(scripted, "Talk to a person", key="Shift+Tab")
    keys.press("Enter")
    expect(email).to_be_focused()
    keys.type("ada@example.com")
    keys.press("Enter")
    made: dict[str, Any] = {"request_id": "q", "number": 12, "state": "open", "answer_by": None}
    made["client_request_id"] = scripted.sent_frame("handoff")["client_request_id"]
    scripted.say(**message(author="system", text="Your request has the number 12.", request=made))
    expect(scripted.page.locator(".note")).to_be_focused()
    assert focus(scripted).startswith("Notice")

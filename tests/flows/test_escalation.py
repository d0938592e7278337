"""An answer that did not do is followed at once by the larger model's, in every tab, and once only."""

import json

from tests.control import Control
from tests.flows.client import Chat, Shown
from tests.flows.conftest import NewChat
from tests.servers import DeskServer

UNKNOWN = "do you give a discount on pro for registered charities?"  # no help text says so
KNOWN = "Can I print the calendar of one day?"
RESET = "How do I reset my password?"
HEAVY = ("claude-sonnet-5-5", "gemini-3.8-flash")

OUTCOME = """
import json
from routing.models import RouteOutcome
row = RouteOutcome.objects.get(pk="{reply}")
print("ROW" + json.dumps([row.escalated_after, row.escalated_by, row.support]))
"""


async def followed(chat: Chat) -> Shown:
    """Return the finished reply that the desk has begun by itself."""
    turn = await chat.until(lambda frame: frame["type"] == "turn")
    assert turn["cause"] == "escalation"
    return await chat.finished(turn["reply_id"])


def causes(chat: Chat) -> list[list[str]]:
    return [[reply["cause"] for reply in turn["replies"]] for turn in chat.opened["turns"]]


def outcome(desk: DeskServer, reply_id: str) -> list[object]:
    said = desk.manage("shell", "-v", "0", "-c", OUTCOME.format(reply=reply_id))
    row: list[object] = json.loads(said.split("ROW", 1)[1])
    return row


async def test_an_answer_that_cannot_help_is_followed_by_the_larger_models(
    desk: DeskServer, new_chat: NewChat
) -> None:
    async with new_chat() as chat:
        first = await chat.ask(UNKNOWN)
        assert first.done is not None
        assert [first.done[name] for name in ("route", "tier", "state")] == ["common", "lite", "completed"]
        assert "could not find" in first.text
        second = await followed(chat)
        assert second.done is not None
        assert (second.done["route"], second.done["tier"]) == ("complex", "heavy")
        labels = [frame["label"] for frame in chat.frames if frame["type"] == "status"]
        assert "Asking the larger model" in labels
        # The larger one cannot help either, in the same words, and is the last that is asked.
        assert second.text == first.text
        assert [second.done[name] for name in ("quiet", "offer_person", "person_reason")] == [
            True,
            True,
            "button",
        ]
        assert [first.done[name] for name in ("quiet", "offer_person")] == [False, False]
        well = await chat.ask(KNOWN)
        await chat.ask(RESET)
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as later:
            assert causes(later) == [["first"], ["first"], ["first"]]
            (alone,) = later.opened["turns"][0]["replies"]
            assert (alone["offer_person"], alone["person_reason"]) == (True, "button")
    assert outcome(desk, first.reply_id)[:2] == [True, "cannot_help"]
    assert outcome(desk, well.reply_id) == [False, "", 1.0]


async def test_both_tabs_see_the_larger_models_answer_under_the_first(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        await chat.ask(RESET)
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as other:
            first = await chat.send(UNKNOWN)
            second = await followed(chat)
            mine = await other.until(lambda frame: frame["type"] == "turn" and frame["cause"] == "escalation")
            theirs = await other.finished(mine["reply_id"])
            assert (theirs.reply_id, theirs.text) == (second.reply_id, second.text)
            assert chat.shown[first].text == other.shown[first].text


async def test_a_thumb_down_asks_the_larger_model_but_not_for_the_tone(
    desk: DeskServer, new_chat: NewChat
) -> None:
    async with new_chat() as chat:
        liked_less = await chat.ask(KNOWN)
        await chat.put(type="feedback", reply_id=liked_less.reply_id, rating="down", reason="tone")
        await chat.put(type="ping")
        answer = await chat.until(lambda frame: frame["type"] in ("ack", "turn", "pong"))
        assert answer["type"] == "pong"
    async with new_chat() as chat:  # a thumb sends the next message of its conversation to the top at once
        last = await chat.ask("Can clients reply to SMS reminders?")
        await chat.put(type="feedback", reply_id=last.reply_id, rating="down", reason="wrong")
        ack = await chat.until(lambda frame: frame["type"] in ("ack", "error"))
        assert ack.get("cause") == "escalation", ack
        higher = await chat.finished(ack["reply_id"])
        assert (higher.done or {})["tier"] == "heavy"
    assert outcome(desk, last.reply_id)[:2] == [True, "thumbs_down"]
    assert outcome(desk, liked_less.reply_id)[0] is False


async def test_a_failed_escalation_that_nobody_asked_for_is_not_shown(
    desk: DeskServer, control: Control, new_chat: NewChat
) -> None:
    for model in HEAVY:
        control.fault("status", model, status=500, after_tokens=-1, times=12)
    async with new_chat() as chat:
        first = await chat.ask(UNKNOWN)
        second = await followed(chat)
        done = second.done or {}
        assert (done["state"], done["quiet"], second.text) == ("failed", True, "")
        assert [done[name] for name in ("retryable", "continuable", "offer_person")] == [False] * 3
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as later:
            assert causes(later) == [["first"]]
            assert later.opened["turns"][0]["replies"][0]["offer_person"] is False
        # Who asks for it is told, and the reply that nobody saw answers no verb.
        asked = await chat.finished(await chat.verb("escalate", first.reply_id))
        told = asked.done or {}
        assert asked.reply_id != second.reply_id
        assert [told[name] for name in ("state", "quiet", "retryable", "person_reason")] == [
            "failed",
            False,
            True,
            "failed",
        ]
        assert told["notice"]
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as later:
            assert causes(later) == [["first", "escalation"]]
    assert outcome(desk, first.reply_id)[0] is True


async def test_a_stopped_escalation_that_nobody_asked_for_leaves_nothing(
    control: Control, new_chat: NewChat
) -> None:
    for model in HEAVY:
        control.fault("stall", model, after_tokens=-1, times=12)
    async with new_chat() as chat:
        await chat.ask(UNKNOWN)
        turn = await chat.until(lambda frame: frame["type"] == "turn")
        await chat.put(type="stop", reply_id=turn["reply_id"])
        done = (await chat.finished(turn["reply_id"])).done or {}
        assert (done["state"], done["quiet"], done["retryable"]) == ("cancelled", True, False)
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as later:
            assert causes(later) == [["first"]]

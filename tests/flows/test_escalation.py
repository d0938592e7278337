"""An answer that did not do is followed at once by the larger model's, in every tab, and once only."""

import json

from tests.flows.client import Chat, Shown
from tests.flows.conftest import NewChat
from tests.servers import DeskServer

UNKNOWN = "do you give a discount on pro for registered charities?"  # no help text says so
KNOWN = "Can I print the calendar of one day?"
RESET = "How do I reset my password?"

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
        # The larger one cannot help either, and is the last that is asked.
        well = await chat.ask(KNOWN)
        await chat.ask(RESET)
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as later:
            assert causes(later) == [["first", "escalation"], ["first"], ["first"]]
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

"""The main story: ask over the socket and get the answer of the right tier, again and in order."""

import asyncio
from uuid import uuid4

from tests.control import Control
from tests.flows.client import Chat
from tests.flows.conftest import BRISK, NewChat, new_cookie
from tests.servers import DeskServer

RESET = "How do I reset my password?"
COMMON = "Does it send texts too?"
COMPARE = "Compare Pro and Studio for 3 locations, 12 staff and SMS; what happens if we downgrade mid-month?"
WHY = "Why would one choose Studio over Pro, and what does a downgrade do?"


async def test_an_approved_answer_comes_whole_and_names_its_source(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        shown = await chat.ask("i cant log in, forgot my pasword")
    assert shown.done is not None
    assert (shown.done["route"], shown.done["state"]) == ("faq", "completed")
    assert shown.done["label"] == "Approved answer"
    assert shown.done["sources"][0]["title"] == RESET
    assert "<p>" in shown.done["html"]
    assert shown.done["feedback_actions"] == ["solved", "not_asked", "more"]


async def test_a_common_question_streams_from_a_lite_model(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        shown = await chat.ask(COMMON)
        deltas = [frame for frame in chat.frames if frame["type"] == "delta"]
        ack = next(index for index, frame in enumerate(chat.frames) if frame["type"] == "ack")
        first = next(index for index, frame in enumerate(chat.frames) if frame["type"] == "delta")
    assert shown.done is not None
    assert (shown.done["route"], shown.done["tier"], shown.done["label"]) == ("common", "lite", "AI answer")
    assert len(deltas) > 1
    assert ack < first
    assert shown.seqs[0][0] == 1
    assert all(left[1] + 1 == right[0] for left, right in zip(shown.seqs, shown.seqs[1:], strict=False))


async def test_a_complex_question_goes_to_the_heavy_tier(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        shown = await chat.ask(COMPARE)
    assert shown.done is not None
    assert (shown.done["route"], shown.done["label"]) == ("complex", "AI answer, larger model")


async def test_the_screen_equals_the_stored_text_after_a_refresh(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        shown = await chat.ask(COMMON)
        again = new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id)
    async with again:
        stored = again.shown[shown.reply_id]
    assert stored.text == shown.text
    assert stored.done is not None
    assert stored.done["html"] == (shown.done or {})["html"]


async def test_a_cut_socket_goes_on_where_it_was(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        reply_id = await chat.send(COMPARE)
        await chat.until(lambda frame: frame["type"] == "delta")
        before = chat.shown[reply_id]
    again = new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id)
    async with again:
        shown = await again.finished(reply_id)
    assert shown.text.startswith(before.text)
    assert shown.done is not None
    assert shown.done["state"] == "completed"
    async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as last:
        assert last.shown[reply_id].text == shown.text


async def test_resume_sends_only_what_is_missing(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        shown = await chat.ask(COMMON)
        text, seq = shown.text, shown.seq
        shown.seq, shown.text, shown.done = 2, "", None
        shown.seqs.clear()
        await chat.put(type="resume", reply_id=shown.reply_id, epoch=shown.epoch, after=2)
        await chat.finished(shown.reply_id)
        assert shown.seq == seq
        assert text.endswith(shown.text)
        assert shown.seqs[0][0] == 3


async def test_stop_keeps_the_text_and_says_so(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        reply_id = await chat.send(COMPARE)
        await chat.until(lambda frame: frame["type"] == "delta")
        await chat.put(type="stop", reply_id=reply_id)
        shown = await chat.finished(reply_id)
        assert shown.done is not None
        assert (shown.done["state"], shown.done["ended_by"]) == ("cancelled", "stop")
        assert shown.text
        assert shown.done["retryable"]
        retried = await chat.finished(await chat.verb("retry", reply_id))
        assert retried.done is not None
        assert retried.done["state"] == "completed"
        assert await chat.verb("retry", reply_id) == retried.reply_id


async def test_two_messages_of_one_conversation_are_answered_in_order(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        first = await chat.send(COMPARE)
        second = await chat.send(COMMON)
        await chat.finished(first)
        await chat.finished(second)
        ended = [frame["reply_id"] for frame in chat.frames if frame["type"] == "done"]
    assert ended == [first, second]


async def test_the_fifth_message_in_a_row_is_told_to_wait(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        for _ in range(4):
            await chat.send(COMPARE)
        refused = await chat.error(type="send", client_message_id="fifth", text=COMMON)
    assert refused["code"] == "busy"


async def test_not_what_i_asked_brings_a_heavier_reply_in_the_same_turn(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        approved = await chat.ask(RESET)
        higher = await chat.finished(await chat.verb("escalate", approved.reply_id))
        assert higher.done is not None
        assert higher.done["route"] != "faq"
        assert higher.done["tier"] != "none"
        again = new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id)
        async with again:
            (turn,) = again.opened["turns"]
            assert [reply["cause"] for reply in turn["replies"]] == ["first", "escalation"]


async def test_a_thumb_down_on_an_approved_answer_escalates_at_once(new_chat: NewChat) -> None:
    async with new_chat() as chat:
        approved = await chat.ask(RESET)
        await chat.put(type="feedback", reply_id=approved.reply_id, rating="down", reason="wrong")
        ack = await chat.until(lambda frame: frame["type"] == "ack")
        assert ack["cause"] == "escalation"
        higher = await chat.finished(ack["reply_id"])
        assert higher.done is not None
        assert higher.done["state"] == "completed"


async def test_a_second_tab_follows_the_running_answer(new_chat: NewChat) -> None:
    async with new_chat() as first:
        await first.ask(RESET)
        async with new_chat(cookie=first.cookie, conversation_id=first.conversation_id) as second:
            reply_id = await first.send(COMPARE)
            turn = await second.until(lambda frame: frame["type"] == "turn")
            assert (turn["reply_id"], turn["text"]) == (reply_id, COMPARE)
            here, there = await asyncio.gather(first.finished(reply_id), second.finished(reply_id))
    assert here.text == there.text


async def test_a_tab_on_another_process_follows_and_stops_the_running_answer(
    desk_pair: DeskServer, control: Control
) -> None:
    cookie = new_cookie()
    async with Chat(desk_pair.urls[0], cookie) as first:
        await first.ask(RESET)
        async with Chat(desk_pair.urls[1], cookie, first.conversation_id) as second:
            reply_id = await first.send(COMPARE)
            await second.until(lambda frame: frame["type"] == "turn")
            here, there = await asyncio.gather(first.finished(reply_id), second.finished(reply_id))
            assert here.text == there.text
            assert (there.done or {})["state"] == "completed"

            # Slow enough that it still runs when the other process has heard of it on a busy machine.
            control.pace(first_text_ms=60, gap_ms=100)
            reply_id = await first.send(WHY)
            shows = ("delta", "snapshot")
            await second.until(lambda frame: frame["type"] in shows and frame["reply_id"] == reply_id)
            await second.put(type="stop", reply_id=reply_id)
            here, there = await asyncio.gather(first.finished(reply_id), second.finished(reply_id))
            control.pace(**BRISK)
    assert (here.done or {})["state"] == (there.done or {})["state"] == "cancelled"
    assert here.text == there.text


async def test_a_message_again_while_its_answer_comes_begins_nothing_anew(
    new_chat: NewChat, control: Control
) -> None:
    message_id = str(uuid4())
    async with new_chat() as chat:
        control.pace(first_text_ms=60, gap_ms=12)
        reply_id = await chat.send(WHY, message_id)
        await chat.until(lambda frame: frame["type"] == "delta")
        assert await chat.send(WHY, message_id) == reply_id
        shown = await chat.finished(reply_id)
        control.pace(**BRISK)
        # What this process has of it may be less than the line has been told: no snapshot may replace that.
        assert "snapshot" not in [frame["type"] for frame in chat.frames]
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as again:
            assert again.opened["turns"][0]["replies"][0]["text"] == shown.text


async def test_the_same_message_twice_is_one_turn(new_chat: NewChat) -> None:
    message_id = str(uuid4())
    async with new_chat() as chat:
        reply_id = await chat.send(RESET, message_id)
        await chat.finished(reply_id)
        assert await chat.send(RESET, message_id) == reply_id
        other = await chat.error(type="send", client_message_id=message_id, text="Something else")
        assert other["code"] == "conflict"
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as again:
            assert len(again.opened["turns"]) == 1

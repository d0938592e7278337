"""A person, live, as a visitor meets them: over the socket, with the team in a process of its own."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.control import Control
from tests.flows.client import Chat
from tests.flows.conftest import NewChat, new_cookie
from tests.servers import DeskServer
from tests.team import Team, working

APPROVED = "How do I reset my password?"
COMMON = "Does it send texts too?"


@pytest.fixture(scope="module")
def team(desk: DeskServer) -> Iterator[Team]:
    with working(desk) as team:
        yield team


@pytest.fixture(autouse=True)
def anna_is_there(team: Team) -> None:
    team.present()


async def to(work: Callable[..., Any], *args: Any) -> Any:
    """Do what blocks beside the socket."""
    return await asyncio.to_thread(work, *args)


async def stands(chat: Chat, **wanted: Any) -> dict[str, Any]:
    """Return how the live chat stands once it stands so."""

    def fits(frame: dict[str, Any]) -> bool:
        found = frame.get("live") or {}
        return frame["type"] == "conversation" and all(
            found.get(key) == value for key, value in wanted.items()
        )

    frame = await chat.until(fits)
    return dict(frame["live"])


async def ask_for_a_person(chat: Chat, **more: Any) -> str:
    """Ask for a live chat and return its request's id."""
    await told_of_people(chat)
    frame = {"reason": "button", "text": "My invoice is wrong.", "client_request_id": str(uuid4()), **more}
    await chat.put(type="handoff", live=True, **frame)
    return str((await stands(chat, state="waiting"))["request_id"])


async def told_of_people(chat: Chat, there: bool = True) -> None:
    """Return once the page knows whether somebody is there."""
    known = [frame["person_there"] for frame in chat.frames if "person_there" in frame]
    while known[-1] is not there:
        known.append((await chat.until(lambda frame: "person_there" in frame))["person_there"])


async def said(chat: Chat, words: str) -> dict[str, Any]:
    return await chat.until(lambda frame: frame["type"] == "message" and words in frame["text"])


async def test_from_the_question_to_the_rating(new_chat: NewChat, team: Team, control: Control) -> None:
    async with new_chat() as chat:
        assert chat.opened["live"] is None
        await told_of_people(chat)
        await chat.ask(COMMON)
        request = await ask_for_a_person(chat)
        async with new_chat(cookie=chat.cookie, conversation_id=chat.conversation_id) as tab:
            assert tab.opened["live"]["position"] == 1
            # The assistant answers while one waits.
            assert ((await chat.ask(APPROVED)).done or {})["route"] == "faq"
            await to(team.take, request)
            for each in (chat, tab):
                assert (await stands(each, state="with_staff"))["by"] == "Anna"
                assert each.frames[-1]["state"] == "with_staff"
            before = len(control.requests())
            silent = await chat.ask(APPROVED)
            done = silent.done or {}
            assert (done["route"], done["quiet"], silent.text, done["offer_person"]) == (
                "person",
                True,
                "",
                False,
            )
            await chat.ask(COMMON)
            assert len(control.requests()) == before, "no model was asked"
            assert (await tab.until(lambda frame: frame["type"] == "turn"))["text"] == APPROVED
            await to(team.say, request, "Let me look.")
            for each in (chat, tab):
                assert (await said(each, "Let me look."))["author"] == "staff"
        await to(team.does, f"live.give_back({request!r}, member('anna')).live")
        await stands(chat, state="back")
        answered = await chat.ask("Is the calendar in the app as well?")
        assert answered.text and (answered.done or {})["route"] != "person"
        asked = control.requests()[-1]
        assert "[A person of the support team wrote:] Let me look." in str(asked)
        assert "[The customer wrote to the support team:] My invoice is wrong." in str(asked)
        await chat.put(type="rate_person", request_id=request, rating=5, reason="Quick")
        await stands(chat, rating=5)
    assert await to(team.row, request, "person_rating", "person_rating_reason") == [5, "Quick"]
    counted = await to(
        team.does,
        f"[list(row) for row in RouteOutcome.objects.filter(reply_id={silent.reply_id!r})"
        ".values_list('route', 'state', 'cost_pico', 'attempts')]",
    )
    assert counted == [["person", "completed", 0, 0]]


async def test_taking_stops_what_runs_and_what_waits(new_chat: NewChat, team: Team, control: Control) -> None:
    control.pace(first_text_ms=100, gap_ms=200)
    try:
        async with new_chat() as chat:
            request = await ask_for_a_person(chat)
            running = await chat.send("Please compare the plans and explain why one would take the larger.")
            await chat.until(lambda frame: frame["type"] == "delta")
            queued = await chat.send(COMMON)
            await to(team.take, request)
            assert ((await chat.finished(running)).done or {})["state"] == "cancelled"
            done = (await chat.finished(queued)).done or {}
            assert (done["state"], done["quiet"]) == ("completed", True)
            error = await chat.error(type="retry", reply_id=running)
            assert error["code"] == "not_available"
    finally:
        control.pace(first_text_ms=60, gap_ms=4)


async def test_with_nobody_there_the_visitor_is_told_so_and_leaves_an_address(
    new_chat: NewChat, team: Team
) -> None:
    async with new_chat() as chat:
        await to(team.gone, 5)
        await told_of_people(chat, there=False)
        frame = {"type": "handoff", "reason": "button", "text": "Hello", "client_request_id": str(uuid4())}
        error = await chat.error(**frame, live=True)
        assert error["code"] == "nobody_there"
        await chat.put(**frame, live=True, email="a@visitor.example")
        receipt = await chat.until(lambda frame: frame["type"] == "message")
        assert "a…@visitor.example" in receipt["text"]


async def test_when_nobody_comes_it_is_said_once_and_becomes_a_request_by_mail(
    new_chat: NewChat, team: Team
) -> None:
    async with new_chat() as chat:
        request = await ask_for_a_person(chat)
        await to(team.does, f"Request.objects.filter(pk={request!r}).update(live_until=now())")
        await said(chat, "Nobody from the team could come in time.")
        assert (await stands(chat, state="failed"))["email"] is False
        await chat.put(type="live", request_id=request, do="email", email="b@visitor.example")
        await said(chat, "b…@visitor.example")
        await chat.ask(APPROVED)
        words = [frame["text"] for frame in chat.frames if frame["type"] == "message"]
        assert len(words) == len(set(words)) == 3
    found = await to(team.row, request, "state", "mail_state", "text")
    assert found[0] == "new" and found[1] != "none" and found[2] == "My invoice is wrong."


async def test_a_colleague_takes_over_from_one_who_is_gone_and_the_visitor_sees_both(
    new_chat: NewChat, team: Team
) -> None:
    async with new_chat() as chat:
        request = await ask_for_a_person(chat)
        await to(team.take, request)
        await stands(chat, state="with_staff", away=False)
        await to(team.gone, 3)
        await stands(chat, away=True)
        await to(team.present, "ben")
        await to(team.take, request, "ben")
        await stands(chat, away=False, by="Ben")
        await to(team.gone, 11, "ben")
        await to(
            team.does, f"Request.objects.filter(pk={request!r}).update(live_since=now() - timedelta(hours=1))"
        )
        await said(chat, "had to leave")
        await stands(chat, state="failed")


async def test_verbs_twice_change_nothing_and_too_late_is_said(new_chat: NewChat, team: Team) -> None:
    async with new_chat() as chat:
        key = str(uuid4())
        request = await ask_for_a_person(chat, client_request_id=key)
        assert await ask_for_a_person(chat, client_request_id=key) == request
        assert await ask_for_a_person(chat) == request
        for _ in range(2):
            await chat.put(type="live", request_id=request, do="cancel")
            await stands(chat, state="closed", taken=False)
        other = await ask_for_a_person(chat)
        assert other != request
        await to(team.take, other)
        error = await chat.error(type="live", request_id=other, do="cancel")
        assert (error["code"], error["request_id"]) == ("not_available", other)
        for _ in range(2):
            await chat.put(type="live", request_id=other, do="end")
            await stands(chat, state="closed", taken=True)
    async with new_chat() as stranger:
        error = await stranger.error(type="live", request_id=other, do="end")
        assert error["code"] == "not_found"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "live", "request_id": str(uuid4()), "do": "dance"}, "bad_frame"),
        ({"type": "live", "request_id": "x", "do": "end"}, "bad_frame"),
        ({"type": "rate_person", "request_id": str(uuid4()), "rating": 6}, "bad_frame"),
        ({"type": "rate_person", "request_id": str(uuid4()), "rating": True}, "bad_frame"),
        ({"type": "rate_person", "request_id": str(uuid4()), "rating": 3}, "not_found"),
        ({"type": "handoff", "live": 1, "reason": "asked", "client_request_id": "1"}, "bad_frame"),
    ],
)
async def test_a_frame_that_cannot_be_used_is_refused(
    new_chat: NewChat, frame: dict[str, Any], code: str
) -> None:
    async with new_chat() as chat:
        assert (await chat.error(**frame))["code"] == code


async def test_two_processes_show_the_same_though_the_team_rings_nobody(desk_pair: DeskServer) -> None:
    cookie = new_cookie()
    with working(desk_pair) as team:
        async with Chat(desk_pair.urls[0], cookie) as first:
            request = await ask_for_a_person(first)
            async with Chat(desk_pair.urls[1], cookie, first.conversation_id) as second:
                await to(team.take, request)
                await to(team.say, request, "Hello from here.")
                for chat in (first, second):
                    await said(chat, "Hello from here.")
                    told = [frame["message_id"] for frame in chat.frames if frame["type"] == "message"]
                    assert len(told) == len(set(told))
                await second.put(type="live", request_id=request, do="back")
                for chat in (first, second):
                    await stands(chat, state="back")


async def elsewhere(chat: Chat, **wanted: Any) -> dict[str, Any]:
    """Return what a page is told of another conversation once it stands so."""
    return await chat.until(
        lambda frame: frame["type"] == "elsewhere" and all(frame[key] == wanted[key] for key in wanted)
    )


async def test_who_looks_at_another_conversation_counts_as_there_and_is_told_where_the_talk_goes_on(
    new_chat: NewChat, team: Team
) -> None:
    async with new_chat() as chat:
        await chat.ask(COMMON)
        request, first = await ask_for_a_person(chat), chat.conversation_id
        await chat.put(type="open", conversation_id=None)
        opened = await chat.until(lambda frame: frame["type"] == "opened")
        assert opened["conversation_id"] != first and opened["live"] is None
        waits = await elsewhere(chat, live="waiting")
        assert (waits["conversation_id"], waits["title"], waits["unread"]) == (first, COMMON, 0)
        # As if the page had been gone for long: its line alone says that its visitor is there.
        await to(
            team.does,
            f"Request.objects.filter(pk={request!r}).update(visitor_seen_at=now() - timedelta(minutes=5))",
        )
        await to(team.take, request)
        await elsewhere(chat, live="with_staff", unread=0)
        await to(team.say, request, "Are you there?")
        await elsewhere(chat, live="with_staff", unread=1)
        (seen,) = await to(team.row, request, "live")
        assert seen == "with_staff"
        there = await to(
            team.does, f"Request.objects.get(pk={request!r}).visitor_seen_at > now() - timedelta(minutes=1)"
        )
        assert there is True
        await chat.put(type="open", conversation_id=first)
        again = await chat.until(lambda frame: frame["type"] == "opened")
        assert [each["text"] for each in again["messages"]][-1] == "Are you there?"
    async with new_chat() as stranger:
        assert stranger.opened["live"] is None
        await stranger.ask(APPROVED)
        assert not [frame for frame in stranger.frames if frame["type"] == "elsewhere"]
    await to(team.does, f"live.close({request!r}, member('anna')).live")

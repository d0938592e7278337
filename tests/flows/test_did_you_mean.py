"""Did you mean: what the FAQ may have stands as buttons while a model writes; a press answers at once."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.control import Control
from tests.flows.client import Chat, Shown
from tests.flows.conftest import BRISK, new_cookie
from tests.flows.test_limits import rows, set_cap
from tests.servers import DeskServer, running_desk, seeded_sqlite

# Three entries that share their one telling word: asked by that word alone, none of them is certain. The
# language has no calibration of its own, so that only its exact phrasings are ever answered.
ENTRIES = {
    "Wie ändere ich meine Lieferadresse?": "Unter **Einstellungen → Adressen**.",
    "Wie lösche ich meine Lieferadresse?": "Unter **Adressen → Löschen**.",
    "Wie prüfe ich meine Lieferadresse?": "Im **Profil**, ganz oben.",
}
UNSURE = "Meine Lieferadresse"
SLOW = {"first_text_ms": 30, "gap_ms": 40, "tokens": 600}
TRIES = 40  # a version is polled every half second; a loaded machine may be late

ADD = """
from faq.models import Entry
from faq.services import save_entry
for question, answer in {entries!r}.items():
    kind, state = Entry.Kind.ANSWER, Entry.Status.PUBLISHED
    save_entry(Entry(kind=kind, status=state, language="de", question=question, answer=answer))
"""
DO = "from faq.models import Entry\nfrom faq import services\nservices.{what}(Entry.objects.get(pk={pk}))"
ASKED = """
import json
from faq.models import AskedQuestion
row = AskedQuestion.objects.get(pk={turn!r})
names = "suggested chosen_entry label right_entry escalated shadowed shown_entry language"
print("ROW" + json.dumps({{name: getattr(row, name) for name in names.split()}}))
"""


def shell(desk: DeskServer, code: str) -> str:
    return desk.manage("shell", "-v", "0", "-c", code)


def asked(desk: DeskServer, turn_id: str) -> dict[str, Any]:
    """Return what is kept of a message for review."""
    row: dict[str, Any] = json.loads(shell(desk, ASKED.format(turn=turn_id)).split("ROW", 1)[1])
    return row


def prepare(desk: DeskServer) -> None:
    """Give a desk that has not started yet the example's FAQ and ENTRIES."""
    shutil.copy(seeded_sqlite("1"), desk.data_dir / "desk.sqlite3")
    shell(desk, ADD.format(entries=ENTRIES))


@pytest.fixture(scope="module")
def own_desk(tmp_path_factory: pytest.TempPathFactory, sandbox: str) -> Iterator[DeskServer]:
    """Run a desk of two processes whose FAQ has three entries that are easily confused."""
    folder = tmp_path_factory.mktemp("mean") / "var"
    with running_desk(folder, sandbox, webs=2, prepare=prepare) as desk:
        yield desk


@pytest.fixture
def slow(sandbox: str) -> Iterator[None]:
    """Let the model write for so long that a choice always comes into the middle of it."""
    Control(sandbox).pace(**SLOW)
    yield
    Control(sandbox).pace(**BRISK)


class Asking(Chat):
    """A chat with a message under which there is an offer."""

    reply_id: str
    turn_id: str
    offer: list[dict[str, str]]

    async def unsure(self, least: int = 3) -> None:
        """Ask until the FAQ of this process has what the test needs."""
        for _ in range(TRIES):
            self.reply_id = await self.send(UNSURE)
            self.turn_id = next(f["turn_id"] for f in self.frames[::-1] if f["type"] == "ack")
            status = await self.until(lambda f: f["type"] == "status" and f["seq"] == 1)
            self.offer = status.get("did_you_mean", [])
            if len(self.offer) >= least:
                return
            await self.put(type="stop", reply_id=self.reply_id)
            await self.finished(self.reply_id)
            await asyncio.sleep(0.3)
        raise AssertionError(f"offered: {self.offer}")

    async def choose(self, entry_id: str) -> Shown:
        await self.put(type="choose", turn_id=self.turn_id, entry_id=entry_id)
        ack = await self.until(lambda f: f["type"] in ("ack", "error"))
        assert (ack["type"], ack["cause"], ack["chosen"]) == ("ack", "choice", entry_id), ack
        return await self.finished(ack["reply_id"])

    def again(self, base: str = "") -> "Asking":
        return Asking(base or self.base, self.cookie, self.conversation_id)


@pytest.mark.usefixtures("slow")
async def test_a_choice_answers_at_once_and_stops_the_model(own_desk: DeskServer) -> None:
    async with Asking(own_desk.url, new_cookie()) as chat:
        await chat.unsure()
        assert {each["question"] for each in chat.offer} == set(ENTRIES)
        assert {each["language"] for each in chat.offer} == {"de"}
        await chat.until(lambda f: f["type"] == "delta")
        picked = chat.offer[1]
        shown = await chat.choose(picked["entry_id"])
        stopped = await chat.finished(chat.reply_id)
        here = next(f["seq"] for f in chat.frames if f.get("did_you_mean") and f["type"] == "status")
    done = shown.done or {}
    assert here == 1, "before any text"
    assert (done["route"], done["state"], done["label"]) == ("faq", "completed", "Approved answer")
    assert done["sources"][0]["title"] == picked["question"]
    assert shown.text == ENTRIES[picked["question"]]
    assert done["feedback_actions"] == ["solved", "not_asked", "more"]
    assert not set(done["suggestions"]) & set(ENTRIES)
    assert ((stopped.done or {})["state"], (stopped.done or {})["ended_by"]) == ("cancelled", "stop")
    columns = "'route', 'cause', 'state', 'first_text_ms', 'matcher_version'"
    where = f"RouteOutcome.objects.filter(turn_id='{chat.turn_id}').order_by('ended_at')"
    outcomes = f"list({where}.values_list({columns}))"
    found = rows(own_desk, outcomes)
    assert isinstance(found, list)
    assert [row[:3] for row in found] == [["faq", "choice", "completed"], ["common", "first", "cancelled"]]
    assert found[0][3] is not None
    assert found[0][4] == found[1][4] != ""
    assert rows(own_desk, "sum(row.reserved_pico for row in Budget.objects.all())") == 0
    kept = asked(own_desk, chat.turn_id)
    assert kept["suggested"].split(",") == [each["entry_id"] for each in chat.offer]
    assert (kept["chosen_entry"], kept["right_entry"]) == (picked["entry_id"], picked["entry_id"])
    assert kept["label"] == "wrong", "the best candidate was another entry"


@pytest.mark.usefixtures("slow")
async def test_a_repeated_choice_is_free_and_a_second_one_is_another_answer(own_desk: DeskServer) -> None:
    async with Asking(own_desk.url, new_cookie()) as chat:
        await chat.unsure()
        one, two = chat.offer[0]["entry_id"], chat.offer[1]["entry_id"]
        first, repeated = await chat.choose(one), await chat.choose(one)
        other = await chat.choose(two)
        assert first.reply_id == repeated.reply_id != other.reply_id
        async with chat.again() as later:
            (turn,) = [turn for turn in later.opened["turns"] if turn["turn_id"] == chat.turn_id]
    assert [reply["chosen"] for reply in turn["replies"]] == ["", one, two]
    assert [len(reply["did_you_mean"]) for reply in turn["replies"]] == [3, 0, 0]
    assert asked(own_desk, chat.turn_id)["chosen_entry"] == two


@pytest.mark.usefixtures("slow")
async def test_two_tabs_in_two_processes_see_one_offer_and_one_choice(own_desk: DeskServer) -> None:
    async with Asking(own_desk.urls[0], new_cookie()) as chat:
        await chat.unsure()
        async with chat.again(own_desk.urls[1]) as other:
            (turn,) = [turn for turn in other.opened["turns"] if turn["turn_id"] == chat.turn_id]
            assert turn["replies"][0]["did_you_mean"] == chat.offer
            other.turn_id, other.reply_id = chat.turn_id, chat.reply_id
            entry_id = chat.offer[2]["entry_id"]
            shown = await other.choose(entry_id)
            told = await chat.until(lambda f: f["type"] == "turn")
            assert (told["cause"], told["chosen"], told["reply_id"]) == ("choice", entry_id, shown.reply_id)
            assert (await chat.finished(shown.reply_id)).text == shown.text
            assert ((await chat.finished(chat.reply_id)).done or {})["state"] == "cancelled"
            both = await asyncio.gather(chat.choose(entry_id), other.choose(entry_id))
        assert {each.reply_id for each in both} == {shown.reply_id}


@pytest.mark.usefixtures("slow")
async def test_a_snapshot_of_the_running_answer_has_the_offer(own_desk: DeskServer) -> None:
    async with Asking(own_desk.url, new_cookie()) as chat:
        await chat.unsure()
        await chat.put(type="resume", reply_id=chat.reply_id, epoch=9, after=7)
        snapshot = await chat.until(lambda f: f["type"] == "snapshot")
        assert snapshot["did_you_mean"] == chat.offer
        await chat.choose(chat.offer[0]["entry_id"])


async def test_what_cannot_be_chosen_is_said_and_stops_nothing(own_desk: DeskServer) -> None:
    async with Asking(own_desk.url, new_cookie()) as chat, Chat(own_desk.url, new_cookie()) as stranger:
        await chat.unsure()
        foreign = await stranger.error(
            type="choose", turn_id=chat.turn_id, entry_id=chat.offer[0]["entry_id"]
        )
        assert foreign["code"] == "not_found"
        refused = await chat.error(type="choose", turn_id=chat.turn_id, entry_id="1")
        assert (refused["code"], refused["turn_id"], refused["entry_id"]) == (
            "not_available",
            chat.turn_id,
            "1",
        )
        assert "not offered" in refused["message"]
        assert ((await chat.finished(chat.reply_id)).done or {})["state"] == "completed"


async def test_an_answer_that_was_withdrawn_meanwhile_is_not_shown(own_desk: DeskServer) -> None:
    async with Asking(own_desk.url, new_cookie()) as chat:
        await chat.unsure()
        await chat.finished(chat.reply_id)
        gone = chat.offer[0]["entry_id"]
        shell(own_desk, DO.format(what="archive", pk=gone))
        try:
            async with Asking(own_desk.url, new_cookie()) as witness:
                for _ in range(TRIES):
                    await witness.unsure(least=2)
                    if gone not in {each["entry_id"] for each in witness.offer}:
                        break
                    await asyncio.sleep(0.3)
            refused = await chat.error(type="choose", turn_id=chat.turn_id, entry_id=gone)
            assert (refused["code"], refused["entry_id"]) == ("not_available", gone)
            assert "withdrawn" in refused["message"]
            assert (await chat.choose(chat.offer[1]["entry_id"])).text, "the others can still be chosen"
        finally:
            shell(own_desk, DO.format(what="publish", pk=gone))


async def test_after_the_models_answer_the_chosen_one_stands_under_it_and_can_be_judged(
    own_desk: DeskServer,
) -> None:
    async with Asking(own_desk.url, new_cookie()) as chat:
        await chat.unsure()
        answered = await chat.finished(chat.reply_id)
        assert not set((answered.done or {})["suggestions"]) & set(ENTRIES)
        first = await chat.choose(chat.offer[0]["entry_id"])
        await chat.put(type="resolve", solved=True, reply_id=first.reply_id)
        await chat.put(type="ping")
        await chat.until(lambda f: f["type"] == "pong")
        kept = asked(own_desk, chat.turn_id)
        assert (kept["label"], kept["right_entry"]) == ("right", chat.offer[0]["entry_id"])
        second = await chat.choose(chat.offer[1]["entry_id"])
        higher = await chat.finished(await chat.verb("escalate", second.reply_id))
        assert (higher.done or {})["tier"] != "none"
        assert not set((higher.done or {})["suggestions"]) & set(ENTRIES)
        kept = asked(own_desk, chat.turn_id)
        assert (kept["label"], kept["escalated"], kept["chosen_entry"]) == (
            "wrong", True, chat.offer[1]["entry_id"],
        )  # fmt: skip
        async with chat.again() as later:
            (turn,) = [turn for turn in later.opened["turns"] if turn["turn_id"] == chat.turn_id]
    assert [reply["state"] for reply in turn["replies"]] == ["completed"] * 4
    assert [reply["resolved"] for reply in turn["replies"]] == [None, True, None, None]


@pytest.mark.usefixtures("slow")
async def test_a_stopped_answer_is_tried_again_whatever_was_chosen(own_desk: DeskServer) -> None:
    async with Asking(own_desk.url, new_cookie()) as chat:
        await chat.unsure()
        await chat.until(lambda f: f["type"] == "delta")
        shown = await chat.choose(chat.offer[0]["entry_id"])
        await chat.finished(chat.reply_id)
        retried = await chat.verb("retry", chat.reply_id)
        assert retried != shown.reply_id
        assert await chat.verb("retry", chat.reply_id) == retried
        await chat.put(type="stop", reply_id=retried)
        await chat.finished(retried)


async def test_what_was_read_already_is_not_offered_again(own_desk: DeskServer) -> None:
    async with Asking(own_desk.url, new_cookie()) as chat:
        await chat.unsure()
        read = chat.offer[0]["entry_id"]
        await chat.finished(chat.reply_id)
        await chat.choose(read)
        await chat.unsure(least=2)
        assert read not in {each["entry_id"] for each in chat.offer}
        await chat.finished(chat.reply_id)


async def test_without_a_model_the_buttons_are_the_way_out(own_desk: DeskServer) -> None:
    set_cap(own_desk, "0.0001")
    try:
        async with Asking(own_desk.url, new_cookie()) as chat:
            for _ in range(TRIES):
                await chat.unsure()
                refused = await chat.finished(chat.reply_id)
                if (refused.done or {})["ended_by"] == "budget":
                    break
            assert (refused.done or {})["did_you_mean"] == chat.offer
            shown = await chat.choose(chat.offer[0]["entry_id"])
            assert shown.text in ENTRIES.values()
    finally:
        set_cap(own_desk, "5")


ASK_BACK = """
from django.db import transaction
from routing.models import Condition, Route, Rule
from routing.publishing import publish
with transaction.atomic():
    route = Route.objects.create(
        slug="did_you_mean", name="Asks back", meaning="Which one?", kind="fixed", tier="none",
        position=20, escalates_to_id="common",
    )
    known = Rule.objects.get(name="Known question")
    for row in Rule.objects.filter(position__gt=known.position):
        row.position += 1
        row.save()
    rule = Rule.objects.create(
        position=known.position + 1, name="The FAQ may have it", route=route, reason="The FAQ may have it."
    )
    Condition.objects.create(rule=rule, signal="faq_suggest", operator="is_true")
    publish(by="test")
"""
ANSWER_FIRST = """
from routing.models import Route, Rule
from routing.publishing import publish
Rule.objects.filter(route_id="did_you_mean").delete()
Route.objects.filter(pk="did_you_mean").delete()
publish(by="test")
"""
SHADOW = """
from django.db import transaction
from faq import calibrating
with transaction.atomic():
    calibrating.change_settings(mode={mode!r})
"""


async def test_a_rule_lets_the_desk_ask_back_before_a_model_is_asked(own_desk: DeskServer) -> None:
    shell(own_desk, ASK_BACK)
    try:
        for _ in range(TRIES):  # each in a conversation of its own: a re-ask goes to a larger model
            async with Asking(own_desk.url, new_cookie()) as early:
                await early.unsure()
                if ((await early.finished(early.reply_id)).done or {})["route"] == "did_you_mean":
                    break
        async with Asking(own_desk.url, new_cookie()) as chat:
            await chat.unsure()
            back = await chat.finished(chat.reply_id)
            done = back.done or {}
            assert (done["state"], done["feedback_actions"]) == ("completed", ["none_of_these"])
            assert done["did_you_mean"] == chat.offer
            assert "Wählen Sie" in back.text, "our own words come in the visitor's language"
            assert rows(own_desk, f"ModelCall.objects.filter(reply_id='{chat.reply_id}').count()") == 0
            none = await chat.finished(await chat.verb("escalate", chat.reply_id))
            assert (none.done or {})["tier"] == "lite"
            assert not set((none.done or {})["suggestions"]) & set(ENTRIES)
            kept = asked(own_desk, chat.turn_id)
            assert (kept["label"], kept["escalated"]) == ("wrong", True)
            shown = await chat.choose(chat.offer[0]["entry_id"])
            assert shown.text in ENTRIES.values()
    finally:
        shell(own_desk, ANSWER_FIRST)


async def test_in_shadow_mode_nothing_is_answered_or_offered(own_desk: DeskServer) -> None:
    exact = next(iter(ENTRIES))
    shell(own_desk, SHADOW.format(mode="shadow"))
    try:
        async with Asking(own_desk.url, new_cookie()) as chat:
            for _ in range(TRIES):
                shown = await chat.ask(exact)
                if (shown.done or {})["route"] != "faq":
                    break
                await asyncio.sleep(0.3)
            assert (shown.done or {})["tier"] != "none"
            turn_id = next(f["turn_id"] for f in chat.frames[::-1] if f["type"] == "ack")
            unsure = await chat.ask(UNSURE)
            assert (unsure.done or {})["did_you_mean"] == []
        kept = asked(own_desk, turn_id)
        assert (kept["shadowed"], kept["shown_entry"], kept["suggested"]) == (True, "", "")
    finally:
        shell(own_desk, SHADOW.format(mode="answer"))

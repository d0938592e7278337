"""Answers that are given again: to whom, for how long, and what makes a desk ask its model anew.

Each story goes the whole way of a message, without a socket, to the sandbox over a real one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from django.core.management import call_command
from django.db import transaction

from assistant import db, frames, reserved, services, stored_answers
from assistant.models import AssistantSettings, Conversation, Reply
from assistant.privacy import erase, export, retention
from assistant.process import Process, process, refresh
from assistant.settings_snapshot import as_snapshot
from assistant.who import Who
from common.clock import now, ticks
from faq import index
from faq import services as faq_services
from faq.models import Entry
from routing import publishing
from routing.models import (
    Budget,
    CatalogueModel,
    LadderStep,
    ModelCall,
    Route,
    RouteOutcome,
    Rule,
    StoredAnswer,
)
from routing.providers.transport import transport
from tests.control import Control
from tests.example_rows import make_once

QUESTION = "Can clients switch off deposits?"
LITE, SECOND = "gemini-3.5-flash-lite", "claude-haiku-5-5"

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Desk:
    """A desk in this process, and the sandbox that it asks."""

    process: Process
    control: Control

    async def ask(self, text: str = QUESTION, purpose: str = "visitor", **who: str) -> Reply:
        """Return the reply to the first message of a new visitor."""
        return await self.say(Who(uuid4(), **who), text, purpose)

    async def say(self, who: Who, text: str, purpose: str = "visitor", conversation: Any = None) -> Reply:
        where = conversation or reserved.reserve(who.visitor_id)
        reply_id = await self.process.ask(who, where, text, purpose)
        return await db.run(_reply, reply_id)

    def asked(self) -> int:
        """Return how many requests the providers have had."""
        return len(self.control.requests())

    async def change(self, work: Callable[[], object]) -> None:
        """Change something as staff do, and have this process see it."""
        await db.run(_in_one, work)
        await db.run(refresh)

    async def route(self, **fields: Any) -> None:
        await self.change(lambda: Route.objects.filter(slug="common").update(**fields))

    async def entry(self, question: str, answer: str) -> None:
        def edit() -> None:
            entry = Entry.objects.get(question=question)
            entry.answer = answer
            faq_services.save_entry(entry)

        await self.change(edit)


def _reply(pk: Any) -> Reply:
    return Reply.objects.select_related("turn", "conversation").get(pk=pk)


def _in_one(work: Callable[[], object]) -> None:
    with transaction.atomic():
        work()
        publishing.publish(by="test", settings=as_snapshot(AssistantSettings.objects.get()))


def given(reply: Reply) -> bool:
    """Return whether a reply was given a stored answer."""
    return frames.stored(reply) is not None


def _seed() -> None:
    call_command("seed", verbosity=0)
    index.forget()
    index.refresh()  # with the vectors of its phrasings, so that each test finds them in the table


@pytest.fixture
def seeded(transactional_db: None) -> None:
    make_once("stored answers", _seed)
    publishing.forget()
    index.forget()
    refresh()


@pytest_asyncio.fixture
async def desk(seeded: None, sandbox: str) -> AsyncIterator[Desk]:
    control = Control(sandbox)
    control.reset()
    control.pace(first_text_ms=5, gap_ms=0, tokens=20)
    running = process()
    try:
        yield Desk(running, control)
    finally:
        await running.drain()
        await transport().aclose()
        control.reset()
        publishing.forget()
        index.forget()


async def test_as_shipped_each_is_asked_for_anew_and_on_a_route_that_says_so_one_serves_both(
    desk: Desk,
) -> None:
    await desk.ask()
    assert not given(await desk.ask())
    assert desk.asked() == 2
    await desk.route(cache="exact")
    first, second = await desk.ask(), await desk.ask("  can clients switch off DEPOSITS ")
    assert (given(first), given(second), desk.asked()) == (False, True, 3)
    assert (second.state, second.ended_by, second.text) == ("completed", "finish", first.text)
    assert (second.route, second.tier, second.answering_model, second.label) == (
        "common", "lite", LITE, "AI answer",
    )  # fmt: skip
    assert second.sources == first.sources
    written = first.ended_at.isoformat() if first.ended_at else ""
    assert frames.done_body(second)["stored"] == {"written_at": written, "model": "Gemini 3.5 Flash-Lite"}
    outcome = await db.run(RouteOutcome.objects.get, pk=second.pk)
    assert (outcome.cached, outcome.cost_pico, outcome.attempts) == (True, 0, 0)
    assert outcome.heavy_cost_pico
    assert not await db.run(ModelCall.objects.filter(reply_id=second.pk).exists)
    other = await db.run(RouteOutcome.objects.get, pk=first.pk)
    assert not other.cached


OTHER_ENTRY = "Can I change the wording of reminders?"


async def test_an_answer_hangs_on_the_entries_it_read_the_prompt_the_model_the_plan_and_the_language(
    desk: Desk,
) -> None:
    await desk.route(cache="exact")
    first = await desk.ask()
    read = {each["entry_id"] for each in first.decision["passages"]}
    far = await db.run(lambda: Entry.objects.exclude(pk__in=read).filter(status="published").first())
    near = await db.run(lambda: Entry.objects.get(pk=first.decision["passages"][0]["entry_id"]))
    assert far is not None

    async def asks_anew(again: bool = True, **who: str) -> None:
        before = desk.asked()
        assert given(await desk.ask(**who)) is not again
        assert desk.asked() - before == int(again)
        assert given(await desk.ask(**who)), "and what is written now serves the next one"

    await asks_anew(again=False)
    await desk.entry(far.question, far.answer + " And more.")
    await asks_anew(again=False)
    await desk.entry(near.question, near.answer + " And more.")
    await asks_anew()
    await desk.change(lambda: AssistantSettings.objects.update(greeting="Hello there.", hours="Always"))
    await asks_anew(again=False)
    await desk.change(lambda: AssistantSettings.objects.update(house_instructions="Say it in one sentence."))
    await asks_anew()
    await desk.route(instructions="Name the page in the settings.")
    await asks_anew()
    await desk.change(lambda: CatalogueModel.objects.filter(pk=LITE).update(thinking="low"))
    await asks_anew()
    await asks_anew(plan="pro")
    await asks_anew(language="de")
    await desk.change(lambda: LadderStep.objects.filter(route_id="common", model_id=LITE).delete())
    await asks_anew()
    assert (await desk.ask()).answering_model == SECOND
    assert not await db.run(lambda: StoredAnswer.objects.filter(hits=0).exists())


async def test_a_rule_leads_elsewhere_at_once_and_leaves_the_answers_of_other_routes(desk: Desk) -> None:
    await desk.route(cache="exact")
    await desk.ask()

    def lead(to: str) -> Callable[[], object]:
        return lambda: Rule.objects.filter(name="Everything else").update(route_id=to)

    await desk.change(lead("complex"))
    elsewhere = await desk.ask()
    assert (elsewhere.route, given(elsewhere)) == ("complex", False)
    await desk.change(lead("common"))
    assert given(await desk.ask())


NEAR = ("Can a client switch off the deposits?", True)
FAR = (
    ("Can clients switch on deposits?", False),
    ("Can't clients switch off deposits?", False),
    ("Can clients switch off 3 deposits?", False),
    ("Can staff switch off deposits?", False),
)


async def test_other_words_for_the_same_are_one_question_only_where_the_route_says_so(desk: Desk) -> None:
    await desk.route(cache="exact")
    first = await desk.ask()
    assert not given(await desk.ask(NEAR[0]))
    await desk.route(cache="near")
    await db.run(StoredAnswer.objects.exclude(reply_id=first.pk).delete)
    for text, expected in (*FAR, NEAR):
        reply = await desk.ask(text)
        assert given(reply) is expected, text
    assert (reply.text, reply.decision["store"]["how"]) == (first.text, "near")
    await desk.entry(first.decision["passages"][0]["title"], "Now it is all different.")
    assert not given(await desk.ask("Can the client switch off a deposit?")), "what it rests on has changed"


@pytest.mark.parametrize(
    ("fault", "times", "state"),
    [
        ("status", 1, "completed"),  # by the second model
        ("cut", 1, "completed"),  # continued by it
        ("other_model", 1, "completed"),
        ("length", 9, "truncated"),
        ("refusal", 1, "refused"),
        ("eof", 9, "failed"),
    ],
)
async def test_only_a_whole_answer_of_the_model_that_was_asked_is_ever_stored(
    desk: Desk, fault: str, times: int, state: str
) -> None:
    await desk.route(cache="exact")
    more: dict[str, Any] = {"status": 503, "after_tokens": -1} if fault == "status" else {"after_tokens": 3}
    desk.control.fault(fault, times=times, **more)
    assert (await desk.ask()).state == state
    desk.control.clear()
    assert not await db.run(StoredAnswer.objects.exists)
    again = await desk.ask()
    assert not given(again)


async def test_an_answer_that_was_found_wanting_is_not_stored(desk: Desk) -> None:
    await desk.route(cache="exact")
    reply, config = await desk.ask(), publishing.current()
    for verdict, kept in (
        ({"kind": "cannot_help"}, False),
        ({"kind": "unsupported"}, False),
        ({"kind": ""}, True),
    ):
        await db.run(StoredAnswer.objects.all().delete)
        reply.decision = {**reply.decision, "verdict": verdict}
        await db.run(stored_answers.keep, reply, config, 0)
        assert await db.run(StoredAnswer.objects.exists) is kept


async def test_a_stopped_answer_and_one_for_staff_are_not_stored(desk: Desk) -> None:
    await desk.route(cache="exact")
    desk.control.pace(first_text_ms=10, gap_ms=200, tokens=60)
    who = Who(uuid4())
    asking = asyncio.create_task(desk.say(who, QUESTION))
    for _ in range(1000):
        if any(run.parts for run in desk.process.runner.runs.values()):
            break
        await asyncio.sleep(0.01)
    for reply_id in list(desk.process.runner.runs):
        await desk.process.stop(reply_id)
    assert (await asking).state == "cancelled"
    desk.control.pace(first_text_ms=5, gap_ms=0, tokens=20)
    await desk.ask(purpose="demo")
    assert not await db.run(StoredAnswer.objects.exists)
    await desk.ask()
    assert not given(await desk.ask(purpose="demo")), "who measures models hears them"


async def test_what_a_conversation_or_an_account_bears_upon_is_for_the_model(desk: Desk) -> None:
    await desk.route(cache="near")
    who = Who(uuid4())
    conversation = reserved.reserve(who.visitor_id)
    await desk.ask()
    await desk.say(who, "Can I print the calendar of one day?", conversation=conversation)
    inside = await desk.say(who, QUESTION, conversation=conversation)
    assert not given(inside)
    assert inside.decision["store"] == {"why_not": "the conversation counts"}
    told = f"{QUESTION} I am max@example.org"
    for text, why in (
        (told, "a personal detail stands in it"),
        (f"{QUESTION} It is about 4711-22.", "a number of one case stands in it"),
        (f"{QUESTION} " + "I really would like to know that. " * 20, "it is too long"),
    ):
        for _ in range(2):
            reply = await desk.ask(text)
            assert not given(reply)
        assert reply.decision.get("store", {}).get("why_not", why) == why
    stored = await db.run(lambda: list(StoredAnswer.objects.values_list("question", flat=True)))
    assert not [text for text in stored if text.startswith(f"{QUESTION} ")]


async def test_an_answer_that_did_not_do_is_forgotten_whoever_says_so(desk: Desk) -> None:
    await desk.route(cache="exact")

    async def rated(who: Who, reply: Reply) -> None:
        await db.run(services.rate, who, reply.pk, False, "wrong", "")

    async def escalated(who: Who, reply: Reply) -> None:
        started = await db.run(services.start_verb, who, "escalate", reply.pk, ticks(), desk.process.id)
        assert started.reply.route == "complex"
        assert not given(started.reply)
        desk.process.begin(started, ticks())
        await asyncio.wait([run.task for run in desk.process.runner.runs.values() if run.task])

    async def unsolved(who: Who, reply: Reply) -> None:
        await db.run(services.resolve, who, reply.conversation_id, False, reply.pk)

    async def asked_again(who: Who, reply: Reply) -> None:
        await desk.say(who, "That did not help.", conversation=reply.conversation_id)

    for complains in (rated, escalated, unsolved, asked_again):
        for of_a_copy in (False, True):
            writer, reader = Who(uuid4()), Who(uuid4())
            first = await desk.say(writer, QUESTION)
            copy = await desk.say(reader, QUESTION)
            assert (given(first), given(copy)) == (False, True), complains.__name__
            await (complains(reader, copy) if of_a_copy else complains(writer, first))
            assert not await db.run(StoredAnswer.objects.exists)
    assert given(await desk.ask()) is False
    praised = await desk.ask()
    await db.run(services.rate, Who(praised.conversation.visitor_id), praised.pk, True, "", "")
    assert given(await desk.ask())


async def test_an_answer_is_given_for_its_hours_and_then_goes(desk: Desk) -> None:
    await desk.route(cache="exact", cache_hours=2)
    await desk.ask()
    await db.run(StoredAnswer.objects.update, written_at=now() - timedelta(hours=1, minutes=59))
    assert given(await desk.ask())
    assert await db.run(stored_answers.forget_outlived) == 0
    await desk.route(cache_hours=1)
    before = await db.run(StoredAnswer.objects.get)
    assert not given(await desk.ask()), "shorter hours count at once"
    assert await db.run(StoredAnswer.objects.get) != before
    assert await db.run(stored_answers.forget_outlived) == 0
    for change in ({"cache": "off"}, {"instructions": "Be brief."}):
        await desk.route(**change)
        assert await db.run(stored_answers.forget_outlived) == 1
        await desk.route(cache="exact")
        await desk.ask()


async def test_without_money_a_stored_answer_is_still_given(desk: Desk) -> None:
    await desk.route(cache="exact")
    await desk.ask()
    await desk.change(lambda: AssistantSettings.objects.update(daily_cost_cap_usd=0))
    other = await desk.ask("Do you have an app for tablets?")
    assert (other.state, other.ended_by) == ("failed", "budget")
    before = await db.run(lambda: list(Budget.objects.values_list("spent_pico", "reserved_pico")))
    assert given(await desk.ask())
    assert before == await db.run(lambda: list(Budget.objects.values_list("spent_pico", "reserved_pico")))


async def test_an_erasure_takes_the_stored_answers_of_its_visitor_and_the_export_has_them(desk: Desk) -> None:
    await desk.route(cache="exact")
    first, other = await desk.ask(), await desk.ask("Do you have an app for tablets?")
    copy = await desk.ask()
    visitor = first.conversation.visitor_id
    document = await db.run(export, visitor)
    assert [row["question"] for row in document["stored_answers"]] == [QUESTION]
    counts = await db.run(erase, visitor)
    assert counts["stored answers"] == 1
    left = await db.run(lambda: list(StoredAnswer.objects.values_list("reply_id", flat=True)))
    assert left == [other.pk]
    assert str(first.pk) not in str((await db.run(_reply, copy.pk)).decision)
    assert not given(await desk.ask())
    old = now() - timedelta(days=400)
    await db.run(Conversation.objects.filter(pk=other.conversation_id).update, updated_at=old)
    assert (await db.run(retention.run, now())).counts["conversations"] == 1
    assert not await db.run(StoredAnswer.objects.filter(reply_id=other.pk).exists)
    await db.run(StoredAnswer.objects.update, written_at=now() - timedelta(days=31))
    assert (await db.run(retention.run, now())).counts["stored_answers"] == 1

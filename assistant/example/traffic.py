"""Example traffic: made-up visitors who go the whole way of a message, without a socket.

Their conversations carry the purpose `demo`, so that every figure made of them can be told apart and
taken out again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from random import Random
from uuid import UUID, uuid4

from assistant import db, reserved, services
from assistant.example.questions import Visit, read, visits
from assistant.models import Conversation, Reply, Turn, Visitor
from assistant.process import Process, process, refresh
from assistant.services import NotAvailable
from assistant.who import Who
from common.clock import now, ticks
from faq import services as faq_services
from faq.models import Phrasing
from routing import example, rollup
from routing.models import Purpose
from routing.providers.transport import transport

PURPOSE = Purpose.DEMO.value
CONCURRENCY = 6  # enough to keep two cores busy beside the visitors of a desk that is really used
REMOVE_CHUNK = 50
ROLL_UP_EVERY_S = 4.0

# What visitors do with an answer. Rates of real desks are lower; the example wants something to show.
UP, DOWN, ESCALATE = 0.16, 0.05, 0.04
SETTLED = frozenset({"small_talk", "person"})  # nobody asks a larger model about a greeting

Heard = Callable[[], Awaitable[None]]


def plan(seed: int) -> Iterator[Visit]:
    """Return the visits of a run, without end."""
    published = Phrasing.objects.filter(entry__status="published").order_by("pk")
    return visits(seed, read(), list(published.values_list("text", flat=True)))


def rest_of(all_visits: Iterator[Visit], played: int) -> Iterator[Visit]:
    """Return the visits after the first `played` questions; visits are always played whole."""
    skipped = 0
    while skipped < played:
        skipped += len(next(all_visits).texts)
    return all_visits


def shortened(all_visits: Iterator[Visit], wanted: int) -> Iterator[Visit]:
    """Yield visits that hold `wanted` questions in all."""
    while wanted > 0:
        visit = next(all_visits)
        texts = visit.texts[:wanted]
        wanted -= len(texts)
        yield Visit(visit.plan, texts)


async def play(chosen: Iterator[Visit], heard: Heard, concurrency: int, until: float | None = None) -> None:
    """Play visits side by side and await `heard` after each question.

    No new visit begins after `until` (a `ticks()` value). Raises DatabaseGone.
    """
    await db.run(refresh)
    desk = process()
    desk.ownership.adopts = False  # a worker plays its own visitors and answers nobody else's

    async def visitor() -> None:
        for visit in chosen:
            await _visit(desk, visit, heard)
            if until is not None and ticks() >= until:
                return

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(visitor())
    except ExceptionGroup as several:
        gone = several.subgroup(db.DatabaseGone)
        if gone is None:
            raise
        raise db.DatabaseGone(str(gone.exceptions[0])) from several
    finally:
        await desk.drain()
        await transport().aclose()


async def _visit(desk: Process, visit: Visit, heard: Heard) -> None:
    who = Who(uuid4(), plan=visit.plan)
    conversation = reserved.reserve(who.visitor_id)
    for text in visit.texts:
        reply_id = await desk.ask(who, conversation, text, PURPOSE)
        await _react(desk, who, reply_id, Random(str(reply_id)))
        await heard()


async def _react(desk: Process, who: Who, reply_id: UUID, random: Random) -> None:
    """Let the visitor rate the answer, or ask the larger model under it, now and then."""
    state, route = await db.run(_ended, reply_id)
    if state != Reply.State.COMPLETED:
        return
    mood = random.random()
    if mood < UP + DOWN:
        await db.run(services.rate, who, reply_id, mood < UP, "", "")
    if UP <= mood < UP + DOWN + ESCALATE and route not in SETTLED:
        await _escalate(desk, who, reply_id)


def _ended(reply_id: UUID) -> tuple[str, str]:
    return Reply.objects.values_list("state", "route").get(pk=reply_id)


async def _escalate(desk: Process, who: Who, reply_id: UUID) -> None:
    received = ticks()
    try:
        started = await db.run(services.start_verb, who, "escalate", reply_id, received, desk.id)
    except NotAvailable:
        return  # there is nothing above this answer's route
    desk.begin(started, received)
    run = desk.runner.runs.get(started.reply.pk)
    if run is not None and run.task is not None:
        await asyncio.wait([run.task])


async def note_progress() -> None:
    """Move the progress that the metrics page shows on by one question."""
    await db.run(example.moved, 1, now())


def play_step(seconds: float) -> bool:
    """Go on with the run that was asked for, for about `seconds`; return whether there is more to do."""
    run = example.state()
    if run.started_at is None or run.ended_at is not None:
        return False
    left = run.wanted - run.played
    if left > 0:
        chosen = shortened(rest_of(plan(int(run.started_at.timestamp())), run.played), left)
        asyncio.run(_step(chosen, ticks() + seconds))
        left = run.wanted - example.state().played
    if left <= 0:
        example.end(now())
    return left > 0


async def _step(chosen: Iterator[Visit], until: float) -> None:
    figures = asyncio.create_task(_keep_figures())
    try:
        await play(chosen, note_progress, CONCURRENCY, until)
    finally:
        figures.cancel()
        await asyncio.gather(figures, return_exceptions=True)


async def _keep_figures() -> None:
    """Roll up while the worker, which may be the only one, is busy with a step."""
    while True:
        await asyncio.sleep(ROLL_UP_EVERY_S)
        await db.run(rollup.roll_up, now())


def remove() -> int:
    """Delete the example's conversations, visitors and questions; return how many conversations.

    The figures made of them are `routing.example.remove`'s.
    """
    removed = 0
    while chunk := list(Conversation.objects.filter(purpose=PURPOSE)[:REMOVE_CHUNK]):
        ids = [conversation.pk for conversation in chunk]
        turns = list(Turn.objects.filter(conversation_id__in=ids).values_list("pk", flat=True))
        faq_services.erase(turns)
        Conversation.objects.filter(pk__in=ids).delete()
        visitors = {conversation.visitor_id for conversation in chunk}
        Visitor.objects.filter(pk__in=visitors, conversations=None).delete()
        removed += len(ids)
    return removed


def first_questions(count: int, seed: int = 0) -> list[str]:
    """Return first messages of example visits, for measurements on a desk that nobody has asked yet."""
    return [visit.texts[0] for visit in islice(plan(seed), count)]

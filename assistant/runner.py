"""One background task a running reply, owned by this process and by no socket.

It walks `dispatch.run`, writes text into the turn log, and ends the reply exactly once: Stop, a left
conversation, a leaked canary, an overlong answer and a draining process all end it here.
"""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import transaction

from assistant import considering, db, ending, fixed_replies, frames, offering
from assistant.ending import ReplyEnd
from assistant.models import Reply
from assistant.pipeline import canary
from assistant.rendering import BlockRenderer
from assistant.sources import as_sources, supporting
from assistant.spent import Spent
from assistant.starting import Generation
from assistant.turn_log import TurnLog, Writer
from assistant.weighing import weigh
from common.clock import ms_since, ticks
from routing import dispatch, recorder
from routing.attempts import AttemptResult, AttemptStart
from routing.config import ModelSpec
from routing.evidence import Verdict
from routing.providers.transport import transport

logger = logging.getLogger(__name__)

STORE_PATIENCE_S = 30.0  # a finished reply waits this long in memory for its database


def label_of_stage(stage: str, model: ModelSpec) -> str:
    """Return what the visitor reads while a model is awaited."""
    if stage == "continuing":
        return "The answer was cut; another model goes on"
    return "Asking the larger model" if model.tier == "heavy" else "Thinking"


class DatabaseLedger:
    """The ledger as dispatch sees it: each call is one hop through the database door."""

    async def start(self, attempt: AttemptStart) -> None:
        await db.run(_start_call, attempt)

    async def settle(self, attempt: AttemptStart, result: AttemptResult) -> None:
        await db.run(_settle_call, attempt, result)


def _start_call(attempt: AttemptStart) -> None:
    with transaction.atomic():
        recorder.start_call(attempt)


def _settle_call(attempt: AttemptStart, result: AttemptResult) -> None:
    with transaction.atomic():
        recorder.settle_call(attempt, result)


@dataclass
class Run:
    """One running reply: its rows, its log, and why it was told to end, if it was."""

    reply: Reply
    generation: Generation
    writer: Writer
    received: float
    task: asyncio.Task[None] | None = None
    reason: str = ""
    model: ModelSpec | None = None
    wrote: ModelSpec | None = None
    attempts: int = 0
    fallbacks: int = 0
    first_text_ms: int | None = None
    tail: str = ""
    parts: list[str] = field(default_factory=list)
    verdict: Verdict = ending.NOTHING_AGAINST

    @property
    def reply_id(self) -> UUID:
        return self.reply.pk

    @property
    def conversation_id(self) -> UUID:
        return self.reply.conversation_id


ENDED_STATES: Mapping[str, str] = {
    "stop": "cancelled",
    "abandoned": "truncated",
    "canary": "refused",
    "drain": "truncated",
}


class Runner:
    """The registry of this process's running replies."""

    def __init__(self, hub: TurnLog, ended: Callable[[Run], Awaitable[None]]) -> None:
        self._hub = hub
        self._ended = ended
        self.ledger = DatabaseLedger()
        self._mark = canary()
        self.runs: dict[UUID, Run] = {}

    def start(self, reply: Reply, generation: Generation, received: float) -> None:
        """Begin a reply whose first attempt is reserved; returns at once."""
        hosts = considering.link_hosts(generation.config)
        writer = self._hub.open(reply.pk, reply.conversation_id, reply.epoch, BlockRenderer(hosts))
        run = Run(reply, generation, writer, received)
        self.runs[reply.pk] = run
        if offer := offering.body_of(reply.decision):
            writer.status("faq", "", **offer)  # before any text, so that nothing moves while it is read
        # A context of its own: Django's thread-sensitive one would tie each reply to a connection.
        run.task = asyncio.create_task(self._guard(run), context=contextvars.Context())

    def stop(self, reply_id: UUID, reason: str = "stop") -> bool:
        """End a reply of this process; False when it is not one. The upstream is closed at once."""
        run = self.runs.get(reply_id)
        if run is None or run.task is None or run.reason:
            return run is not None
        run.reason = reason
        run.task.cancel()
        return True

    async def drain(self, patience_s: float) -> None:
        """Let running replies finish for `patience_s`, then end what is left with its text kept."""
        tasks = [run.task for run in self.runs.values() if run.task]
        if tasks:
            await asyncio.wait(tasks, timeout=patience_s)
        left = [run.task for run in list(self.runs.values()) if run.task and self.stop(run.reply_id, "drain")]
        if left:
            await asyncio.wait(left, timeout=patience_s)

    async def _guard(self, run: Run) -> None:
        """Run the reply to its one end, whatever happens inside; the outermost guard of a turn."""
        end: ReplyEnd | None = None
        try:
            try:
                end = await self._generate(run)
                end = await self._weighed(run, end)
            except asyncio.CancelledError:
                if not run.reason:
                    run.reason = "drain"  # the loop is closing: keep what there is
                end = end or self._cut_end(run)
            except Exception:
                logger.exception("reply %s failed inside", run.reply_id)
                end = end or self._end(run, "failed", "upstream", notice=fixed_replies.FAILED_NOTICE)
            await asyncio.shield(self._store(run, end))
        finally:
            self.runs.pop(run.reply_id, None)
        await self._ended(run)

    async def _weighed(self, run: Run, end: ReplyEnd) -> ReplyEnd:
        """Return the end of an answer with what was found of it."""
        if end.state != "completed":
            return end
        generation = run.generation
        verdict = await asyncio.to_thread(weigh, end.text, generation.passages, generation.job.route)
        return replace(end, verdict=verdict)

    async def _generate(self, run: Run) -> ReplyEnd:
        job = run.generation.job
        async with aclosing(dispatch.run(job, self.ledger, transport())) as stream:
            async for event in stream:
                match event:
                    case dispatch.Text(text=text, model=model):
                        cut = self._take(run, text, model)
                        if cut:
                            run.reason = cut
                            break
                    case dispatch.Stage(stage=stage, model=model):
                        run.attempts += 1
                        run.fallbacks += stage == "waiting" and run.model not in (None, model)
                        run.model = model
                        run.writer.status(stage, label_of_stage(stage, model))
                    case dispatch.Hedged():
                        run.attempts += 1  # no fallback, and nothing that the visitor would see
                    case dispatch.Ended() as ended:
                        return self._model_end(run, ended)
        if run.reason:
            return self._cut_end(run)
        raise RuntimeError("dispatch ended without saying how")

    def _take(self, run: Run, text: str, model: ModelSpec) -> str:
        """Log text from the model; return why the reply must end here, "" when it need not."""
        run.wrote = model
        if run.first_text_ms is None:
            run.first_text_ms = ms_since(run.received)
        seen = run.tail + text
        if self._mark in seen:
            return "canary"
        run.tail = seen[-len(self._mark) :]
        run.parts.append(text)
        run.writer.text(text)
        return ""

    def _model_end(self, run: Run, ended: dispatch.Ended) -> ReplyEnd:
        tier = ended.tier or run.generation.job.route.tier
        notice = ended.notice
        if not notice and ended.continued and ended.state == "completed":
            notice = fixed_replies.CONTINUED_NOTICE
        return self._end(
            run,
            ended.state,
            ended.ended_by,
            tier=tier,
            answering_model=ended.answering_model or ended.asked_model,
            notice=notice or fixed_replies.notice_of(ended.state, ended.ended_by),
            attempts=ended.attempts,
            fallbacks=ended.fallbacks,
            continued=ended.continued,
            last=ended.last,
            budget=Spent.of(ended.spent).record("kept") if ended.spent else None,
        )

    def _cut_end(self, run: Run) -> ReplyEnd:
        state = ENDED_STATES[run.reason]
        if state == "truncated" and not run.parts:
            state = "failed"
        wrote = run.wrote if run.parts else None
        return self._end(
            run,
            state,
            run.reason,
            tier=wrote.tier if wrote else "none",
            answering_model=wrote.id if wrote else "",
            notice=fixed_replies.notice_of(state, run.reason),
            attempts=max(1, run.attempts),
            fallbacks=run.fallbacks,
        )

    def _end(self, run: Run, state: str, ended_by: str, **facts: Any) -> ReplyEnd:
        text = "".join(run.parts)
        run.parts = [text]
        tier = facts.pop("tier", "none")
        return ReplyEnd(
            state=state,
            ended_by=ended_by,
            text=text,
            seq=0,
            tier=tier,
            label=ending.label_of(run.generation.config, tier if text else "none", "model"),
            sources=tuple(as_sources(supporting(text, run.generation.passages))),
            first_text_ms=run.first_text_ms,
            total_ms=ms_since(run.received),
            **facts,
        )

    async def _store(self, run: Run, end: ReplyEnd) -> None:
        """Store the end, then say `done`; a database that is away is waited for from memory."""
        run.writer.flush()
        end = ending.with_seq(end, run.writer.log.seq + 1)
        reply = run.reply
        deadline = ticks() + STORE_PATIENCE_S
        while True:
            try:
                ours = await db.run(ending.finish_reply, reply, end, run.generation.config)
                break
            except db.DatabaseGone as error:
                logger.error("reply %s waits for the database: %s", run.reply_id, error)
                if ticks() > deadline:
                    self._hub.lose(run.writer.log)
                    return
                await asyncio.sleep(1.0)
        if ours:
            run.verdict = end.verdict
            run.writer.done(**frames.done_body(reply))
        else:
            self._hub.lose(run.writer.log)

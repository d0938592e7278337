"""One background task a running reply, owned by this process and by no socket.

It walks `dispatch.run`, writes text into the turn log, and ends the reply exactly once: Stop, a left
conversation, a leaked canary and an overlong answer all end it here. A draining process hands it on, and a
run whose reply has become another process's stops without a word.
"""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from assistant import considering, db, ending, fixed_replies, frames, leases, offering
from assistant.ending import ReplyEnd
from assistant.languages import for_page
from assistant.leases import Mark
from assistant.models import Reply
from assistant.pipeline import canary
from assistant.rendering import BlockRenderer
from assistant.reply_ledger import DatabaseLedger, ReplyLedger, ReplyLost, patiently
from assistant.sources import as_sources, supporting
from assistant.spent import Spent
from assistant.starting import Generation
from assistant.turn_log import TurnLog, Writer
from assistant.weighing import weigh
from common.clock import ms_since
from routing import dispatch
from routing.config import ModelSpec
from routing.evidence import Verdict
from routing.models import Purpose
from routing.providers.transport import transport

logger = logging.getLogger(__name__)

RELEASE_S = 5.0  # for closing upstreams and one write each; what takes longer is found by its lease
DRAIN = "drain"  # our process ends
RELEASED = "released"  # so it did, and another one goes on
LOST = "lost"  # another process has claimed it


def label_of_stage(stage: str, model: ModelSpec, resumed: bool = False) -> str:
    """Return what the visitor reads while a model is awaited; `resumed` after a process was lost.

    In English: every page of the conversation gets it, and says it in its own language.
    """
    if stage == "continuing" and resumed:
        return for_page("The answer was interrupted; it continues")
    if stage == "continuing":
        return for_page("The answer was cut off; another model continues")
    return for_page("Asking the larger model") if model.tier == "heavy" else for_page("Thinking")


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
    storing: bool = False  # its end is being written, which finds out by itself whose it is

    def __post_init__(self) -> None:
        """Take up a reply where a process has left it."""
        self.attempts, self.fallbacks = self.generation.job.begun, self.generation.fallbacks
        self.first_text_ms = self.reply.first_text_ms
        if self.stands:
            self.parts.append(self.stands)

    @property
    def stands(self) -> str:
        """Return what the visitor had read before this process took the reply over."""
        return self.generation.job.stands

    @property
    def mark(self) -> Mark:
        """Return how far the reply has come."""
        log = self.writer.log
        return Mark(self.reply_id, self.reply.epoch, log.seq, log.text, self.first_text_ms)

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
        blocks = BlockRenderer(hosts, considering.inside(reply.decision))
        writer = self._hub.open(reply.pk, reply.conversation_id, reply.epoch, blocks)
        run = Run(reply, generation, writer, received)
        if reply.epoch > 1:  # readers of the epoch before get a snapshot, then what follows
            writer.log.reset(reply.epoch, reply.seq, run.stands, offering.offer_of(reply.decision))
            writer.shown = bool(run.stands)
            run.tail = run.stands[-len(self._mark) :]
        self.runs[reply.pk] = run
        if offer := offering.body_of(reply.decision):
            writer.status("faq", "", **offer)  # before any text, so that nothing moves while it is read
        # A context of its own: Django's thread-sensitive one would tie each reply to a connection.
        run.task = asyncio.create_task(self._guard(run), context=contextvars.Context())

    def stop(self, reply_id: UUID, reason: str = "stop") -> bool:
        """End a reply of this process; False when it is not one. The upstream is closed at once.

        One whose end is being stored keeps that end: cut there, it would leave `runs` with its row still
        running, and our own sweep would take it for a stray and ask for the rest of a whole answer.
        """
        run = self.runs.get(reply_id)
        if run is None or run.task is None or run.reason or run.storing:
            return run is not None
        run.reason = reason
        run.task.cancel()
        return True

    def lose(self, reply_id: UUID) -> None:
        """Stop a run whose reply is no longer ours: its upstream is closed, its sockets read on."""
        run = self.runs.get(reply_id)
        if run is not None and not run.storing:
            logger.warning("reply %s is another process's now", reply_id)
            self.stop(reply_id, LOST)

    async def drain(self, patience_s: float) -> bool:
        """Let running replies finish for `patience_s`, then hand on what is left; return whether any was."""
        tasks = [run.task for run in self.runs.values() if run.task]
        if tasks:
            await asyncio.wait(tasks, timeout=patience_s)
        left = [run for run in self.runs.values() if run.task]
        for run in left:
            if not run.storing:
                self.stop(run.reply_id, DRAIN)
        if left:
            await asyncio.wait([run.task for run in left if run.task], timeout=RELEASE_S)
        return bool(left)

    async def _guard(self, run: Run) -> None:
        """Run the reply to its one end, whatever happens inside; the outermost guard of a turn."""
        end: ReplyEnd | None = None
        try:
            try:
                end = await self._generate(run)
                end = await self._weighed(run, end)
            except asyncio.CancelledError:
                run.reason = run.reason or DRAIN  # the loop is closing: keep what there is
                end = end or self._cut_end(run)
            except ReplyLost:
                run.reason = LOST
            except Exception:
                logger.exception("reply %s failed inside", run.reply_id)
                end = end or self._end(run, "failed", "upstream", notice=fixed_replies.FAILED_NOTICE)
            run.storing = True
            await asyncio.shield(self._store(run, end) if end else self._let_go(run))
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
        async with aclosing(dispatch.run(job, ReplyLedger(run.reply), transport())) as stream:
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
                        resumed = bool(run.stands) and run.attempts == job.begun + 1
                        run.writer.status(stage, label_of_stage(stage, model, resumed))
                    case dispatch.Hedged():
                        run.attempts += 1  # no fallback, and nothing that the visitor would see
                    case dispatch.Ended() as ended:
                        return self._model_end(run, ended)
        end = self._cut_end(run) if run.reason else None
        if end is None:
            raise RuntimeError("dispatch ended without saying how")
        return end

    def _take(self, run: Run, text: str, model: ModelSpec) -> str:
        """Log text from the model; return why the reply must end here, "" when it need not."""
        run.wrote = model
        if run.first_text_ms is None and not run.stands:  # else nobody knows any more when it came
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
            notice = fixed_replies.RESUMED_NOTICE if run.stands else fixed_replies.CONTINUED_NOTICE
        return self._end(
            run,
            ended.state,
            ended.ended_by,
            tier=tier,
            answering_model=ended.answering_model or ended.asked_model,
            notice=notice or fixed_replies.notice_of(ended.state, ended.ended_by),
            attempts=ended.attempts,
            fallbacks=run.generation.fallbacks + ended.fallbacks,
            continued=ended.continued,
            last=ended.last,
            budget=Spent.of(ended.spent).record("kept") if ended.spent else None,
        )

    def _cut_end(self, run: Run) -> ReplyEnd | None:
        """Return the end of a reply that was told to end; None of one that others go on with."""
        if run.reason == DRAIN and run.reply.purpose == Purpose.VISITOR:
            run.reason = RELEASED
        if run.reason in (RELEASED, LOST):
            return None
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
            continued=bool(run.stands),
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
        try:
            ours = await patiently(ending.finish_reply, reply, end, run.generation.config)
        except db.DatabaseGone as error:
            logger.error("reply %s could not be stored and is left to a sweep: %s", run.reply_id, error)
            ours = False
        if ours:
            run.verdict = end.verdict
            run.writer.done(**frames.done_body(reply))
        else:
            self._hub.lose(run.writer.log)

    async def _let_go(self, run: Run) -> None:
        """Leave a reply to another process: its text is stored for that unless it has claimed it already."""
        run.writer.flush()
        if run.reason == RELEASED:
            try:
                await db.run(leases.release, run.mark)
            except db.DatabaseGone as error:
                logger.error("reply %s is found by its lease, not released: %s", run.reply_id, error)
        self._hub.lose(run.writer.log)

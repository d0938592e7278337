"""What one web process runs besides its sockets: ticker, Redis writer and reader, poller, lease.

One `Process` an event loop, made on first use: neither Daphne nor Channels has an ASGI lifespan.
`manage.py serve` makes it before the first socket and drains it after the last.
"""

import asyncio
import contextvars
import logging
import os
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from assistant import db, ending, escalating, frames, offering, queueing, selectors, services
from assistant.mirrors import Mirrors
from assistant.privacy.forgetting import Forgetting
from assistant.redis_log import WRITE_EVERY_S as REDIS_EVERY_S
from assistant.redis_log import Doorbell, StreamWriter, keep_going
from assistant.reply_log import ReplyLog
from assistant.runner import Run, Runner
from assistant.staff_news import StaffNews
from assistant.starting import Started
from assistant.turn_log import Feed, TurnLog
from assistant.who import Who
from common.clock import now, ticks
from common.redis import Redis, RedisGone, async_client
from faq import index
from routing import breaker, breaker_probe, hedging, publishing
from routing.providers.transport import transport

logger = logging.getLogger(__name__)

LEASE_EVERY_S = 3.0
LEASE_S = 9.0
POLL_VERSIONS_S = 0.5
POLL_EVENTS_S = 1.0
CHECKPOINT_S = 2.0
ABANDON_S = 60.0  # a left conversation's answer may go on for this long
PRESENCE_S = 20
SWEEP_S = 2.0  # with the lease: an orphan is found within 14 s
DRAIN_S = 10.0


class Process:
    """Everything of one web process that outlives a socket."""

    def __init__(self) -> None:
        self.id = uuid4()
        self.hub = TurnLog()
        self.runner = Runner(self.hub, self._reply_ended)
        self.leaving = False  # no new visitors, please; `draining` is when the work itself ends
        self.forgetting = Forgetting(self.hub, self.runner)
        self.draining = False
        self._tasks: list[asyncio.Task[None]] = []
        self._checkpointed: dict[UUID, int] = {}
        self.mirrors = Mirrors(self.hub)
        self.news = StaffNews(self.hub)
        self._left: dict[UUID, float] = {}
        self._doorbell: Doorbell | None = None
        self._redis: Redis | None = None
        self._streams: StreamWriter | None = None
        self._steady_since = ticks()
        self.sockets: Counter[str] = Counter()

    def start(self) -> None:
        """Start the background tasks of this process."""
        self._spawn(self.hub.tick_forever())
        self._spawn(self._every(LEASE_EVERY_S, self._renew))
        self._spawn(self._every(POLL_VERSIONS_S, self._poll_versions))
        self._spawn(self._every(POLL_EVENTS_S, self._poll_events))
        self._spawn(self._every(POLL_EVENTS_S, self.news.poll))
        self._spawn(self._every(CHECKPOINT_S, self._checkpoint))
        self._spawn(self._every(SWEEP_S, self._sweep))
        self._spawn(self._every(breaker_probe.PROBE_EVERY_S, self._probe_breakers))
        self._spawn(self._every(hedging.REFRESH_S, self._learn_lateness))
        if settings.REDIS_URL:
            self._start_redis(settings.REDIS_URL)

    def _start_redis(self, url: str) -> None:
        client = self._redis = async_client(url)
        self.mirrors.connect(client)
        self._streams = StreamWriter(client)
        self._doorbell = Doorbell(client, self.id)
        for work, pause in (
            (self._write_streams, REDIS_EVERY_S),
            (self.mirrors.read_streams, 0.05),
            (self._listen, 0.0),
            (self._mark_present, PRESENCE_S / 4),
            (self._keep_breakers_in_step, breaker.IN_STEP_S),
        ):
            self._spawn(keep_going(work.__name__.strip("_"), work, pause))

    async def _write_streams(self) -> None:
        if self._streams:
            await self._streams.write(self.hub.owned())
            self._streams.forget(log.reply_id for log in self.hub.owned())

    async def _listen(self) -> None:
        if self._doorbell:
            await self._doorbell.listen(self._event)

    async def _mark_present(self) -> None:
        if self._doorbell:
            await self._doorbell.mark_present(list(self.hub.feeds), PRESENCE_S)

    async def _keep_breakers_in_step(self) -> None:
        if self._redis is not None:
            await breaker.keep_in_step(self._redis)

    async def _probe_breakers(self) -> None:
        """Find out whether models answer again whose breaker has been open long enough."""
        if not self.draining:
            await breaker_probe.probe_due(_plan_probes, self.runner.ledger, transport(), self._redis)

    async def _learn_lateness(self) -> None:
        await db.run(_refresh_hedging)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work, context=contextvars.Context()))

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` for ever; a database that is away is logged once and waited out."""
        gone = False
        while True:
            try:
                await work()
                gone = False
            except db.DatabaseGone as error:
                if not gone:
                    logger.error("%s: the database is away: %s", work.__name__, error)
                gone = True
            await asyncio.sleep(seconds)

    # -- what the consumer calls ---------------------------------------------------------------

    def begin(self, started: Started, received: float, but: Feed | None = None) -> None:
        """Run, or show, a reply that was just stored here, and tell the other sockets about it."""
        self._run_or_show(started, received)
        self._announce(started, but)

    def _run_or_show(self, started: Started, received: float) -> None:
        if started.generation is not None:
            self.runner.start(started.reply, started.generation, received)
        elif started.instant:
            self._show_ended(started)

    def _show_ended(self, started: Started) -> None:
        reply = started.reply
        log = ReplyLog(reply.pk, reply.conversation_id, reply.epoch)
        self.hub.logs[reply.pk] = log
        stage = "faq" if reply.route == "faq" else "routing"
        log.add("status", stage=stage, label="", **offering.body_of(reply.decision))
        log.add("delta", text=reply.text)
        log.add("done", epoch=reply.epoch, **frames.done_body(reply))
        self.hub.closed(log)

    def _announce(self, started: Started, but: Feed | None) -> None:
        turn, reply = started.turn, started.reply
        frame = frames.turn_frame(turn.pk, turn.client_message_id, turn.text, reply)
        self.hub.announce(reply.conversation_id, frame, (reply.pk, reply.epoch, 0), but)
        if self._doorbell:
            self._ring(self._doorbell, "turn", conversation=str(reply.conversation_id), frame=frame)

    def tell(self, conversation_id: UUID, message: Mapping[str, Any], state: str) -> None:
        """Show a stored message, and the conversation's state, to all of its sockets in every process."""
        self.news.tell(conversation_id, message)
        self.news.state(conversation_id, state)
        if self._doorbell:
            self._ring(
                self._doorbell, "message", conversation=str(conversation_id), message=message, state=state
            )

    def _ring(self, bell: Doorbell, kind: str, **body: Any) -> None:
        async def ring() -> None:
            try:
                await bell.ring(kind, **body)
            except (RedisGone, OSError) as error:
                logger.info("doorbell not rung, the others will poll: %s", error)

        task = asyncio.create_task(ring(), context=contextvars.Context())
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)

    async def ask(self, who: Who, conversation_id: UUID, text: str, purpose: str) -> UUID:
        """Put a question through the whole way of a message without a socket; return its reply's id.

        For example traffic and rehearsals. Returns when the reply has ended. Raises DatabaseGone,
        Busy and NotFound as a socket's `send` would be told.
        """
        received = ticks()
        started = await db.run(
            services.accept_message,
            who,
            conversation_id,
            f"{purpose}-{uuid4()}",
            text,
            received,
            self.id,
            None,
            purpose,
        )
        self.begin(started, received)
        run = self.runner.runs.get(started.reply.pk)
        if run is not None and run.task is not None:
            await asyncio.wait([run.task])
        return started.reply.pk

    async def stop(self, reply_id: UUID) -> None:
        """Stop a reply wherever it runs; a queued one never begins."""
        if self.runner.stop(reply_id):
            return
        if await db.run(ending.cancel_queued, reply_id):
            self.mirrors.doubt(reply_id)
            await self.mirrors.ask_database()
            return
        await db.run(ending.request_stop, reply_id)
        if self._doorbell:
            self._ring(self._doorbell, "stop", reply=str(reply_id))

    # -- background ----------------------------------------------------------------------------

    async def _renew(self) -> None:
        boot = f"{socket.gethostname()}:{os.getpid()}"
        try:
            await db.run(ending.renew_lease, self.id, boot, now() + timedelta(seconds=LEASE_S))
        except db.DatabaseGone:
            self._steady_since = ticks()
            raise

    async def _sweep(self) -> None:
        """End replies whose process is gone, with the text that Redis or the last checkpoint kept.

        Not within a lease of a start or of a lost database: the others could not renew theirs either.
        """
        if self.draining or ticks() - self._steady_since < LEASE_S:
            return
        for reply in await db.run(ending.orphans, timedelta(0)):
            text = max(reply.text, await self.mirrors.streamed(reply), key=len)
            if await db.run(ending.end_orphan, reply, text):
                logger.warning("reply %s lost its process and was ended", reply.pk)
                self.mirrors.doubt(reply.pk)
        await self.mirrors.ask_database()

    async def _poll_versions(self) -> None:
        await db.run(refresh)

    async def _poll_events(self) -> None:
        """Do by polling what a lost doorbell would have said, and end what nobody waits for."""
        await self.forgetting.poll()
        if self.runner.runs:
            for reply_id in await db.run(selectors.stops_requested, list(self.runner.runs)):
                self.runner.stop(reply_id)
            await self._end_abandoned()
        await self.mirrors.ask_database()
        if self.hub.feeds:
            await self._poll_replies()

    async def _poll_replies(self) -> None:
        rows = await db.run(selectors.open_replies, list(self.hub.feeds))
        streaming = {row.conversation_id for row in rows if row.state == "streaming"}
        for row in rows:
            if row.pk not in self.hub.logs:
                turn = row.turn
                self._follow_turn(
                    row.conversation_id,
                    frames.turn_frame(turn.pk, turn.client_message_id, turn.text, row),
                )
            if row.state == "queued" and row.conversation_id not in streaming and not self.draining:
                streaming.add(row.conversation_id)
                await self._start_next(row.conversation_id)

    async def _end_abandoned(self) -> None:
        """End replies whose conversation has had no reader for ABANDON_S, in any process."""
        current = ticks()
        for run in list(self.runner.runs.values()):
            if run.reply.purpose != "visitor" or self.hub.feeds.get(run.conversation_id):
                self._left.pop(run.reply_id, None)
                continue
            since = self._left.setdefault(run.reply_id, current)
            if current - since > ABANDON_S and not await self._read_elsewhere(run.conversation_id):
                self.runner.stop(run.reply_id, "abandoned")
        self._left = {reply: since for reply, since in self._left.items() if reply in self.runner.runs}

    async def _read_elsewhere(self, conversation_id: UUID) -> bool:
        if self._doorbell is None:
            return False
        try:
            return await self._doorbell.is_present(conversation_id)
        except (RedisGone, OSError) as error:
            logger.info("presence unknown without Redis, counting this process only: %s", error)
            return False

    async def _checkpoint(self) -> None:
        """Store the text of all running replies that have grown, in one write."""
        grown = [
            (log.reply_id, log.epoch, log.seq, log.text)
            for log in self.hub.owned()
            if not log.closed and log.seq > self._checkpointed.get(log.reply_id, 0)
        ]
        if grown:
            await db.run(ending.checkpoint, grown)
            self._checkpointed = {reply_id: seq for reply_id, _, seq, _ in grown}

    async def _event(self, body: Mapping[str, Any]) -> None:
        if body["kind"] == "stop":
            self.runner.stop(UUID(body["reply"]))
        elif body["kind"] == "erased":
            await self.forgetting.look()
        elif body["kind"] == "turn":
            self._follow_turn(UUID(body["conversation"]), body["frame"])
        elif body["kind"] == "message":
            self.news.tell(UUID(body["conversation"]), body["message"])
            self.news.state(UUID(body["conversation"]), body["state"])

    def _follow_turn(self, conversation_id: UUID, frame: Mapping[str, Any]) -> None:
        """Show a reply that another process began to the sockets of its conversation here."""
        reply_id, epoch = UUID(frame["reply_id"]), int(frame["epoch"])
        if reply_id in self.hub.logs or not self.hub.feeds.get(conversation_id):
            return
        self.mirrors.follow(reply_id, conversation_id, epoch)
        self.hub.announce(conversation_id, frame, (reply_id, epoch, 0))

    async def _reply_ended(self, run: Run) -> None:
        if self.draining:
            return
        if not run.reason and run.verdict.against:
            await self._escalate(run)
        await self._start_next(run.conversation_id)

    async def _escalate(self, run: Run) -> None:
        """Ask the next tier under an answer that was found wanting, while somebody is there to read it."""
        here = self.hub.feeds.get(run.conversation_id)
        received = ticks()
        try:
            if here or await self._read_elsewhere(run.conversation_id):
                started = await db.run(
                    escalating.by_evidence, run.reply_id, run.verdict.kind, received, self.id
                )
                if started is not None:
                    self.begin(started, received)
        except db.DatabaseGone as error:
            logger.error("reply %s was not escalated: %s", run.reply_id, error)

    async def _start_next(self, conversation_id: UUID) -> None:
        received = ticks()
        started = await db.run(queueing.start_queued, conversation_id, self.id, received)
        if started is None:
            return
        self.hub.logs.pop(started.reply.pk, None)  # the mirror that stood for the queued reply
        self._run_or_show(started, received)

    async def drain(self) -> None:
        """Let replies finish, store the rest, give the lease back and stop the background tasks."""
        self.draining = True
        await self.runner.drain(DRAIN_S)
        try:
            await self._checkpoint()
            await db.run(ending.drop_lease, self.id)
        except db.DatabaseGone as error:
            logger.error("left without telling the database: %s", error)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await transport().aclose()


def refresh() -> None:
    """Load a newer configuration and FAQ, if there are any; what a process does every half second.

    What takes long of the FAQ is done in a thread beside.
    """
    publishing.refresh()
    index.poll()


async def _plan_probes(due: breaker_probe.Due) -> list[breaker_probe.Probe]:
    return await db.run(breaker_probe.planned, due)


def _refresh_hedging() -> None:
    try:
        hedging.refresh(publishing.current(), now())
    except publishing.NotPublished:
        hedging.forget()


_processes: dict[asyncio.AbstractEventLoop, Process] = {}


def leaving() -> bool:
    """Return whether this process has been asked to end; may be called from any thread."""
    return any(known.leaving for known in tuple(_processes.values()))


def process() -> Process:
    """Return the process of the running event loop, started on first use."""
    loop = asyncio.get_running_loop()
    found = _processes.get(loop)
    if found is None:
        for closed in [known for known in _processes if known.is_closed()]:
            del _processes[closed]
        found = _processes[loop] = Process()
        found.start()
    return found

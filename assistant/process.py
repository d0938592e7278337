"""What one web process runs besides its sockets: ticker, Redis writer and reader, poller, lease.

One `Process` an event loop, made on first use: neither Daphne nor Channels has an ASGI lifespan.
`manage.py serve` makes it before the first socket and drains it after the last.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from assistant import db, ending, escalating, frames, offering, queueing, selectors, services
from assistant.background import Background
from assistant.embed.embedded_lines import EmbeddedLines
from assistant.left import Left
from assistant.ownership import CHECKPOINT_S, Ownership
from assistant.person import live_care
from assistant.privacy.forgetting import Forgetting
from assistant.reply_log import ReplyLog
from assistant.runner import Run, Runner
from assistant.sessions.mirrors import Mirrors
from assistant.sessions.neighbours import Neighbours
from assistant.sessions.own_news import RING as OWN
from assistant.sessions.own_news import OwnNews
from assistant.signs import Signs
from assistant.staff_news import StaffNews
from assistant.starting import Started
from assistant.takeover import Taken
from assistant.turn_log import Feed, TurnLog
from assistant.who import Who
from common.clock import now, ticks
from faq import index
from routing import breaker_probe, demoting, hedging, publishing
from routing.providers.transport import transport

logger = logging.getLogger(__name__)

POLL_VERSIONS_S = 0.5
POLL_EVENTS_S = 1.0
READ_STREAMS_S = 0.05


class Process:
    """Everything of one web process that outlives a socket."""

    def __init__(self) -> None:
        self.id = uuid4()
        self.hub = TurnLog()
        self.runner = Runner(self.hub, self._reply_ended)
        self.leaving = False  # no new visitors, please; `draining` is when the work itself ends
        self.draining = False
        self.background = Background()
        self.neighbours = Neighbours(self.id, self.hub, self.background)
        self.mirrors = Mirrors(self.hub)
        self.news = StaffNews(self.hub)
        self.ownership = Ownership(self.id, self.runner, self.mirrors, self._adopt)
        self.own_news = OwnNews(self.hub, self.neighbours)
        self.forgetting = Forgetting(self.hub, self.runner, self.own_news)
        self.embedded_lines = EmbeddedLines(self.hub)
        self.left = Left(self.hub, self.runner, self.neighbours)
        self.sockets: Counter[str] = Counter()
        self.signs = Signs()

    def start(self) -> None:
        """Start the background tasks of this process."""
        self.background.spawn(self.hub.tick_forever())
        self.background.spawn(self.signs.beat_forever())
        for seconds, work in (
            (self.ownership.renew_every_s, self.ownership.renew),
            (POLL_VERSIONS_S, self._poll_versions),
            (POLL_EVENTS_S, self._poll_events),
            (POLL_EVENTS_S, self.news.poll),
            (POLL_EVENTS_S, self.embedded_lines.poll),
            (POLL_EVENTS_S, self._care_for_live_chats),
            (CHECKPOINT_S, self.ownership.checkpoint),
            (self.ownership.sweep_every_s, self._sweep),
            (breaker_probe.PROBE_EVERY_S, self._probe_breakers),
            (hedging.REFRESH_S, self._learn_lateness),
        ):
            self.background.every(seconds, work)
        if settings.REDIS_URL:
            self.mirrors.connect(
                self.neighbours.connect(settings.REDIS_URL, self._event, self.ownership.look)
            )
            self.neighbours.keep(self.mirrors.read_streams, READ_STREAMS_S)

    async def _sweep(self) -> None:
        """Look for replies without a process, and for messages that wait behind nothing."""
        if self.draining:
            return
        await self.ownership.sweep()
        if self.ownership.adopts:
            for conversation_id in await db.run(queueing.idle):
                await self._start_next(conversation_id)

    async def _adopt(self, taken: Taken) -> None:
        """Go on with a reply that was taken over, or show that it has ended."""
        reply = taken.reply
        if taken.started is not None:
            self._run_or_show(taken.started, taken.received)
        else:
            self.mirrors.doubt(reply.pk)
            await self.mirrors.ask_database()
            await self._start_next(reply.conversation_id)
        self.neighbours.ring("taken", reply=str(reply.pk))

    async def _probe_breakers(self) -> None:
        """Find out whether models answer again whose breaker has been open long enough."""
        if not self.draining:
            client = self.neighbours.client
            await breaker_probe.probe_due(_plan_probes, self.runner.ledger, transport(), client)

    async def _care_for_live_chats(self) -> None:
        """Let nobody wait for a person in silence."""
        if not self.draining:
            await db.run(live_care.sweep)

    async def _learn_lateness(self) -> None:
        await db.run(_refresh_hedging)

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
        self.neighbours.ring("turn", conversation=str(reply.conversation_id), frame=frame)

    def tell(self, conversation_id: UUID, message: Mapping[str, Any], state: str) -> None:
        """Show a stored message, and the conversation's state, to all of its sockets in every process."""
        self.news.tell(conversation_id, message)
        self.news.state(conversation_id, state)
        self.neighbours.ring("message", conversation=str(conversation_id), message=message, state=state)

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
        self.neighbours.ring("stop", reply=str(reply_id))

    # -- background ----------------------------------------------------------------------------

    async def _poll_versions(self) -> None:
        await db.run(refresh)

    async def _poll_events(self) -> None:
        """Do by polling what a lost doorbell would have said, and end what nobody waits for."""
        await self.forgetting.poll()
        await self.ownership.look()
        await self.left.end_abandoned()
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

    async def _event(self, body: Mapping[str, Any]) -> None:
        if body["kind"] == "stop":
            self.runner.stop(UUID(body["reply"]))
        elif body["kind"] == "released":
            self.background.once(self._sweep)
        elif body["kind"] == "taken":
            self.mirrors.doubt(UUID(body["reply"]))
            self.background.once(self.ownership.look)
            self.background.once(self.mirrors.ask_database)
        elif body["kind"] == "erased":
            await self.forgetting.look()
        elif body["kind"] == "turn":
            self._follow_turn(UUID(body["conversation"]), body["frame"])
        else:
            self._news(body)

    def _news(self, body: Mapping[str, Any]) -> None:
        """Tell the sockets here what staff, or their visitor, did elsewhere."""
        if body["kind"] == "message":
            self.news.tell(UUID(body["conversation"]), body["message"])
            self.news.state(UUID(body["conversation"]), body["state"])
        elif body["kind"] == "live":
            self.background.once(self.news.poll)
        elif body["kind"] == OWN:
            self.own_news.heard(body)

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
            if here or await self.neighbours.read(run.conversation_id):
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
        """Let replies finish, hand on the rest, give the lease back and stop the background tasks."""
        self.draining = True
        self.ownership.adopts = False
        if await self.runner.drain(float(settings.ENV.drain_s)):
            await self.neighbours.rung("released")
        await self.ownership.leave()
        await self.background.stop()
        await self.neighbours.close()
        await transport().aclose()


def refresh() -> None:
    """Load a newer configuration and FAQ, if there are any; what a process does every half second.

    What takes long of the FAQ is done in a thread beside.
    """
    publishing.refresh()
    demoting.refresh()
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

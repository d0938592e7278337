"""How a reply that lost its process is claimed, and gone on with or ended, in one transaction.

The claim raises the epoch, so that whatever the former owner still writes misses. The attempt that it left
open is settled as an estimate, and what the visitor has read stays: the rest is asked for as after a cut, by
the configuration that the reply was decided with.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from assistant import fixed_replies, pipeline, selectors
from assistant.ending import ReplyEnd, finish_reply, label_of
from assistant.leases import orphans
from assistant.models import Reply
from assistant.spent import KEY, Spent, cheaper
from assistant.starting import Generation, Started
from assistant.who import Who
from common.clock import now, ticks
from routing import publishing, recorder
from routing.config import Config, ConfigError, RouteSpec
from routing.dispatch import Job, first_attempt
from routing.errors import BudgetExhausted
from routing.ladder import confined, steps_of
from routing.models import ModelCall, Purpose

logger = logging.getLogger(__name__)

YOUNG = timedelta(seconds=60)  # nobody waits longer than that for the rest of an answer
MAX_TAKEOVERS = 2  # a third process is not put at risk by an answer that has ended two
DECISION = "takeovers"  # of the decision record: each with its epoch, why, when and how much was kept
WALL_CLOCK_MOST = timedelta(hours=1)  # a longer time than this says that a clock was set


@dataclass(frozen=True)
class Heard:
    """How far a reply had come by its stream: text and the number of its last record."""

    text: str = ""
    seq: int = 0


@dataclass(frozen=True)
class Taken:
    """A reply that is ours now; with `started` a model is asked, else it has ended.

    `received` is its beginning on this process's clock, worked out by the wall clock.
    """

    reply: Reply
    started: Started | None = None
    received: float = 0.0


def take_over(reply: Reply, heard: Heard, worker: UUID) -> Taken | None:
    """Claim a reply without an owner and go on with it, or end it; None when somebody was faster.

    It is gone on with while it is young, was taken over fewer than MAX_TAKEOVERS times, and nobody has
    stopped it. `reply` has its turn and conversation.
    """
    config = config_of(reply)
    _take_longer(reply, heard)
    jobs = list(_jobs(reply, config)) if may_go_on(reply) else []
    with transaction.atomic():
        if not _claim(reply, worker, counts=reply.owner is not None):
            return None
        recorder.settle_calls(reply.pk, now())
        try:
            generation = _reserved(reply, config, jobs)
        except BudgetExhausted as error:
            state = "truncated" if reply.text.strip() else "failed"
            finish_reply(reply, _end(reply, config, state, "budget", error), config)
            return Taken(reply)
        if generation is None:
            finish_reply(reply, _end(reply, config, *_way_out(reply)), config)
            return Taken(reply)
    return Taken(reply, Started(reply.turn, reply, generation), ticks() - age(reply).total_seconds())


def config_of(reply: Reply) -> Config:
    """Return the configuration that a reply was decided with; today's when that cannot be read any more."""
    try:
        return publishing.config(reply.config_number)
    except ConfigError as error:
        logger.warning("reply %s ends under today's configuration: %s", reply.pk, error)
        return publishing.current()


def may_go_on(reply: Reply) -> bool:
    """Return whether the rest of a reply is still worth asking for."""
    return (
        reply.purpose == Purpose.VISITOR
        and not reply.stop_requested
        and reply.takeovers < MAX_TAKEOVERS
        and age(reply) < YOUNG
    )


def age(reply: Reply) -> timedelta:
    """Return for how long a reply has run, by the wall clock, held within what is possible."""
    begun = reply.started_at or now()
    return min(max(now() - begun, timedelta()), WALL_CLOCK_MOST)


def _take_longer(reply: Reply, heard: Heard) -> None:
    """Keep the longer of the checkpoint and the stream: both are beginnings of one text."""
    if len(heard.text) > len(reply.text):
        reply.text = heard.text
    reply.seq = max(reply.seq, heard.seq)


def _claim(reply: Reply, worker: UUID | None, counts: bool = False) -> bool:
    """Make a reply `worker`'s; False when it has ended or was claimed meanwhile.

    One that was released in order does not count as taken over: its process ended by no fault of it.
    """
    note = {
        "epoch": reply.epoch + 1,
        "at": now().isoformat(),
        "kept": len(reply.text),
        "why": "lost" if counts else "released",
    }
    values: dict[str, Any] = {
        "owner": worker,
        "takeovers": reply.takeovers + int(counts),
        "text": reply.text,
        "seq": reply.seq,
        "decision": {**reply.decision, DECISION: [*reply.decision.get(DECISION, []), note]},
    }
    seen = Reply.objects.filter(pk=reply.pk, state=Reply.State.STREAMING, epoch=reply.epoch)
    if not seen.update(epoch=F("epoch") + 1, **values):
        return False
    reply.epoch += 1
    for name, value in values.items():
        setattr(reply, name, value)
    return True


def _jobs(reply: Reply, config: Config) -> Iterator[Generation]:
    """Yield the ways to have the rest written: as it was decided, or by the cheaper models that it had."""
    route = _route(reply, config)
    if route is None:
        return
    text, source = reply.turn.text, _source(reply)
    facts = selectors.facts(Who.of(reply.turn.visitor), reply.conversation_id, before=reply.turn.ordinal)
    excluded = frozenset(part for part in reply.excluded_entry.split(",") if part)
    partial = source.text if source and reply.cause == Reply.Cause.CONTINUE else ""
    prompt, ladder, _ = pipeline.plan_route(text, facts, config, route, excluded, partial)
    steps = steps_of(ladder)
    if not steps:
        return
    calls = ModelCall.objects.filter(reply_id=reply.pk)
    job = Job(
        reply_id=reply.pk,
        turn_id=reply.turn_id,
        purpose=reply.purpose,
        route=route,
        config=config,
        steps=steps,
        request=prompt.request,
        prompt_tokens=prompt.tokens,
        prompt_version=prompt.version,
        continues_text=prompt.partial,
        plan=str(reply.decision.get("signals", {}).get("plan_name") or facts.plan),
        stands=reply.text,
        begun=calls.count(),
    )
    fallbacks = calls.filter(cause="fallback").count()
    degraded = reply.decision.get(KEY, {}).get("instead") == "cheaper"
    for each in cheaper(job) if degraded else (job,):
        yield Generation(replace(each, first=first_attempt(each)), config, prompt.passages, fallbacks)


def _source(reply: Reply) -> Reply | None:
    source = reply.decision.get("from")
    return Reply.objects.filter(pk=source).first() if source else None


def _route(reply: Reply, config: Config) -> RouteSpec | None:
    """Return the route of a reply, confined as it was for one that continues an answer of another route."""
    route, source = config.routes.get(reply.route), _source(reply)
    if route is not None and source is not None and reply.cause == Reply.Cause.CONTINUE:
        route = confined(route, config.routes.get(source.route))
    return route if route is not None and route.kind == "model" else None


def _reserved(reply: Reply, config: Config, jobs: list[Generation]) -> Generation | None:
    """Return the first way that can be paid, its attempt stored; None without any.

    Raises BudgetExhausted when there are ways and none can be paid.
    """
    spent: BudgetExhausted | None = None
    for generation in jobs:
        first = generation.job.first or first_attempt(generation.job)
        try:
            with transaction.atomic():
                recorder.start_call(first)
            return generation
        except BudgetExhausted as error:
            spent = error
    if spent is not None:
        raise spent
    return None


def _way_out(reply: Reply) -> tuple[str, str]:
    return ("cancelled", "stop") if reply.stop_requested else ("failed", "orphan")


def _end(
    reply: Reply, config: Config, state: str, ended_by: str, spent: BudgetExhausted | None = None
) -> ReplyEnd:
    tier = reply.tier if reply.text else "none"
    calls = ModelCall.objects.filter(reply_id=reply.pk)
    return ReplyEnd(
        state=state,
        ended_by=ended_by,
        text=reply.text,
        seq=reply.seq + 1,
        tier=tier,
        label=label_of(config, tier, "model"),
        notice=spent.notice if spent else fixed_replies.notice_of(state, ended_by),
        first_text_ms=reply.first_text_ms,
        total_ms=round(age(reply).total_seconds() * 1000),
        attempts=calls.count(),
        fallbacks=calls.filter(cause="fallback").count(),
        continued=reply.continued,
        budget=Spent.of(spent).record("kept") if spent else None,
    )


def end_orphan(reply: Reply, text: str) -> bool:
    """End a reply whose process is gone, with as much of its text as could be found.

    Returns False when its process, or another one, has ended it meanwhile.
    """
    config = config_of(reply)
    _take_longer(reply, Heard(text))
    with transaction.atomic():
        if not _claim(reply, None, counts=True):
            return False
        recorder.settle_calls(reply.pk, now())
        return finish_reply(reply, _end(reply, config, *_way_out(reply)), config)


def end_orphans(older_than: timedelta, at_least: timedelta = timedelta()) -> list[UUID]:
    """End orphans at their last checkpoint, where no web process does it; return their ids.

    Only those that have run for `at_least`: a younger one may still be gone on with.
    """
    lost = [reply for reply in orphans(older_than) if age(reply) >= at_least]
    return [reply.pk for reply in lost if end_orphan(reply, reply.text)]

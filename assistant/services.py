"""Writes for the socket side: accepting messages and verbs, starting and ending replies.

Each function is one hop through the database door. A message is acknowledged only after its
transaction; a reply has exactly one end, written by one conditional UPDATE.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Max

from assistant import considering, fixed_replies, frames
from assistant.models import Conversation, Reply, Turn, Visitor, Worker
from assistant.pipeline import Consideration
from assistant.prompts import PassageLike, Prompt
from assistant.rendering import render
from assistant.selectors import NotFound, conversation_of, reply_of
from assistant.who import Who
from common.clock import ms_since, now
from common.text import redact, shorten
from faq import services as faq_services
from routing import publishing, recorder
from routing.attempts import AttemptResult, AttemptStart
from routing.config import Config
from routing.dispatch import Job, first_attempt
from routing.errors import BudgetExhausted

MAX_QUEUED = 3
INSTANT_SEQ = 3  # status, delta, done: the log of a reply that needed no model


class Conflict(Exception):
    """This client_message_id was used for another text."""


class Busy(Exception):
    """Three messages of this conversation are waiting already."""


class NotAvailable(Exception):
    """The verb makes no sense for this reply; the message says why."""


@dataclass(frozen=True)
class Generation:
    """What the runner needs to have a reply written: `job.first` is reserved already."""

    job: Job
    config: Config
    passages: tuple[PassageLike, ...]


@dataclass(frozen=True)
class Started:
    """What came of a message or a verb; with a `generation`, this process asks a model now."""

    turn: Turn
    reply: Reply
    generation: Generation | None = None
    repeated: bool = False

    @property
    def instant(self) -> bool:
        return self.generation is None and not self.repeated and self.reply.state != Reply.State.QUEUED


@dataclass(frozen=True)
class ReplyEnd:
    """How a running reply ended; `last` is the attempt that is still to be settled."""

    state: str
    ended_by: str
    text: str
    seq: int
    tier: str = "none"
    label: str = ""
    answering_model: str = ""
    notice: str = ""
    sources: tuple[dict[str, Any], ...] = ()
    first_text_ms: int | None = None
    total_ms: int = 0
    attempts: int = 0
    fallbacks: int = 0
    continued: bool = False
    last: tuple[AttemptStart, AttemptResult] | None = None


def with_seq(end: ReplyEnd, seq: int) -> ReplyEnd:
    """Return `end` with the number of its `done` record."""
    return replace(end, seq=seq)


def label_of(config: Config, tier: str, route_kind: str) -> str:
    """Return the chip under an answer: the tier that really answered, in the team's words."""
    if route_kind == "faq":
        return str(config.settings.get("label_faq") or "Approved answer")
    if route_kind != "model" or tier == "none":
        return ""
    key = "label_heavy" if tier == "heavy" else "label_lite"
    return str(config.settings.get(key) or "AI answer")


# -- accepting ---------------------------------------------------------------------------------


def accept_message(
    who: Who,
    conversation_id: UUID,
    client_message_id: str,
    text: str,
    received: float,
    worker: UUID,
    take_token: Callable[[], None],
    purpose: str = "visitor",
) -> Started:
    """Store a message with its reply, decided or queued, and return what is to be done.

    `received` is the `ticks()` of the frame; `take_token` raises when the visitor sends too much and
    is asked only for a message that is not a repeat. Raises Conflict, Busy, NotFound.
    """
    earlier = Turn.objects.filter(visitor_id=who.visitor_id, client_message_id=client_message_id).first()
    if earlier is not None:
        return _repeat(earlier, text)
    conversation_of(who, conversation_id)
    take_token()
    config = publishing.current()
    waiting = _open_replies(conversation_id)
    consideration = None if waiting else considering.first(who, conversation_id, text, config)
    turn = Turn(conversation_id=conversation_id, client_message_id=client_message_id, text=text)
    reply = Reply(turn=turn, conversation_id=conversation_id, purpose=purpose, owner=worker)
    try:
        with transaction.atomic():
            _store_turn(who, turn, purpose)
            return _begin(turn, reply, consideration, config, received)
    except IntegrityError:
        # Another process stored this message, or started a reply of this conversation, in between.
        stored = Turn.objects.filter(visitor_id=who.visitor_id, client_message_id=client_message_id).first()
        if stored is not None:
            return _repeat(stored, text)
    turn = Turn(conversation_id=conversation_id, client_message_id=client_message_id, text=text)
    reply = Reply(turn=turn, conversation_id=conversation_id, purpose=purpose, owner=worker)
    with transaction.atomic():
        _store_turn(who, turn, purpose)
        return _begin(turn, reply, None, config, received)


def _repeat(turn: Turn, text: str) -> Started:
    if turn.text != text:
        raise Conflict
    return Started(turn, turn.replies.order_by("ordinal")[0], repeated=True)


def _open_replies(conversation_id: UUID) -> int:
    return Reply.objects.filter(
        conversation_id=conversation_id, state__in=(Reply.State.QUEUED, Reply.State.STREAMING)
    ).count()


def _store_turn(who: Who, turn: Turn, purpose: str) -> None:
    Visitor.objects.get_or_create(
        pk=who.visitor_id,
        defaults={"plan": who.plan, "language": who.language, "user_id": who.user_id},
    )
    conversation, _ = Conversation.objects.get_or_create(
        pk=turn.conversation_id,
        defaults={"visitor_id": who.visitor_id, "title": shorten(turn.text, 80), "purpose": purpose},
    )
    if conversation.visitor_id != who.visitor_id:
        raise NotFound("conversation")
    conversation.save(update_fields=["updated_at"])
    last = Turn.objects.filter(conversation_id=conversation.pk).aggregate(last=Max("ordinal"))["last"]
    turn.conversation, turn.visitor_id, turn.ordinal = conversation, who.visitor_id, (last or 0) + 1
    turn.save(force_insert=True)


def start_verb(
    who: Who, verb: str, reply_id: UUID, received: float, worker: UUID, purpose: str = "visitor"
) -> Started:
    """Store the new reply that `retry`, `continue` or `escalate` of a reply asks for, and return it.

    The same verb on the same reply answers with the reply that it made before. Raises NotFound, and
    NotAvailable when the verb does not fit the reply's state.
    """
    source = reply_of(who, reply_id)
    cause = {"retry": "retry", "continue": "continue", "escalate": "escalation"}[verb]
    after = Reply.objects.filter(turn_id=source.turn_id, ordinal__gt=source.ordinal).order_by("ordinal")
    made = after.first() if verb == "retry" else after.filter(cause=cause).first()
    if made is not None:
        return Started(source.turn, made, repeated=True)
    _check_verb(verb, source)
    config = publishing.current()
    reply = Reply(
        turn=source.turn,
        conversation_id=source.conversation_id,
        purpose=source.purpose,
        owner=worker,
        cause=cause,
        continues=source if verb == "continue" else None,
        decision={"from": str(source.pk)},
    )
    waiting = _open_replies(source.conversation_id)
    consideration = None if waiting else considering.again(who, reply, source, config)
    try:
        with transaction.atomic():
            started = _begin(source.turn, reply, consideration, config, received)
            if cause == "escalation":
                _mark_escalated(source)
            return started
    except IntegrityError:
        made = after.first()
        if made is None:
            raise Busy from None
        return Started(source.turn, made, repeated=True)


def _check_verb(verb: str, source: Reply) -> None:
    if source.state in (Reply.State.QUEUED, Reply.State.STREAMING):
        raise NotAvailable("This answer is still being written.")
    if verb == "retry" and not frames.retryable(source):
        raise NotAvailable("Only an answer that failed or was stopped can be tried again.")
    if verb == "continue" and not frames.continuable(source):
        raise NotAvailable("Only an answer that was cut off can be continued.")
    if verb == "escalate" and considering.next_route(source, publishing.current()) is None:
        raise NotAvailable("The largest model has answered already.")


def _mark_escalated(source: Reply) -> None:
    Reply.objects.filter(pk=source.pk).update(escalated=True)
    recorder.amend_outcome(source.pk, escalated_after=True)


# -- starting ----------------------------------------------------------------------------------


def _begin(
    turn: Turn, reply: Reply, consideration: Consideration | None, config: Config, received: float
) -> Started:
    """Store `reply` as queued, as ended, or as streaming with its first attempt reserved."""
    last = Reply.objects.filter(turn_id=turn.pk).aggregate(last=Max("ordinal"))["last"]
    reply.turn_id, reply.ordinal = turn.pk, (last or 0) + 1
    if consideration is None:
        queued = Reply.objects.filter(conversation_id=reply.conversation_id, state=Reply.State.QUEUED)
        if queued.count() >= MAX_QUEUED:
            raise Busy
        reply.state, reply.owner = Reply.State.QUEUED, None
        reply.save(force_insert=True)
        return Started(turn, reply)
    if reply.cause == Reply.Cause.FIRST:
        _note_question(turn, reply, consideration)
    return _decide(turn, reply, consideration, config, received, new=True)


def _note_question(turn: Turn, reply: Reply, consideration: Consideration) -> None:
    faq_services.record_asked(
        uuid=turn.pk,
        text=redact(turn.text),
        match=consideration.match,
        route=consideration.route.slug,
        purpose=reply.purpose,
    )


def _decide(
    turn: Turn, reply: Reply, consideration: Consideration, config: Config, received: float, new: bool
) -> Started:
    reply.state = Reply.State.STREAMING
    reply.started_at = now()
    reply.route = consideration.route.slug
    reply.tier = consideration.route.tier
    reply.config_number = config.number
    reply.matcher_version = consideration.match.matcher_version
    reply.prompt_version = consideration.prompt.version if consideration.prompt else ""
    reply.excluded_entry = ",".join(sorted(consideration.notes.get("excluded", ())))
    reply.decision = {
        **consideration.record(),
        "suggestions": considering.suggestions(consideration),
    }
    if consideration.route.kind != "model":
        text = considering.instant_text(consideration, config)
        sources = considering.instant_sources(consideration)
        _end_at_once(reply, consideration, config, received, text, sources)
        return _stored(turn, reply, config, new)
    if not consideration.steps or consideration.prompt is None:
        return _without_model(turn, reply, consideration, config, received, new, "upstream")
    first, job = _job(turn, reply, consideration, consideration.prompt, config)
    reply.save(force_insert=new)
    try:
        with transaction.atomic():
            recorder.start_call(first)
    except BudgetExhausted:
        return _without_model(turn, reply, consideration, config, received, False, "budget")
    return Started(turn, reply, Generation(job, config, consideration.prompt.passages))


def _without_model(
    turn: Turn,
    reply: Reply,
    consideration: Consideration,
    config: Config,
    received: float,
    new: bool,
    ended_by: str,
) -> Started:
    """End a reply whose route needs a model that cannot be asked: the desk answers from the FAQ only."""
    text = fixed_replies.no_model(config.settings, considering.near_questions(consideration))
    _end_at_once(reply, consideration, config, received, text, [], state="failed", ended_by=ended_by)
    return _stored(turn, reply, config, new)


def _stored(turn: Turn, reply: Reply, config: Config, new: bool) -> Started:
    reply.save(force_insert=new)
    return Started(turn, reply)


def _end_at_once(
    reply: Reply,
    consideration: Consideration,
    config: Config,
    received: float,
    text: str,
    sources: list[dict[str, Any]],
    state: str = "completed",
    ended_by: str = "finish",
) -> None:
    reply.state, reply.ended_by, reply.ended_at = state, ended_by, now()
    reply.text, reply.html = text, render(text, considering.link_hosts(config))
    reply.seq, reply.sources = INSTANT_SEQ, sources
    reply.label = label_of(config, "none", consideration.route.kind)
    reply.tier = "none"
    reply.first_text_ms = reply.total_ms = ms_since(received)
    heavy = considering.heavy_tokens(reply, consideration, text)
    recorder.record_outcome(
        _outcome(reply, attempts=0, fallbacks=0, queue_ms=_queue_ms(reply), estimated=heavy), config
    )


def _queue_ms(reply: Reply) -> int:
    if reply.started_at is None or reply._state.adding:
        return 0
    return max(0, round((reply.started_at - reply.created_at).total_seconds() * 1000))


def _outcome(
    reply: Reply,
    attempts: int,
    fallbacks: int,
    queue_ms: int,
    estimated: tuple[int | None, int | None] = (None, None),
) -> recorder.OutcomeFacts:
    return recorder.OutcomeFacts(
        reply_id=reply.pk,
        turn_id=reply.turn_id,
        purpose=reply.purpose,
        route=reply.route,
        tier=reply.tier,
        config_number=reply.config_number,
        state=reply.state,
        ended_by=reply.ended_by,
        ended_at=reply.ended_at or now(),
        cause=reply.cause,
        answering_model=reply.answering_model,
        prompt_version=reply.prompt_version,
        matcher_version=reply.matcher_version,
        queue_ms=queue_ms,
        match_ms=reply.decision.get("faq", {}).get("took_ms"),
        first_text_ms=reply.first_text_ms,
        total_ms=reply.total_ms,
        attempts=attempts,
        fallbacks=fallbacks,
        continued=reply.continued,
        truncated=reply.state == Reply.State.TRUNCATED,
        estimated_input_tokens=estimated[0],
        estimated_output_tokens=estimated[1],
    )


def _job(
    turn: Turn, reply: Reply, consideration: Consideration, prompt: Prompt, config: Config
) -> tuple[AttemptStart, Job]:
    job = Job(
        reply_id=reply.pk,
        turn_id=turn.pk,
        purpose=reply.purpose,
        route=consideration.route,
        config=config,
        steps=consideration.steps,
        request=prompt.request,
        prompt_tokens=prompt.tokens,
        prompt_version=prompt.version,
    )
    first = first_attempt(job)
    return first, replace(job, first=first)


def start_queued(conversation_id: UUID, worker: UUID, received: float) -> Started | None:
    """Decide and start the oldest queued reply of a conversation in which nothing runs, else None."""
    reply = (
        Reply.objects.select_related("turn__visitor", "conversation")
        .filter(conversation_id=conversation_id, state=Reply.State.QUEUED)
        .order_by("turn__ordinal", "ordinal")
        .first()
    )
    if reply is None or _is_streaming(conversation_id):
        return None
    config = publishing.current()
    who = Who.of(reply.turn.visitor)
    if reply.cause == Reply.Cause.FIRST:
        consideration = considering.first(who, conversation_id, reply.turn.text, config, reply.turn.ordinal)
    else:
        source = Reply.objects.get(pk=reply.decision["from"])
        consideration = considering.again(who, reply, source, config)
    try:
        with transaction.atomic():
            if not Reply.objects.filter(pk=reply.pk, state=Reply.State.QUEUED).update(
                state=Reply.State.STREAMING, owner=worker
            ):
                return None
            reply.owner = worker
            if reply.cause == Reply.Cause.FIRST:
                _note_question(reply.turn, reply, consideration)
            return _decide(reply.turn, reply, consideration, config, received, new=False)
    except IntegrityError:
        return None  # another process started one first; its end starts the next


def _is_streaming(conversation_id: UUID) -> bool:
    return Reply.objects.filter(conversation_id=conversation_id, state=Reply.State.STREAMING).exists()


# -- ending ------------------------------------------------------------------------------------


def finish_reply(reply: Reply, end: ReplyEnd, config: Config) -> bool:
    """Write the one end of a running reply with its outcome; False when it is no longer ours.

    On success `reply` holds the stored values.
    """
    html = render(end.text, considering.link_hosts(config)) if end.text else ""
    with transaction.atomic():
        values = {
            "state": end.state,
            "ended_by": end.ended_by,
            "ended_at": now(),
            "text": end.text,
            "html": html,
            "seq": end.seq,
            "tier": end.tier,
            "label": end.label,
            "answering_model": end.answering_model,
            "notice": end.notice,
            "sources": list(end.sources),
            "first_text_ms": end.first_text_ms,
            "total_ms": end.total_ms,
            "continued": end.continued,
        }
        ours = Reply.objects.filter(pk=reply.pk, state=Reply.State.STREAMING, epoch=reply.epoch)
        if not ours.update(**values):
            return False
        for name, value in values.items():
            setattr(reply, name, value)
        if end.last is not None:
            recorder.settle_call(*end.last)
        recorder.record_outcome(_outcome(reply, end.attempts, end.fallbacks, _queue_ms(reply)), config)
    return True


def cancel_queued(reply_id: UUID) -> bool:
    """End a queued reply that its visitor stopped before it began; False when it already runs."""
    reply = Reply.objects.filter(pk=reply_id, state=Reply.State.QUEUED).first()
    if reply is None:
        return False
    with transaction.atomic():
        ended = Reply.objects.filter(pk=reply_id, state=Reply.State.QUEUED).update(
            state=Reply.State.CANCELLED,
            ended_by="stop",
            ended_at=now(),
            notice=fixed_replies.STOPPED_NOTICE,
            seq=1,
        )
    return bool(ended)


def request_stop(reply_id: UUID) -> None:
    """Leave a note that a running reply is to stop: its owner polls for it, wherever it runs."""
    Reply.objects.filter(pk=reply_id, state=Reply.State.STREAMING).update(stop_requested=True)


def checkpoint(texts: Iterable[tuple[UUID, int, int, str]]) -> None:
    """Store how far running replies have come: (reply, epoch, seq, text), all in one transaction."""
    with transaction.atomic():
        for reply_id, epoch, seq, text in texts:
            Reply.objects.filter(pk=reply_id, epoch=epoch, state=Reply.State.STREAMING).update(
                seq=seq, text=text
            )


def end_orphans(older_than: timedelta) -> list[UUID]:
    """End running replies whose process's lease ran out `older_than` ago; return their ids."""
    edge: datetime = now() - older_than
    alive = Worker.objects.filter(expires_at__gt=edge).values_list("pk", flat=True)
    orphans = Reply.objects.filter(state=Reply.State.STREAMING, started_at__lt=edge).exclude(
        owner__in=list(alive)
    )
    ended = []
    for reply in orphans:
        end = ReplyEnd(
            state="failed",
            ended_by="orphan",
            text=reply.text,
            seq=reply.seq + 1,
            tier=reply.tier,
            notice=fixed_replies.notice_of("failed", "orphan"),
            total_ms=max(0, round((now() - (reply.started_at or now())).total_seconds() * 1000)),
            attempts=1,
        )
        with transaction.atomic():
            if not _claim(reply):
                continue
            recorder.settle_lost_calls(reply.pk, now())
            if finish_reply(reply, end, publishing.config(reply.config_number)):
                ended.append(reply.pk)
    return ended


def _claim(reply: Reply) -> bool:
    """Take a reply from a process that is gone: the new epoch makes readers start from a snapshot."""
    seen = Reply.objects.filter(pk=reply.pk, state=Reply.State.STREAMING, epoch=reply.epoch)
    if not seen.update(epoch=F("epoch") + 1):
        return False
    reply.epoch += 1
    return True


# -- what visitors say about replies --------------------------------------------------------------


def rate(who: Who, reply_id: UUID, up: bool, reason: str, comment: str) -> Reply:
    """Store a thumb, replacing an earlier one. Raises NotFound."""
    reply = reply_of(who, reply_id)
    reply.rating, reply.rating_reason, reply.rating_comment = (1 if up else -1), reason, comment
    with transaction.atomic():
        reply.save(update_fields=["rating", "rating_reason", "rating_comment"])
        recorder.amend_outcome(reply.pk, feedback=reply.rating)
        if reply.route == "faq":
            faq_services.label_asked(reply.turn_id, "right" if up else "wrong")
    return reply


def resolve(who: Who, conversation_id: UUID, solved: bool) -> None:
    """Store on the conversation's latest ended reply whether the matter is solved. Raises NotFound."""
    conversation = conversation_of(who, conversation_id)
    latest = (
        Reply.objects.filter(conversation_id=conversation_id, ended_at__isnull=False)
        .order_by("-turn__ordinal", "-ordinal")
        .first()
    )
    if conversation is None or latest is None:
        raise NotFound("reply")
    with transaction.atomic():
        Reply.objects.filter(pk=latest.pk).update(resolved=solved)
        recorder.amend_outcome(latest.pk, resolved=solved)
        if latest.route == "faq":
            faq_services.label_asked(latest.turn_id, "right" if solved else "wrong")


# -- leases --------------------------------------------------------------------------------------


def renew_lease(worker: UUID, boot: str, until: datetime) -> None:
    """Keep this process's right to its replies until the given time."""
    if not Worker.objects.filter(pk=worker).update(expires_at=until):
        Worker.objects.create(pk=worker, boot=boot, expires_at=until)


def drop_lease(worker: UUID) -> None:
    """Give up this process's lease: it is leaving in order."""
    Worker.objects.filter(pk=worker).delete()

"""How a stored message becomes a reply: queued, ended at once, or streaming with its money reserved."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Max

from assistant import asked_again, considering, fixed_replies, offering, stored_answers
from assistant.ending import label_of, outcome_of, queue_ms
from assistant.frames import LANG, used_answer
from assistant.languages import asked_in, certain_language, note_language, reply_language, supported
from assistant.models import Reply, Turn
from assistant.pipeline import Consideration
from assistant.prompts import PassageLike, Prompt
from assistant.rendering import render
from assistant.spent import KEY, Spent, cheaper, way_of
from common.clock import ms_since, now
from common.text import redact
from faq import services as faq_services
from routing import recorder
from routing.attempts import AttemptStart
from routing.config import Config
from routing.dispatch import Job, first_attempt
from routing.errors import BudgetExhausted
from routing.signals import estimate_tokens

MAX_QUEUED = 3
FINISHED = ("completed", "finish")
INSTANT_SEQ = 3  # status, delta, done: the log of a reply that needed no model


class Busy(Exception):
    """Three messages of this conversation are waiting already."""


@dataclass(frozen=True)
class Generation:
    """What the runner needs to have a reply written: `job.first` is reserved already.

    `fallbacks` were made before, by a process that is gone.
    """

    job: Job
    config: Config
    passages: tuple[PassageLike, ...]
    fallbacks: int = 0


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


def open_replies(conversation_id: UUID) -> int:
    """Return how many replies of a conversation wait or run."""
    return Reply.objects.filter(
        conversation_id=conversation_id, state__in=(Reply.State.QUEUED, Reply.State.STREAMING)
    ).count()


def begin(
    turn: Turn, reply: Reply, consideration: Consideration | None, config: Config, received: float
) -> Started:
    """Store `reply` as queued, as ended, or as streaming with its first attempt reserved."""
    reply.turn_id = turn.pk
    if reply.cause != Reply.Cause.FIRST:  # that one is stored with its turn and is number 1
        last = Reply.objects.filter(turn_id=turn.pk).aggregate(last=Max("ordinal"))["last"]
        reply.ordinal = (last or 0) + 1
    if consideration is None:
        queued = Reply.objects.filter(conversation_id=reply.conversation_id, state=Reply.State.QUEUED)
        if queued.count() >= MAX_QUEUED:
            raise Busy
        reply.state, reply.owner = Reply.State.QUEUED, None
        reply.save(force_insert=True)
        return Started(turn, reply)
    return decide(turn, reply, consideration, config, received, new=True)


def _note_question(turn: Turn, reply: Reply, consideration: Consideration) -> None:
    faq_services.record_asked(
        uuid=turn.pk,
        text=redact(turn.text),
        match=consideration.match,
        route=consideration.route.slug,
        purpose=reply.purpose,
        language=certain_language(turn.text) or supported(consideration.signals.language),
        suggested=[each.entry_id for each in consideration.offer],
        shadowed=consideration.shadowed,
    )


def decide(
    turn: Turn,
    reply: Reply,
    consideration: Consideration,
    config: Config,
    received: float,
    new: bool,
    spent: Spent | None = None,
) -> Started:
    """Store the decided reply; `spent` is a limit of the sender's that allows no model now.

    `new` says that the reply has no row yet.
    """
    if reply.cause == Reply.Cause.FIRST:
        _note_question(turn, reply, consideration)
        asked_again.note(turn, consideration, config)
    reply.state = Reply.State.STREAMING
    reply.started_at = now()
    reply.route = consideration.route.slug
    reply.tier = consideration.route.tier
    reply.config_number = config.number
    reply.matcher_version = consideration.match.matcher_version
    reply.prompt_version = consideration.prompt.version if consideration.prompt else ""
    reply.excluded_entry = ",".join(sorted(consideration.notes.get("excluded", ())))
    asked = asked_in(turn.text, consideration.signals.language)
    reply.decision = {
        **consideration.record(),
        **considering.suggestions(consideration, _offered_before(reply), asked),
    }
    if consideration.route.kind != "model":
        language = reply_language(turn.text, consideration.signals.language)
        text = considering.instant_text(consideration, config, language)
        reply.decision[LANG] = language
        reply.notice = considering.only_elsewhere(consideration, asked)
        sources = considering.instant_sources(consideration)
        kind, read = consideration.route.kind, consideration.read_tokens
        end_at_once(reply, kind, read, config, received, text, sources)
        return _stored(turn, reply, config, new)
    if (stored := stored_answers.taken(reply, consideration)) is not None:
        read = consideration.read_tokens
        end_at_once(reply, "model", read, config, received, stored.answer, stored.sources)
        return _stored(turn, reply, config, new)
    if not consideration.steps or consideration.prompt is None:
        return _without_model(turn, reply, consideration, config, received, new)
    first, job = _job(turn, reply, consideration, consideration.prompt, config)
    reply.save(force_insert=new)
    if spent is not None:
        return _degraded(turn, reply, consideration, job, received, spent)
    try:
        recorder.start_call(first)
    except BudgetExhausted as error:
        return _degraded(turn, reply, consideration, job, received, Spent.of(error))
    return Started(turn, reply, Generation(job, config, consideration.prompt.passages))


def _degraded(
    turn: Turn, reply: Reply, consideration: Consideration, job: Job, received: float, spent: Spent
) -> Started:
    """Go on as the route, or the plan, says for the case that its budget is spent."""
    config, instead = job.config, way_of(job.route, job.config, spent)
    for lower in cheaper(job) if instead == "cheaper" else ():
        if _reserved(lower):
            reply.tier = lower.steps[0].tier
            reply.decision = {**reply.decision, KEY: spent.record(instead, lower)}
            passages = consideration.prompt.passages if consideration.prompt else ()
            return _stored(turn, reply, config, False, Generation(lower, config, passages))
    instead = "faq" if instead == "cheaper" else instead
    offer = [] if instead == "message" else reply.decision[offering.KEY]
    reply.decision = {**reply.decision, offering.KEY: offer, KEY: spent.record(instead)}
    language = reply_language(turn.text, consideration.signals.language)
    text = spent.text(instead, config.settings, bool(offer), language, now())
    reply.notice = spent.notice(
        instead, config.settings, note_language(turn.text, consideration.signals.language)
    )
    reply.decision[LANG] = language
    return _ended_without(turn, reply, consideration, config, received, False, "budget", text)


def _reserved(job: Job) -> bool:
    """Return whether the first attempt of a job could be paid; it is stored then."""
    try:
        recorder.start_call(job.first or first_attempt(job))
    except BudgetExhausted:
        return False
    return True


def _offered_before(reply: Reply) -> set[str]:
    """Return the entries that stand as "did you mean" beside earlier replies of the same turn."""
    if reply.cause == Reply.Cause.FIRST:
        return set()
    earlier = Reply.objects.filter(turn_id=reply.turn_id, ordinal__lt=reply.ordinal)
    decisions = earlier.values_list("decision", flat=True)
    return {each["entry_id"] for decision in decisions for each in offering.offer_of(decision)}


def _without_model(
    turn: Turn, reply: Reply, consideration: Consideration, config: Config, received: float, new: bool
) -> Started:
    """End a reply whose route needs a model and has none: the desk answers from the FAQ only."""
    language = reply_language(turn.text, consideration.signals.language)
    text = fixed_replies.no_model(config.settings, language, now(), bool(consideration.offer))
    reply.notice = fixed_replies.unavailable_notice(note_language(turn.text, consideration.signals.language))
    reply.decision[LANG] = language
    return _ended_without(turn, reply, consideration, config, received, new, "upstream", text)


def _ended_without(
    turn: Turn,
    reply: Reply,
    consideration: Consideration,
    config: Config,
    received: float,
    new: bool,
    ended_by: str,
    text: str,
) -> Started:
    kind, read = consideration.route.kind, consideration.read_tokens
    end_at_once(reply, kind, read, config, received, text, [], ("failed", ended_by))
    return _stored(turn, reply, config, new)


def _stored(
    turn: Turn, reply: Reply, config: Config, new: bool, generation: Generation | None = None
) -> Started:
    reply.save(force_insert=new)
    return Started(turn, reply, generation)


def end_at_once(
    reply: Reply,
    kind: str,
    read_tokens: int,
    config: Config,
    received: float,
    text: str,
    sources: list[dict[str, Any]],
    ending: tuple[str, str] = FINISHED,
) -> None:
    """Give a reply that needs no model its end, with its outcome; the caller stores the row.

    `kind` is that of its route, `read_tokens` what a model would have read in its place, `ending` its state
    and by what it ended. One that was given a stored answer stands under the tier and model that wrote this.
    """
    (reply.state, reply.ended_by), reply.ended_at = ending, now()
    reply.text, reply.html = text, render(text, considering.link_hosts(config))
    reply.seq, reply.sources = INSTANT_SEQ, sources
    used = used_answer(reply.decision)
    if used is not None:
        reply.answering_model = used["model"]
    reply.tier = used["tier"] if used is not None else "none"
    reply.label = label_of(config, reply.tier, kind)
    reply.first_text_ms = reply.total_ms = ms_since(received)
    heavy = (read_tokens, estimate_tokens(text))
    recorder.record_outcome(
        outcome_of(reply, attempts=0, fallbacks=0, queue_ms=queue_ms(reply), estimated=heavy), config
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
        continues_text=prompt.partial,  # as the models have read it, so that what they repeat is known
        plan=consideration.signals.plan_name,
    )
    first = first_attempt(job)
    return first, replace(job, first=first)

"""What a visitor writes while a person has the conversation: kept, counted, and not answered by anybody here.

Such a turn has one finished reply on the route for people, without text: no model, no FAQ, no cost.
"""

from uuid import UUID

from django.db import transaction

from assistant import unasked
from assistant.ending import outcome_of, queue_ms, request_stop
from assistant.models import Conversation, LiveState, Reply, Request, Turn
from assistant.person import help_desk
from assistant.starting import Started
from common.clock import ms_since, now
from routing import publishing, recorder
from routing.config import Config

PERSON = "person"  # kind of route, and the name of the seeded one
SEQ = 3  # status, delta, done: as every reply that needs no model
SILENT_END = {
    "state": Reply.State.COMPLETED,
    "ended_by": "finish",
    "route": PERSON,
    "tier": "none",
    "seq": SEQ,
}


def is_with_staff(conversation: Conversation | None) -> bool:
    """Return whether a person has the conversation, so that the assistant is silent."""
    return conversation is not None and conversation.state == Conversation.State.WITH_STAFF


def person_route(config: Config) -> str:
    """Return the slug of the route for people."""
    return next((route.slug for route in config.routes.values() if route.kind == PERSON), PERSON)


def store_silent(turn: Turn, reply: Reply, config: Config, received: float) -> Started:
    """Store the silent reply of a turn that a person will answer, with its outcome."""
    reply.turn_id = turn.pk
    _end(reply, config)
    reply.total_ms = ms_since(received)
    reply.save(force_insert=True)
    recorder.record_outcome(outcome_of(reply, attempts=0, fallbacks=0, queue_ms=0), config)
    # What was being written has come.
    Request.objects.filter(conversation=turn.conversation_id, live=LiveState.WITH_STAFF).update(
        visitor_writing_at=None
    )
    help_desk.note_asked(turn)
    return Started(turn, reply)


def silence(conversation_id: UUID) -> None:
    """Stop every answer of a conversation; a message that still waits is left to the person.

    Called by whoever takes it, and again by the clock for one that did not live to do so.
    """
    unended = Reply.objects.filter(conversation_id=conversation_id, ended_at=None)
    for reply in unended.select_related("turn"):
        if not _silence_queued(reply):
            request_stop(reply.pk)


def _silence_queued(reply: Reply) -> bool:
    config = publishing.current()
    with transaction.atomic():
        ours = Reply.objects.filter(pk=reply.pk, state=Reply.State.QUEUED)
        _end(reply, config)
        reply.total_ms = queue_ms(reply)
        names = (*SILENT_END, "config_number", "decision", "started_at", "ended_at", "total_ms")
        if not ours.update(**{name: getattr(reply, name) for name in names}):
            return False
        recorder.record_outcome(outcome_of(reply, 0, 0, reply.total_ms), config)
    return True


def _end(reply: Reply, config: Config) -> None:
    for name, value in SILENT_END.items():
        setattr(reply, name, value)
    reply.route, reply.config_number = person_route(config), config.number
    reply.decision = {**reply.decision, unasked.SILENT: True}
    reply.started_at = reply.ended_at = now()

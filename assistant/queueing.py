"""How a message that has waited for its turn is decided and begun, when the reply before it has ended."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from assistant import considering
from assistant.languages import note_language
from assistant.limits import AnswersSpent, Guard, Hold, allowance, holding
from assistant.models import Reply
from assistant.person.live_turns import is_with_staff
from assistant.pipeline import Consideration
from assistant.spent import Spent
from assistant.starting import Started, decide
from assistant.who import Who
from common.clock import now
from routing import publishing
from routing.config import Config
from routing.models import Purpose

# A reply that has ended starts the next message itself; this is for one whose process did not live to do so.
IDLE_AFTER = timedelta(seconds=10)
IDLE_AT_ONCE = 20  # conversations a sweep, so that a herd of them is shared by the processes


def idle() -> list[UUID]:
    """Return conversations in which a message waits and nothing runs."""
    running = Reply.objects.filter(conversation_id=OuterRef("conversation_id"), state=Reply.State.STREAMING)
    waiting = Reply.objects.filter(state=Reply.State.QUEUED, created_at__lt=now() - IDLE_AFTER)
    found = waiting.filter(~Exists(running)).order_by().values_list("conversation_id", flat=True)
    return list(found.distinct()[:IDLE_AT_ONCE])


def start_queued(conversation_id: UUID, worker: UUID, received: float) -> Started | None:
    """Decide and start the oldest queued reply of a conversation in which nothing runs, else None."""
    reply = (
        Reply.objects.select_related("turn__visitor", "conversation")
        .filter(conversation_id=conversation_id, state=Reply.State.QUEUED)
        .order_by("turn__ordinal", "ordinal")
        .first()
    )
    if reply is None or is_with_staff(reply.conversation) or _is_streaming(conversation_id):
        return None
    config = publishing.current()
    who = Who.of(reply.turn.visitor)
    if reply.cause == Reply.Cause.FIRST:
        consideration = considering.first(who, conversation_id, reply.turn.text, config, reply.turn.ordinal)
    else:
        source = Reply.objects.get(pk=reply.decision["from"])
        consideration = considering.again(who, reply, source, config)
    spent, hold = _payment(reply, who, consideration)
    with holding(hold) as keep:
        started = _start_queued(reply, consideration, config, worker, received, spent)
        if started and started.generation:
            keep(reply.pk)
    return started


def _start_queued(
    reply: Reply,
    consideration: Consideration,
    config: Config,
    worker: UUID,
    received: float,
    spent: Spent | None,
) -> Started | None:
    try:
        with transaction.atomic():
            if not Reply.objects.filter(pk=reply.pk, state=Reply.State.QUEUED).update(
                state=Reply.State.STREAMING, owner=worker
            ):
                return None
            reply.owner = worker
            return decide(reply.turn, reply, consideration, config, received, False, spent)
    except IntegrityError:
        return None  # another process started one first; its end starts the next


def _payment(reply: Reply, who: Who, consideration: Consideration) -> tuple[Spent | None, Hold]:
    """Return the money held back for a reply that has waited, or which limit of its sender lacks it."""
    if reply.purpose != Purpose.VISITOR:
        return None, ()
    guard = Guard(allowance().sender(reply.pk, who))
    try:
        return None, guard.answer(consideration.to_hold)
    except AnswersSpent as limited:
        language = note_language(reply.turn.text, consideration.signals.language)
        return Spent.of_sender(limited, language), ()


def _is_streaming(conversation_id: UUID) -> bool:
    return Reply.objects.filter(conversation_id=conversation_id, state=Reply.State.STREAMING).exists()

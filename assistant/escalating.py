"""Escalations that nobody pressed a button for: the answer, a thumb or the next message speaks against it.

An escalation makes a further reply under the shown one, by the way of the visitor's own `escalate`.
"""

from uuid import UUID

from django.db import IntegrityError, transaction

from assistant import considering, unasked
from assistant.limits import AnswersSpent, Guard, allowance, holding
from assistant.models import Reply, Turn
from assistant.person.live_turns import is_with_staff
from assistant.pipeline import Consideration
from assistant.starting import Started, begin, open_replies
from assistant.who import Who
from faq import labels
from routing import publishing, recorder
from routing.config import Config
from routing.evidence import Kind, climbs
from routing.ladder import answers_for

WITHOUT_ASKING = frozenset({Reply.Cause.FIRST, Reply.Cause.RETRY, Reply.Cause.CONTINUE})
TONE = "tone"  # the one reason of a thumbs-down that a larger model does not mend


class _NothingGained(Exception):
    """No model could be asked after all; undoes what was stored on the way."""


def by_evidence(reply_id: UUID, kind: Kind, received: float, worker: UUID) -> Started | None:
    """Store the reply of a larger model under an answer that was found wanting, and return it.

    None when the answer stays as it is: it did not complete, its turn was escalated before, the visitor has
    gone on to another message, or there is no larger model that can be asked and paid.
    """
    source = Reply.objects.select_related("turn__visitor", "conversation").get(pk=reply_id)
    config = publishing.current()
    if not _may(source) or considering.next_route(source, config) is None:
        return None
    reply = Reply(
        turn=source.turn,
        conversation_id=source.conversation_id,
        purpose=source.purpose,
        owner=worker,
        cause=Reply.Cause.ESCALATION,
        decision={"from": str(source.pk), "because": kind},
    )
    who = Who.of(source.turn.visitor)
    consideration = considering.again(who, reply, source, config)
    if not _larger(source, consideration, config):
        return None
    try:
        hold = Guard(allowance().sender(source.pk, who)).answer(consideration.to_hold)
        with holding(hold) as keep, transaction.atomic():
            started = begin(source.turn, reply, consideration, config, received)
            if not _asks_larger(source, started):  # out of money, or a cheaper one instead
                raise _NothingGained
            mark(source, kind)
            keep(reply.pk)
            return started
    except (_NothingGained, AnswersSpent, IntegrityError):
        return None  # or the visitor was faster


def _asks_larger(source: Reply, started: Started) -> bool:
    return started.generation is not None and climbs(source.tier, started.generation.job.steps[0].tier)


def _may(source: Reply) -> bool:
    """Return whether an answer may be escalated without being asked: at most once a turn, never in a row."""
    ended_well = source.state == Reply.State.COMPLETED and source.purpose == "visitor"
    if is_with_staff(source.conversation):
        return False
    if not ended_well or source.cause not in WITHOUT_ASKING or open_replies(source.conversation_id):
        return False
    later = Reply.objects.filter(turn_id=source.turn_id).exclude(pk=source.pk)
    return not later.filter(cause=Reply.Cause.ESCALATION).exists() and is_newest(source)


def is_newest(source: Reply) -> bool:
    """Return whether the visitor has sent no message since, and no later reply is shown under this one."""
    newer = Turn.objects.filter(conversation_id=source.conversation_id, ordinal__gt=source.turn.ordinal)
    under = Reply.objects.filter(turn_id=source.turn_id, ordinal__gt=source.ordinal)
    return not newer.exists() and all(unasked.is_quiet(reply) for reply in under)


def _larger(source: Reply, consideration: Consideration, config: Config) -> bool:
    """Return whether the first model that would be asked is a larger one than that which answered."""
    if not consideration.steps:
        return False
    first = consideration.steps[0]
    return climbs(source.tier, first.tier) and not answers_for(first, source.answering_model)


def thumb_escalates(reply: Reply, reason: str) -> bool:
    """Return whether a thumbs-down just given asks the next tier at once.

    Never for the tone alone. Always for an approved answer, which may be the wrong one; else when its route
    says so, the answer is the last thing shown and there is a route above it.
    """
    if reason == TONE or is_with_staff(reply.conversation):
        return False
    if reply.route == "faq":
        return True
    config = publishing.current()
    route = config.routes.get(reply.route)
    return (
        route is not None
        and route.escalate_on_evidence
        and reply.state in (Reply.State.COMPLETED, Reply.State.TRUNCATED)
        and is_newest(reply)
        and considering.next_route(reply, config) is not None
    )


def mark(source: Reply, kind: Kind, not_asked: bool = False) -> None:
    """Note on an answer that a larger model was asked under it, and by what it was found wanting."""
    Reply.objects.filter(pk=source.pk).update(escalated=True)
    recorder.amend_outcome(source.pk, escalated_after=True, escalated_by=kind)
    if source.route in considering.INSTANT:
        labels.escalated(source.turn_id, not_asked=not_asked)

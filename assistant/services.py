"""What a visitor can do, as writes: send, ask again, rate, say that it is solved.

Each function is one hop through the database door; a message is acknowledged only after it.
"""

from collections.abc import Callable
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet

from assistant import considering, escalating, frames, offering, stored_answers, unasked
from assistant.languages import translatable
from assistant.limits import Guard, allowance, holding
from assistant.models import Conversation, Reply, Turn, Visitor
from assistant.person.live_turns import is_with_staff, store_silent
from assistant.pipeline import Consideration
from assistant.selectors import APPROVED, NOT_STORED, NotFound, conversation_of, reply_of
from assistant.signed_in import signed_in
from assistant.starting import Busy, Started, begin, open_replies
from assistant.who import DESK, Who
from common.clock import now
from common.text import shorten
from faq import labels
from routing import publishing, recorder
from routing.config import Config
from routing.evidence import Kind

FIRST_TURN = 1  # the number of a conversation's first turn
TRIES = 2  # at a reply of its own, when others write into the conversation; then a message is queued
PERSON_HERE = translatable("Somebody from the team is answering here now.")
NEAR_THE_END = 5  # replies in which one that is shown is found: the desk escalates once a turn


class Conflict(Exception):
    """This client_message_id was used for another text."""


class NotAvailable(Exception):
    """The verb makes no sense for this reply; the message says why."""


def accept_message(
    who: Who,
    conversation_id: UUID,
    client_message_id: str,
    text: str,
    received: float,
    worker: UUID,
    guard: Guard | None = None,
    purpose: str = "visitor",
) -> Started:
    """Store a message with its reply, decided or queued, and return what is to be done.

    `received` is the `ticks()` of the frame; `guard` holds the sender's limits and is asked only for a
    message that is not a repeat. Raises Conflict, Busy, NotFound, RateLimited, and AnswersSpent.
    """
    earlier = _stored(who, client_message_id)
    if earlier is not None:
        return _repeat(earlier, text)
    conversation = conversation_of(who, conversation_id)
    if guard:
        guard.message()
    config = publishing.current()

    def answered(known: Conversation | None, queue: bool = False) -> Started:
        waiting = queue or (known is not None and _behind_others(known))
        number = None if known else NOT_STORED
        decided = None if waiting else considering.first(who, conversation_id, text, config, number)
        turn = Turn(conversation_id=conversation_id, client_message_id=client_message_id, text=text)
        reply = Reply(turn=turn, conversation_id=conversation_id, purpose=purpose, owner=worker)

        def store() -> Started:
            with transaction.atomic():
                _store_turn(who, turn, known, purpose)
                return _begin(known, turn, reply, decided, config, received)

        return _paid(guard, decided, store)

    for _ in range(TRIES):
        try:
            return answered(conversation)
        except IntegrityError:
            # Another process stored this message, began this conversation or a reply of it, in between.
            stored = _stored(who, client_message_id)
            if stored is not None:
                return _repeat(stored, text)
            conversation = conversation_of(who, conversation_id)
    return answered(conversation, queue=True)


def _behind_others(known: Conversation) -> bool:
    """Return whether a message is not decided on now: answers run, or a person has the conversation."""
    return is_with_staff(known) or open_replies(known.pk) > 0


def _begin(
    known: Conversation | None,
    turn: Turn,
    reply: Reply,
    decided: Consideration | None,
    config: Config,
    received: float,
) -> Started:
    if is_with_staff(known):
        return store_silent(turn, reply, config, received)
    return begin(turn, reply, decided, config, received)


def _stored(who: Who, client_message_id: str) -> Turn | None:
    return Turn.objects.filter(visitor_id=who.visitor_id, client_message_id=client_message_id).first()


def _paid(guard: Guard | None, decided: Consideration | None, store: Callable[[], Started]) -> Started:
    """Store a reply with the sender's money for it held back, until it has ended or asks no model.

    Raises AnswersSpent for a model's answer beyond the sender's limits; nothing is stored then.
    """
    if guard is None:
        return store()
    with holding(guard.answer(decided.to_hold if decided else 0)) as keep:
        started = store()
        if started.generation is not None:
            keep(started.reply.pk)
    queued = started.reply.state == Reply.State.QUEUED
    if queued or started.generation is not None:  # a larger model under it is this sender's as well
        allowance().queue(started.reply.pk, guard.who)
    return started


def _repeat(turn: Turn, text: str) -> Started:
    if turn.text != text:
        raise Conflict
    return Started(turn, turn.replies.order_by("ordinal")[0], repeated=True)


def stored_visitor(who: Who) -> Visitor:
    """Return the visitor's row, made with the first thing there is to store."""
    visitor = _visitor(who)
    visitor, _ = Visitor.objects.get_or_create(
        pk=visitor.pk,
        defaults={
            "plan": visitor.plan,
            "language": visitor.language,
            "user_id": visitor.user_id,
            "site": visitor.site,
        },
    )
    return visitor


def _visitor(who: Who) -> Visitor:
    user = signed_in(who.session_key)
    return Visitor(
        pk=who.visitor_id,
        plan=who.plan,
        language=who.language,
        user_id=user.user_id if user else None,
        site=who.site or DESK,
    )


def _store_turn(who: Who, turn: Turn, known: Conversation | None, purpose: str) -> None:
    """Store a turn at the end of its conversation, `known` when that had a row before.

    Raises IntegrityError when it has been begun, by whomever, since nobody had, and when a person has
    taken it or given it back since.
    """
    turn.visitor_id, turn.ordinal = who.visitor_id, FIRST_TURN
    ours = Conversation.objects.filter(pk=turn.conversation_id, visitor_id=who.visitor_id)
    # In the same breath: whether a person has it decides whether the assistant answers this turn.
    with_staff = Q(state=Conversation.State.WITH_STAFF)
    ours = ours.filter(with_staff if is_with_staff(known) else ~with_staff)
    # First of all, so that two messages at once wait for each other and get numbers of their own.
    if known is not None and ours.update(updated_at=now()):
        turn.conversation = known
        last = Turn.objects.filter(conversation_id=known.pk).aggregate(last=Max("ordinal"))["last"]
        turn.ordinal = (last or 0) + 1
    else:
        Visitor.objects.bulk_create([_visitor(who)], ignore_conflicts=True)
        turn.conversation = Conversation(
            pk=turn.conversation_id,
            visitor_id=who.visitor_id,
            title=shorten(turn.text, 80),
            purpose=purpose,
        )
        turn.conversation.save(force_insert=True)
    turn.save(force_insert=True)


def start_verb(
    who: Who,
    verb: str,
    reply_id: UUID,
    received: float,
    worker: UUID,
    guard: Guard | None = None,
    not_asked: bool = True,
    by: Kind = "visitor",
) -> Started:
    """Store the new reply that `retry`, `continue` or `escalate` of a reply asks for, and return it.

    The same verb on the same reply answers with the reply that it made before. `not_asked` says that an
    approved answer was escalated because it answers another question, `by` what asks the next tier. Raises
    NotFound, NotAvailable when the verb does not fit the reply's state, RateLimited and AnswersSpent.
    """
    source = reply_of(who, reply_id)
    cause = {"retry": "retry", "continue": "continue", "escalate": "escalation"}[verb]
    after = Reply.objects.filter(turn_id=source.turn_id, ordinal__gt=source.ordinal).order_by("ordinal")
    after = after.exclude(cause=Reply.Cause.CHOICE)  # of the visitor, and no answer to this verb
    made = _first_shown(after if verb == "retry" else after.filter(cause=cause))
    if made is not None:
        return Started(source.turn, made, repeated=True)
    if is_with_staff(source.conversation):
        raise NotAvailable(PERSON_HERE)
    _check_verb(verb, source)
    if guard:
        guard.message()
    config = publishing.current()
    reply = Reply(
        turn=source.turn,
        conversation_id=source.conversation_id,
        purpose=source.purpose,
        owner=worker,
        cause=cause,
        continues=source if verb == "continue" else None,
        decision={"from": str(source.pk), "because": by},
    )
    waiting = open_replies(source.conversation_id)
    consideration = None if waiting else considering.again(who, reply, source, config)

    def store() -> Started:
        with transaction.atomic():
            started = begin(source.turn, reply, consideration, config, received)
            if cause == "escalation":
                escalating.mark(source, by, not_asked)
                stored_answers.disown(source)
            return started

    try:
        return _paid(guard, consideration, store)
    except IntegrityError:
        made = _first_shown(after)
        if made is None:
            raise Busy from None
        return Started(source.turn, made, repeated=True)


def _first_shown(replies: QuerySet[Reply]) -> Reply | None:
    """Return the first reply that its visitor knows of: one that nobody saw answers no verb."""
    return next((reply for reply in replies if not unasked.is_quiet(reply)), None)


def _check_verb(verb: str, source: Reply) -> None:
    if source.state in (Reply.State.QUEUED, Reply.State.STREAMING):
        raise NotAvailable("This answer is still being written.")
    if verb == "retry" and not frames.retryable(source):
        raise NotAvailable("Only an answer that failed, was stopped or grew too long can be tried again.")
    if verb == "continue" and not frames.continuable(source):
        raise NotAvailable("Only an answer that was cut off can be continued.")
    climbs = verb == "escalate" and source.route != offering.ROUTE  # "None of these" asks the rules anew
    if climbs and considering.next_route(source, publishing.current()) is None:
        raise NotAvailable("The largest model has answered already.")


def rate(who: Who, reply_id: UUID, up: bool, reason: str, comment: str) -> Reply:
    """Store a thumb, replacing an earlier one. Raises NotFound."""
    reply = reply_of(who, reply_id)
    reply.rating, reply.rating_reason, reply.rating_comment = (1 if up else -1), reason, comment
    with transaction.atomic():
        reply.save(update_fields=["rating", "rating_reason", "rating_comment"])
        recorder.amend_outcome(reply.pk, feedback=reply.rating)
        _label_thumb(reply, up, reason)
        if not up:
            stored_answers.disown(reply)
    return reply


def _label_thumb(reply: Reply, up: bool, reason: str) -> None:
    """Leave a label for the matcher: praise of a chosen answer speaks of that entry, not of the best one."""
    chosen = offering.chosen_of(reply.decision)
    approved = reply.route == APPROVED and not (chosen and up)
    labels.thumb(reply.turn_id, up, reason, approved=approved)
    if chosen and up:
        labels.chosen(reply.turn_id, chosen)


def resolve(who: Who, conversation_id: UUID, solved: bool, reply_id: UUID | None = None) -> None:
    """Store whether a reply, by default the latest ended one, solved the matter. Raises NotFound."""
    conversation = conversation_of(who, conversation_id)
    ended = Reply.objects.filter(conversation_id=conversation_id, ended_at__isnull=False)
    if reply_id is not None:
        ended = ended.filter(pk=reply_id)
    latest = _first_shown(ended.order_by("-turn__ordinal", "-ordinal")[:NEAR_THE_END])
    if conversation is None or latest is None:
        raise NotFound("reply")
    with transaction.atomic():
        Reply.objects.filter(pk=latest.pk).update(resolved=solved)
        if latest.route == "small_talk":
            # "Did that solve it?" asks about the answer before the visitor's thanks.
            answers = Reply.objects.filter(conversation_id=conversation_id, ended_at__lte=latest.ended_at)
            answers = answers.exclude(route="small_talk").order_by("-turn__ordinal", "-ordinal")
            latest = _first_shown(answers[:NEAR_THE_END]) or latest
            Reply.objects.filter(pk=latest.pk).update(resolved=solved)
        recorder.amend_outcome(latest.pk, resolved=solved)
        if not solved:
            stored_answers.disown(latest)
        if latest.route == APPROVED:
            _label_solved(latest, solved)


def _label_solved(reply: Reply, solved: bool) -> None:
    chosen = offering.chosen_of(reply.decision)
    if chosen and solved:
        labels.chosen(reply.turn_id, chosen)
    else:
        labels.solved(reply.turn_id, solved)

"""A visitor picks one of the questions that were offered: its approved answer is a further reply of the turn.

One hop through the database door. A model's answer of that turn that still runs is for the caller to
stop, after this is stored: a choice that is refused costs the visitor nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from assistant import considering, offering
from assistant.models import Reply, Turn
from assistant.person.live_turns import is_with_staff
from assistant.selectors import APPROVED, NotFound
from assistant.services import PERSON_HERE, NotAvailable
from assistant.starting import Busy, Started, end_at_once
from assistant.who import Who
from common.clock import now
from faq import index, labels
from faq.index import EntryView
from routing import publishing
from routing.signals import estimate_tokens

TRIES = 3  # two tabs that choose in the same moment want the same place in the turn
REASON = "The visitor chose this one of the questions that were offered."
OPEN = (Reply.State.QUEUED, Reply.State.STREAMING)


@dataclass(frozen=True)
class Chosen:
    """The reply that a choice made, or made before, and the replies that it ends."""

    started: Started
    ends: tuple[UUID, ...]


def choose(who: Who, turn_id: UUID, entry_id: str, received: float) -> Chosen:
    """Store the approved answer that a visitor chose. A repeat gives the reply that is there already.

    Raises NotFound for a turn that is not the visitor's, and NotAvailable for an entry that was not offered
    for it or that has been withdrawn since.
    """
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _choose(who, turn_id, entry_id, received)
        except IntegrityError:
            continue  # another reply took the next place of this turn; perhaps it is the same choice
    raise Busy


def _choose(who: Who, turn_id: UUID, entry_id: str, received: float) -> Chosen:
    turn = Turn.objects.select_related("conversation").filter(pk=turn_id, visitor_id=who.visitor_id).first()
    if turn is None:
        raise NotFound("message")
    replies = list(turn.replies.order_by("ordinal"))
    made = next((reply for reply in replies if offering.chosen_of(reply.decision) == entry_id), None)
    if made is not None:
        return Chosen(Started(turn, made, repeated=True), _open(replies, before=made.ordinal))
    if is_with_staff(turn.conversation):
        raise NotAvailable(PERSON_HERE)
    asked = next((reply for reply in replies if _offers(reply, entry_id)), None)
    if asked is None:
        raise NotAvailable("That question was not offered for this message.")
    entry = index.entry(entry_id)
    if entry is None:
        raise NotAvailable("That answer has been withdrawn meanwhile.")
    reply = _answered(turn, asked, entry, replies[-1].ordinal + 1, received)
    labels.chosen(turn.pk, entry_id)
    return Chosen(Started(turn, reply), _open(replies, before=reply.ordinal))


def _offers(reply: Reply, entry_id: str) -> bool:
    return any(each["entry_id"] == entry_id for each in offering.offer_of(reply.decision))


def _open(replies: Sequence[Reply], before: int) -> tuple[UUID, ...]:
    return tuple(reply.pk for reply in replies if reply.ordinal < before and reply.state in OPEN)


def _answered(turn: Turn, asked: Reply, entry: EntryView, ordinal: int, received: float) -> Reply:
    config = publishing.current()
    decision = _decision(asked, entry, config.number)
    reply = Reply(
        turn=turn,
        conversation_id=turn.conversation_id,
        ordinal=ordinal,
        cause=Reply.Cause.CHOICE,
        purpose=asked.purpose,
        route=APPROVED,
        matcher_version=asked.matcher_version,
        config_number=config.number,
        decision=decision,
        started_at=now(),
    )
    read = asked.decision.get("prompt_tokens") or estimate_tokens(turn.text)
    end_at_once(reply, "faq", read, config, received, entry.answer, [considering.source_of(entry)])
    reply.save(force_insert=True)
    return reply


def _decision(asked: Reply, entry: EntryView, config_number: int) -> dict[str, Any]:
    """Return the record of a choice: the evidence is that of the offer, the reason is the visitor's."""
    faq = {name: value for name, value in asked.decision.get("faq", {}).items() if name != "took_ms"}
    offer = offering.offer_of(asked.decision)
    near = [(str(each["entry_id"]), float(each["score"])) for each in faq.get("candidates", ())]
    return {
        "faq": faq,
        "signals": asked.decision.get("signals", {}),
        "route": APPROVED,
        "reason": REASON,
        "config_number": config_number,
        "from": str(asked.pk),
        "chosen": entry.id,
        **considering.next_questions(near, {each["entry_id"] for each in offer}, entry.language),
    }

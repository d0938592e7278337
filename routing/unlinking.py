"""Cut the ledger loose from people: the figures stay, what leads to a visitor goes."""

from collections.abc import Iterable, Mapping
from uuid import UUID, uuid4

from routing.models import ModelCall, RouteOutcome


def unlink(turns_of: Mapping[UUID, UUID]) -> int:
    """Give the outcome and the calls of each reply (reply id -> turn id) new random ids, the same for both.

    So get their conversations, that those of one still count as one.

    What was written and what a provider said in its error go as well. Sums, roll-ups and the calls of
    one reply stay together; nobody can say any more whose they were. Returns the number of calls.
    Call it inside the transaction that deletes the replies.
    """
    new_turns = {turn: uuid4() for turn in set(turns_of.values())}
    told = RouteOutcome.objects.filter(pk__in=list(turns_of)).values_list("pk", "conversation_id")
    spoken_in = {reply: conversation for reply, conversation in told if conversation is not None}
    renamed = {conversation: uuid4() for conversation in set(spoken_in.values())}
    changed = 0
    for reply, turn in turns_of.items():
        new_reply = uuid4()
        conversation = renamed[spoken_in[reply]] if reply in spoken_in else None
        RouteOutcome.objects.filter(pk=reply).update(
            reply_id=new_reply, turn_id=new_turns[turn], conversation_id=conversation
        )
        changed += ModelCall.objects.filter(reply_id=reply).update(
            reply_id=new_reply, turn_id=new_turns[turn], **_SILENT
        )
    return changed + _loose(new_turns)


_SILENT = {"partial_output": "", "error_detail": ""}


def _loose(turns: Mapping[UUID, UUID]) -> int:
    """Unlink calls that name a turn only."""
    return sum(
        ModelCall.objects.filter(turn_id=turn).update(turn_id=new, reply_id=None, **_SILENT)
        for turn, new in turns.items()
    )


def silence(calls: Iterable[UUID]) -> int:
    """Remove what was written from these calls; return how many there were."""
    return ModelCall.objects.filter(pk__in=list(calls)).update(**_SILENT)

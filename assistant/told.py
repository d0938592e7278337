"""What a model is told of a conversation so far: its turns, and what was written beside them.

Beside them stand what the team wrote and what the visitor wrote to the team in the form, each marked as such.
The address that a request is answered to is never read here, and details within the visitor's words to the
team are taken out on every route: they were meant for a person.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from assistant import unasked
from assistant.models import Message, Reply, Turn
from assistant.own_words import receipt, with_own_words
from assistant.prompts import PastTurn
from common.text import redact

USABLE = (Reply.State.COMPLETED, Reply.State.TRUNCATED)
OF_THE_TEAM = "[A person of the support team wrote:] "
TO_THE_TEAM = "[The customer wrote to the support team:] "
# The form begins with the question, and most leave it so.
SENT_ON = "[The customer sent what they had asked to the support team as well.]"
NOT_ANSWERED = "[A person of the support team read this and wrote no answer.]"
WITH_THE_TEAM = "[The support team has this. No answer of theirs stands here yet.]"


@dataclass(frozen=True)
class Beside:
    """What was written into a conversation beside its turns, marked: by the visitor, or by the team."""

    text: str
    of_visitor: bool = False


def beside(conversation_id: UUID) -> dict[UUID | None, list[Beside]]:
    """Return what was written beside a conversation's turns, oldest first, by the turn it stands behind.

    None is what came before the first turn.
    """
    of_conversation = Message.objects.filter(conversation_id=conversation_id)
    rows = with_own_words(of_conversation.filter(Q(author=Message.Author.STAFF) | Q(pk=receipt())))
    found: dict[UUID | None, list[Beside]] = {}
    for row in rows.order_by("created_at"):
        found.setdefault(row.after_turn_id, []).append(_marked(row.author, row.text, row.own_words or ""))
    return found


def _marked(author: str, text: str, own_words: str) -> Beside:
    if author == Message.Author.STAFF:
        return Beside(OF_THE_TEAM + text)
    return Beside(TO_THE_TEAM + redact(own_words) if own_words else SENT_ON, of_visitor=True)


def told(
    past: Sequence[tuple[Turn, Sequence[Reply]]], written: Mapping[UUID | None, Sequence[Beside]]
) -> Iterator[PastTurn]:
    """Yield earlier turns as a model is told them, with what was written beside them.

    What a person read, or was sent, and nobody answered by itself is told together with the next that was
    answered. A turn without an answer that is followed by none of this is left out.
    """
    asked: list[str] = []
    answers: list[str] = []
    for line in _lines(past, written):
        if line.of_visitor and answers:
            yield _pair(asked, answers)
            asked, answers = [], []
        (asked if line.of_visitor else answers).append(line.text)
    if asked or answers:
        yield _pair(asked, answers)


def _lines(
    past: Sequence[tuple[Turn, Sequence[Reply]]], written: Mapping[UUID | None, Sequence[Beside]]
) -> Iterator[Beside]:
    """Yield what was said, one after the other; an answer is not of the visitor."""
    if not past or past[0][0].ordinal == 1:
        yield from written.get(None, ())
    for turn, replies in past:
        answer, after = _latest_usable(replies), written.get(turn.pk, ())
        if answer or after or any(unasked.is_silent(reply) for reply in replies):
            yield Beside(turn.text, of_visitor=True)
        if answer:
            yield Beside(answer)
        yield from after


def _latest_usable(replies: Iterable[Reply]) -> str:
    usable = [reply for reply in replies if reply.state in USABLE and reply.text]
    return usable[-1].text if usable else ""


def _pair(asked: Sequence[str], answers: Sequence[str]) -> PastTurn:
    if not answers:
        to_the_team = any(text == SENT_ON or text.startswith(TO_THE_TEAM) for text in asked)
        answers = (WITH_THE_TEAM if to_the_team else NOT_ANSWERED,)
    # No wire takes an empty message: the team's first words can stand alone only where a receipt is gone.
    return PastTurn("\n\n".join(asked) or SENT_ON, "\n\n".join(answers))

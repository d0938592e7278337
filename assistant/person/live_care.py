"""What happens to live chats by time alone, so that nobody waits in silence: done by every web process.

Needs neither Redis nor a worker. Each move is one conditional UPDATE, so that of many processes one makes it.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from assistant import live_states
from assistant.live_states import Standing
from assistant.models import Conversation, Reply, Request, RequestEvent, StaffPresence
from assistant.person import help_desk, live
from assistant.person.live_turns import silence
from assistant.person.live_visitor import by_mail
from assistant.person.requests import note_nobody_came
from common.clock import now


def sweep() -> None:
    """Give up, end and hand on what has waited too long, and silence what goes on beside a person."""
    rows = list(Request.objects.filter(live__in=live_states.RUNNING))
    if not rows:
        return
    seen = dict(StaffPresence.objects.filter(user__is_active=True).values_list("pk", "seen_at"))
    for row in rows:
        move = live_states.due(_standing(row, seen.get(row.live_user_id or 0)), now())
        if move:
            _make(row, move)
    beside = Reply.objects.filter(ended_at=None, conversation__state=Conversation.State.WITH_STAFF)
    unstopped = beside.filter(stop_requested=False).order_by().values_list("conversation_id", flat=True)
    for conversation_id in unstopped.distinct():
        silence(conversation_id)


def _standing(row: Request, staff_seen_at: datetime | None) -> Standing:
    since = row.live_since or row.created_at
    return Standing(
        state=row.live,
        since=since,
        until=row.live_until,
        visitor_seen_at=row.visitor_seen_at or since,
        staff_seen_at=max(staff_seen_at, since) if staff_seen_at else since,
        has_email=bool(row.email),
    )


def _make(row: Request, move: str) -> None:
    with transaction.atomic():
        # As it was looked at: a visitor who has come back since, or a colleague, changes these.
        ours = Request.objects.filter(
            pk=row.pk,
            live_since=row.live_since,
            visitor_seen_at=row.visitor_seen_at,
            live_user=row.live_user_id,
        )
        if not live.change(ours, move):
            return
        row.refresh_from_db()
        said = live.words_of(row)
        words = {"give_up": said.nobody, "mail_instead": said.nobody, "lose": said.lost, "leave": said.left}
        live.settle(row)
        if move in words:
            live.tell(row, words[move])
        help_desk.note(row, *NOTES[move])
        if row.live == live_states.FAILED:
            note_nobody_came(row)
            by_mail(row)


# What the history of a request says of each move, and the help desk is told.
NOTES = {
    "give_up": (RequestEvent.Kind.FAILED, None, "Nobody took it in time."),
    "mail_instead": (RequestEvent.Kind.FAILED, None, "The visitor left while waiting, and gets a mail."),
    "lose": (RequestEvent.Kind.FAILED, None, "Whoever took it was gone."),
    "leave": (RequestEvent.Kind.CLOSED, None, "The visitor left."),
    "lapse": (RequestEvent.Kind.DECLINED, None, "The visitor did not answer the offer."),
}


def seen(conversations: Collection[UUID]) -> None:
    """Note that the visitors of live chats have these conversations open."""
    rows = _unseen().filter(live__in=live_states.RUNNING, conversation_id__in=conversations)
    rows.update(visitor_seen_at=now())


def seen_by_mail(conversations: Collection[UUID], visitors: Collection[UUID] = ()) -> None:
    """Note who waits for an e-mail and is still there, as they can be offered a live chat.

    There are those who have their conversation open, and visitors who have another one open.
    """
    rows = _unseen().filter(state=Request.State.NEW).exclude(live__in=live_states.RUNNING)
    rows = rows.exclude(conversation=None)  # deleted: there is nowhere to offer it
    # Few requests are new at any time; the conversations of a process may be thousands.
    found = rows.values_list("pk", "conversation_id", "visitor_id")
    ids = [pk for pk, key, who in found if key in conversations or who in visitors]
    if ids:
        Request.objects.filter(pk__in=ids).update(visitor_seen_at=now())


def _unseen() -> QuerySet[Request]:
    late = Q(visitor_seen_at=None) | Q(visitor_seen_at__lt=now() - live_states.SEEN_EVERY)
    return Request.objects.filter(late)

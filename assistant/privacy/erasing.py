"""Erase a visitor, or one conversation: stop what runs, delete every row, cut figures loose, clear caches.

Irreversible. What has left the desk already cannot be called back: mail that was sent, what providers
were sent, and backups until they are rotated out; docs/privacy.md says so to whoever must answer.
"""

import hashlib
import hmac
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction

from assistant import ending, leases, takeover
from assistant.flows import counting
from assistant.models import Conversation, Reply, Request, Turn, Visitor, VisitorDataAction
from assistant.privacy import caches
from assistant.privacy.trail import Trail, chunks, trail_of
from assistant.trials import backtests
from common.clock import ticks
from common.versions import raise_version
from faq import services as faq_services
from routing import cache_store
from routing.unlinking import unlink

logger = logging.getLogger(__name__)

ERASED = "erased"  # the counter that tells every process to look what it still holds
MOVED = "moved"  # and that conversations have another visitor since a site said whose they are
STOP_PATIENCE_S = 12.0  # a process hears of a stop within a second and may wait for its database then
ROUNDS = 3  # a visitor who sends on while being erased is a program
LOOK_EVERY_S = 0.1
CHECKPOINT_TRIES = 20


class StillRunning(Exception):
    """The visitor began something new whenever all was stopped; nothing was erased, try again."""


def hash_of(visitor_id: UUID) -> str:
    """Return what stands for a visitor in the audit: the same for the same id, useless without it."""
    return hmac.new(settings.SECRET_KEY.encode(), b"visitor " + visitor_id.bytes, hashlib.sha256).hexdigest()


def note(action: str, visitor_id: UUID, by: str, counts: dict[str, int]) -> None:
    """Leave an audit row."""
    VisitorDataAction.objects.create(
        action=action, visitor_hash=hash_of(visitor_id), by=by[:150], counts=counts
    )


@dataclass(frozen=True)
class Erased:
    """What has been deleted, whose caches are still to be cleared."""

    trail: Trail
    counts: dict[str, int]


def erase(visitor_id: UUID, by: str = "command line", patience_s: float = STOP_PATIENCE_S) -> dict[str, int]:
    """Erase everything about a visitor and return how much of each class there was.

    A second call finds nothing and counts zeros. Raises StillRunning, having erased nothing, when the
    visitor began something new each time that everything had just been stopped.
    """
    for _ in range(ROUNDS):
        _stop(visitor_id, patience_s)
        erased = erase_stopped(visitor_id, by)
        if erased is not None:
            _clear_caches(erased.trail)
            logger.info("erased visitor %s: %s", hash_of(visitor_id)[:12], erased.counts)
            return erased.counts
    raise StillRunning


def _clear_caches(trail: Trail) -> None:
    transaction.on_commit(lambda: caches.forget(trail.conversations, trail.replies))
    transaction.on_commit(overwrite)


def erase_stopped(visitor_id: UUID, by: str, conversation_id: UUID | None = None) -> Erased | None:
    """Delete all rows of a visitor, or of one conversation, in one transaction.

    Returns None, and deletes nothing, while an answer is open. The caches are the caller's to clear.
    """
    with transaction.atomic():
        # Holds back a message that is just being stored, on PostgreSQL; SQLite has one writer anyway.
        list(Visitor.objects.select_for_update().filter(pk=visitor_id))
        if conversation_id is not None:
            list(Conversation.objects.select_for_update().filter(pk=conversation_id))
        if open_replies(visitor_id, conversation_id):
            return None
        trail = trail_of(visitor_id, conversation_id)
        counts = trail.counts()
        _delete(trail)
        if trail.exists:
            note(VisitorDataAction.Action.ERASE, visitor_id, by, counts)
        raise_version(ERASED)
    return Erased(trail, counts)


def open_replies(visitor_id: UUID, conversation_id: UUID | None = None) -> list[Reply]:
    """Return what is queued or being written for a visitor, or in one conversation of theirs."""
    open_states = (Reply.State.QUEUED, Reply.State.STREAMING)
    rows = Reply.objects.filter(conversation__visitor_id=visitor_id, state__in=open_states)
    return list(rows if conversation_id is None else rows.filter(conversation_id=conversation_id))


def end_stubborn(replies: Iterable[Reply]) -> None:
    """End replies whose process does not: it raises their epoch, so that whatever it writes misses."""
    for reply in replies:
        if reply.state == Reply.State.QUEUED:
            ending.cancel_queued(reply.pk)
        else:
            takeover.end_orphan(reply, reply.text)


def _stop(visitor_id: UUID, patience_s: float) -> None:
    """Have every open reply of the visitor ended, wherever it runs; taken from a process that does not."""
    deadline = ticks() + patience_s
    rung = False
    while running := open_replies(visitor_id):
        late = ticks() > deadline
        dead = {orphan.pk for orphan in leases.orphans(timedelta(0))}
        for reply in running:
            if late or reply.pk in dead or reply.state == Reply.State.QUEUED:
                end_stubborn([reply])
            else:
                ending.request_stop(reply.pk)
        if not rung:
            caches.ask_to_stop([reply.pk for reply in running])
            rung = True
        time.sleep(LOOK_EVERY_S)


def _delete(trail: Trail) -> None:
    turns_of = {
        reply: turn
        for replies in chunks(trail.replies)
        for reply, turn in Reply.objects.filter(pk__in=replies).values_list("pk", "turn_id")
    }
    unlink(turns_of)
    cache_store.forget(replies=trail.replies)
    for turns in chunks(trail.turns):
        faq_services.erase(turns)
        backtests.erase(turns)
        counting.erase(turns)
    _delete_admin_log(trail)
    for message in trail.messages():
        message.delete()
    for model, ids in (
        (Request, trail.requests),
        (Reply, trail.replies),
        (Turn, trail.turns),
        (Conversation, trail.conversations),
    ):
        for part in chunks(ids):
            model._default_manager.filter(pk__in=part).delete()
    if trail.conversation_id is None:
        Visitor.objects.filter(pk=trail.visitor_id).delete()


def _delete_admin_log(trail: Trail) -> None:
    """Delete what the admin noted about these rows: its lines repeat titles and addresses."""
    whole = [trail.visitor_id] if trail.conversation_id is None else []
    ids = [*whole, *trail.conversations, *trail.turns, *trail.replies, *trail.requests]
    for part in chunks(ids):
        names = [form for each in part for form in (str(each), each.hex)]
        LogEntry.objects.filter(content_type__app_label="assistant", object_id__in=names).delete()


def overwrite() -> bool:
    """Have SQLite write its log back and empty it, so that the file holds no deleted text any more.

    With secure_delete (assistant/settings.py) deleted rows are overwritten in the file itself. Returns
    False when readers kept the log busy; it is then emptied at the next chance. Nothing elsewhere:
    PostgreSQL overwrites at its next vacuum. Belongs behind the commit, never into a transaction.
    """
    for _ in range(CHECKPOINT_TRIES):
        if checkpoint():
            return True
        time.sleep(LOOK_EVERY_S)
    logger.warning("SQLite's log could not be emptied after an erasure: the file is read all the time")
    return False


def checkpoint() -> bool:
    """Try once what `overwrite` does; return whether the log is empty now."""
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        return not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

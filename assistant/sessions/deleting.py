"""Delete one conversation for its visitor while the process goes on: nothing of it may stay, or run.

The counterpart of `privacy.erase` for the event loop: it waits between hops through the database door and
never inside one, as SQLite has a single thread for all of them.
"""

import asyncio
from uuid import UUID

from assistant import db, services
from assistant.privacy import caches, erasing
from assistant.privacy.trail import Trail
from assistant.process import Process
from assistant.reserved import is_reserved
from assistant.selectors import NotFound
from assistant.sessions import conversations
from assistant.turn_log import Feed
from assistant.who import Who
from common.clock import ticks

BY_THE_VISITOR = "the visitor"


async def delete_conversation(process: Process, who: Who, conversation_id: UUID, asker: Feed) -> None:
    """Stop what runs in a conversation, erase it, and tell `deleted` to the visitor's sockets.

    One that is gone, or never began, is deleted as well. Raises NotFound for another visitor's, NotAvailable
    when something new begins whenever all was stopped, and DatabaseGone; nothing is deleted then.
    """
    if not await db.run(conversations.visitors_own, who, conversation_id):
        if not is_reserved(conversation_id, who.visitor_id):
            raise NotFound("conversation")
        _tell(process, who, conversation_id, asker)
        return
    for _ in range(erasing.ROUNDS):
        await _stop(process, who.visitor_id, conversation_id)
        erased = await db.run(erasing.erase_stopped, who.visitor_id, BY_THE_VISITOR, conversation_id)
        if erased is not None:
            _tell(process, who, conversation_id, asker)
            await process.forgetting.look()
            process.background.spawn(_clear(erased.trail))
            return
    raise services.NotAvailable("An answer is still being written. Stop it and try again.")


def _tell(process: Process, who: Who, conversation_id: UUID, asker: Feed) -> None:
    frame = {"type": "deleted", "conversation_id": str(conversation_id)}
    process.own_news.tell(who.visitor_id, frame, asker)


async def _stop(process: Process, visitor_id: UUID, conversation_id: UUID) -> None:
    """Have every open reply of the conversation ended, wherever it runs; taken from one that does not."""
    deadline = ticks() + erasing.STOP_PATIENCE_S
    asked: set[UUID] = set()
    while running := await db.run(erasing.open_replies, visitor_id, conversation_id):
        if ticks() > deadline:
            await db.run(erasing.end_stubborn, running)
        for reply in running:
            if reply.pk not in asked:
                asked.add(reply.pk)
                await process.stop(reply.pk)
        await asyncio.sleep(erasing.LOOK_EVERY_S)


async def _clear(trail: Trail) -> None:
    """Clear what Redis has of it and tell the other processes, then let SQLite write its log back."""
    await asyncio.to_thread(caches.forget, trail.conversations, trail.replies)
    for _ in range(erasing.CHECKPOINT_TRIES):
        try:
            if await db.run(erasing.checkpoint):
                return
        except db.DatabaseGone:
            return  # it is emptied when somebody writes next
        await asyncio.sleep(erasing.LOOK_EVERY_S)

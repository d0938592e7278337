"""How a line comes into a conversation, and as whom: the verbs `open` and `identify`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from assistant import db, desk_facts, frames, selectors
from assistant.embed import identifying, sites
from assistant.identity import IdentityRefused
from assistant.languages import supported
from assistant.protocol import Frame
from assistant.reserved import is_reserved, reserve
from assistant.sessions.talk import Talk, Verb


async def open_conversation(talk: Talk, frame: Frame, received: float) -> None:
    if talk.who.site:
        talk.who = await db.run(sites.admit, talk.who, frame.get("token"), frame.get("around") or "")
    wanted: UUID | None = frame.get("conversation_id")
    if frame.get("identity") is not None:
        wanted = await _named(talk, frame["identity"], wanted)
    _speak(talk, frame.get("language") or "")
    conversation_id = wanted or reserve(talk.who.visitor_id)
    feed, hub = talk.feed, talk.process.hub
    before, seen, live = feed.conversation_id, dict(feed.seen), feed.live
    told, begun = bool(feed.told), feed.begun
    feed.visitor_id, feed.guest = talk.who.visitor_id, talk.who.guest if talk.who.site else None
    # Joined before it is read: a turn that is stored in between would reach nobody else's ears.
    hub.join(feed, conversation_id)
    feed.hold()
    feed.live = {}
    opened: Mapping[str, Any] | None = None
    known: set[UUID] = set()
    try:
        facts = await db.run(desk_facts.read, talk.who, wanted, before if told else None)
        if wanted is not None and not facts.exists and not is_reserved(wanted, talk.who.visitor_id):
            raise selectors.NotFound("conversation")
        opened = await _opened(talk, conversation_id, facts, frame.get("after") or {})
        known, feed.shown = desk_facts.shown(facts), desk_facts.late(facts)
        feed.visitor_id, feed.begun = talk.who.visitor_id, facts.exists
    finally:
        if opened is None:
            hub.rejoin(feed, before, seen)
            feed.live, feed.begun = live, begun
        feed.let_go(opened, known)


def _speak(talk: Talk, language: str) -> None:
    """Go on in the language of the page, where that is one of ours: it knows better than the browser."""
    if known := supported(language):
        talk.who = replace(talk.who, language=known)


async def identify(talk: Talk, frame: Frame, received: float) -> None:
    before = talk.who
    await _named(talk, frame["token"], talk.feed.conversation_id)
    if talk.who is not before:
        # Whose conversation that was may be another one's now; the page opens what `identified` names.
        talk.process.hub.rejoin(talk.feed, None, {})


async def _named(talk: Talk, token: str | None, wanted: UUID | None) -> UUID | None:
    """Let whom a site's token proves talk from now on, None somebody new; return what is to be opened.

    A token that proves nobody changes nothing, unless it is of somebody else than who talks: that one
    has left the site's page, and must not be talked for.
    """
    try:
        if token is None:
            found = identifying.signed_out(talk.who)
        else:
            found = await db.run(identifying.identify, talk.who, token, wanted)
    except IdentityRefused as refused:
        talk.error("identity_refused", refused.message, reason=refused.reason)
        if not await db.run(identifying.is_other, talk.who, refused):
            return wanted
        found = identifying.signed_out(talk.who)
    talk.who = found.who
    talk.feed.put(found.frame())
    return found.conversation_id


async def _opened(
    talk: Talk, conversation_id: UUID, facts: desk_facts.DeskFacts, after: Mapping[UUID, int]
) -> Mapping[str, Any]:
    for reply in facts.running:
        log = talk.process.mirrors.follow(reply.pk, conversation_id, reply.epoch)
        await talk.process.mirrors.catch_up(log)
        desk_facts.complete(facts.turns, log)
        talk.feed.seen[reply.pk] = (log.epoch, log.snapshot()["seq"])
    desk_facts.leave_out(facts.turns, after)
    talk.process.news.know(talk.feed, facts.desk)
    return frames.opened_frame(conversation_id, facts.turns, facts.desk)


VERBS: Final[Mapping[str, Verb]] = {
    "open": open_conversation,
    "identify": identify,
}

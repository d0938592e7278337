"""How a page reaches a person of the team: the verbs `handoff`, `live` and `rate_person`."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from assistant import db, services
from assistant.person import live_shown, live_visitor, requests
from assistant.protocol import Frame
from assistant.sessions.talk import Talk, Verb


async def hand_off(talk: Talk, frame: Frame, received: float) -> None:
    wish = requests.Wish(
        frame["reason"],
        frame.get("email", ""),
        frame.get("text", ""),
        frame["client_request_id"],
        talk.conversation,
        frame.get("reply_id"),
    )
    stored = await db.run(live_visitor.ask if frame.get("live") else requests.hand_over, talk.who, wish)
    # Again for a page that did not hear the first answer; the other sockets have it. Of a new request the
    # poll may have told this one already.
    talk.process.news.tell_one(talk.feed, stored.message, again=stored.repeated)
    if stored.conversation_id is not None:
        talk.process.tell(stored.conversation_id, stored.message, stored.state)
    if frame.get("live"):
        await _show_live(talk, talk.conversation)


async def live(talk: Talk, frame: Frame, received: float) -> None:
    doing = frame["do"]
    try:
        conversation_id = await db.run(
            live_visitor.do, talk.who, frame["request_id"], doing, frame.get("email") or ""
        )
    except services.NotAvailable:
        await _show_live(talk, talk.conversation)  # how it stands instead; the error says why
        raise
    if doing != "writing":
        await _show_live(talk, conversation_id)


async def rate_person(talk: Talk, frame: Frame, received: float) -> None:
    conversation_id = await db.run(
        live_visitor.rate, talk.who, frame["request_id"], frame["rating"], frame.get("reason") or ""
    )
    await _show_live(talk, conversation_id)


async def _show_live(talk: Talk, conversation_id: UUID) -> None:
    """Answer how the live chat stands, and tell the other sockets of the conversation what is new."""
    standing = await db.run(live_shown.standing, conversation_id)
    if conversation_id == talk.feed.conversation_id:  # a page shows the live chat of what it has open
        talk.process.news.live_one(talk.feed, standing)
    talk.process.news.live(conversation_id, standing)
    talk.process.background.once(talk.process.news.poll)
    talk.process.neighbours.ring("live", conversation=str(conversation_id))


VERBS: Final[Mapping[str, Verb]] = {
    "handoff": hand_off,
    "live": live,
    "rate_person": rate_person,
}

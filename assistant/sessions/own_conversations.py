"""What a page does with the visitor's own conversations: the verbs `list`, `rename` and `delete`."""

from collections.abc import Mapping
from typing import Final

from assistant import db
from assistant.protocol import Frame
from assistant.sessions import conversations
from assistant.sessions.deleting import delete_conversation
from assistant.sessions.talk import Talk, Verb


async def list_own(talk: Talk, frame: Frame, received: float) -> None:
    here = talk.conversation if talk.feed.told else None
    talk.feed.put(await db.run(conversations.page, talk.who, frame.get("before"), here))


async def rename(talk: Talk, frame: Frame, received: float) -> None:
    conversation_id, title = frame["conversation_id"], frame["title"]
    await db.run(conversations.rename, talk.who, conversation_id, title)
    renamed = {"type": "renamed", "conversation_id": str(conversation_id), "title": title}
    talk.process.own_news.tell(talk.who.visitor_id, renamed, talk.feed)


async def delete(talk: Talk, frame: Frame, received: float) -> None:
    await delete_conversation(talk.process, talk.who, frame["conversation_id"], talk.feed)


VERBS: Final[Mapping[str, Verb]] = {
    "list": list_own,
    "rename": rename,
    "delete": delete,
}

"""What `opened` says: the conversation as it stands, and what the page must know of the desk."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from assistant import languages, protocol, requests, selectors
from assistant.models import Conversation, Reply
from assistant.reply_log import ReplyLog
from assistant.who import Who
from common import example
from common.clock import now
from faq import index
from routing import publishing
from routing.providers import registry

PLANS = ("guest", "free", "pro", "studio")
STARTERS = 5
LATE = 3  # turns; nobody has more of them in the seconds that the poll looks back


@dataclass(frozen=True)
class DeskFacts:
    """A conversation's turns, its running replies, and the desk's own facts."""

    exists: bool
    turns: list[dict[str, Any]]
    running: list[Reply]
    desk: dict[str, Any]


def read(who: Who, conversation_id: UUID | None) -> DeskFacts:
    """Return what `opened` needs; None is a conversation that has just been reserved.

    Raises NotFound for another visitor's conversation.
    """
    conversation: Conversation | None = None
    if conversation_id is not None:
        conversation = selectors.conversation_of(who, conversation_id)
    turns, running = selectors.transcript(conversation.pk) if conversation else ([], [])
    config = publishing.current()
    names = ("name", "greeting", "contact", "hours", "privacy_url")
    desk: dict[str, Any] = {
        "protocol": protocol.PROTOCOL,
        "assistant": {name: config.settings.get(name, "") for name in names},
        "plan": selectors.plan_of(who) or "guest",
        "sandbox": registry.sandbox_active(),
        "limits": {"text": protocol.TEXT_LIMIT},
        "suggestions": [entry.question for entry in index.starters(STARTERS)],
        "state": conversation.state if conversation else Conversation.State.OPEN.value,
        "messages": selectors.messages(conversation.pk) if conversation else [],
        "person": _person(who, config.settings),
    }
    if settings.ENV.debug and example.wanted():
        desk["plans"] = list(PLANS)
    return DeskFacts(conversation is not None, turns, running, desk)


def _person(who: Who, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form for a person says, in the visitor's language."""
    language = languages.supported(who.language) or languages.DEFAULT
    found = requests.facts(language, now(), values)
    return {**asdict(found), "privacy_url": str(values.get("privacy_url") or "")}


def complete(turns: list[dict[str, Any]], log: ReplyLog) -> None:
    """Put what the log of a running reply has beyond its row into the transcript."""
    for turn in turns:
        for reply in turn["replies"]:
            if reply["reply_id"] == str(log.reply_id):
                snapshot = log.snapshot()
                for name in ("epoch", "seq", "text", "html", "upto"):
                    reply[name] = snapshot[name]


def shown(facts: DeskFacts) -> set[UUID]:
    """Return the replies and messages that `opened` shows."""
    replies = {UUID(reply["reply_id"]) for turn in facts.turns for reply in turn["replies"]}
    return replies | {UUID(message["message_id"]) for message in facts.desk["messages"]}


def late(facts: DeskFacts) -> frozenset[UUID]:
    """Return the replies of the last turns, which a poll for what has begun of late would find again."""
    return frozenset(UUID(reply["reply_id"]) for turn in facts.turns[-LATE:] for reply in turn["replies"])


def leave_out(turns: list[dict[str, Any]], after: Mapping[UUID, int]) -> None:
    """Take the text out of ended replies of which the client has everything.

    Only under the first epoch, whose last seq nobody has who has not read to the end: `after` does not say of
    which epoch it is, and after a takeover another record may have the same number.
    """
    for turn in turns:
        for reply in turn["replies"]:
            read = reply["epoch"] == 1 and after.get(UUID(reply["reply_id"])) == reply["seq"]
            if read and reply["ended_by"]:
                reply["text"] = reply["html"] = None

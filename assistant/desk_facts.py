"""What `opened` says: the conversation as it stands, and what the page must know of the desk."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from assistant import considering, languages, protocol, selectors
from assistant.embed import sites
from assistant.models import Conversation, Reply, Visitor
from assistant.person import live_shown, requests
from assistant.reply_log import ReplyLog
from assistant.sessions import conversations
from assistant.translating import worded
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


def read(who: Who, conversation_id: UUID | None, left: UUID | None = None) -> DeskFacts:
    """Return what `opened` needs; None is a conversation that has just been reserved.

    Note what the visitor has read with it, and in the conversation that they have `left` for it.

    Raises NotFound for another visitor's conversation.
    """
    conversation: Conversation | None = None
    if conversation_id is not None:
        conversation = selectors.conversation_of(who, conversation_id)
    if left is not None and left != conversation_id:
        conversations.mark_read(who, left)
    turns, running = selectors.transcript(conversation.pk) if conversation else ([], [])
    config = publishing.current()
    names = ("contact", "hours", "privacy_url")
    language = languages.supported(who.language) or languages.DEFAULT
    starters = index.starters(STARTERS, language)
    email = _vouched_email(who)
    desk: dict[str, Any] = {
        "protocol": protocol.PROTOCOL,
        "assistant": {
            **{name: config.settings.get(name, "") for name in names},
            "name": worded(config.settings, "name", language),
            "greeting": worded(config.settings, "greeting", language),
        },
        "plan": selectors.greet(who) or "guest",
        "sandbox": registry.sandbox_active(),
        "limits": {"text": protocol.TEXT_LIMIT},
        "climbs": considering.climbing(config),
        "suggestions": [entry.question for entry in starters],
        "suggestions_lang": considering.common_language(starters),
        "state": conversation.state if conversation else Conversation.State.OPEN.value,
        "messages": selectors.messages(conversation.pk) if conversation else [],
        "live": live_shown.views([conversation.pk]).get(conversation.pk) if conversation else None,
        "person_there": live_shown.available(),
        "person": _person(language, config.settings, email or ""),
        "verified": email is not None,
    }
    if conversation is not None and any(is_news(message, conversation) for message in desk["messages"]):
        conversations.mark_read(who, conversation.pk)
    if who.site:
        desk["token"] = who.token
        desk["assistant"]["greeting"] = sites.greeting_of(who.site, language) or desk["assistant"]["greeting"]
    elif settings.ENV.debug and example.wanted():
        desk["plans"] = list(PLANS)
    return DeskFacts(conversation is not None, turns, running, desk)


def _vouched_email(who: Who) -> str | None:
    """Return the address, or "", of a person whom a site has vouched for; None for anybody else."""
    if not who.site:
        return None
    people = Visitor.objects.filter(pk=who.visitor_id).exclude(external_id="")
    return people.values_list("email", flat=True).first()


def is_news(message: Mapping[str, Any], conversation: Conversation) -> bool:
    """Return whether staff wrote a message since the visitor has looked at its conversation."""
    seen = conversation.read_at or conversation.created_at
    return message["author"] == "staff" and datetime.fromisoformat(message["created_at"]) > seen


def _person(language: str, values: Mapping[str, Any], email: str) -> dict[str, Any]:
    """Return what the form for a person says, in a language, and with which address it begins."""
    found = requests.facts(language, now(), values)
    return {**asdict(found), "privacy_url": str(values.get("privacy_url") or ""), "email": email}


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

"""One conversation as the inbox shows it: what was said, a line of receipt a reply, and the visitor."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info

from assistant import considering, unasked
from assistant.admin.decision import route_names
from assistant.models import Conversation, Message, Reply, Request, RequestEvent, Site, Transcript, Turn
from assistant.person import inbox
from assistant.who import DESK
from common.text import shorten
from routing import desk
from routing.signals import claims_of

TURNS = 30  # the last ones; the conversation's own page has them all
OPENING, LOOKED_AT = (
    5,
    100,
)  # turns: a greeting may stand before the first question; whoever needs all reads on
EARLIER = 5  # of the visitor's other conversations
CLAIMS = 12
BROKEN = (Reply.State.FAILED, Reply.State.TRUNCATED, Reply.State.REFUSED)


@dataclass(frozen=True)
class Item:
    """One article of the transcript. `html` went through the sanitiser just now, or is our own."""

    key: str
    kind: str
    who: str
    at: datetime
    text: str = ""
    html: SafeString | str = ""
    badge: str = ""
    badge_kind: str = "plain"
    thumb: str = ""
    receipt: str = ""
    receipt_url: str = ""
    mail: Any = None


@dataclass(frozen=True)
class Thread:
    items: tuple[Item, ...]
    cut: bool


# ---- what was said -------------------------------------------------------------------------------


def thread(request: Request, may_read: bool) -> Thread:
    """Return the last turns of a request's conversation with what staff and the desk wrote, in order."""
    turns: list[Turn] = []
    if request.conversation_id and may_read:
        rows = Turn.objects.filter(conversation=request.conversation_id).prefetch_related("replies")
        turns = list(rows.order_by("-ordinal")[: TURNS + 1])[::-1]
    cut, turns = len(turns) > TURNS, turns[-TURNS:]
    names, hosts = route_names(), tuple(desk.settings().get("link_hosts") or ())
    found: list[Item] = []
    for turn in turns:
        found.append(Item(f"turn-{turn.pk}", "visitor", "Visitor", turn.created_at, text=turn.text))
        found += [_reply(reply, names, hosts) for reply in turn.replies.all() if _is_shown(reply)]
    if request.text not in {turn.text for turn in turns}:
        found.append(Item("asked", "visitor", "Visitor, to the team", request.created_at, text=request.text))
    mine = Q(conversation=request.conversation_id) if request.conversation_id else Q()
    messages = Message.objects.filter(mine & Q(conversation__isnull=False) | Q(request=request))
    if cut:
        messages = messages.filter(created_at__gte=turns[0].created_at)
    found += [_message(message) for message in messages.select_related("user").order_by("created_at")]
    return Thread(tuple(sorted(found, key=lambda item: item.at)), cut)


def _is_shown(reply: Reply) -> bool:
    return not unasked.is_silent(reply)


def _reply(reply: Reply, names: dict[str, str] | Any, hosts: Sequence[str]) -> Item:
    record = reply.decision if isinstance(reply.decision, dict) else {}
    reason = str(record.get("reason") or "").rstrip(".")
    parts = [names.get(reply.route, reply.route) or "Undecided", reply.answering_model or "no model", reason]
    badge, kind = (reply.get_state_display(), "bad") if reply.state in BROKEN else ("", "plain")
    if not badge and reply.ended_at is None:
        badge, kind = reply.get_state_display(), "info"
    if unasked.is_quiet(reply):
        badge, kind = "Not shown to the visitor", "plain"
    return Item(
        key=f"reply-{reply.pk}",
        kind="assistant",
        who=reply.label or "Assistant",
        at=reply.created_at,
        html=SafeString(considering.as_html(reply, reply.text, reply.state, hosts)),
        text="" if reply.text else reply.notice or "No text was written.",
        badge=badge,
        badge_kind=kind,
        thumb={1: "Thumbs up", -1: "Thumbs down"}.get(reply.rating or 0, ""),
        receipt=" · ".join(part for part in parts if part),
        receipt_url=reverse("admin:reply", args=[reply.pk]),
    )


def _message(message: Message) -> Item:
    staff = message.author == Message.Author.STAFF
    who = inbox.name_of(message.user) or "A colleague" if staff else "Told by the desk"
    mail = message if message.mail_state not in (Message.MailState.NONE, Message.MailState.SENT) else None
    return Item(
        key=f"message-{message.pk}",
        kind="staff" if staff else "system",
        who=who,
        at=message.created_at,
        text=message.text,
        badge="Sent by e-mail" if message.mail_state == Message.MailState.SENT else "",
        mail=mail,
    )


# ---- the visitor, and what was handed over -------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What is known of a visitor: pairs of label and value, and their other conversations."""

    pairs: tuple[tuple[str, str], ...]
    verified: tuple[tuple[str, str], ...]
    earlier: tuple[Conversation, ...]
    earlier_count: int


def facts(request: Request, may_read: bool) -> Facts:
    """Return what staff see of the visitor beside the conversation."""
    visitor = request.visitor
    known = [("Name", visitor.name), ("E-mail", visitor.email), ("Their id", visitor.external_id)]
    known += [(name.replace("_", " ").capitalize(), str(value)) for name, value in claims_of(visitor.claims)]
    verified = [(name, shorten(value, 120)) for name, value in known[:CLAIMS] if value]
    verified = verified if visitor.external_id else []
    pairs = [
        ("Plan", visitor.plan or "guest"),
        ("Language", language_name(request.language or visitor.language)),
        ("Site", _site_name(visitor.site)),
    ]
    if request.email:
        pairs.append(("E-mail", request.email))
    pairs.append(("Reason", request.get_reason_display()))
    others = Conversation.objects.filter(visitor=visitor)
    if request.conversation_id:
        others = others.exclude(pk=request.conversation_id)
    shown = tuple(others[:EARLIER]) if may_read else ()
    return Facts(tuple(pairs), tuple(verified), shown, others.count() if may_read else 0)


def language_name(code: str) -> str:
    """Return a language as staff call it."""
    try:
        return str(get_language_info(code.lower())["name"])
    except KeyError:
        return code or "not known"


def _site_name(key: str) -> str:
    if key == DESK:
        return "the desk's own page"
    return Site.objects.filter(key=key).values_list("name", flat=True).first() or key


@dataclass(frozen=True)
class HandedOver:
    """Why a person has to answer, from stored rows alone: nobody needs to read everything first."""

    first: str
    last: str
    asked: str
    tried: tuple[str, ...]
    why: str


def handed_over(request: Request) -> HandedOver:
    """Return the first and the last question, what was tried, and why the assistant could not do."""
    rows = Turn.objects.filter(conversation=request.conversation_id, created_at__lte=_asked_at(request))
    rows = rows.filter(conversation__isnull=False).prefetch_related("replies")
    began, recent = (
        list(rows.order_by("ordinal")[:OPENING]),
        list(rows.order_by("-ordinal")[:LOOKED_AT])[::-1],
    )
    said = [turn for turn in recent if not any(map(unasked.is_silent, turn.replies.all()))]
    asked = [turn.text for turn in said if not _is_formality(turn)]
    first = next((turn.text for turn in began if not _is_formality(turn)), request.text)
    replies = [reply for turn in said for reply in turn.replies.all() if reply.route not in FORMALITIES]
    return HandedOver(
        first=shorten(first, 300),
        last=shorten(asked[-1], 300) if asked and asked[-1] != first else "",
        asked="" if request.text in (first, *asked[-1:]) else shorten(request.text, 300),
        tried=tuple(_tried(replies)),
        why=_why(request, replies),
    )


FORMALITIES = ("small_talk", "person")


def _is_formality(turn: Turn) -> bool:
    return all(reply.route in FORMALITIES for reply in turn.replies.all())


def _asked_at(request: Request) -> datetime:
    return request.live_asked_at or request.created_at


def _tried(replies: Iterable[Reply]) -> list[str]:
    rows = list(replies)
    labels = Counter(reply.label or "Answer" for reply in rows if reply.text and reply.state not in BROKEN)
    found = [f"{label}: {count}" for label, count in labels.items()]
    for words, rows_of in (
        ("Failed or cut answers", [reply for reply in rows if reply.state in BROKEN]),
        ("Thumbs down", [reply for reply in rows if reply.rating == -1]),
        ("Asked for a larger model", [reply for reply in rows if reply.cause == Reply.Cause.ESCALATION]),
        ("Tried again", [reply for reply in rows if reply.cause == Reply.Cause.RETRY]),
    ):
        if rows_of:
            found.append(f"{words}: {len(rows_of)}")
    return found


def _why(request: Request, replies: Sequence[Reply]) -> str:
    """Return the reason of the request, with the words of the reply that brought it where there are any."""
    last = request.reply or (replies[-1] if replies else None)
    record = last.decision if last is not None and isinstance(last.decision, dict) else {}
    reason = str(record.get("reason") or "")
    said = request.get_reason_display()
    if request.reason == Request.Reason.FAILED and last is not None:
        return f"{said}: {last.notice or last.get_state_display().lower()}"
    return f"{said}. Why the last answer took its route: {reason.rstrip('.')}." if reason else f"{said}."


# ---- what was done, and by whom ------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """One line of what happened to a request."""

    at: datetime
    words: str
    who: str
    note: str


def history(request: Request) -> list[Done]:
    """Return who took, answered, handed back and closed a request, oldest first."""
    rows = request.events.exclude(kind=RequestEvent.Kind.MESSAGE).select_related("user")
    return [Done(row.created_at, row.get_kind_display(), inbox.name_of(row.user), row.note) for row in rows]


def transcripts(request: Request) -> list[Transcript]:
    """Return the transcripts that were sent of the conversation, the newest first."""
    if request.conversation_id is None:
        return []
    rows = Transcript.objects.filter(conversation=request.conversation_id).select_related("user")
    return list(rows.order_by("-created_at")[:5])


def found(pk: UUID) -> Request | None:
    """Return a request with what its page needs."""
    rows = Request.objects.select_related("visitor", "live_user", "conversation", "reply")
    return rows.filter(pk=pk).first()

"""The socket protocol, version 1: every frame there is, and the parser of what clients send.

Pure: text in, a frame or a `FrameError` out. docs/protocol.md describes each frame; a test compares.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from assistant.languages import translatable
from common.text import clean

PROTOCOL: Final = 1

TEXT_LIMIT: Final = 8_000  # code points of one message
FRAME_LIMIT: Final = 256 * 1024  # bytes of one incoming frame; larger ones get `too_long`
# Of verbs that are about a conversation, which is not always the one that is open.
ABOUT_CONVERSATIONS: Final = ("rename", "delete")
IDS_IN_ERRORS: Final = (
    "client_message_id",
    "client_request_id",
    "reply_id",
    "turn_id",
    "entry_id",
    "request_id",
)
HARD_FRAME_LIMIT: Final = 1024 * 1024  # bytes; the server closes the socket above this
ID_LIMIT: Final = 64
TITLE_LIMIT: Final = 120  # code points of a conversation's name
IDENTITY_READS: Final = (
    8_192  # characters of a site's token: above its own limit, so that it is refused there
)
ESCALATION_REASONS: Final = ("not_asked", "more")
HANDOFF_REASONS: Final = ("asked", "button", "failed", "budget", "account")
LIVE_DOINGS: Final = ("accept", "back", "cancel", "decline", "email", "end", "transcript", "writing")
BEST: Final = 5  # of a person; 1 is the worst
COMMENT_LIMIT: Final = 1_000
LANGUAGE_LIMIT: Final = 35  # of a language tag: RFC 5646, 4.4.1
ORIGIN_LIMIT: Final = 300  # of an origin: a host name has at most 253

CLIENT_FRAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "open": ("conversation_id", "after?", "token?", "identity?", "language?", "around?"),
    "identify": ("token",),
    "send": ("client_message_id", "text"),
    "resume": ("reply_id", "epoch", "after"),
    "stop": ("reply_id",),
    "retry": ("reply_id",),
    "continue": ("reply_id",),
    "escalate": ("reply_id", "reason?"),
    "choose": ("turn_id", "entry_id"),
    "handoff": ("reason", "email?", "text?", "reply_id?", "client_request_id", "live?"),
    "live": ("request_id", "do", "email?"),
    "rate_person": ("request_id", "rating", "reason?"),
    "resolve": ("solved", "reply_id?"),
    "feedback": ("reply_id", "rating", "reason?", "comment?"),
    "history": ("before",),
    "list": ("before?",),
    "rename": ("conversation_id", "title"),
    "delete": ("conversation_id",),
    "ping": (),
}

SERVER_FRAMES: Final = (
    "opened",
    "identified",
    "ack",
    "turn",
    "status",
    "delta",
    "block",
    "snapshot",
    "done",
    "message",
    "conversation",
    "conversations",
    "renamed",
    "elsewhere",
    "deleted",
    "history",
    "error",
    "alive",
    "pong",
)

ERROR_CODES: Final[Mapping[str, str]] = {
    "bad_json": "the frame is not JSON, or not an object",
    "bad_frame": "a field is missing or has the wrong form",
    "unknown_type": "no such verb in this version",
    "empty": "the message has no text",
    "bad_email": "the e-mail address of a request for a person is none",
    "nobody_there": "nobody of the team is there for a live chat; a request by e-mail can be left",
    "too_long": "the text or the frame is over the limit",
    "conflict": "this client_message_id was used for another text",
    "busy": "three messages are waiting already",
    "not_found": "no such reply or conversation for this visitor",
    "not_available": "the verb is not available, or not for this reply",
    "not_open": "`open` comes first",
    "rate_limited": "too many messages; `retry_after` says when to go on",
    "answers_spent": "the models' answers of this visitor or address are used up until `retry_after`",
    "not_stored": "the database did not take the message; send it again",
    "refused": "the socket's Origin is not allowed",
    "identity_refused": "a site's token does not prove who the visitor is; `reason` says why",
    "sign_in": "the visitor cookie is missing or was altered; load the page again",
}

SIGN_IN: Final = translatable("The visitor cookie is missing or was altered; load the page again.")

# What every page is told before its socket is closed with CLOSE_DRAINING.
RESTARTING: Final[Mapping[str, Any]] = {
    "type": "error",
    "code": "not_available",
    "message": "The desk is restarting; reconnect in a moment.",
    "retry_after": 2,
}

CLOSE_PROTOCOL: Final = 4400
CLOSE_SIGN_IN: Final = 4401
CLOSE_REFUSED: Final = 4403
# Of errors that end the line of an embedded chat: whoever it was may not be there any more.
CLOSES_BY_ERROR: Final = {"sign_in": CLOSE_SIGN_IN, "refused": CLOSE_REFUSED}
CLOSE_IDLE: Final = 4408
CLOSE_SLOW_DOWN: Final = 4429
CLOSE_DRAINING: Final = 4503


class FrameError(Exception):
    """A frame cannot be used; the socket answers with this code and lives on.

    `words` are English with {holes}, which `holes` fill: the session says them in the visitor's language.
    """

    def __init__(self, code: str, words: str, **holes: object) -> None:
        super().__init__(words.format(**holes))
        self.code = code
        self.words = words
        self.holes = holes


@dataclass(frozen=True)
class Frame:
    """One parsed client frame: the verb and its checked fields."""

    type: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.fields.get(name, default)


def _id(value: Any, name: str) -> UUID:
    if isinstance(value, str):
        try:
            return UUID(value)
        except ValueError:
            pass
    raise FrameError("bad_frame", "{name} must be an id as the server gave it.", name=name)


def _optional_id(value: Any, name: str) -> UUID | None:
    return None if value is None else _id(value, name)


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise FrameError("bad_frame", "{name} must be a whole number from 0.", name=name)
    return value


def _text(value: Any, name: str, limit: int) -> str:
    if not isinstance(value, str):
        raise FrameError("bad_frame", "{name} must be text.", name=name)
    text = clean(value)
    if len(text) > limit:
        raise FrameError(
            "too_long",
            "This is too long: {over} over the limit of {limit} characters.",
            over=len(text) - limit,
            limit=limit,
        )
    return text


def _message_id(value: Any, name: str) -> str:
    text = _text(value, name, ID_LIMIT)
    if not text.strip():
        raise FrameError(
            "bad_frame", "{name} must be an id of 1 to {limit} characters.", name=name, limit=ID_LIMIT
        )
    return text


def _message_text(value: Any, name: str) -> str:
    text = _text(value, name, TEXT_LIMIT)
    if not text.strip():
        raise FrameError("empty", "The message has no text.")
    return text


def _after(value: Any, name: str) -> dict[UUID, int]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > 200:
        raise FrameError("bad_frame", "{name} must map reply ids to the last seq seen.", name=name)
    return {_id(key, name): _count(seq, name) for key, seq in value.items()}


def _rating(value: Any, name: str) -> str:
    if value not in ("up", "down"):
        raise FrameError("bad_frame", "{name} must be one of {choices}.", name=name, choices="up, down")
    return str(value)


def _handoff_reason(value: Any, name: str) -> str:
    if value not in HANDOFF_REASONS:
        raise FrameError(
            "bad_frame", "{name} must be one of {choices}.", name=name, choices=", ".join(HANDOFF_REASONS)
        )
    return str(value)


def _escalation_reason(value: Any, name: str) -> str | None:
    if value is not None and value not in ESCALATION_REASONS:
        raise FrameError(
            "bad_frame", "{name} must be one of {choices}.", name=name, choices=", ".join(ESCALATION_REASONS)
        )
    return None if value is None else str(value)


def _plain_text(value: Any, name: str) -> str:
    """Return a text that may be empty; its own limit is that of the service, in the visitor's language."""
    return "" if value is None else _text(value, name, TEXT_LIMIT)


def _doing(value: Any, name: str) -> str:
    if value not in LIVE_DOINGS:
        raise FrameError(
            "bad_frame", "{name} must be one of {choices}.", name=name, choices=", ".join(LIVE_DOINGS)
        )
    return str(value)


def _stars(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= BEST:
        raise FrameError("bad_frame", "{name} must be a whole number from 1 to {most}.", name=name, most=BEST)
    return value


def _title(value: Any, name: str) -> str:
    title = " ".join(_text(value, name, TITLE_LIMIT).split())
    if not title:
        raise FrameError("empty", "A name needs a text.")
    return title


def _place(value: Any, name: str) -> tuple[datetime, UUID] | None:
    """Return where a page of the list ends: the `next` that came with it."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            at, _, pk = value.partition(" ")
            moment = datetime.fromisoformat(at)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), UUID(pk)
        except (ValueError, OverflowError):  # at the ends of the calendar some moments are none in UTC
            pass
    raise FrameError("bad_frame", "{name} must be the next of a list.", name=name)


def _yes_or_no(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise FrameError("bad_frame", "{name} must be true or false.", name=name)
    return value


def _identity(value: Any, name: str) -> str | None:
    """Return a site's token as it came: what is wrong with it is said by who verifies it."""
    if value is not None and not isinstance(value, str):
        raise FrameError("bad_frame", "{name} must be a token as text, or null.", name=name)
    return None if value is None else value[:IDENTITY_READS]


# By field name; a verb whose field means something of its own is named with a dot.
_READERS: Final[Mapping[str, Any]] = {
    "conversation_id": _optional_id,
    "open.after": _after,
    "resume.after": _count,
    "token": lambda value, name: None if value is None else _text(value, name, 4096),
    "language": lambda value, name: None if value is None else _text(value, name, LANGUAGE_LIMIT),
    "around": lambda value, name: None if value is None else _text(value, name, ORIGIN_LIMIT),
    "open.identity": _identity,
    "identify.token": _identity,
    "client_message_id": _message_id,
    "client_request_id": _message_id,
    "handoff.reason": _handoff_reason,
    "escalate.reason": _escalation_reason,
    "live": _yes_or_no,
    "request_id": _id,
    "do": _doing,
    "rate_person.rating": _stars,
    "rate_person.reason": lambda value, name: None if value is None else _text(value, name, COMMENT_LIMIT),
    "handoff.text": _plain_text,
    "handoff.email": _plain_text,
    "handoff.reply_id": _optional_id,
    "text": _message_text,
    "reply_id": _id,
    "turn_id": _id,
    "entry_id": lambda value, name: _text(value, name, ID_LIMIT),
    "epoch": _count,
    "reason": lambda value, name: None if value is None else _text(value, name, 40),
    "comment": lambda value, name: None if value is None else _text(value, name, COMMENT_LIMIT),
    "email": lambda value, name: None if value is None else _text(value, name, 254),
    "rating": _rating,
    "solved": _yes_or_no,
    "before": _optional_id,
    "list.before": _place,
    "rename.conversation_id": _id,
    "delete.conversation_id": _id,
    "title": _title,
}


def parse(raw: str) -> Frame:
    """Return the frame in `raw`.

    Raises FrameError with a code of ERROR_CODES; lengths are counted after NUL removal.
    """
    if len(raw) > FRAME_LIMIT or len(raw.encode("utf-8", "surrogatepass")) > FRAME_LIMIT:
        raise FrameError("too_long", "The frame is over {limit} KiB.", limit=FRAME_LIMIT // 1024)
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise FrameError("bad_json", "The frame is not JSON.") from None
    if not isinstance(data, dict):
        raise FrameError("bad_json", "A frame is a JSON object.")
    kind = data.get("type")
    if not isinstance(kind, str) or kind not in CLIENT_FRAMES:
        raise FrameError("unknown_type", "This version does not know that type of frame.")
    fields: dict[str, Any] = {}
    for spec in CLIENT_FRAMES[kind]:
        name = spec.removesuffix("?")
        if name not in data:
            if spec.endswith("?") or name in ("conversation_id", "before"):
                continue
            raise FrameError("bad_frame", "{verb} needs {name}.", verb=kind, name=name)
        read = _READERS.get(f"{kind}.{name}") or _READERS[name]
        fields[name] = read(data[name], name)
    return Frame(kind, fields)


class SharedFrame(dict[str, Any]):
    """A server frame that is sent to several sockets, and encoded for the first of them only."""

    __slots__ = ("encoded",)

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.encoded = ""


_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def encode(frame: Mapping[str, Any]) -> str:
    """Return a server frame as compact JSON text."""
    if not isinstance(frame, SharedFrame):
        return _as_json(frame)
    if not frame.encoded:
        frame.encoded = _encoded_delta(frame) if frame["type"] == "delta" else _as_json(frame)
    return frame.encoded


def _encoded_delta(frame: Mapping[str, Any]) -> str:
    """Return a delta as JSON; nearly all frames are deltas, and this takes a fifth of the encoder's time."""
    first = f',"first":{frame["first"]}' if "first" in frame else ""
    start = f'{{"type":"delta","reply_id":"{frame["reply_id"]}","seq":{frame["seq"]}'
    return f'{start},"text":{_as_json(frame["text"])}{first}}}'


def ids_in(raw: str) -> dict[str, str]:
    """Return the ids that an unusable frame names, of a message, a reply and such, for its error."""
    if len(raw) > FRAME_LIMIT:
        return {}
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    about = ("conversation_id",) if data.get("type") in ABOUT_CONVERSATIONS else ()
    named = ((name, data.get(name)) for name in (*IDS_IN_ERRORS, *about))
    return {name: clean(value) for name, value in named if isinstance(value, str) and len(value) <= ID_LIMIT}

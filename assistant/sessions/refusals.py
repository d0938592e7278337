"""What a page is told when a frame is not acted upon: a code, plain words, and what it is about."""

from typing import Any

from assistant import db, protocol, selectors, services
from assistant.languages import translatable
from assistant.limits import RateLimited
from assistant.person import requests
from assistant.protocol import Frame, FrameError
from assistant.starting import Busy
from assistant.translating import said

ANSWERED = (
    FrameError,
    db.DatabaseGone,
    RateLimited,
    services.Conflict,
    Busy,
    services.NotAvailable,
    selectors.NotFound,
    requests.RequestRefused,
)


PLAIN = {
    db.DatabaseGone: ("not_stored", translatable("That could not be stored just now; please send it again.")),
    services.Conflict: ("conflict", translatable("This message id was used for another text.")),
    Busy: ("busy", translatable("Three messages are waiting already; please wait for an answer.")),
}
NOT_FOUND = {
    "conversation": translatable("There is no such conversation here."),
    "message": translatable("There is no such message here."),
    "reply": translatable("There is no such reply here."),
    "turn": translatable("There is no such turn here."),
}


def answer_to(error: Exception, language: str) -> tuple[str, str, dict[str, Any]]:
    """Return code, plain words in a language and further fields of the `error` frame for one of ANSWERED."""
    match error:
        case FrameError():
            return error.code, said(error.words, language, **error.holes), {}
        case requests.RequestRefused():
            return error.code, error.message, {}
        case RateLimited():
            return error.code, error.message, {"retry_after": error.retry_after}
        case db.DatabaseGone() | services.Conflict() | Busy():
            code, words = PLAIN[type(error)]
            return code, said(words, language), {}
        case services.NotAvailable():
            return "not_available", said(str(error), language), {}
        case _:
            return "not_found", said(NOT_FOUND.get(str(error), NOT_FOUND["reply"]), language), {}


def about(frame: Frame | None, raw: str | None = None) -> dict[str, Any]:
    """Return the ids that tell the page which message or reply an error is about."""
    if frame is None:
        return protocol.ids_in(raw or "")
    found: dict[str, Any] = {}
    names: tuple[str, ...] = protocol.IDS_IN_ERRORS
    if frame.type in protocol.ABOUT_CONVERSATIONS:
        names = (*names, "conversation_id")
    for name in names:
        if frame.get(name) is not None:
            found[name] = str(frame[name])
    return found

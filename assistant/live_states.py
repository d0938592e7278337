"""The states of a live chat with a person, and which move leads from which to which.

Pure. Everything that changes a state names its move here; the change itself is one conditional UPDATE.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

NONE: Final = ""
OFFERED: Final = "offered"
WAITING: Final = "waiting"
WITH_STAFF: Final = "with_staff"
BACK: Final = "back"
CLOSED: Final = "closed"
FAILED: Final = "failed"

STATES: Final = (NONE, OFFERED, WAITING, WITH_STAFF, BACK, CLOSED, FAILED)
# At most one request of a conversation is in one of these.
RUNNING: Final = (OFFERED, WAITING, WITH_STAFF)
OVER: Final = (BACK, CLOSED, FAILED)


@dataclass(frozen=True)
class Move:
    """A change of state, and who makes it: visitor, staff or the clock."""

    by: str
    froms: tuple[str, ...]
    to: str


MOVES: Final[Mapping[str, Move]] = {
    # A new request begins so, never one that has a live state already.
    "ask": Move("visitor", (NONE,), WAITING),
    # The visitor withdraws and goes on with the assistant.
    "cancel": Move("visitor", (WAITING,), CLOSED),
    # Staff have time for somebody who has left an address, or whom nobody took before.
    "offer": Move("staff", (NONE, FAILED), OFFERED),
    "accept": Move("visitor", (OFFERED,), WITH_STAFF),
    "decline": Move("visitor", (OFFERED,), NONE),
    "lapse": Move("clock", (OFFERED,), NONE),
    "take": Move("staff", (WAITING, BACK), WITH_STAFF),
    # From a colleague whose inbox is closed; the state stays, its owner changes.
    "relieve": Move("staff", (WITH_STAFF,), WITH_STAFF),
    # To the colleagues: the visitor waits again.
    "release": Move("staff", (WITH_STAFF,), WAITING),
    "give_back": Move("staff", (WITH_STAFF,), BACK),
    "return": Move("visitor", (WITH_STAFF,), BACK),
    "close": Move("staff", (OFFERED, WAITING, WITH_STAFF, BACK), CLOSED),
    "end": Move("visitor", (WITH_STAFF,), CLOSED),
    # Nobody took it in time.
    "give_up": Move("clock", (WAITING,), FAILED),
    # Nobody took it in time, or whoever took it is gone, and the visitor would rather have a mail.
    "leave_email": Move("visitor", (WAITING, WITH_STAFF), FAILED),
    # Whoever took it went away and did not come back.
    "lose": Move("clock", (WITH_STAFF,), FAILED),
    # The visitor is gone: what can be answered by mail is, the rest is over.
    "mail_instead": Move("clock", (WAITING,), FAILED),
    "leave": Move("clock", (WAITING, WITH_STAFF), CLOSED),
}


def allowed(move: str, state: str) -> bool:
    """Return whether a move leads on from a state. Raises KeyError for a move that does not exist."""
    return state in MOVES[move].froms


def refusal(state: str) -> str:
    """Return in plain words for staff why nothing can be done from a state any more."""
    return {
        NONE: "The visitor has not asked for a live chat.",
        OFFERED: "The visitor has not answered the offer yet.",
        WAITING: "Nobody has taken this conversation yet.",
        WITH_STAFF: "A colleague has this conversation.",
        BACK: "This conversation is back with the assistant.",
        CLOSED: "This live chat is closed.",
        FAILED: "Nobody took this conversation in time; it is answered by e-mail now.",
    }[state]


# ---- by time -------------------------------------------------------------------------------------

SEEN_EVERY: Final = timedelta(
    seconds=10
)  # so often an open page is noted: six times before it counts as gone
# A page that is loaded anew, or a phone that changes from one network to another, is back within these.
GONE_WHILE_WAITING: Final = timedelta(minutes=2)
GONE_WHILE_TALKING: Final = timedelta(minutes=10)
# The visitor is asked after two minutes already (live_shown.GONE_AFTER); this is for one who does not answer.
STAFF_LOST: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Standing:
    """What the clock needs to know of a live chat; each moment is the latest there is."""

    state: str
    since: datetime
    until: datetime | None
    visitor_seen_at: datetime
    staff_seen_at: datetime
    has_email: bool


def due(standing: Standing, now: datetime) -> str:
    """Return the move that time makes by now, "" for none."""
    over = standing.until is not None and standing.until <= now
    gone, alone = now - standing.visitor_seen_at, now - standing.staff_seen_at
    if standing.state == OFFERED:
        return "lapse" if over else ""
    if standing.state == WAITING:
        if over:
            return "give_up"
        if gone > GONE_WHILE_WAITING:
            return "mail_instead" if standing.has_email else "leave"
    if standing.state == WITH_STAFF:
        if gone > GONE_WHILE_TALKING:
            return "leave"
        if alone > STAFF_LOST:
            return "lose"
    return ""

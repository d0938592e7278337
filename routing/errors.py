"""What can go wrong between a decision and its answer, and what happens next.

RoutingError
 ├─ BudgetExhausted        stop            INFO     a budget is spent; the route degrades as it says
 └─ CallFailed             (an attempt at one model)
     ├─ ConnectFailed      retry           WARNING  dead host, DNS, TLS, reset before an answer
     ├─ KeyRefused         next model      ERROR    401, 403: a wrong, missing or restricted key
     ├─ UnknownModel       next model      ERROR    404: misspelt or retired
     ├─ RequestRejected    next model      ERROR    400 and kin: this wire or row needs a fix
     ├─ ContextTooLong     larger context  WARNING  the prompt does not fit this model
     ├─ RateLimited        retry           WARNING  429 that passes; the model cools down
     ├─ QuotaExhausted     next model      ERROR    429 that does not pass: no credit, spend limit
     ├─ ProviderDown       retry           WARNING  5xx, overloaded, an error event in the stream
     ├─ NoText             next model      WARNING  finished properly, and said nothing
     ├─ NotAStream         next model      ERROR    200 with a web page, plain JSON or unreadable events
     ├─ FirstTextTimeout   next model      WARNING  nothing for the visitor within the route's deadline
     ├─ TotalTimeout       stop            WARNING  the route's total deadline
     ├─ ReplyTooLong       stop            WARNING  past the cap of one reply
     └─ TruncatedOutput    next model      WARNING  the stream ended without its protocol's end marker
         └─ Stalled        next model      WARNING  no new text for the route's stall limit

"Retry" names the classes for which asking the same model again can help; `ladder` prefers another
model when the route has one. `detail` is for staff and names host, status and the provider's own
words; `notice` is for the visitor and names nothing.
"""

import logging
from datetime import datetime
from enum import StrEnum

DETAIL_LIMIT = 480  # the ledger's column holds 500

BUSY_NOTICE = "The assistant cannot answer just now. Please try again in a moment."
CUT_NOTICE = "The answer was cut off. You can try again."
SLOW_NOTICE = "The assistant took too long to answer. Please try again."


class Action(StrEnum):
    """What may be done after a failed attempt."""

    RETRY = "retry"
    NEXT_MODEL = "next model"
    LARGER_CONTEXT = "larger context"
    STOP = "stop"


class RoutingError(Exception):
    """Anything that keeps a route from answering."""

    level = logging.WARNING
    notice = BUSY_NOTICE


class BudgetExhausted(RoutingError):
    """The reservation for an attempt does not fit into a budget.

    `scope` and `period` (day or month) say which one, `ends_at` when the next period begins; `never` that
    the whole budget is smaller than the reservation, so that no new period helps.
    """

    level = logging.INFO
    notice = "The assistant has answered as much as it may for now. The help texts are still here for you."

    def __init__(
        self,
        detail: str,
        *,
        scope: str = "all",
        period: str = "day",
        ends_at: datetime | None = None,
        never: bool = False,
    ) -> None:
        super().__init__(detail)
        self.scope, self.period, self.ends_at, self.never = scope, period, ends_at, never


class CallFailed(RoutingError):
    """One attempt at one model failed.

    `retry_after` is the provider's own wish in seconds, None when it said nothing readable.
    `sent` is False when the provider certainly did no work for us, so that nothing is billed.
    `output` is what came instead of a stream, for the ledger.
    """

    action = Action.NEXT_MODEL
    sent = True
    output = ""

    def __init__(self, detail: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(detail)
        # Providers' words are quoted in it: a lone surrogate or NUL in them must not stop a log or a row.
        self.detail = detail.replace("\x00", "").encode("utf-8", "replace").decode()[:DETAIL_LIMIT]
        self.status = status
        self.retry_after = retry_after


class ConnectFailed(CallFailed):
    """No answer came back at all: refused, unknown host, TLS, or closed before the headers."""

    action = Action.RETRY
    sent = False


class KeyRefused(CallFailed):
    """The provider does not accept the key, or the key may not use this model."""

    level = logging.ERROR
    sent = False


class UnknownModel(CallFailed):
    """The provider does not know the model id (any more)."""

    level = logging.ERROR
    sent = False


class RequestRejected(CallFailed):
    """The provider finds the request itself wrong; sending it again cannot help."""

    level = logging.ERROR
    sent = False


class ContextTooLong(CallFailed):
    """Prompt and answer do not fit the model's window."""

    action = Action.LARGER_CONTEXT
    sent = False
    notice = "This message is too long for the assistant. Please send a shorter part of it."


class RateLimited(CallFailed):
    """Too many requests for now."""

    action = Action.RETRY
    sent = False


class QuotaExhausted(CallFailed):
    """The account has no credit or has reached a limit that waiting does not lift."""

    level = logging.ERROR
    sent = False


class ProviderDown(CallFailed):
    """The provider failed by its own fault."""

    action = Action.RETRY


class NoText(CallFailed):
    """The model ended its turn without a word, which is no answer."""


class NotAStream(CallFailed):
    """The answer is not an event stream of the wire that was asked for."""

    level = logging.ERROR


class FirstTextTimeout(CallFailed):
    """Nothing to show the visitor within the first-text deadline."""

    notice = SLOW_NOTICE


class TotalTimeout(CallFailed):
    """The reply as a whole took too long."""

    action = Action.STOP
    notice = SLOW_NOTICE


class ReplyTooLong(CallFailed):
    """The model did not stop writing."""

    action = Action.STOP
    notice = "The answer became too long and was stopped."


class TruncatedOutput(CallFailed):
    """The stream ended, or stopped moving, before its protocol's own end marker."""

    notice = CUT_NOTICE


class Stalled(TruncatedOutput):
    """Text had begun, then no more came."""

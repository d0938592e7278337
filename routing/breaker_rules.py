"""What the end of one call says about its model and its provider. Pure."""

from dataclasses import dataclass
from typing import Literal

from routing import errors
from routing.errors import CallFailed
from routing.events import FinishReason

Opens = Literal["", "model", "provider"]

# The shortest time that a restarted server needs; a failed probe doubles it up to MAX_REST_S.
COOL_DOWN_S = 15.0
MAX_REST_S = 60.0  # a provider that says "retry in 10 h" is asked again after a minute all the same
RATE_LIMIT_REST_S = 5.0  # for a rate limit without a time; most windows are a minute, most bursts shorter

# The provider did answer, and what went wrong is this request's own matter (or our own deadline's).
_SAYS_NOTHING = (
    errors.RequestRejected,
    errors.ContextTooLong,
    errors.ReplyTooLong,
    errors.TotalTimeout,
)
_ALIVE = {FinishReason.LENGTH, FinishReason.CONTEXT_EXCEEDED, FinishReason.BLOCKED}

_WORDS: tuple[tuple[type[CallFailed], str], ...] = (
    (errors.ConnectFailed, "no connection"),
    (errors.KeyRefused, "key refused"),
    (errors.UnknownModel, "model unknown"),
    (errors.RateLimited, "too many requests"),
    (errors.QuotaExhausted, "no credit"),
    (errors.ProviderDown, "provider error"),
    (errors.NoText, "no text"),
    (errors.NotAStream, "not a model's answer"),
    (errors.FirstTextTimeout, "no text in time"),
    (errors.Stalled, "went silent"),
    (errors.TruncatedOutput, "cut off"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What speaks against a model; `opens` says whose breaker opens at once, without counting.

    `rest_s` is how long it stays open before a probe. `connection` marks what speaks against the
    provider and not against one of its models.
    """

    words: str
    opens: Opens = ""
    rest_s: float = COOL_DOWN_S
    connection: bool = False


def fault_of(failure: CallFailed | None, finish: FinishReason) -> Fault | None:
    """Return what an ended call says against its model, None when it says nothing against it."""
    if failure is None or isinstance(failure, _SAYS_NOTHING) or finish in _ALIVE:
        return None
    words = _words(failure)
    match failure:
        case errors.RateLimited():
            wish = failure.retry_after
            rest = RATE_LIMIT_REST_S if wish is None else min(wish, MAX_REST_S)
            asked = "" if wish is None else f", asked to wait {wish:g} s"
            return Fault(words + asked, "model", rest)
        case errors.QuotaExhausted():
            return Fault(words, "provider")
        case errors.KeyRefused():
            # 401 is the key itself; 403 may be one model that this key is not allowed.
            return Fault(words, "provider" if failure.status == 401 else "model")
        case errors.UnknownModel():
            return Fault(words, "model")
    return Fault(words, connection=isinstance(failure, errors.ConnectFailed))


WORDS_OF_CLASS = {kind.__name__: words for kind, words in _WORDS}


def _words(failure: CallFailed) -> str:
    words = next((words for kind, words in _WORDS if isinstance(failure, kind)), "failed")
    return f"{words} (status {failure.status})" if failure.status else words


def longer(rest_s: float) -> float:
    """Return how long to wait after a probe that failed."""
    return min(MAX_REST_S, max(COOL_DOWN_S, rest_s * 2))

"""From what a provider said went wrong to the error that says what happens next.

Pure. The three vendors use different words and sometimes the same status for different things
(429 is "slow down" or "no credit"), so the words are looked at before the number.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from routing.errors import (
    CallFailed,
    ContextTooLong,
    KeyRefused,
    NotAStream,
    ProviderDown,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UnknownModel,
)

_CONTEXT_WORDS = (
    "context_length_exceeded",
    "maximum context length",
    "prompt is too long",
    "exceeds the maximum number of tokens",
    "request_too_large",
    "context window",
)
_QUOTA_WORDS = (
    "insufficient_quota",
    "billing_error",
    "enforced_spend_limit_reached",
    "billing_hard_limit_reached",
    "billing_not_active",
    "requires billing to be enabled",
    "credit balance is too low",
    "limit: 0",  # Gemini: this tier has no quota for the model at all
)
_KEY_WORDS = (
    "api key not valid",
    "api_key_invalid",
    "invalid_api_key",
    "authentication_error",
    "permission_error",
)

_BY_STATUS: Mapping[int, type[CallFailed]] = {
    401: KeyRefused,
    402: QuotaExhausted,  # what gateways and newer vendors say for an empty account
    403: KeyRefused,
    404: UnknownModel,
    408: ProviderDown,
    409: ProviderDown,
    413: ContextTooLong,
    429: RateLimited,
}
# Errors inside a stream carry a word and no status.
_BY_KIND: Mapping[str, type[CallFailed]] = {
    "authentication_error": KeyRefused,
    "permission_error": KeyRefused,
    "permission_denied": KeyRefused,
    "unauthenticated": KeyRefused,
    "not_found_error": UnknownModel,
    "not_found": UnknownModel,
    "model_not_found": UnknownModel,
    "rate_limit_error": RateLimited,
    "rate_limit_exceeded": RateLimited,
    "resource_exhausted": RateLimited,
    "request_too_large": ContextTooLong,
    "invalid_request_error": RequestRejected,
    "invalid_argument": RequestRejected,
    "failed_precondition": RequestRejected,
}
# What staff can do about it, said behind the provider's own words.
_HINTS: Mapping[type[CallFailed], str] = {
    KeyRefused: "Check this provider's key in the environment.",
    UnknownModel: "Check the model's id in the catalogue; it may have been retired.",
    QuotaExhausted: "Check the credit or spending limit of this account.",
}
_SHOWN_WORDS = 300
_STATUS = re.compile(r"[1-5]\d\d", re.ASCII)


def classify(status: int | None, words: str, kinds: tuple[str, ...] = ()) -> type[CallFailed]:
    """Return the error class for a status (None inside a stream), its words and its type names."""
    said = f"{words} {' '.join(kinds)}".lower()
    if any(word in said for word in _CONTEXT_WORDS):
        return ContextTooLong
    if any(word in said for word in _QUOTA_WORDS):
        return QuotaExhausted
    if any(word in said for word in _KEY_WORDS):
        return KeyRefused
    if status is not None and status in _BY_STATUS:
        return _BY_STATUS[status]
    for kind in kinds:
        if kind.lower() in _BY_KIND:
            return _BY_KIND[kind.lower()]
    if status is not None and 300 <= status < 500:
        return RequestRejected
    return ProviderDown


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds a provider asks to wait, None when it says nothing or nonsense.

    `headers` have lower-case names; `retry-after` may be seconds or an HTTP date (RFC 9110, 10.2.3).
    """
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        raw = headers.get(name, "").strip()
        seconds = _seconds(raw, scale)
        if seconds is None and raw and name == "retry-after":
            seconds = _until(raw, now)
        if seconds is not None:
            return seconds
    return None


def _seconds(raw: str, scale: float) -> float | None:
    # isdecimal on the parts: float() would take "nan" and "inf" as well.
    if not raw.replace(".", "", 1).isdecimal() or not raw.isascii():
        return None
    return float(raw) / scale


def _until(raw: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(raw)
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def error_parts(payload: Any) -> tuple[str, tuple[str, ...], float | None] | None:
    """Return message, type names and wished wait of an error object of any wire, None if it is none."""
    if isinstance(payload, list) and payload:
        payload = payload[0]
    if not isinstance(payload, dict) or not payload.get("error"):
        return None
    error = payload["error"]
    if not isinstance(error, dict):
        return str(error), (), None
    kinds = tuple(str(error[name]) for name in ("code", "type", "status") if error.get(name))
    return str(error.get("message") or ""), kinds, _retry_delay(error.get("details"))


def _retry_delay(details: Any) -> float | None:
    """Return Gemini's RetryInfo (`"retryDelay": "38s"`) in seconds."""
    for detail in details if isinstance(details, list) else ():
        raw = str(detail.get("retryDelay", "")) if isinstance(detail, dict) else ""
        if raw.endswith("s"):
            return _seconds(raw[:-1], 1.0)
    return None


def from_response(
    who: str, model: str, status: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> CallFailed:
    """Return the error for an answer that is not a stream; `who` names provider and host for staff."""
    parts = error_parts(_json(body))
    words, kinds, wish = parts or (_plain(body), (), None)
    if status == 200 and parts is None:
        kind = headers.get("content-type", "no content type")
        page = NotAStream(f"{who} answered 200 with {kind} instead of an event stream", status=status)
        page.output = body.decode("utf-8", "replace")
        return page
    failure = classify(None if status == 200 else status, words, kinds)
    wait = retry_after(headers, now)
    said = words[:_SHOWN_WORDS].rstrip(" .") or "no reason given"
    return failure(
        f"{who} answered {status} for model {model}: {said}. {_HINTS.get(failure, '')}".rstrip(),
        status=status,
        retry_after=wish if wait is None else wait,
    )


def from_event(payload: Any) -> CallFailed | None:
    """Return the error that an event of a stream carries, None when it carries none."""
    parts = error_parts(payload)
    if parts is None:
        return None
    words, kinds, wish = parts
    codes = [int(kind) for kind in kinds if _STATUS.fullmatch(kind)]
    failure = classify(codes[0] if codes else None, words, kinds)
    names = ", ".join(kinds) or "no type"
    return failure(f"error event in the stream ({names}): {words[:_SHOWN_WORDS]}", retry_after=wish)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _plain(body: bytes) -> str:
    return " ".join(body.decode("utf-8", "replace").split())

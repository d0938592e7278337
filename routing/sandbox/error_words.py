"""How each wire words an error, with a status or inside a stream."""

from typing import Any
from uuid import uuid4

_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_GEMINI_STATES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_OPENAI_TYPES = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("permission_error", None),
    404: ("invalid_request_error", "model_not_found"),
    413: ("invalid_request_error", "context_length_exceeded"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
}


def error_body(wire: str, status: int, message: str) -> dict[str, Any]:
    """Return the JSON that this wire sends with an error status."""
    if wire == "anthropic":
        kind = _ANTHROPIC_TYPES.get(status, "api_error")
        return {
            "type": "error",
            "error": {"type": kind, "message": message},
            "request_id": f"req_{uuid4().hex[:20]}",
        }
    if wire == "gemini":
        state = _GEMINI_STATES.get(status, "INTERNAL")
        return {"error": {"code": status, "message": message, "status": state}}
    kind, code = _OPENAI_TYPES.get(status, ("server_error", None))
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


_NO_CREDIT = "You exceeded your current quota, please check your plan and billing details."


def no_credit_body(wire: str) -> dict[str, Any]:
    """Return what this wire says when the account has no credit left, whatever the status beside it."""
    if wire == "anthropic":
        words = "Your credit balance is too low to access the API. Go to Plans & Billing to upgrade."
        return {"type": "error", "error": {"type": "invalid_request_error", "message": words}}
    if wire == "gemini":
        words = "Quota exceeded for metric: generate_requests_per_day, limit: 0. Check your plan."
        return {"error": {"code": 429, "message": words, "status": "RESOURCE_EXHAUSTED"}}
    kind = "insufficient_quota"
    return {"error": {"message": _NO_CREDIT, "type": kind, "param": None, "code": kind}}

"""From a provider's words to our errors."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from routing import errors
from routing.errors import Action, CallFailed
from routing.providers.failures import from_response, retry_after

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def openai(code: str | None = None, message: str = "m", kind: str = "x") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def gemini(code: int, status: str, message: str = "m", **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, **more}}


def anthropic(kind: str, message: str = "m") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


ANSWERS: list[tuple[int, Any, type[CallFailed]]] = [
    (400, openai(message="max_tokens must be positive"), errors.RequestRejected),
    (400, openai("context_length_exceeded"), errors.ContextTooLong),
    (400, openai(message="This model's maximum context length is 8192 tokens"), errors.ContextTooLong),
    (400, gemini(400, "INVALID_ARGUMENT"), errors.RequestRejected),
    (
        400,
        gemini(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        errors.KeyRefused,
    ),
    (400, anthropic("invalid_request_error", "prompt is too long: 250000 tokens"), errors.ContextTooLong),
    (400, anthropic("invalid_request_error", "Your credit balance is too low"), errors.QuotaExhausted),
    (401, openai("invalid_api_key"), errors.KeyRefused),
    (401, None, errors.KeyRefused),
    (403, gemini(403, "PERMISSION_DENIED"), errors.KeyRefused),
    (404, openai("model_not_found"), errors.UnknownModel),
    (404, anthropic("not_found_error"), errors.UnknownModel),
    (413, anthropic("request_too_large"), errors.ContextTooLong),
    (429, openai("rate_limit_exceeded"), errors.RateLimited),
    (429, openai("insufficient_quota"), errors.QuotaExhausted),
    (429, gemini(429, "RESOURCE_EXHAUSTED", "quota exceeded, limit: 0"), errors.QuotaExhausted),
    (429, anthropic("rate_limit_error", "enforced_spend_limit_reached"), errors.QuotaExhausted),
    (500, None, errors.ProviderDown),
    (502, None, errors.ProviderDown),
    (503, [gemini(503, "UNAVAILABLE")], errors.ProviderDown),
    (529, anthropic("overloaded_error"), errors.ProviderDown),
    (302, None, errors.RequestRejected),
    (200, None, errors.NotAStream),
    (200, openai("model_not_found"), errors.UnknownModel),
]


@pytest.mark.parametrize(("status", "body", "expected"), ANSWERS)
def test_each_answer_has_its_class(status: int, body: Any, expected: type[CallFailed]) -> None:
    content = b"<html>Bad   Gateway</html>" if body is None else json.dumps(body).encode()
    failure = from_response("openai at api.example", "m-1", status, {}, content, NOW)
    assert type(failure) is expected
    assert failure.status == status
    assert "openai at api.example" in failure.detail
    assert len(failure.detail) <= errors.DETAIL_LIMIT


HEADERS: list[tuple[dict[str, str], float | None]] = [
    ({}, None),
    ({"retry-after": "2"}, 2.0),
    ({"retry-after": "0.5"}, 0.5),
    ({"retry-after": "3600"}, 3600.0),
    ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30.0),
    ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0.0),
    ({"retry-after": "Mon, 23 Nov 2026 12:00:30 -0000"}, 30.0),
    ({"retry-after": "soon"}, None),
    ({"retry-after": "nan"}, None),
    ({"retry-after": "-5"}, None),
    ({"retry-after": "²"}, None),
    ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
    ({"retry-after-ms": "junk", "retry-after": "1"}, 1.0),
]


@pytest.mark.parametrize(("headers", "seconds"), HEADERS)
def test_retry_after_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def test_gemini_says_its_delay_in_the_body() -> None:
    details = [{"@type": "other"}, {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "38s"}]
    body = json.dumps(gemini(429, "RESOURCE_EXHAUSTED", details=details)).encode()
    assert from_response("g", "m", 429, {}, body, NOW).retry_after == 38.0
    assert from_response("g", "m", 429, {"retry-after": "1"}, body, NOW).retry_after == 1.0


def _tree(kind: type[errors.RoutingError]) -> list[type[errors.RoutingError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in _tree(child))]


@pytest.mark.parametrize("kind", _tree(errors.CallFailed)[1:], ids=lambda kind: kind.__name__)
def test_the_tree_at_the_top_of_the_module_is_the_tree(kind: type[CallFailed]) -> None:
    assert errors.__doc__ is not None
    (row,) = (line for line in errors.__doc__.splitlines() if f"─ {kind.__name__} " in line)
    assert f" {kind.action.value} " in row
    assert f" {logging.getLevelName(kind.level)} " in row
    assert {item.value for item in Action if f" {item.value} " in row} == {kind.action.value}
    assert not any(word in kind.notice.lower() for word in ("token", "key", "http", "429"))

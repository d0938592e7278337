"""The three wires from the provider's side: what each sends, byte for byte."""

import json
import time
from typing import Any, Protocol
from uuid import uuid4

from routing.sandbox.asking import Ask

# The word each wire uses for how an answer ended.
ENDINGS = {
    "openai": {"complete": "stop", "length": "length", "refusal": "content_filter"},
    "gemini": {"complete": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"},
    "anthropic": {"complete": "end_turn", "length": "max_tokens", "refusal": "refusal"},
}

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


class Speaker(Protocol):
    """Says one answer on one wire."""

    def begin(self) -> bytes: ...
    def token(self, text: str) -> bytes: ...
    def end(self, how: str) -> bytes: ...
    def error(self) -> bytes: ...


def _event(payload: dict[str, Any], name: str = "", line_end: str = "\n") -> bytes:
    head = f"event: {name}{line_end}" if name else ""
    return f"{head}data: {json.dumps(payload, ensure_ascii=False)}{line_end}{line_end}".encode()


class OpenAISpeaker:
    """Chunks of `chat.completion.chunk`, usage in a last one without choices, then `[DONE]`."""

    def __init__(self, ask: Ask, model: str) -> None:
        self._ask = ask
        self._base = {
            "id": f"chatcmpl-{uuid4().hex[:24]}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._out = 0

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        payload: dict[str, Any] = {**self._base, "choices": [choice]}
        if self._ask.report_usage:
            payload["usage"] = None
        if self._ask.obfuscate:
            payload["obfuscation"] = uuid4().hex[: 1 + self._out % 8]
        return _event(payload)

    def begin(self) -> bytes:
        """Return the role, which comes before any text."""
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def token(self, text: str) -> bytes:
        """Return one piece of text."""
        self._out += 1
        return self._chunk({"content": text})

    def end(self, how: str) -> bytes:
        """Return the finish, the usage when asked for, and the end of the stream."""
        last = self._chunk({}, ENDINGS["openai"][how])
        if self._ask.report_usage:
            given = self._ask.input_tokens
            usage = {
                "prompt_tokens": given,
                "completion_tokens": self._out,
                "total_tokens": given + self._out,
                "prompt_tokens_details": {"cached_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0},
            }
            last += _event({**self._base, "choices": [], "usage": usage})
        return last + b"data: [DONE]\n\n"

    def error(self) -> bytes:
        """Return an error in the stream: one data line without choices."""
        return _event(error_body("openai", 500, "The server had an error while processing your request."))


class GeminiSpeaker:
    """Chunks with cumulative usage and CRLF line ends; the end is EOF after a `finishReason`."""

    def __init__(self, ask: Ask, model: str) -> None:
        self._ask = ask
        self._model = model
        self._id = uuid4().hex[:22]
        self._out = 0

    def _chunk(self, text: str | None, finish: str = "") -> bytes:
        candidate: dict[str, Any] = {"index": 0}
        if text is not None:
            candidate["content"] = {"parts": [{"text": text}], "role": "model"}
        if finish:
            candidate["finishReason"] = finish
        given = self._ask.input_tokens
        usage = {
            "promptTokenCount": given,
            "candidatesTokenCount": self._out,
            "totalTokenCount": given + self._out,
        }
        return _event(
            {
                "candidates": [candidate],
                "usageMetadata": usage,
                "modelVersion": self._model,
                "responseId": self._id,
            },
            line_end="\r\n",
        )

    def begin(self) -> bytes:
        """Return nothing: this wire begins with its first text."""
        return b""

    def token(self, text: str) -> bytes:
        """Return one piece of text."""
        self._out += 1
        return self._chunk(text)

    def end(self, how: str) -> bytes:
        """Return the finish; a refusal has no content."""
        return self._chunk(None if how == "refusal" else "", ENDINGS["gemini"][how])

    def error(self) -> bytes:
        """Return an error object in the stream."""
        return _event(error_body("gemini", 503, "The model is overloaded. Try again."), line_end="\r\n")


class AnthropicSpeaker:
    """Named events; usage at the start and, cumulative, with the stop reason."""

    def __init__(self, ask: Ask, model: str) -> None:
        self._ask = ask
        self._model = model
        self._out = 0

    def begin(self) -> bytes:
        """Return the message's start, its first block's start and a ping."""
        message: dict[str, Any] = {
            "id": f"msg_{uuid4().hex[:24]}",
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {
                "input_tokens": self._ask.input_tokens,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": 1,
                "service_tier": "standard",
            },
        }
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        return (
            _event({"type": "message_start", "message": message}, "message_start")
            + _event(block, "content_block_start")
            + _event({"type": "ping"}, "ping")
        )

    def token(self, text: str) -> bytes:
        """Return one piece of text."""
        self._out += 1
        delta = {"type": "text_delta", "text": text}
        return _event({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta")

    def end(self, how: str) -> bytes:
        """Return the block's end, the stop reason with the usage, and the message's end."""
        delta: dict[str, Any] = {"stop_reason": ENDINGS["anthropic"][how], "stop_sequence": None}
        if how == "refusal":
            delta["stop_details"] = {"type": "refusal", "category": "other", "explanation": None}
        usage = {"output_tokens": self._out}
        return (
            _event({"type": "content_block_stop", "index": 0}, "content_block_stop")
            + _event({"type": "message_delta", "delta": delta, "usage": usage}, "message_delta")
            + _event({"type": "message_stop"}, "message_stop")
        )

    def error(self) -> bytes:
        """Return an error event."""
        return _event(error_body("anthropic", 529, "Overloaded"), "error")


def speaker(ask: Ask, model: str) -> Speaker:
    """Return the speaker of the ask's wire, answering under the name `model`."""
    kinds: dict[str, type[OpenAISpeaker] | type[GeminiSpeaker] | type[AnthropicSpeaker]] = {
        "openai": OpenAISpeaker,
        "gemini": GeminiSpeaker,
        "anthropic": AnthropicSpeaker,
    }
    return kinds[ask.wire](ask, model)


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

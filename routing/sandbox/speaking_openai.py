"""The OpenAI chat completions wire from the provider's side."""

import time
from typing import Any
from uuid import uuid4

from routing.sandbox.asking import Ask
from routing.sandbox.billing import Bill
from routing.sandbox.error_words import error_body
from routing.sandbox.wire_events import ENDINGS, event


class OpenAISpeaker:
    """Chunks of `chat.completion.chunk`, usage in a last one without choices, then `[DONE]`."""

    def __init__(self, ask: Ask, model: str, bill: Bill, report: bool) -> None:
        self._ask = ask
        self._bill = bill
        self._report = report and ask.report_usage
        self._base = {
            "id": f"chatcmpl-{uuid4().hex[:24]}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._chunks = 0

    def _chunk(self, *choices: dict[str, Any]) -> bytes:
        self._chunks += 1
        payload: dict[str, Any] = {**self._base, "choices": list(choices)}
        if self._ask.report_usage:
            payload["usage"] = None
        if self._ask.obfuscate:
            payload["obfuscation"] = uuid4().hex[: 1 + self._chunks % 8]
        return event(payload)

    @staticmethod
    def _choice(delta: Any, finish: str | None = None) -> dict[str, Any]:
        return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}

    def begin(self) -> bytes:
        """Return the role; thoughts of this wire are counted and never sent."""
        return self._chunk(self._choice({"role": "assistant", "content": "", "refusal": None}))

    def token(self, text: str) -> bytes:
        """Return one piece of text."""
        return self._chunk(self._choice({"content": text}))

    def finish(self, how: str) -> bytes:
        """Return a chunk with the finish reason."""
        return self._chunk(self._choice({}, ENDINGS["openai"][how]))

    def _counts(self, times: int = 1) -> dict[str, Any]:
        bill = self._bill
        return {
            "prompt_tokens": bill.input_tokens * times,
            "completion_tokens": bill.output_tokens * times,
            "total_tokens": (bill.input_tokens + bill.output_tokens) * times,
            "prompt_tokens_details": {
                "cached_tokens": bill.cached_tokens,
                "cache_write_tokens": bill.cache_write_tokens,
            },
            "completion_tokens_details": {"reasoning_tokens": bill.thinking_tokens},
        }

    def usage(self, times: int = 1) -> bytes:
        """Return the chunk without choices, nothing when nobody asked for it."""
        return event({**self._base, "choices": [], "usage": self._counts(times)}) if self._report else b""

    def close(self) -> bytes:
        """Return usage and the end of the stream."""
        return self.usage() + b"data: [DONE]\n\n"

    def error(self) -> bytes:
        """Return one data line without choices."""
        return event(error_body("openai", 500, "The server had an error while processing your request."))

    def ping(self) -> bytes:
        """Return a comment, as gateways send, and a delta without text."""
        return b": keep-alive\n\n" + self._chunk(self._choice({"content": ""}))

    def nulls(self) -> bytes:
        """Return chunks without a choice, without a delta and without content."""
        return (
            self._chunk()
            + self._chunk(self._choice(None))
            + self._chunk(self._choice({"content": None, "tool_calls": None}))
            + event({**self._base, "choices": None, "usage": None})
        )

    def whole(self, text: str) -> dict[str, Any]:
        """Return a `chat.completion`."""
        message = {"role": "assistant", "content": text, "refusal": None}
        return {
            **self._base,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": self._counts(),
        }

"""The Gemini wire from the provider's side."""

from typing import Any
from uuid import uuid4

from routing.sandbox.asking import Ask
from routing.sandbox.billing import Bill
from routing.sandbox.error_words import error_body
from routing.sandbox.wire_events import ENDINGS, THOUGHT, event


class GeminiSpeaker:
    """Chunks with cumulative usage and CRLF line ends; the end is EOF after a `finishReason`."""

    def __init__(self, ask: Ask, model: str, bill: Bill, report: bool) -> None:
        self._ask = ask
        self._bill = bill
        self._report = report
        self._model = model
        self._id = uuid4().hex[:22]

    def _payload(self, candidates: Any, times: int = 1) -> dict[str, Any]:
        payload: dict[str, Any] = {"candidates": candidates} if candidates != [] else {}
        if self._report:
            payload["usageMetadata"] = self._counts(times)
        return {**payload, "modelVersion": self._model, "responseId": self._id}

    def _counts(self, times: int = 1) -> dict[str, int]:
        bill = self._bill
        counts = {
            "promptTokenCount": bill.input_tokens * times,
            "candidatesTokenCount": bill.text_tokens * times,
            "totalTokenCount": (bill.input_tokens + bill.output_tokens) * times,
        }
        if bill.cached_tokens:
            counts["cachedContentTokenCount"] = bill.cached_tokens
        if bill.thinking_tokens:
            counts["thoughtsTokenCount"] = bill.thinking_tokens
        return counts

    def _chunk(self, part: dict[str, Any] | None, finish: str = "") -> bytes:
        candidate: dict[str, Any] = {"index": 0}
        if part is not None:
            candidate["content"] = {"parts": [part], "role": "model"}
        if finish:
            candidate["finishReason"] = finish
        return event(self._payload([candidate]), line_end="\r\n")

    def begin(self) -> bytes:
        """Return the thoughts, if any: this wire begins with its first part."""
        return self._chunk({"text": THOUGHT, "thought": True}) if self._bill.thinking_tokens else b""

    def token(self, text: str) -> bytes:
        """Return one piece of text."""
        return self._chunk({"text": text})

    def finish(self, how: str) -> bytes:
        """Return the finish; a refusal, and an answer of thoughts alone, has no content."""
        silent = how == "refusal" or not self._bill.text_tokens
        return self._chunk(None if silent else {"text": ""}, ENDINGS["gemini"][how])

    def usage(self, times: int = 1) -> bytes:
        """Return a chunk without candidates."""
        return event(self._payload([], times), line_end="\r\n") if self._report else b""

    def close(self) -> bytes:
        """Return nothing: the end of this wire is the end of the body."""
        return b""

    def error(self) -> bytes:
        """Return an error object."""
        return event(error_body("gemini", 503, "The model is overloaded. Try again."), line_end="\r\n")

    def ping(self) -> bytes:
        """Return a comment and a chunk that has usage and an empty text."""
        return b": keep-alive\r\n\r\n" + self._chunk({"text": ""})

    def nulls(self) -> bytes:
        """Return chunks without candidate, content, parts or text."""
        rows: tuple[Any, ...] = (
            None,
            [{"index": 0, "content": None}],
            [{"index": 0, "content": {"role": "model", "parts": None}}],
            [{"index": 0, "content": {"role": "model", "parts": [{"text": None}]}}],
        )
        return b"".join(event(self._payload(row), line_end="\r\n") for row in rows)

    def whole(self, text: str) -> dict[str, Any]:
        """Return what `generateContent` answers."""
        content = {"parts": [{"text": text}], "role": "model"}
        return self._payload([{"index": 0, "content": content, "finishReason": "STOP"}])

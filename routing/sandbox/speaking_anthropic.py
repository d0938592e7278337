"""The Anthropic messages wire from the provider's side."""

from typing import Any
from uuid import uuid4

from routing.sandbox.asking import Ask
from routing.sandbox.billing import Bill
from routing.sandbox.error_words import error_body
from routing.sandbox.wire_events import ENDINGS, THOUGHT, event


class AnthropicSpeaker:
    """Named events; usage at the start and, cumulative, with the stop reason."""

    def __init__(self, ask: Ask, model: str, bill: Bill, report: bool) -> None:
        self._ask = ask
        self._bill = bill
        self._report = report
        self._model = model
        self._index = 0
        self._text_open = False

    def _input_counts(self) -> dict[str, int]:
        bill = self._bill
        return {
            "input_tokens": bill.input_tokens - bill.cached_tokens - bill.cache_write_tokens,
            "cache_creation_input_tokens": bill.cache_write_tokens,
            "cache_read_input_tokens": bill.cached_tokens,
        }

    def _message(self, content: list[dict[str, Any]], stop: str | None) -> dict[str, Any]:
        message: dict[str, Any] = {
            "id": f"msg_{uuid4().hex[:24]}",
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
        }
        if self._report:
            written = self._bill.output_tokens if stop else 1
            counts = {**self._input_counts(), "output_tokens": written}
            message["usage"] = {**counts, "service_tier": "standard"}
        return message

    def _block(self, kind: str, more: dict[str, Any]) -> bytes:
        return event({"type": kind, "index": self._index, **more}, kind)

    def begin(self) -> bytes:
        """Return the message's start, then its thoughts or its text block's start, and a ping."""
        start = event({"type": "message_start", "message": self._message([], None)}, "message_start")
        block = self._thoughts() if self._bill.thinking_tokens else self._open_text()
        return start + block + event({"type": "ping"}, "ping")

    def _thoughts(self) -> bytes:
        said = {"delta": {"type": "thinking_delta", "thinking": THOUGHT}}
        signed = {"delta": {"type": "signature_delta", "signature": uuid4().hex}}
        block = {"content_block": {"type": "thinking", "thinking": "", "signature": ""}}
        events = (
            self._block("content_block_start", block)
            + self._block("content_block_delta", said)
            + self._block("content_block_delta", signed)
            + self._block("content_block_stop", {})
        )
        self._index += 1
        return events

    def _open_text(self) -> bytes:
        self._text_open = True
        return self._block("content_block_start", {"content_block": {"type": "text", "text": ""}})

    def token(self, text: str) -> bytes:
        """Return one piece of text."""
        head = b"" if self._text_open else self._open_text()
        return head + self._block("content_block_delta", {"delta": {"type": "text_delta", "text": text}})

    def finish(self, how: str) -> bytes:
        """Return the block's end and the stop reason with the usage."""
        block = self._block("content_block_stop", {}) if self._text_open else b""
        self._text_open = False
        return block + self._message_delta(how)

    def _message_delta(self, how: str = "", times: int = 1) -> bytes:
        stop = ENDINGS["anthropic"][how] if how else None
        delta: dict[str, Any] = {"stop_reason": stop, "stop_sequence": None}
        if how == "refusal":
            delta["stop_details"] = {"type": "refusal", "category": "other", "explanation": None}
        payload: dict[str, Any] = {"type": "message_delta", "delta": delta}
        if self._report:
            bill = self._bill
            details = {"thinking_tokens": bill.thinking_tokens}
            payload["usage"] = {"output_tokens": bill.output_tokens * times, "output_tokens_details": details}
        return event(payload, "message_delta")

    def usage(self, times: int = 1) -> bytes:
        """Return a message_delta that stops nothing."""
        return self._message_delta(times=times) if self._report else b""

    def close(self) -> bytes:
        """Return the message's end."""
        return event({"type": "message_stop"}, "message_stop")

    def error(self) -> bytes:
        """Return an error event."""
        return event(error_body("anthropic", 529, "Overloaded"), "error")

    def ping(self) -> bytes:
        """Return a ping and a delta without text."""
        return event({"type": "ping"}, "ping") + self.token("")

    def nulls(self) -> bytes:
        """Return deltas without text, without type and without delta, and an event from the future."""
        deltas: tuple[Any, ...] = ({"type": "text_delta", "text": None}, {"text": "x"}, None)
        return b"".join(self._block("content_block_delta", {"delta": delta}) for delta in deltas) + event(
            {"type": "content_block_future", "index": None, "delta": {}}, "content_block_future"
        )

    def whole(self, text: str) -> dict[str, Any]:
        """Return a message in one piece."""
        return self._message([{"type": "text", "text": text}], "end_turn")

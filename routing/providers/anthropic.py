"""The Anthropic messages wire."""

from typing import Any

from routing.config import ModelSpec
from routing.events import (
    AnsweringModel,
    Finish,
    FinishReason,
    ModelRequest,
    ProviderEvent,
    TextDelta,
    UsageReport,
)
from routing.providers.sse import SseEvent
from routing.providers.wire import TEMPERATURE, WireCall, count, mapping, merged, read_payload, texts

API_VERSION = "2023-06-01"  # for rows that name none; the oldest that is still accepted

FINISH = {
    "end_turn": FinishReason.COMPLETE,
    "stop_sequence": FinishReason.COMPLETE,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.CONTEXT_EXCEEDED,
    "refusal": FinishReason.BLOCKED,
    "tool_use": FinishReason.TOOL,
    "pause_turn": FinishReason.PAUSED,
}


def build(request: ModelRequest, model: ModelSpec) -> WireCall:
    """Return the streaming call for a prompt."""
    body: dict[str, Any] = {
        "model": model.sent_id,
        "max_tokens": request.max_output_tokens,
        "messages": [{"role": message.role, "content": message.text} for message in request.messages],
        "stream": True,
    }
    if request.system:
        body["system"] = request.system
    if model.thinking:
        body["thinking"] = _thinking(model.thinking)
    if model.sends_sampling:
        body["temperature"] = TEMPERATURE
    return WireCall("/messages", {"anthropic-version": model.api_version or API_VERSION}, body)


def _thinking(setting: str) -> dict[str, Any]:
    """Return a budget for a number, `disabled` for off, else the type as it stands (`adaptive`)."""
    if setting.isdecimal():
        return {"type": "enabled", "budget_tokens": int(setting)}
    return {"type": "disabled" if setting == "off" else setting}


class AnthropicMapper:
    """The end marker is a stop reason and then `message_stop`; either alone is a cut stream."""

    def __init__(self) -> None:
        self.finished = False
        self.closed = False
        self.late_text = 0
        self._stop = ""
        self._usage: dict[str, Any] = {}

    def feed(self, event: SseEvent) -> list[ProviderEvent]:
        """Return what one event says; blocks are told apart by type, never by position."""
        payload = read_payload(event)
        if payload is None:
            return []
        match payload.get("type"):
            case "message_start":
                return self._start(mapping(payload.get("message")))
            case "content_block_delta":
                return self._delta(mapping(payload.get("delta")))
            case "message_delta":
                self._stop = self._stop or texts(mapping(payload.get("delta")).get("stop_reason"))
                return self._report(mapping(payload.get("usage")))
            case "message_stop":
                return self._end()
        return []

    def _start(self, message: dict[str, Any]) -> list[ProviderEvent]:
        model = texts(message.get("model"))
        named: list[ProviderEvent] = [AnsweringModel(model)] if model else []
        return named + self._report(mapping(message.get("usage")))

    def _delta(self, delta: dict[str, Any]) -> list[ProviderEvent]:
        text = texts(delta.get("text")) if delta.get("type") == "text_delta" else ""
        if text and (self._stop or self.finished):
            self.late_text += len(text)
            return []
        return [TextDelta(text)] if text else []

    def _report(self, usage: dict[str, Any]) -> list[ProviderEvent]:
        if not usage:
            return []
        self._usage = merged(self._usage, usage)
        return [_usage(self._usage)]

    def _end(self) -> list[ProviderEvent]:
        self.closed = True
        if self.finished or not self._stop:
            return []
        self.finished = True
        return [Finish(FINISH.get(self._stop, FinishReason.OTHER), self._stop)]


def _usage(usage: dict[str, Any]) -> UsageReport:
    """Return the whole prompt as input: uncached, written to and read from the cache."""
    fresh = count(usage.get("input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    read = count(usage.get("cache_read_input_tokens"))
    return UsageReport(
        input_tokens=None if fresh is None else fresh + (written or 0) + (read or 0),
        output_tokens=count(usage.get("output_tokens")),
        cached_tokens=read,
        cache_write_tokens=written,
        thinking_tokens=count(mapping(usage.get("output_tokens_details")).get("thinking_tokens")),
    )


mapper = AnthropicMapper

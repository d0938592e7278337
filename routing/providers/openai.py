"""The OpenAI chat completions wire, as OpenAI, Ollama, vLLM and most gateways speak it."""

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
from routing.providers.wire import TEMPERATURE, WireCall, count, mapping, merged, objects, read_payload, texts

FINISH = {
    "stop": FinishReason.COMPLETE,
    "length": FinishReason.LENGTH,
    "content_filter": FinishReason.BLOCKED,
    "tool_calls": FinishReason.TOOL,
    "function_call": FinishReason.TOOL,
}


def build(request: ModelRequest, model: ModelSpec) -> WireCall:
    """Return the streaming call for a prompt."""
    messages = [{"role": "system", "content": request.system}] if request.system else []
    messages += [{"role": message.role, "content": message.text} for message in request.messages]
    body: dict[str, Any] = {
        "model": model.sent_id,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True, "include_obfuscation": False},
        model.max_tokens_field: request.max_output_tokens,
    }
    if model.thinking:
        body["reasoning_effort"] = model.thinking
    if model.sends_sampling:
        body["temperature"] = TEMPERATURE
    return WireCall("/chat/completions", {}, body)


SHORT = 32  # no chunk is as short as that; only what may be `[DONE]` is looked at twice


class OpenAIMapper:
    """`finish_reason` is the end marker; `[DONE]` alone is not, servers send it after a failure too."""

    def __init__(self) -> None:
        self.finished = False
        self.closed = False
        self.late_text = 0
        self._model = ""
        self._refused = False
        self._usage: dict[str, Any] = {}

    def feed(self, event: SseEvent) -> list[ProviderEvent]:
        """Return what one chunk says."""
        if len(event.data) < SHORT and event.data.strip() == "[DONE]":
            self.closed = True
            return []
        payload = read_payload(event)
        if payload is None:
            return []
        found: list[ProviderEvent] = []
        model = texts(payload.get("model"))
        if model and model != self._model:
            self._model = model
            found.append(AnsweringModel(model))
        for choice in objects(payload.get("choices")):
            if choice.get("index", 0) == 0:
                self._choice(choice, found)
        usage = mapping(payload.get("usage"))
        if usage:
            self._usage = merged(self._usage, usage)
            found.append(_usage(self._usage))
        return found

    def _choice(self, choice: dict[str, Any], found: list[ProviderEvent]) -> None:
        delta = mapping(choice.get("delta"))
        self._refused = self._refused or bool(delta.get("refusal"))
        text = texts(delta.get("content")) or texts(delta.get("refusal"))
        if text and self.finished:
            self.late_text += len(text)
        elif text:
            found.append(TextDelta(text))
        raw = texts(choice.get("finish_reason"))
        if raw and not self.finished:
            self.finished = True
            reason = FinishReason.BLOCKED if self._refused else FINISH.get(raw, FinishReason.OTHER)
            found.append(Finish(reason, raw))


def _usage(usage: dict[str, Any]) -> UsageReport:
    details = mapping(usage.get("prompt_tokens_details"))
    written = mapping(usage.get("completion_tokens_details"))
    return UsageReport(
        input_tokens=count(usage.get("prompt_tokens")),
        output_tokens=count(usage.get("completion_tokens")),
        cached_tokens=count(details.get("cached_tokens")),
        cache_write_tokens=count(details.get("cache_write_tokens")),
        thinking_tokens=count(written.get("reasoning_tokens")),
    )


mapper = OpenAIMapper

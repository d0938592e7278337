"""The Gemini wire: `streamGenerateContent` as server-sent events."""

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
    "STOP": FinishReason.COMPLETE,
    "MAX_TOKENS": FinishReason.LENGTH,
    "SAFETY": FinishReason.BLOCKED,
    "RECITATION": FinishReason.BLOCKED,
    "BLOCKLIST": FinishReason.BLOCKED,
    "PROHIBITED_CONTENT": FinishReason.BLOCKED,
    "SPII": FinishReason.BLOCKED,
    "MODEL_ARMOR": FinishReason.BLOCKED,
    "IMAGE_SAFETY": FinishReason.BLOCKED,
    "MALFORMED_FUNCTION_CALL": FinishReason.TOOL,
    "UNEXPECTED_TOOL_CALL": FinishReason.TOOL,
    "TOO_MANY_TOOL_CALLS": FinishReason.TOOL,
}


def build(request: ModelRequest, model: ModelSpec) -> WireCall:
    """Return the streaming call for a prompt."""
    generation: dict[str, Any] = {"maxOutputTokens": request.max_output_tokens}
    if model.thinking:
        generation["thinkingConfig"] = _thinking(model.thinking)
    if model.sends_sampling:
        generation["temperature"] = TEMPERATURE
    body: dict[str, Any] = {
        "contents": [
            {"role": "model" if message.role == "assistant" else "user", "parts": [{"text": message.text}]}
            for message in request.messages
        ],
        "generationConfig": generation,
    }
    if request.system:
        body["systemInstruction"] = {"parts": [{"text": request.system}]}
    return WireCall(f"/models/{model.sent_id}:streamGenerateContent?alt=sse", {}, body)


def _thinking(setting: str) -> dict[str, Any]:
    """Return a budget for a number, else a level (MINIMAL, LOW, MEDIUM, HIGH)."""
    return {"thinkingBudget": int(setting)} if setting.isdecimal() else {"thinkingLevel": setting.upper()}


class GeminiMapper:
    """Any `finishReason`, or a blocked prompt, is the end marker; the stream then ends with EOF."""

    def __init__(self) -> None:
        self.finished = False
        self.closed = False
        self.late_text = 0
        self._model = ""
        self._usage: dict[str, Any] = {}

    def feed(self, event: SseEvent) -> list[ProviderEvent]:
        """Return what one chunk says."""
        payload = read_payload(event)
        if payload is None:
            return []
        found: list[ProviderEvent] = []
        model = texts(payload.get("modelVersion"))
        if model and model != self._model:
            self._model = model
            found.append(AnsweringModel(model))
        candidates = objects(payload.get("candidates"))
        for candidate in candidates[:1]:
            self._text(candidate, found)
        usage = mapping(payload.get("usageMetadata"))
        if usage:
            self._usage = merged(self._usage, usage)
            found.append(_usage(self._usage))
        blocked = texts(mapping(payload.get("promptFeedback")).get("blockReason"))
        raw = texts(candidates[0].get("finishReason")) if candidates else ""
        self._finish(raw, blocked, found)
        return found

    def _text(self, candidate: dict[str, Any], found: list[ProviderEvent]) -> None:
        for part in objects(mapping(candidate.get("content")).get("parts")):
            text = "" if part.get("thought") else texts(part.get("text"))
            if text and self.finished:
                self.late_text += len(text)
            elif text:
                found.append(TextDelta(text))

    def _finish(self, raw: str, blocked: str, found: list[ProviderEvent]) -> None:
        if self.finished or not (raw or blocked):
            return
        self.finished = True
        reason = FinishReason.BLOCKED if blocked else FINISH.get(raw, FinishReason.OTHER)
        found.append(Finish(reason, blocked or raw))


def _usage(usage: dict[str, Any]) -> UsageReport:
    """Return the tokens that are billed: candidates and thoughts are both output."""
    output = count(usage.get("candidatesTokenCount"))
    thoughts = count(usage.get("thoughtsTokenCount"))
    known = [part for part in (output, thoughts) if part is not None]
    return UsageReport(
        input_tokens=count(usage.get("promptTokenCount")),
        output_tokens=sum(known) if known else None,
        cached_tokens=count(usage.get("cachedContentTokenCount")),
        thinking_tokens=thoughts,
    )


mapper = GeminiMapper

"""The three wires from the provider's side: what each sends, byte for byte."""

from typing import Any, Protocol

from routing.sandbox.asking import Ask
from routing.sandbox.billing import Bill
from routing.sandbox.speaking_anthropic import AnthropicSpeaker
from routing.sandbox.speaking_gemini import GeminiSpeaker
from routing.sandbox.speaking_openai import OpenAISpeaker


class Speaker(Protocol):
    """Says one answer on one wire, with the tokens that its bill has at that moment."""

    def begin(self) -> bytes:
        """Return what comes before any text: role, message start, thoughts."""

    def token(self, text: str) -> bytes:
        """Return one piece of text."""

    def finish(self, how: str) -> bytes:
        """Return the end marker; `how` is complete, length or refusal."""

    def usage(self, times: int = 1) -> bytes:
        """Return a report of the tokens and nothing else, `times` too high."""

    def close(self) -> bytes:
        """Return what follows the end marker."""

    def error(self) -> bytes:
        """Return an error inside the stream."""

    def ping(self) -> bytes:
        """Return signs of life without text."""

    def nulls(self) -> bytes:
        """Return events whose text is null, missing or no text at all."""

    def whole(self, text: str) -> dict[str, Any]:
        """Return the body that the wire has for an answer in one piece."""


def speaker(ask: Ask, model: str, bill: Bill, report: bool = True) -> Speaker:
    """Return the speaker of the ask's wire, answering as `model`; without `report` it counts nothing."""
    kinds: dict[str, type[OpenAISpeaker] | type[GeminiSpeaker] | type[AnthropicSpeaker]] = {
        "openai": OpenAISpeaker,
        "gemini": GeminiSpeaker,
        "anthropic": AnthropicSpeaker,
    }
    return kinds[ask.wire](ask, model, bill, report)

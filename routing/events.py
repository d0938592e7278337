"""What a provider's stream says, in one vocabulary for all wires."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class FinishReason(StrEnum):
    """Why a model call ended. Only `complete` is an answer that may be called completed."""

    COMPLETE = "complete"
    LENGTH = "length"
    CONTEXT_EXCEEDED = "context_exceeded"
    BLOCKED = "blocked"
    TOOL = "tool"
    PAUSED = "paused"
    OTHER = "other"
    PROVIDER_ERROR = "provider_error"
    UNKNOWN_END = "unknown_end"
    CANCELLED = "cancelled"


class TextDelta(NamedTuple):
    """Text for the visitor; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Tokens as the provider counts them, each None when unsaid; a later report replaces earlier ones.

    `input_tokens` is the whole prompt, cached and cache-written parts included.
    `output_tokens` is what is billed, thinking included; `thinking_tokens` is that part of it.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    thinking_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class AnsweringModel:
    """The model id that the provider says is answering."""

    model: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The protocol's own end marker was seen; `raw` is the provider's word for it."""

    reason: FinishReason
    raw: str


ProviderEvent = TextDelta | UsageReport | AnsweringModel | Finish


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a prompt; `role` is user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One prompt for one model call, before any wire's own form."""

    system: str
    messages: tuple[ChatMessage, ...]
    max_output_tokens: int

"""What one answer of the sandbox costs: tokens as the vendors count them."""

from dataclasses import dataclass

from routing.sandbox.asking import Ask


@dataclass(frozen=True)
class Claims:
    """What the sandbox is told to count besides the text; None is the prompt's own size.

    A claimed size lets a test reach the price of a large prompt without sending one.
    """

    input_tokens: int | None = None
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    thinking_tokens: int = 0


NOTHING_CLAIMED = Claims()


@dataclass
class Bill:
    """The tokens of one answer so far; `input_tokens` is the whole prompt, the cached parts included."""

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    thinking_tokens: int = 0
    text_tokens: int = 0

    @property
    def output_tokens(self) -> int:
        """Return what is billed as output: text and thinking."""
        return self.text_tokens + self.thinking_tokens


def open_bill(ask: Ask, claims: Claims) -> Bill:
    """Return the bill of an answer that has no text yet."""
    size = ask.input_tokens if claims.input_tokens is None else claims.input_tokens
    cached = min(claims.cached_tokens, size)
    # The Gemini wire has no word for tokens written into a cache: its caches fill by themselves.
    written = 0 if ask.wire == "gemini" else min(claims.cache_write_tokens, size - cached)
    return Bill(size, cached, written, min(claims.thinking_tokens, ask.max_tokens))

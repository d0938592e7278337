"""How a model is asked to go on with an answer that was cut. Pure."""

from dataclasses import replace

from routing.config import ModelSpec
from routing.events import ChatMessage, ModelRequest

QUOTE_CHARS = 200  # code points of a cut answer that are quoted back, enough to find the place

CONTINUE_PROMPT = (
    "Your answer was cut off after: «{quote}» Go on exactly there, without repeating it and without a remark."
)


def go_on(shown: str) -> ChatMessage:
    """Return the user turn that asks for the rest of `shown`, quoting its last words."""
    return ChatMessage("user", CONTINUE_PROMPT.format(quote=shown.rstrip()[-QUOTE_CHARS:]))


def continuation(request: ModelRequest, shown: str, model: ModelSpec) -> ModelRequest:
    """Return `request` with the answer so far, for `model` to go on with.

    A model that allows it gets the text as its own unfinished turn (without the trailing blanks that
    the Anthropic wire refuses), any other one is asked to go on, with the last words quoted.
    """
    messages = (*request.messages, ChatMessage("assistant", shown.rstrip()))
    return replace(request, messages=messages if model.allows_prefill else (*messages, go_on(shown)))

"""What leaves this machine for a provider: the texts of a conversation, as its route lets them out."""

from collections.abc import Mapping
from typing import Any

from assistant.prompts import Outgoing, PastTurn
from assistant.redaction import EXPLANATION, Redactor, details_in
from faq import index
from routing.config import RouteSpec


def outgoing(
    route: RouteSpec, settings: Mapping[str, Any], text: str, history: tuple[PastTurn, ...], partial: str = ""
) -> Outgoing:
    """Return the texts for a prompt on `route`; `redacted` is None where the route takes nothing out.

    Numbered from the oldest text on, so that a detail keeps its placeholder as a conversation grows.
    """
    if not route.redact:
        return Outgoing(text, history, partial)
    redactor = Redactor(_of_the_company(settings))
    past = tuple(PastTurn(redactor.text(turn.text), redactor.text(turn.answer)) for turn in history)
    text, partial = redactor.text(text), redactor.text(partial)
    counts = redactor.counts
    return Outgoing(text, past, partial, EXPLANATION if counts else "", counts)


def holds_details(settings: Mapping[str, Any], text: str) -> bool:
    """Return whether a personal detail that is not the company's own stands in `text`, on any route."""
    found = details_in([text])
    return bool(found) and not found <= _of_the_company(settings)


def _of_the_company(settings: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    own = (
        str(settings.get(name) or "") for name in ("contact", "staff_email", "house_instructions", "hours")
    )
    return details_in(own) | index.published_details()

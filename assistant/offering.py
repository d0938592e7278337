"""Did you mean: which FAQ entries stand as buttons beside an answer, and what a stored decision says of them.

Pure. An offer is part of the decision on a message and is stored with its first reply.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from routing.signals import Signals

MOST = 3  # more buttons are a list to read, and the visitor waits for an answer
KEY = "did_you_mean"  # of the decision record, and of the frames that carry an offer
ROUTE = "did_you_mean"  # the fixed route that asks before any model does


@dataclass(frozen=True)
class Offered:
    """One entry as its button shows it."""

    entry_id: str
    question: str
    language: str


class Near(Protocol):
    """What is needed of a candidate of the matcher."""

    @property
    def entry_id(self) -> str: ...


class Shown(Protocol):
    """What is needed of a published answer."""

    @property
    def question(self) -> str: ...
    @property
    def language(self) -> str: ...


def has_room(route_slug: str, route_kind: str, signals: Signals) -> bool:
    """Return whether buttons belong under a message that took this route.

    Beside a model's answer, and where a person is named because an account is needed: the FAQ may say how
    the visitor does it themselves. Who asks for a person, or says thanks, is not asked back.
    """
    if route_kind == "person":
        return signals.account_bound and not signals.asks_for_person
    return route_kind == "model" or route_slug == ROUTE


def offered(
    near: Iterable[Near], entry: Callable[[str], Shown | None], without: frozenset[str]
) -> tuple[Offered, ...]:
    """Return up to MOST entries of `near`, best first; `without` are those that the visitor has read."""
    found: list[Offered] = []
    for candidate in near:
        view = None if candidate.entry_id in without else entry(candidate.entry_id)
        if view is not None:
            found.append(Offered(candidate.entry_id, view.question, view.language))
    return tuple(found[:MOST])


def stored(offer: Iterable[Offered]) -> list[dict[str, str]]:
    """Return an offer as the decision record and the frames hold it."""
    return [asdict(each) for each in offer]


def offer_of(decision: object) -> list[dict[str, str]]:
    """Return the offer in a reply's decision record, [] when nothing was offered."""
    kept = decision.get(KEY) if isinstance(decision, Mapping) else None
    return [dict(each) for each in kept] if isinstance(kept, list) else []


def chosen_of(decision: object) -> str:
    """Return the entry that a reply answers with because its visitor chose it, "" for other replies."""
    return str(decision.get("chosen") or "") if isinstance(decision, Mapping) else ""


def body_of(decision: object) -> dict[str, Any]:
    """Return what a `status` frame carries of an offer; nothing where there is none."""
    offer = offer_of(decision)
    return {KEY: offer} if offer else {}

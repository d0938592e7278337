"""One judgement of an answer's quality, and the one place that hears of each. Pure.

The event is OpenTelemetry's `gen_ai.evaluation.result`; whoever exports it listens here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

NAME = "groundedness"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found of one answer: `score` in [0, 1], `label` in a word, and how it was judged."""

    reply_id: UUID
    route: str
    score: float
    label: str
    judged_by: str
    name: str = NAME


Listener = Callable[[Evaluation], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have `listener` called with every evaluation of this process, in the order in which they are made."""
    _listeners.append(listener)


def tell(evaluation: Evaluation) -> None:
    """Tell all listeners of an evaluation that is stored."""
    for listener in _listeners:
        listener(evaluation)

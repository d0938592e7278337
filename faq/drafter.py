"""What the FAQ needs of whoever asks the models: a price before, and a task that does the work.

Models are asked by `assistant`, which lies above this package; the settings name its object, and its
tasks are known by their names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from celery import current_app
from django.conf import settings
from django.utils.module_loading import import_string

Role = Literal["light", "strong"]

PROPOSE_TASK = "assistant.propose_phrasings"
EDIT_TASK = "assistant.edit_answer"


@dataclass(frozen=True)
class Call:
    """One prompt: instructions, data, the most that may be written and what is expected to be."""

    system: str
    user: str
    most_tokens: int
    expected_tokens: int


@dataclass(frozen=True)
class Offer:
    """Which model would be asked and what that costs, in pico-USD; None when it has no price.

    `problem` says in words why nothing can be asked, and is empty when it can.
    """

    model: str = ""
    about_pico: int | None = None
    most_pico: int | None = None
    sandbox: bool = False
    problem: str = ""


class Drafter(Protocol):
    """Knows models and prices."""

    def offer(self, role: Role, calls: Sequence[Call]) -> Offer:
        """Return what asking all `calls` would cost with the model of `role`."""


def drafter() -> Drafter:
    """Return the drafter that the settings name."""
    found: Drafter = import_string(settings.FAQ_DRAFTER)
    return found


def hand_over(task: str, uuid: str) -> None:
    """Give a stored order to the worker. Raises kombu's OperationalError; beat then finds the row."""
    current_app.send_task(task, args=[uuid], ignore_result=True)

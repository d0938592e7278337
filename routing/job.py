"""A reply that models are to write, what a run of it gives out, and the ledger it answers to."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from routing.attempts import AttemptResult, AttemptStart
from routing.config import Config, ModelSpec, RouteSpec
from routing.errors import BudgetExhausted
from routing.events import ModelRequest
from routing.ladder import Ending

EndedBy = Literal["finish", "upstream", "deadline", "budget", "reply_cap"]


class Text(NamedTuple):
    """Text to show, never empty, and the model that wrote it."""

    text: str
    model: ModelSpec


@dataclass(frozen=True, slots=True)
class Stage:
    """What the reply waits for: `waiting` for a model's first words, `continuing` after a cut."""

    stage: Literal["waiting", "continuing"]
    model: ModelSpec


@dataclass(frozen=True, slots=True)
class Hedged:
    """A second model is asked beside the late first one: one more attempt, nothing to show."""

    model: ModelSpec


@dataclass(frozen=True, slots=True)
class Seam:
    """From here on another attempt goes on with the answer."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the reply ended. `last` is still to be settled, together with the reply.

    `notice` is for the visitor and empty when completed; `detail` is for staff. `tier` is that of the
    model whose text came last, of the one asked last when there is no text. `spent` is the budget that
    could not pay the next attempt.
    """

    state: Ending
    ended_by: EndedBy
    last: tuple[AttemptStart, AttemptResult] | None
    answering_model: str
    asked_model: str
    attempts: int
    fallbacks: int
    continued: bool
    notice: str = ""
    detail: str = ""
    tier: str = ""
    spent: BudgetExhausted | None = None


Event = Text | Stage | Hedged | Seam | Ended


class Ledger(Protocol):
    """The effects of a run, committed by whoever owns the database."""

    async def start(self, attempt: AttemptStart) -> None:
        """Commit the attempt with its reservation. Raises BudgetExhausted."""

    async def settle(self, attempt: AttemptStart, result: AttemptResult) -> None:
        """Commit how the attempt ended."""


@dataclass(frozen=True, slots=True)
class Job:
    """One reply to be written by the models `steps`, in order.

    `first` is the attempt that the caller has committed with the reply; without it `run` starts it.
    `prompt_tokens` is the estimate for the whole request. `continues_text` is the cut answer that the
    request asks to go on with; what the models repeat of its end is not shown again. `plan` is the visitor's,
    and `paid_by` the route whose budgets pay when they are not the route's own.

    `stands` and `begun` are of a reply that a process has left unfinished: what the visitor has read of it
    already, so that the first attempt goes on with that, and how many attempts were committed for it.
    """

    reply_id: UUID
    turn_id: UUID
    purpose: str
    route: RouteSpec
    config: Config
    steps: tuple[ModelSpec, ...]
    request: ModelRequest
    prompt_tokens: int
    prompt_version: str
    first: AttemptStart | None = None
    may_continue: bool = True
    continues_text: str = ""
    plan: str = ""
    paid_by: str = ""
    stands: str = ""
    begun: int = 0

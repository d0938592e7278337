"""The shipped sandbox on its own port, driven through its control API, and a ledger that keeps books."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from routing.attempts import AttemptResult, AttemptStart
from routing.errors import BudgetExhausted
from tests.breakers import forget_calls
from tests.control import Control


@pytest.fixture
def control(sandbox: str) -> Iterator[Control]:
    """Return the running sandbox's control API; faults, books and pace are as new."""
    sandbox_control = Control(sandbox)
    sandbox_control.reset()
    sandbox_control.pace(first_text_ms=0, gap_ms=0)
    forget_calls()
    yield sandbox_control
    sandbox_control.reset()
    forget_calls()


@dataclass
class MemoryLedger:
    """A ledger in memory; `budget` is how many attempts may be started."""

    budget: int = 100
    started: list[AttemptStart] = field(default_factory=list)
    settled: list[tuple[AttemptStart, AttemptResult]] = field(default_factory=list)

    async def start(self, attempt: AttemptStart) -> None:
        if len(self.started) >= self.budget:
            raise BudgetExhausted("nothing left")
        self.started.append(attempt)

    async def settle(self, attempt: AttemptStart, result: AttemptResult) -> None:
        assert attempt.call_id not in {start.call_id for start, _ in self.settled}, "settled twice"
        self.settled.append((attempt, result))


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()

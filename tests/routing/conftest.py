"""The shipped sandbox on its own port, driven through its control API, and a ledger that keeps books."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from routing.attempts import AttemptResult, AttemptStart
from routing.cooldown import COOLDOWNS
from routing.errors import BudgetExhausted


@dataclass
class SandboxControl:
    """The control API of a running sandbox."""

    port: int

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def fault(self, fault: str, model: str = "*", **more: Any) -> None:
        status, body = self.call("POST", "/_control/faults", {"fault": fault, "model": model, **more})
        assert status == 200, body

    def pace(self, **pace: int) -> None:
        self.call("PUT", "/_control/pace", pace)

    def requests(self) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = self.call("GET", "/_control/requests")[1]
        return requests

    def invoice(self) -> dict[str, Any]:
        invoice: dict[str, Any] = self.call("GET", "/_control/invoice")[1]
        return invoice

    def reset(self) -> None:
        self.pace()
        for what in ("faults", "requests", "invoice"):
            self.call("DELETE", f"/_control/{what}")


@pytest.fixture
def control(sandbox: str) -> Iterator[SandboxControl]:
    """Return the running sandbox's control API; faults, books and pace are as new."""
    sandbox_control = SandboxControl(int(sandbox.rsplit(":", 1)[1]))
    sandbox_control.reset()
    sandbox_control.pace(first_text_ms=0, gap_ms=0)
    COOLDOWNS.clear()
    yield sandbox_control
    sandbox_control.reset()
    COOLDOWNS.clear()


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

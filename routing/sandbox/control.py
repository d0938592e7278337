"""What the control API keeps: faults to come, the invoice, the requests, the pace, what is counted."""

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

from common.money import from_pico
from routing.sandbox.billing import NOTHING_CLAIMED, Bill, Claims
from routing.sandbox.faults import KINDS
from routing.sandbox.prices import Prices

REQUESTS_KEPT = 1000
LISTS = "(list)"  # a fault for this model is one of the lists of models; `*` leaves them alone
NO_CREDIT = "no_credit"  # the reason that turns a status into the words for an empty account


class BadControl(ValueError):
    """A control request that cannot be done; the message says why."""


@dataclass
class Fault:
    """One fault to come, for a model or for any (`*`)."""

    model: str
    fault: str
    after_tokens: int
    times: int = 1
    status: int = 500
    retry_after: str = ""
    delay_ms: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Pace:
    """How fast answers come; None is the model's own pace."""

    first_text_ms: int | None = None
    gap_ms: int | None = None
    tokens: int | None = None


@dataclass
class Line:
    """One model's line of the invoice."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_pico: int = 0


@dataclass
class Control:
    """The sandbox's memory; all of it is gone with the process."""

    prices: Prices
    faults: list[Fault] = field(default_factory=list)
    pace: Pace = Pace()
    claims: Claims = NOTHING_CLAIMED
    lines: dict[str, Line] = field(default_factory=dict)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))
    numbered: int = 0

    def add_fault(self, body: Any) -> Fault:
        """Queue a fault. Raises BadControl."""
        if not isinstance(body, dict):
            raise BadControl("send a JSON object")
        name = body.get("fault")
        kind = KINDS.get(name) if isinstance(name, str) else None
        if kind is None:
            raise BadControl(f"unknown fault {name!r}; available: {', '.join(sorted(KINDS))}")
        reason = str(body.get("reason") or "")
        if reason not in {"", NO_CREDIT}:
            raise BadControl(f"unknown reason {reason!r}; available: {NO_CREDIT}")
        if body.get("model") == LISTS and name != "status":
            raise BadControl("a list of models knows the fault 'status' only")
        fault = Fault(
            reason=reason,
            model=str(body.get("model") or "*"),
            fault=str(name),
            after_tokens=_number(body, "after_tokens", kind.after_tokens, -1),
            times=_number(body, "times", 1, 1),
            status=_number(body, "status", 500, 400),
            retry_after="" if body.get("retry_after") is None else str(body["retry_after"]),
            delay_ms=_number(body, "delay_ms", 0, 0),
        )
        self.faults.append(fault)
        return fault

    def take_list_fault(self) -> Fault | None:
        """Return the oldest fault that waits for a list of models, and use it up once."""
        return self._take({LISTS})

    def take_fault(self, model: str) -> Fault | None:
        """Return the oldest fault that waits for `model`, and use it up once."""
        return self._take({model, "*"})

    def _take(self, names: set[str]) -> Fault | None:
        for fault in self.faults:
            if fault.model in names:
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def set_pace(self, body: Any) -> Pace:
        """Set the pace of all answers; a value left out is the model's own again. Raises BadControl."""
        if not isinstance(body, dict):
            raise BadControl("send a JSON object")
        self.pace = Pace(**{name: _optional(body, name) for name in ("first_text_ms", "gap_ms", "tokens")})
        return self.pace

    def set_claims(self, body: Any) -> Claims:
        """Set what all answers count besides their text; what is left out is nothing. Raises BadControl."""
        if not isinstance(body, dict):
            raise BadControl("send a JSON object")
        parts = ("cached_tokens", "cache_write_tokens", "thinking_tokens")
        counts = {name: _number(body, name, 0, 0) for name in parts}
        self.claims = Claims(_optional(body, "input_tokens"), **counts)
        return self.claims

    def set_prices(self, body: Any) -> None:
        """Charge these prices, rows as in the catalogue file, before the catalogue's. Raises BadControl."""
        try:
            self.prices.tell(body)
        except (TypeError, AttributeError, LookupError, ArithmeticError, ValueError) as error:
            raise BadControl(f"these are no rows of a catalogue: {error!r}") from error

    def keep(self, record: dict[str, Any]) -> None:
        """Keep a request under the next number; the oldest of too many goes."""
        self.numbered += 1
        record["number"] = self.numbered
        self.requests.append(record)

    def forget_requests(self) -> None:
        """Forget all requests and number from 1 again."""
        self.requests.clear()
        self.numbered = 0

    def bill(self, model: str, bill: Bill) -> int:
        """Add one request to the invoice and return its cost in pico-USD."""
        cost = self.prices.cost(model, bill)
        line = self.lines.setdefault(model, Line())
        line.requests += 1
        line.input_tokens += bill.input_tokens
        line.output_tokens += bill.output_tokens
        line.cost_pico += cost
        return cost

    def invoice(self) -> dict[str, Any]:
        """Return requests, tokens and cost (USD, as a decimal string, and pico-USD) of each model."""
        return {
            model: {
                **asdict(line),
                "cost": f"{from_pico(line.cost_pico):f}",
            }
            for model, line in sorted(self.lines.items())
        }


def _number(body: dict[str, Any], name: str, default: int, least: int) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise BadControl(f"{name} must be a whole number of at least {least}, not {value!r}")
    return value


def _optional(body: dict[str, Any], name: str) -> int | None:
    return None if body.get(name) is None else _number(body, name, 0, 0)

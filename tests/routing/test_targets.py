"""Which replies break which promise, and when too few have come to say."""

from typing import Any

import pytest

from routing import tally, targets
from routing.config import Sla
from routing.models import RouteOutcome
from routing.targets import TARGETS, Checked, Count


def reply(**values: Any) -> RouteOutcome:
    """Return the outcome of a quick, whole answer unless told otherwise; it is not stored."""
    ordinary = {"state": "completed", "ended_by": "finish", "first_text_ms": 200, "total_ms": 900}
    return RouteOutcome(**{**ordinary, **values})


def of(*groups: tuple[int, RouteOutcome]) -> tally.Tally:
    return tally.of_replies(each for n, each in groups for _ in range(n))


def one(sla: Sla, value: tally.Tally) -> Checked:
    (found,) = targets.checks(sla, value)
    return found


GOOD = reply()
SLOW = reply(first_text_ms=4000, total_ms=9000)
FAILED = reply(state="failed", ended_by="upstream", first_text_ms=None, total_ms=9000)
REFUSED = reply(state="refused")
STOPPED = reply(state="cancelled", ended_by="stop")
UNPAID = reply(state="failed", ended_by="budget")
CUT = reply(state="truncated", ended_by="upstream")
ESCALATED = reply(escalated_after=True, escalated_by="visitor")
ASKED_AGAIN = reply(escalated_by="re_ask")

CASES: list[tuple[dict[str, Any], list[tuple[int, RouteOutcome]], Count, bool | None]] = [
    # p95: 5 of 100 may be slower, the sixth breaks it; a reply without text counts with its whole wait.
    ({"first_text_p95_ms": 1000}, [(95, GOOD), (5, SLOW)], Count(5, 100), True),
    ({"first_text_p95_ms": 1000}, [(94, GOOD), (5, SLOW), (1, FAILED)], Count(6, 100), False),
    ({"first_text_p95_ms": 1000}, [(18, GOOD), (1, SLOW)], Count(1, 19), None),
    ({"total_p95_ms": 5000}, [(19, GOOD), (1, SLOW)], Count(1, 20), True),
    # p99 needs a hundred replies.
    ({"total_p99_ms": 5000}, [(98, GOOD), (1, SLOW)], Count(1, 99), None),
    ({"total_p99_ms": 5000}, [(99, GOOD), (1, SLOW)], Count(1, 100), True),
    ({"total_p99_ms": 5000}, [(98, GOOD), (2, SLOW)], Count(2, 100), False),
    # Rates.
    ({"error_rate": 0.05}, [(19, GOOD), (1, FAILED)], Count(1, 20), True),
    ({"error_rate": 0.05}, [(18, GOOD), (2, FAILED), (5, UNPAID)], Count(2, 25), False),
    ({"error_rate": 0.0}, [(20, GOOD)], Count(0, 20), True),
    ({"truncation_rate": 0.1}, [(17, GOOD), (3, CUT)], Count(3, 20), False),
    # Of the answers, those after which a larger tier was asked, at once or with the next message.
    ({"escalation_rate": 0.1}, [(18, GOOD), (1, ESCALATED), (1, ASKED_AGAIN)], Count(2, 20), True),
    ({"escalation_rate": 0.1}, [(18, GOOD), (3, ESCALATED), (9, FAILED)], Count(3, 21), False),
    # An answer, whole or cut, for everybody who waited for one and could be paid for.
    ({"availability": 0.9}, [(18, GOOD), (1, CUT), (1, FAILED), (9, STOPPED)], Count(1, 20), True),
    ({"availability": 0.9}, [(19, GOOD), (1, FAILED), (9, UNPAID)], Count(1, 20), True),
    ({"availability": 0.9}, [(17, GOOD), (2, FAILED), (1, REFUSED)], Count(3, 20), False),
    ({"availability": 0.9}, [(1, GOOD), (18, FAILED), (9, STOPPED)], Count(18, 19), None),
]  # fmt: skip


@pytest.mark.parametrize(("sla", "replies", "count", "met"), CASES)
def test_which_replies_break_a_promise(
    sla: dict[str, Any], replies: list[tuple[int, RouteOutcome]], count: Count, met: bool | None
) -> None:
    found = one(Sla(**sla), of(*replies))
    assert (found.count, found.met) == (count, met)


@pytest.mark.parametrize("limit", [500, 900, 1000, 3999, 4000, 4100])
@pytest.mark.parametrize("slow", range(11))
def test_a_percentile_is_kept_exactly_when_no_more_replies_are_slow_than_allowed(
    limit: int, slow: int
) -> None:
    found = one(Sla(first_text_p95_ms=limit), of((100 - slow, GOOD), (slow, SLOW)))
    assert found.met is (found.count.bad <= found.target.allowed(limit) * found.count.of + 1e-9)


def test_nothing_promised_is_nothing_checked() -> None:
    assert list(targets.checks(Sla(), of((30, FAILED)))) == []


def test_every_promise_has_a_target() -> None:
    fields = set(Sla.__dataclass_fields__) - {"period_days"}
    assert {target.field for target in TARGETS.values()} == fields

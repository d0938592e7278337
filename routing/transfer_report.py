"""What a transfer test has found: each case, each route, and the whole. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from routing.transfer_checks import CaseSpec, Check, agreement


@dataclass(frozen=True)
class Repetition:
    """One asking of one case; times in ms, cost in pico-USD."""

    case: int
    number: int
    route: str
    asked_route: str
    state: str
    model: str
    text: str
    passed: bool
    checks: tuple[Check, ...]
    support: float | None = None
    first_text_ms: int | None = None
    total_ms: int | None = None
    tokens: int | None = None
    cost_pico: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class CaseReport:
    """All repetitions of one case. It passed when every wanted one did; what is missing has not."""

    case: CaseSpec
    wanted: int
    repetitions: tuple[Repetition, ...]
    agreement: float | None

    @property
    def passed(self) -> int:
        """Return how many repetitions passed."""
        return sum(each.passed for each in self.repetitions)

    @property
    def ok(self) -> bool:
        return self.passed == self.wanted

    @property
    def repeatability(self) -> float | None:
        """Return the share of the repetitions made that passed."""
        return self.passed / len(self.repetitions) if self.repetitions else None

    @property
    def failures(self) -> tuple[str, ...]:
        """Return what did not hold, in words, each with how often."""
        words: dict[str, int] = {}
        for each in self.repetitions:
            for check in each.checks:
                if not check.passed:
                    words[check.words] = words.get(check.words, 0) + 1
        made = len(self.repetitions)
        return tuple(
            text if count == made == 1 else f"{text} ({count} of {made})" for text, count in words.items()
        )

    @property
    def first_text_ms(self) -> int | None:
        return _mean([each.first_text_ms for each in self.repetitions])

    @property
    def total_ms(self) -> int | None:
        return _mean([each.total_ms for each in self.repetitions])

    @property
    def cost_pico(self) -> int | None:
        """Return what the repetitions cost; None when that of any is unknown."""
        costs = [each.cost_pico for each in self.repetitions]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None


@dataclass(frozen=True)
class RouteReport:
    """The repetitions that were answered on one route; times are means."""

    route: str
    cases: int
    passed: int
    made: int
    first_text_ms: int | None
    total_ms: int | None
    cost_pico: int


def by_case(
    cases: Sequence[CaseSpec], wanted: int, repetitions: Sequence[Repetition]
) -> tuple[CaseReport, ...]:
    """Return each case with its repetitions, in the order of the cases."""
    found = []
    for case in cases:
        own = tuple(each for each in repetitions if each.case == case.id)
        found.append(CaseReport(case, wanted, own, agreement([each.text for each in own])))
    return tuple(found)


def by_route(repetitions: Sequence[Repetition]) -> tuple[RouteReport, ...]:
    """Return the figures of each route that answered."""
    found = []
    for route in sorted({each.asked_route for each in repetitions}):
        own = [each for each in repetitions if each.asked_route == route]
        found.append(
            RouteReport(
                route,
                len({each.case for each in own}),
                sum(each.passed for each in own),
                len(own),
                _mean([each.first_text_ms for each in own]),
                _mean([each.total_ms for each in own]),
                sum(each.cost_pico or 0 for each in own),
            )
        )
    return tuple(found)


def all_passed(reports: Sequence[CaseReport]) -> bool:
    """Return whether there were cases and every one passed each time."""
    return bool(reports) and all(report.ok for report in reports)


def _mean(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known)) if known else None

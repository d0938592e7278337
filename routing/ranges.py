"""What the settings of a route may be: beyond these the desk would refuse, cut or never answer.

Pure. The form, the model and the check before publishing ask the same table.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from routing.config import RouteSpec


class Range(NamedTuple):
    """What a value may be, both ends included; `above` leaves the lower end out. None is open."""

    label: str
    low: float
    high: float | None = None
    above: bool = False


SMALLEST = 16  # tokens; less is no sentence
LONGEST_HOURS = 720  # 30 days
LONGEST_STAY = 50  # messages; more is for ever

RANGES = {
    "max_message_tokens": Range("Message, up to", SMALLEST),
    "max_prompt_tokens": Range("Prompt, up to", SMALLEST),
    "max_output_tokens": Range("Answer, up to", SMALLEST),
    "daily_budget_usd": Range("Daily budget", 0),
    "monthly_budget_usd": Range("Monthly budget", 0),
    "connect_s": Range("Connect deadline", 0, above=True),
    "first_text_s": Range("First-text deadline", 0, above=True),
    "stall_s": Range("Stall limit", 0, above=True),
    "total_s": Range("Total deadline", 0, above=True),
    "min_support": Range("Support an answer needs", 0, 1),
    "sticky_turns": Range("Stay for", 0, LONGEST_STAY),
    "cache_hours": Range("Keep stored answers", 1, LONGEST_HOURS),
    "target_first_text_p95_ms": Range("Target for the first text", 0, above=True),
    "target_total_p95_ms": Range("Target for the whole answer", 0, above=True),
    "target_error_rate": Range("Target for errors", 0, 1),
    "target_truncation_rate": Range("Target for cut answers", 0, 1),
    "target_total_p99_ms": Range("Target for the slowest answers", 0, above=True),
    "target_escalation_rate": Range("Target for escalations", 0, 1),
    "target_availability": Range("Target for availability", 0, 1),
}

# The first must not be more than the second.
ORDERED = (
    ("connect_s", "first_text_s"),
    ("first_text_s", "total_s"),
    ("stall_s", "total_s"),
    ("daily_budget_usd", "monthly_budget_usd"),
    ("target_total_p95_ms", "target_total_p99_ms"),
)


def flaws(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each field that cannot stay as it is with a sentence; None is a value that is not set."""
    wrong = set()
    for name, rule in RANGES.items():
        value = values[name]
        if value is None or _within(value, rule):
            continue
        wrong.add(name)
        yield name, f"{rule.label}: {_allowed(rule)}, not {float(value):g}."
    for less, more in ORDERED:
        if {less, more} & wrong or values[less] is None or values[more] is None:
            continue
        if values[less] > values[more]:
            yield more, f"{RANGES[more].label}: not less than “{RANGES[less].label.lower()}”."


def _within(value: float, rule: Range) -> bool:
    low = value > rule.low if rule.above else value >= rule.low
    return bool(low and (rule.high is None or value <= rule.high))


def _allowed(rule: Range) -> str:
    if rule.high is not None:
        return f"from {rule.low:g} to {rule.high:g}"
    return f"more than {rule.low:g}" if rule.above else f"at least {rule.low:g}"


def values_of(route: RouteSpec) -> dict[str, Any]:
    """Return what `flaws` looks at, by the names of the form's fields."""
    times, targets = route.deadlines, route.sla
    beside = {
        "connect_s": times.connect_s,
        "first_text_s": times.first_text_s,
        "stall_s": times.stall_s,
        "total_s": times.total_s,
        "target_first_text_p95_ms": targets.first_text_p95_ms,
        "target_total_p95_ms": targets.total_p95_ms,
        "target_error_rate": targets.error_rate,
        "target_truncation_rate": targets.truncation_rate,
        "target_total_p99_ms": targets.total_p99_ms,
        "target_escalation_rate": targets.escalation_rate,
        "target_availability": targets.availability,
    }
    return {name: beside[name] if name in beside else getattr(route, name) for name in RANGES}

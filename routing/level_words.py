"""Targets, budgets and burn rates in plain words: for the page, the receipts and the alerts. Pure."""

import math

from routing.slo import LEVELS, MOST
from routing.targets import TARGETS, Count, Target

# What a bad reply is, by target; `{limit}` is the target's limit.
BAD = {
    "first_text_p95": "showed no text within {limit}",
    "total_p95": "took longer than {limit}",
    "total_p99": "took longer than {limit}",
    "error_rate": "failed",
    "truncation_rate": "were cut",
    "escalation_rate": "led to a larger tier",
    "availability": "gave no answer",
}


def duration(ms: float) -> str:
    """Return a duration in the unit that keeps three figures readable."""
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < 10_000:
        return f"{ms / 1000:.2f} s"
    return f"{ms / 1000:.1f} s"


def percent(share: float) -> str:
    """Return a share as percent, with a decimal only below ten."""
    value = share * 100
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.1f} %"


def exact_percent(share: float) -> str:
    """Return a share near 1 as percent with the decimals that tell it from another; never rounded up."""
    return f"{math.floor(share * 10_000 + 1e-6) / 100:g} %"


def value_words(target: Target, value: float) -> str:
    """Return a limit or what came out, in the target's unit."""
    if target.in_ms:
        return duration(value)
    # Three figures, so that what was missed by a hair does not read as kept.
    return exact_percent(value) if target.at_least else f"{value * 100:.3g} %"


def limit_words(target: Target, limit: float) -> str:
    """Return what is promised: `at most 2.50 s`."""
    return f"at {'least' if target.at_least else 'most'} {value_words(target, limit)}"


def name_of(target: str) -> str:
    """Return what people call a target; one that this release does not know keeps its short name."""
    known = TARGETS.get(target)
    return known.words if known else target.replace("_", " ")


def bad_words(target: Target, limit: float, count: Count) -> str:
    """Return what went wrong how often: `12 of 300 replies failed`."""
    what = BAD[target.name].format(limit=value_words(target, limit))
    replies = "answers" if target.name == "escalation_rate" else "replies"
    return f"{count.bad:,} of {count.of:,} {replies} {what}"


def period_words(days: int) -> str:
    """Return a period as people say it: `the last 28 days`."""
    return "the last day" if days == 1 else f"the last {days} days"


def left_words(left: float | None) -> str:
    """Return how much of an error budget is left: `35 % left`."""
    if left is None:
        return "no replies yet"
    if left <= 1 - MOST:
        return "none may be bad, and one was"
    if left < 0:
        return f"used up, {1 - left:.3g} times what is allowed"
    return "used up" if left == 0 else f"{percent(left)} left"


def burn_words(rate: float | None) -> str:
    """Return a burn rate as a figure; 1 ends the period with nothing left."""
    if rate is None:
        return "no replies"
    return f"over {MOST:g}×" if rate >= MOST else f"{rate:.3g}×"


def level_words(level: str) -> str:
    """Return how fast an incident burns, in words."""
    known = LEVELS.get(level)
    return known.words if known else level

"""Two periods held side by side: what is called a change, and whether it is a good one.

Pure. A change is only called one when chance does not make it as easily: the interval of a difference of
shares leaves out 0, or the intervals of two percentiles do not touch. Sums are never called better or worse.
"""

from dataclasses import dataclass
from decimal import Decimal

from common.intervals import Interval, difference
from routing.tally import Tally

# As many as a p95 needs; one failure in three is not a rate.
NEEDED = 20

TIMES = {
    "first_text_p50": ("first_text", 0.5),
    "first_text_p95": ("first_text", 0.95),
    "first_text_p99": ("first_text", 0.99),
    "total_p50": ("total", 0.5),
    "total_p95": ("total", 0.95),
    "total_p99": ("total", 0.99),
    "queue_p95": ("queue", 0.95),
    "match_p95": ("match", 0.95),
}
# Counts that are compared as shares of the requests: 1 where more is good, -1 where less is, 0 for neither.
RATES = {
    "errors": -1,
    "out_of_budget": -1,
    "truncations": -1,
    "fallbacks": -1,
    "cached": 0,
    "escalated_before": 0,
    "escalated_after": -1,
    "handoffs_failed": -1,
    "thumbs_up": 1,
    "thumbs_down": -1,
}
SUMS = {
    "requests": "requests",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cost": "cost_pico",
    "heavy_cost": "heavy_cost_pico",
}


@dataclass(frozen=True)
class Change:
    """How a figure stands against the period before.

    `before` is its bare value then (ms, a count, a share, pico-USD), `of` how many it is a share of, `by`
    the relative change of a time or a sum and the difference of a share, `within` the interval of that
    difference. `verdict` is `better`, `worse` or `changed`, `same` for no change that can be told from
    chance, `few` for too few on a side, "" for a sum.
    """

    before: float | int | None
    of: int = 0
    by: float | None = None
    within: Interval | None = None
    verdict: str = ""


def change(name: str, before: Tally, after: Tally) -> Change | None:
    """Return how a figure has changed; None for figures that are not compared."""
    if name in TIMES:
        return _time(*TIMES[name], before, after)
    if name in RATES:
        sides = tuple((side[name], side["requests"]) for side in (before, after))
        return _share(*sides[0], *sides[1], RATES[name])
    if name == "grounded":
        sides = tuple((side["grounded"], side["support_judged"]) for side in (before, after))
        return _share(*sides[0], *sides[1], 1)
    if name in SUMS:
        return _sum(before[SUMS[name]], after[SUMS[name]], before, after)
    if name == "cost_per_1000":
        return _sum(_per_1000(before), _per_1000(after), before, after)
    return None


def _per_1000(side: Tally) -> int:
    requests = side["requests"]
    return round(Decimal(side["cost_pico"]) * 1000 / requests) if requests else 0


def _verdict(by: float, good: int) -> str:
    return "changed" if not good else "better" if by * good > 0 else "worse"


def _time(histogram: str, q: float, before: Tally, after: Tally) -> Change:
    sides = before.histogram(histogram), after.histogram(histogram)
    was, now = (side.percentile(q) for side in sides)
    bounds = [side.interval(q) for side in sides]
    if was is None or now is None:
        return Change(was, verdict="few")
    by = now / was - 1
    if min(side.n for side in sides) < NEEDED or bounds[0] is None or bounds[1] is None:
        return Change(was, by=by, verdict="few")
    apart = bounds[0][1] < bounds[1][0] or bounds[1][1] < bounds[0][0]
    return Change(was, by=by, verdict=_verdict(by, -1) if apart else "same")


def _share(hits_a: int, n_a: int, hits_b: int, n_b: int, good: int) -> Change:
    if not n_a or not n_b:
        return Change(hits_a, n_a, verdict="few")
    by = hits_b / n_b - hits_a / n_a
    if min(n_a, n_b) < NEEDED:
        return Change(hits_a, n_a, by, verdict="few")
    within = difference((hits_a, n_a), (hits_b, n_b))
    told = within[0] > 0 or within[1] < 0
    return Change(hits_a, n_a, by, within, _verdict(by, good) if told else "same")


def _sum(was: int, now: int, before: Tally, after: Tally) -> Change:
    few = min(before["requests"], after["requests"]) < NEEDED
    return Change(was, by=now / was - 1 if was and not few else None, verdict="few" if few else "")

"""What a route may promise, and which of its replies break each promise. Pure.

A promise on a percentile is one on a share: "p95 within 2 s" says that at most 5 of 100 replies take longer,
so a slower one is a bad reply, counted from the buckets of the histogram. So every target comes down to how
many replies were bad, of how many, and what share of them is allowed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from routing.config import Sla
from routing.evidence import KINDS as FOUND_WANTING
from routing.histogram import NEEDED, Histogram, middle_of
from routing.tally import Tally

# One failure in three replies is no rate; a p95 needs as many.
NEEDS = NEEDED[0.95]


@dataclass(frozen=True, slots=True)
class Count:
    """Bad replies, and the replies they are among."""

    bad: int = 0
    of: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.bad + other.bad, self.of + other.of)

    @property
    def share(self) -> float | None:
        """Return the share of bad replies, None without replies."""
        return self.bad / self.of if self.of else None


@dataclass(frozen=True)
class Target:
    """One thing that can be promised; `field` is its name in `Sla`, and a limit is in ms or a share.

    `allowed` gives the share of replies that may be bad under a limit, `count` those that were.
    `at_least`: the limit is a floor and not a ceiling.
    """

    name: str
    words: str
    field: str
    allowed: Callable[[float], float]
    count: Callable[[Tally, float], Count]
    actual: Callable[[Tally, Count], float | None]
    needs: int = NEEDS
    in_ms: bool = False
    at_least: bool = False


@dataclass(frozen=True)
class Checked:
    """A target of a route and what came out; `met` is None while there are too few replies to say."""

    target: Target
    limit: float
    actual: float | None
    count: Count
    met: bool | None


def _slower(histogram: Histogram, limit: float) -> Count:
    late = sum(n for bucket, n in histogram.counts.items() if middle_of(bucket) > limit)
    return Count(late, histogram.n)


def _late(name: str, words: str, field: str, histogram: str, q: float) -> Target:
    return Target(
        name,
        words,
        field,
        allowed=lambda limit: 1 - q,
        count=lambda tally, limit: _slower(tally.histogram(histogram), limit),
        actual=lambda tally, count: tally.histogram(histogram).percentile(q),
        needs=NEEDED[q],
        in_ms=True,
    )


def _rate(name: str, words: str, count: Callable[[Tally], Count]) -> Target:
    return Target(
        name,
        words,
        name,
        allowed=lambda limit: limit,
        count=lambda tally, limit: count(tally),
        actual=lambda tally, count: count.share,
    )


def _answers(tally: Tally) -> int:
    """Return how many replies gave their visitor an answer, whole or cut."""
    none = ("errors", "refused", "cancelled", "out_of_budget")
    return tally["requests"] - sum(tally[name] for name in none)


def _escalated(tally: Tally) -> Count:
    led = sum(tally[f"escalated_by_{kind}"] for kind in FOUND_WANTING)
    answers = _answers(tally)
    return Count(min(led, answers), answers)


def _without_answer(tally: Tally) -> Count:
    # Who presses Stop or leaves wanted none, and a spent budget is what staff have decided.
    wanted = tally["requests"] - tally["cancelled"] - tally["out_of_budget"]
    return Count(tally["errors"] + tally["refused"], wanted)


TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        _late("first_text_p95", "first text p95", "first_text_p95_ms", "first_text", 0.95),
        _late("total_p95", "total p95", "total_p95_ms", "total", 0.95),
        _late("total_p99", "total p99", "total_p99_ms", "total", 0.99),
        _rate("error_rate", "error rate", lambda tally: Count(tally["errors"], tally["requests"])),
        _rate(
            "truncation_rate",
            "truncation rate",
            lambda tally: Count(tally["truncations"], tally["requests"]),
        ),
        _rate("escalation_rate", "escalation rate", _escalated),
        Target(
            "availability",
            "availability",
            "availability",
            allowed=lambda limit: 1 - limit,
            count=lambda tally, limit: _without_answer(tally),
            actual=lambda tally, count: None if count.share is None else 1 - count.share,
            at_least=True,
        ),
    )
}


def promised(sla: Sla) -> Iterator[tuple[Target, float]]:
    """Yield each target that is set with its limit."""
    for target in TARGETS.values():
        limit = getattr(sla, target.field)
        if limit is not None:
            yield target, float(limit)


def checks(sla: Sla, tally: Tally) -> Iterator[Checked]:
    """Yield each target that is set with what these replies made of it."""
    for target, limit in promised(sla):
        yield checked(target, limit, tally)


def checked(target: Target, limit: float, tally: Tally) -> Checked:
    """Return what these replies made of one target."""
    count = target.count(tally, limit)
    actual = target.actual(tally, count)
    few = actual is None or count.of < target.needs
    # A percentile within its limit and no more slow replies than allowed are the same (nearest rank).
    met = None if few or actual is None else actual >= limit if target.at_least else actual <= limit
    return Checked(target, limit, actual, count, met)

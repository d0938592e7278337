"""Counts, sums and histograms of some replies and calls, that add up to those of more of them.

Pure: a tally is made of plain facts, stored as JSON in a minute row, and added over any period.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from routing.evidence import KINDS
from routing.histogram import Histogram


class ReplyFacts(Protocol):
    """What a tally reads of a reply's outcome."""

    state: str
    ended_by: str
    truncated: bool
    fallbacks: int
    continued: bool
    cached: bool
    escalated_before: bool
    escalated_after: bool
    escalated_by: str
    support: float | None
    judged_by: str
    feedback: int | None
    resolved: bool | None
    handed_off: bool
    handoff_failed: bool
    re_asked: bool
    assumed: bool
    queue_ms: int | None
    match_ms: int | None
    first_text_ms: int | None
    total_ms: int | None
    input_tokens: int | None
    output_tokens: int | None
    cost_pico: int | None
    heavy_cost_pico: int | None


class CallFacts(Protocol):
    """What a tally reads of a model call that has ended."""

    asked_model: str
    answering_model: str
    cause: str
    error_class: str
    truncated: bool
    cost_pico: int | None
    input_tokens: int | None
    output_tokens: int | None
    first_text_ms: int | None
    duration_ms: int | None


# A visitor who leaves or presses Stop cuts the answer short, and no model is to blame for that.
CUT_BY_VISITOR = frozenset({"abandoned", "stop"})
# A spent budget is what staff have decided, and no outage: it breaks no promise of a route.
OUT_OF_BUDGET = "budget"
ANSWERED = ("completed", "truncated")  # states of a reply that gave an answer, a cut one included


def was_truncated(reply: ReplyFacts) -> bool:
    """Return whether an answer broke off or ran out of room, continued or not."""
    return (reply.truncated or reply.state == "truncated") and reply.ended_by not in CUT_BY_VISITOR


def felt_first_text(reply: ReplyFacts) -> int | None:
    """Return the ms to the first text; a reply that never had one counts with its whole wait."""
    return reply.total_ms if reply.first_text_ms is None else reply.first_text_ms


def _judged(reply: ReplyFacts) -> float | None:
    """Return the support of an answer of the sample; of others at most their words are known."""
    return reply.support if reply.judged_by else None


def _by(kind: str) -> Callable[[ReplyFacts], int]:
    """Return what counts escalations of a kind; rows from before kinds were kept are of visitors."""

    def count(reply: ReplyFacts) -> int:
        unsaid = reply.escalated_after and not reply.escalated_by and kind == "visitor"
        return int(reply.escalated_by == kind or unsaid)

    return count


# An answer is called grounded when four of five of its sentences stand in the passages that it was given.
GROUNDED = 0.8


# How a matter stands after an answer, in the order in which one outweighs the next. Never one number.
_STANDS: tuple[tuple[str, Callable[[ReplyFacts], bool]], ...] = (
    ("handed_off", lambda reply: reply.handed_off),
    ("confirmed", lambda reply: reply.resolved is True),
    ("escalated", lambda reply: reply.escalated_after),
    ("re_asked", lambda reply: reply.re_asked or bool(reply.escalated_by)),
    ("unsolved", lambda reply: reply.resolved is False or reply.feedback == -1),
    ("no_answer", lambda reply: reply.state not in ANSWERED),
    ("assumed", lambda reply: reply.assumed),
    ("open", lambda reply: True),
)
RESOLUTIONS = tuple(name for name, _ in _STANDS)


def resolution(reply: ReplyFacts) -> str:
    """Return how the matter stands after this reply, one of RESOLUTIONS.

    `handed_off`: its visitor then asked for a person. `confirmed`: said that it solved the matter.
    `escalated`: a larger model was asked under it. `re_asked`: the next message asked the same again or said
    that it did not help. `unsolved`: its visitor said so, or gave a thumbs-down. `no_answer`: there was none.
    `assumed`: nothing was said against it for some hours. `open`: it is too early to say.
    """
    return next(name for name, stands in _STANDS if stands(reply))


REPLY_COUNTS: Mapping[str, Callable[[ReplyFacts], int | None]] = {
    "requests": lambda reply: 1,
    "completed": lambda reply: int(reply.state == "completed"),
    "errors": lambda reply: int(reply.state == "failed" and reply.ended_by != OUT_OF_BUDGET),
    "out_of_budget": lambda reply: int(reply.state == "failed" and reply.ended_by == OUT_OF_BUDGET),
    "refused": lambda reply: int(reply.state == "refused"),
    "cancelled": lambda reply: int(reply.state == "cancelled"),
    "truncations": lambda reply: int(was_truncated(reply)),
    "fallbacks": lambda reply: int(reply.fallbacks > 0),
    "continued": lambda reply: int(reply.continued),
    "cached": lambda reply: int(reply.cached),
    "escalated_before": lambda reply: int(reply.escalated_before),
    "escalated_after": lambda reply: int(reply.escalated_after),
    **{f"escalated_by_{kind}": _by(kind) for kind in KINDS},
    "handoffs_failed": lambda reply: int(reply.handoff_failed),
    "thumbs_up": lambda reply: int(reply.feedback == 1),
    "thumbs_down": lambda reply: int(reply.feedback == -1),
    "resolved": lambda reply: int(reply.resolved is True),
    "support_judged": lambda reply: int(_judged(reply) is not None),
    "grounded": lambda reply: int((_judged(reply) or 0.0) >= GROUNDED),
    "input_tokens": lambda reply: reply.input_tokens,
    "output_tokens": lambda reply: reply.output_tokens,
    "cost_pico": lambda reply: reply.cost_pico,
    # Squares, so that the mean of any period has an interval; `squared` are the replies that have them, for
    # minutes that an older release has rolled up have none.
    "squared": lambda reply: 1,
    "input_tokens_sq": lambda reply: (reply.input_tokens or 0) ** 2,
    "output_tokens_sq": lambda reply: (reply.output_tokens or 0) ** 2,
    "cost_pico_sq": lambda reply: (reply.cost_pico or 0) ** 2,
    "cost_unknown": lambda reply: int(reply.cost_pico is None),
    "heavy_cost_pico": lambda reply: reply.heavy_cost_pico,
    "heavy_unknown": lambda reply: int(reply.heavy_cost_pico is None),
}
CALL_COUNTS: Mapping[str, Callable[[CallFacts], int | None]] = {
    "calls": lambda call: 1,
    "call_errors": lambda call: int(bool(call.error_class)),
    "call_truncations": lambda call: int(call.truncated),
    "call_retries": lambda call: int(call.cause == "retry"),
    "call_hedges": lambda call: int(call.cause == "hedge"),
    "call_input_tokens": lambda call: call.input_tokens,
    "call_output_tokens": lambda call: call.output_tokens,
    "call_cost_pico": lambda call: call.cost_pico,
}


@dataclass(frozen=True)
class Tally:
    """Counts by name, and histograms in ms by name; a name that is not there counts nothing."""

    counts: Mapping[str, int] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.counts.get(name, 0)

    def histogram(self, name: str) -> Histogram:
        """Return the histogram `name`, an empty one when nothing was measured."""
        return self.histograms.get(name, Histogram())

    def __add__(self, other: "Tally") -> "Tally":
        return total((self, other))

    def dump(self) -> dict[str, Any]:
        """Return the JSON form, without zeros."""
        return {
            "counts": {name: count for name, count in sorted(self.counts.items()) if count},
            "histograms": {name: item.dump() for name, item in sorted(self.histograms.items()) if item.n},
        }

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> "Tally":
        """Return the tally that `dump` wrote."""
        histograms = {name: Histogram.load(item) for name, item in stored.get("histograms", {}).items()}
        return cls(dict(stored.get("counts", {})), histograms)


def of_replies(replies: Iterable[ReplyFacts]) -> Tally:
    """Return the tally of replies that have ended, however they ended."""
    listed = list(replies)
    left = Counter(map(resolution, listed))
    return Tally(
        {
            **{name: sum(read(reply) or 0 for reply in listed) for name, read in REPLY_COUNTS.items()},
            **{f"left_{name}": left[name] for name in RESOLUTIONS},
        },
        {
            "first_text": _histogram(felt_first_text(reply) for reply in listed),
            "total": _histogram(reply.total_ms for reply in listed),
            "queue": _histogram(reply.queue_ms for reply in listed),
            "match": _histogram(reply.match_ms for reply in listed),
        },
    )


def of_calls(calls: Iterable[CallFacts]) -> Tally:
    """Return the tally of model calls that have ended, failed ones included."""
    listed = list(calls)
    return Tally(
        {name: sum(read(call) or 0 for call in listed) for name, read in CALL_COUNTS.items()},
        {
            "call_first_text": _histogram(call.first_text_ms for call in listed),
            "call_duration": _histogram(call.duration_ms for call in listed),
        },
    )


def _histogram(values: Iterable[int | None]) -> Histogram:
    return Histogram.of(value for value in values if value is not None)


def total(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies, an empty tally of none."""
    counts: defaultdict[str, int] = defaultdict(int)
    histograms: defaultdict[str, list[Histogram]] = defaultdict(list)
    for item in tallies:
        for name, count in item.counts.items():
            counts[name] += count
        for name, histogram in item.histograms.items():
            histograms[name].append(histogram)
    return Tally(dict(counts), {name: Histogram.sum(items) for name, items in histograms.items()})


class Sum:
    """Adds stored tallies up without making a tally of each: a year is thousands of rows."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._buckets: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._totals: defaultdict[str, float] = defaultdict(float)

    def add(self, stored: Mapping[str, Any]) -> None:
        """Add what `Tally.dump` wrote."""
        for name, count in stored.get("counts", {}).items():
            self._counts[name] += count
        for name, histogram in stored.get("histograms", {}).items():
            buckets = self._buckets[name]
            for bucket, count in histogram["counts"].items():
                buckets[bucket] += count
            self._totals[name] += histogram["total"]

    def tally(self) -> Tally:
        """Return the sum of what was added."""
        histograms = {
            name: Histogram({int(key): count for key, count in buckets.items()}, self._totals[name])
            for name, buckets in self._buckets.items()
        }
        return Tally(dict(self._counts), histograms)


def apart(stored: Tally, wanted: Tally) -> list[str]:
    """Return the names of the figures by which two tallies differ, each with both counts."""
    names = sorted({*stored.counts, *wanted.counts})
    counts = [
        f"{name} {stored[name]:,}, not {wanted[name]:,}" for name in names if stored[name] != wanted[name]
    ]
    times = []
    for name in sorted({*stored.histograms, *wanted.histograms}):
        mine, theirs = stored.histogram(name), wanted.histogram(name)
        if dict(mine.counts) != dict(theirs.counts) or mine.total != theirs.total:
            sides = [f"{each.n:,} of {each.total:,.0f} ms" for each in (mine, theirs)]
            times.append(f"times of {name} {sides[0]}, not {sides[1]}")
    return counts + times

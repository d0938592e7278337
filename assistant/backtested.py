"""What becomes of questions under a draft: outcomes, what counts as a change, and counts that add up.

Pure. A backtest counts in steps and a shadow for days, so everything shown later is worked out from these
counts: `Counts` of two steps merge into those of both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from common.intervals import Z95, Interval, difference, wilson

# What changed, as rows keep it. A question has one: the FAQ outweighs the route, since it explains it.
GAINED, LOST, OTHER, ROUTE, MODEL = "faq_gained", "faq_lost", "faq_other", "route", "model"
KINDS: Mapping[str, str] = {
    ROUTE: "Another route",
    GAINED: "Answered by the FAQ only with the draft",
    LOST: "No longer answered by the FAQ",
    OTHER: "Another FAQ entry",
    MODEL: "Another model first",
}
SAME = ""
RIGHT, WRONG, NOT_FAQ = "right", "wrong", "not_faq"  # the labels of faq.models.AskedQuestion
# Verdicts from which on a rate of wrong answers is read off them and no longer off the confidence.
ENOUGH_JUDGED = 20


@dataclass(frozen=True)
class Outcome:
    """What one question gets: its route, the model asked first, or the entry whose answer is shown."""

    route: str
    model: str = ""
    entry: str = ""
    confidence: float = 0.0
    rule: str = ""
    reason: str = ""

    @property
    def way(self) -> str:
        """Return route and model in one word, as counts are kept by it."""
        return f"{self.route}|{self.model}"


@dataclass(frozen=True)
class Judgement:
    """What people said of a question: the label, the entry it is about, and the entry that is right."""

    label: str = ""
    about: str = ""
    right: str = ""


def changed(before: Outcome, after: Outcome) -> str:
    """Return what changes for a question, one of KINDS, or SAME."""
    if before.entry != after.entry:
        if not before.entry:
            return GAINED
        return OTHER if after.entry else LOST
    if before.route != after.route:
        return ROUTE
    return MODEL if before.model != after.model else SAME


def verdict(entry: str, said: Judgement) -> bool | None:
    """Return whether answering with `entry` would be right, as people have judged it; None when nobody did.

    A judgement counts for the entry that would be shown: one that was wrong for another entry says nothing
    of this one, unless it also says which entry is right.
    """
    if said.right:
        return entry == said.right
    if said.label == NOT_FAQ:
        return False
    if said.label == WRONG and said.about == entry:
        return False
    return True if said.label == RIGHT and said.about == entry else None


@dataclass(frozen=True)
class FaqCounts:
    """Approved answers of one side: how many, how many errors are expected, and what people said."""

    answers: int = 0
    expected_wrong: float = 0.0
    variance: float = 0.0
    judged: int = 0
    wrong: int = 0

    def __add__(self, other: "FaqCounts") -> "FaqCounts":
        return FaqCounts(
            self.answers + other.answers,
            self.expected_wrong + other.expected_wrong,
            self.variance + other.variance,
            self.judged + other.judged,
            self.wrong + other.wrong,
        )


@dataclass(frozen=True)
class Counts:
    """How many questions went where before and would go with the draft.

    `ways` counts by `Outcome.way` of both sides. `alone` are questions whose conversation is gone, which
    were replayed as first messages.
    """

    n: int = 0
    alone: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    ways: Mapping[tuple[str, str], int] = field(default_factory=dict)
    before: FaqCounts = FaqCounts()
    after: FaqCounts = FaqCounts()

    @classmethod
    def of(cls, before: Outcome, after: Outcome, said: Judgement, alone: bool = False) -> "Counts":
        """Return the counts of one question."""
        kind = changed(before, after)
        return cls(
            1,
            int(alone),
            {kind: 1} if kind else {},
            {(before.way, after.way): 1},
            _faq(before, said),
            _faq(after, said),
        )

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.n + other.n,
            self.alone + other.alone,
            _added(self.kinds, other.kinds),
            _added(self.ways, other.ways),
            self.before + other.before,
            self.after + other.after,
        )

    @property
    def changed(self) -> int:
        """Return how many questions change in any way."""
        return sum(self.kinds.values())

    def dump(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        return {
            "n": self.n,
            "alone": self.alone,
            "kinds": dict(self.kinds),
            "ways": [[before, after, count] for (before, after), count in sorted(self.ways.items())],
            "before": vars(self.before),
            "after": vars(self.after),
        }

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> "Counts":
        """Return the counts that `dump` wrote; none of an empty mapping."""
        return cls(
            int(stored.get("n", 0)),
            int(stored.get("alone", 0)),
            dict(stored.get("kinds", {})),
            {(before, after): int(count) for before, after, count in stored.get("ways", ())},
            FaqCounts(**stored.get("before", {})),
            FaqCounts(**stored.get("after", {})),
        )


def total(counts: Iterable[Counts]) -> Counts:
    """Return the sum of counts."""
    found = Counts()
    for each in counts:
        found = found + each
    return found


def _added(one: Mapping[Any, int], other: Mapping[Any, int]) -> dict[Any, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def _faq(side: Outcome, said: Judgement) -> FaqCounts:
    if not side.entry:
        return FaqCounts()
    right = verdict(side.entry, said)
    wrong = 1.0 - side.confidence
    return FaqCounts(1, wrong, wrong * side.confidence, int(right is not None), int(right is False))


# --- what is shown -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    """How many questions go from a route to another: the share of all, with its bounds."""

    before: str
    after: str
    count: int
    share: float
    bounds: Interval


def route_of(way: str) -> str:
    """Return the route of an `Outcome.way`."""
    return way.partition("|")[0]


def moves(counts: Counts) -> list[Move]:
    """Return the routes that questions leave and where they go, most first."""
    found: dict[tuple[str, str], int] = {}
    for (before, after), count in counts.ways.items():
        pair = (route_of(before), route_of(after))
        if pair[0] != pair[1]:
            found[pair] = found.get(pair, 0) + count
    return [
        Move(*pair, count, count / counts.n, wilson(count, counts.n))
        for pair, count in sorted(found.items(), key=lambda each: (-each[1], each[0]))
    ]


@dataclass(frozen=True)
class Share:
    """How many questions a route has before and with the draft, and the bounds of the shares' difference."""

    route: str
    before: int
    after: int
    n: int
    bounds: Interval

    @property
    def difference(self) -> int:
        return self.after - self.before


def shares(counts: Counts) -> list[Share]:
    """Return each route's questions on both sides, most first."""
    sides: dict[str, list[int]] = {}
    for pair, count in counts.ways.items():
        for side, way in enumerate(pair):
            sides.setdefault(route_of(way), [0, 0])[side] += count
    n = counts.n
    return [
        Share(route, before, after, n, _paired(counts, route))
        for route, (before, after) in sorted(sides.items(), key=lambda each: (-max(each[1]), each[0]))
    ]


def _paired(counts: Counts, route: str) -> Interval:
    """Return the bounds of how a route's share changes: the same questions on both sides, so of pairs.

    Bonett and Price, Journal of Educational and Behavioral Statistics 37 (2012): one question more that comes
    and one that goes, and the interval of that; of a single question it says next to nothing, as it should.
    """
    comes = goes = 0
    for (before, after), count in counts.ways.items():
        is_before, is_after = route_of(before) == route, route_of(after) == route
        comes += count if is_after and not is_before else 0
        goes += count if is_before and not is_after else 0
    n = counts.n
    if not n:
        return -1.0, 1.0
    come, go = (comes + 1) / (n + 2), (goes + 1) / (n + 2)
    spread = Z95 * sqrt((come + go - (come - go) ** 2) / (n + 2))
    return max(-1.0, come - go - spread), min(1.0, come - go + spread)


@dataclass(frozen=True)
class WrongRate:
    """The share of approved answers that are wrong, with its bounds, and what it is read off.

    `basis` is "judged" (what visitors and staff said), "confidence" (what the matcher expects), or "" when no
    approved answer is given at all.
    """

    rate: float
    bounds: Interval
    basis: str
    answers: int
    judged: int


def wrong_rate(faq: FaqCounts) -> WrongRate:
    """Return the rate from judgements where there are enough of them, else from the confidence."""
    if not faq.answers:
        return WrongRate(0.0, (0.0, 1.0), "", 0, 0)
    if faq.judged >= ENOUGH_JUDGED:
        rate = faq.wrong / faq.judged
        return WrongRate(rate, wilson(faq.wrong, faq.judged), "judged", faq.answers, faq.judged)
    return by_confidence(faq)


def by_confidence(faq: FaqCounts) -> WrongRate:
    """Return the rate that the confidence expects: the sum of what it leaves open.

    The bounds hold for a confidence that is calibrated, by the variance of independent answers.
    """
    rate, spread = faq.expected_wrong / faq.answers, Z95 * sqrt(faq.variance) / faq.answers
    bounds = max(0.0, rate - spread), min(1.0, rate + spread)
    return WrongRate(rate, bounds, "confidence", faq.answers, faq.judged)


def wrong_difference(before: FaqCounts, after: FaqCounts) -> Interval | None:
    """Return the bounds of the change of the rate, None unless both sides have been judged enough."""
    if min(before.judged, after.judged) < ENOUGH_JUDGED:
        return None
    return difference((before.wrong, before.judged), (after.wrong, after.judged))

"""How a route did before and after a change, figure by figure, with intervals and a word; and its gates.

Pure: two tallies in, rows out. A figure is called better or worse only where the interval of the
difference leaves zero on one side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from common.intervals import Z95, Interval, difference, gap, mean_of_sums, wilson
from routing.histogram import GROWTH
from routing.tally import Tally

Word = Literal["better", "worse", "more", "fewer", "no difference shown", "too few"]
Unit = Literal["ms", "share", "tokens", "usd"]

# As everywhere on the metrics page: from fewer nothing is said, whatever an interval would allow.
NEEDED = 20
# A gate is asked some two thousand times in a week, and one look in twenty would fail by chance at 95 %: it
# takes the bounds of 999 in 1,000 cases.
GATE_Z = 3.290527


@dataclass(frozen=True)
class Side:
    """A figure on one side: its value, of how many cases, and its bounds; None where they say too little."""

    value: float | None
    n: int
    bounds: Interval | None
    hits: int = 0


@dataclass(frozen=True)
class Row:
    """One figure on both sides, the difference with its bounds, and the word for it."""

    name: str
    label: str
    unit: Unit
    before: Side
    after: Side
    difference: float | None
    bounds: Interval | None
    word: Word

    @property
    def said(self) -> bool:
        """Return whether there is a verdict for better or worse."""
        return self.word in ("better", "worse")


@dataclass(frozen=True)
class Measure:
    """How a figure is read of a tally, and whether less of it is better (None: neither is)."""

    name: str
    label: str
    unit: Unit
    read: Callable[[Tally, float], Side]
    less_is_better: bool | None = True


def _percentile(name: str, q: float) -> Callable[[Tally, float], Side]:
    def read(tally: Tally, z: float) -> Side:
        histogram = tally.histogram(name)
        return Side(histogram.percentile(q), histogram.n, histogram.interval(q, z))

    return read


def _mean(name: str, unknown: str = "") -> Callable[[Tally, float], Side]:
    def read(tally: Tally, z: float) -> Side:
        n = tally["requests"] - (tally[unknown] if unknown else 0)
        whole = tally["squared"] == tally["requests"]
        bounds = mean_of_sums(tally[name], tally[f"{name}_sq"], n, z) if whole else None
        return Side(tally[name] / n if n else None, n, bounds)

    return read


def _rate(hits: str, of: tuple[str, ...] = ("requests",)) -> Callable[[Tally, float], Side]:
    def read(tally: Tally, z: float) -> Side:
        n = sum(tally[name] for name in of)
        return _share(tally[hits], n, z)

    return read


def _share(hits: int, n: int, z: float) -> Side:
    return Side(hits / n if n else None, n, wilson(hits, n, z) if n else None, hits)


MEASURES = (
    Measure("first_text_p50", "First text p50", "ms", _percentile("first_text", 0.5)),
    Measure("first_text_p95", "First text p95", "ms", _percentile("first_text", 0.95)),
    Measure("total_p95", "Total p95", "ms", _percentile("total", 0.95)),
    Measure("input_tokens", "Input tokens a reply", "tokens", _mean("input_tokens"), None),
    Measure("output_tokens", "Output tokens a reply", "tokens", _mean("output_tokens"), None),
    Measure("cost", "Cost a reply", "usd", _mean("cost_pico", "cost_unknown")),
    Measure("errors", "Errors", "share", _rate("errors")),
    Measure("truncations", "Truncations", "share", _rate("truncations")),
    Measure("refused", "Refusals", "share", _rate("refused")),
    Measure(
        "thumbs",
        "Thumbs up, of those given",
        "share",
        _rate("thumbs_up", ("thumbs_up", "thumbs_down")),
        False,
    ),
    Measure("grounded", "Grounded, of those judged", "share", _rate("grounded", ("support_judged",)), False),
    Measure("escalations", "Escalated after an answer", "share", _rate("escalated_after")),
)
_BY_NAME = {measure.name: measure for measure in MEASURES}


def compare(before: Tally, after: Tally) -> list[Row]:
    """Return every figure of the two sides."""
    return [row_of(measure, before, after) for measure in MEASURES]


def row_of(measure: Measure, before: Tally, after: Tally, z: float = Z95) -> Row:
    """Return one figure of the two sides with the bounds for `z`."""
    return _row(measure, measure.read(before, z), measure.read(after, z), z)


def shares(before: Mapping[str, int], after: Mapping[str, int]) -> list[Row]:
    """Return the share of the requests that each route had on both sides, given the requests by route."""
    sums = sum(before.values()), sum(after.values())
    return [
        _row(
            Measure(slug, slug, "share", _rate("requests"), None),
            _share(before.get(slug, 0), sums[0], Z95),
            _share(after.get(slug, 0), sums[1], Z95),
            Z95,
        )
        for slug in sorted(before.keys() | after.keys())
    ]


def _row(measure: Measure, before: Side, after: Side, z: float) -> Row:
    if before.value is None or after.value is None:
        return Row(measure.name, measure.label, measure.unit, before, after, None, None, "too few")
    bounds = _bounds(measure.unit, before, after, z)
    return Row(
        measure.name,
        measure.label,
        measure.unit,
        before,
        after,
        after.value - before.value,
        bounds,
        _word(min(before.n, after.n), bounds, measure.less_is_better),
    )


def _bounds(unit: Unit, before: Side, after: Side, z: float) -> Interval | None:
    if unit == "share":
        return difference((before.hits, before.n), (after.hits, after.n), z)
    if before.bounds is None or after.bounds is None or before.value is None or after.value is None:
        return None
    ends = (before.value, before.bounds), (after.value, after.bounds)
    return gap(*((value, _as_read(bounds)) for value, bounds in ends)) if unit == "ms" else gap(*ends)


def _as_read(bounds: Interval) -> Interval:
    """Return bounds read of a histogram, wider by the half bucket within which each is known."""
    return bounds[0] / GROWTH**0.5, bounds[1] * GROWTH**0.5


def _word(n: int, bounds: Interval | None, less_is_better: bool | None) -> Word:
    if bounds is None or n < NEEDED:
        return "too few"
    if bounds[0] <= 0 <= bounds[1]:
        return "no difference shown"
    rises = bounds[0] > 0
    if less_is_better is None:
        return "more" if rises else "fewer"
    return "worse" if rises == less_is_better else "better"


# ---- gates ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gates:
    """What a route bears of a change, None for no limit.

    Rates are shares of the replies, the first text a part of what its p95 was.
    """

    error_rate: float | None = None
    truncation_rate: float | None = None
    refusal_rate: float | None = None
    first_text_share: float | None = None

    @property
    def any(self) -> bool:
        """Return whether there is a limit at all."""
        return any(limit is not None for limit in self._limits().values())

    def _limits(self) -> dict[str, float | None]:
        return {
            "errors": self.error_rate,
            "truncations": self.truncation_rate,
            "refused": self.refusal_rate,
            "first_text_p95": self.first_text_share,
        }

    def broken(self, before: Tally, after: Tally) -> tuple[Row, ...] | None:
        """Return the figures that are surely worse by more than their limit; None when none can be judged."""
        rows = [
            (row_of(_BY_NAME[name], before, after, GATE_Z), limit)
            for name, limit in self._limits().items()
            if limit is not None
        ]
        judged = [(row, limit) for row, limit in rows if row.word != "too few"]
        return tuple(row for row, limit in judged if _is_over(row, limit)) if judged else None


def _is_over(row: Row, limit: float) -> bool:
    allowed = limit * (row.before.value or 0.0) if row.unit == "ms" else limit
    return row.bounds is not None and row.bounds[0] > allowed

"""What a draft would cost and how fast it would be, from the team's own replies.

Pure. A way is a route and the model that is asked first there. Where the team has replies of exactly that
way, their mean cost and their times stand for it; where a draft swaps the model, the route's own tokens are
priced by the catalogue, and the times are those of that model's calls, whatever route they were for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, sqrt

from assistant.backtested import Counts, route_of
from common.intervals import Z95, Interval, quantile_ranks
from routing.config import Config
from routing.cost import price_of
from routing.events import UsageReport
from routing.histogram import Histogram, middle_of
from routing.tally import Tally

ENOUGH = 20  # replies or calls that a way's own figures are taken from; a p95 needs as many
# Where a desk has no reply with a model: six passages and a short history in, an answer of a screen out.
ASSUMED_TOKENS = (1500, 250)

OWN, PRICED, ASSUMED, FREE, UNKNOWN = "own", "priced", "assumed", "free", "unknown"
BASES: Mapping[str, str] = {
    OWN: "from this route's own replies",
    PRICED: "this route's own tokens at the catalogue's price of the model",
    ASSUMED: "tokens of other routes' replies, or assumed ones, at the catalogue's price of the model",
    FREE: "no model is asked",
    UNKNOWN: "no price is known",
}


@dataclass(frozen=True)
class Expected:
    """What one question of a way costs, in pico-USD (None when unknown), how long until its first text,
    and what each is read off: a name of BASES, and of the times "own", "model" or ""."""

    way: str
    cost: float | None
    cost_basis: str
    replies: int
    first_text: Histogram
    time_basis: str


@dataclass(frozen=True)
class Known:
    """Tallies of the team's replies by route and by model, and which model each route asks now."""

    by_route: Mapping[str, Tally]
    by_model: Mapping[str, Tally]
    asked_now: Mapping[str, str]
    today: date


def expected(way: str, known: Known, config: Config) -> Expected:
    """Return what a question of this way is expected to cost and to take."""
    slug, _, model_id = way.partition("|")
    mine = known.by_route.get(slug, Tally())
    times, time_basis = _times(slug, model_id, mine, known)
    replies = mine["requests"] - mine["cost_unknown"]
    if not model_id:
        return Expected(way, 0.0, FREE, replies, times, time_basis)
    if replies >= ENOUGH and known.asked_now.get(slug) == model_id:
        return Expected(way, mine["cost_pico"] / replies, OWN, replies, times, time_basis)
    read, written, basis = _tokens(mine, known)
    model = config.models.get(model_id)
    usage = UsageReport(read, written)
    cost = price_of(model, usage, known.today) if model is not None else None
    return Expected(
        way,
        None if cost is None else float(cost),
        basis if cost is not None else UNKNOWN,
        replies,
        times,
        time_basis,
    )


def _times(slug: str, model_id: str, mine: Tally, known: Known) -> tuple[Histogram, str]:
    own = mine.histogram("first_text")
    if own.n >= ENOUGH and known.asked_now.get(slug, "") == model_id:
        return own, "own"
    of_model = known.by_model.get(model_id, Tally()).histogram("call_first_text") if model_id else Histogram()
    return (of_model, "model") if of_model.n >= ENOUGH else (Histogram(), "")


def _tokens(mine: Tally, known: Known) -> tuple[int, int, str]:
    if mine["requests"] >= ENOUGH and mine["output_tokens"]:
        return *_mean_tokens([mine]), PRICED
    asking = [
        known.by_route[slug] for slug, model in known.asked_now.items() if model and slug in known.by_route
    ]
    replies, written = (sum(each[name] for each in asking) for name in ("requests", "output_tokens"))
    if replies >= ENOUGH and written:
        return *_mean_tokens(asking), ASSUMED
    return *ASSUMED_TOKENS, ASSUMED


def _mean_tokens(tallies: Sequence[Tally]) -> tuple[int, int]:
    requests = sum(each["requests"] for each in tallies)
    return (
        round(sum(each["input_tokens"] for each in tallies) / requests),
        round(sum(each["output_tokens"] for each in tallies) / requests),
    )


@dataclass(frozen=True)
class Money:
    """The mean cost of a question on both sides in pico-USD, the bounds of its change, and what is unknown.

    The bounds are of which questions happened to be asked; the cost of a way is taken as it is known.
    """

    before: float
    after: float
    bounds: Interval | None
    unknown: int

    @property
    def change(self) -> float:
        return self.after - self.before


def money(counts: Counts, ways: Mapping[str, Expected]) -> Money | None:
    """Return the mean cost of the questions whose cost is known on both sides; None of none."""
    n = unknown = 0
    before = after = squares = 0.0
    for (way_before, way_after), count in counts.ways.items():
        was, would = ways[way_before].cost, ways[way_after].cost
        if was is None or would is None:
            unknown += count
            continue
        n += count
        before, after = before + count * was, after + count * would
        squares += count * (would - was) ** 2
    if not n:
        return None
    mean = (after - before) / n
    spread = Z95 * sqrt(max(0.0, squares / n - mean * mean) / n)
    return Money(before / n, after / n, (mean - spread, mean + spread) if n > 1 else None, unknown)


@dataclass(frozen=True)
class Mixture:
    """Times of several ways, each with the share that it has of the questions; `missing` have no times."""

    parts: tuple[tuple[float, Histogram], ...]
    missing: float

    @property
    def effective(self) -> int:
        """Return how many replies it is worth, by the shares: as of a stratified sample."""
        spread = sum(weight * weight / histogram.n for weight, histogram in self.parts)
        return int(1 / spread) if spread else 0

    def percentile(self, q: float) -> float | None:
        """Return the value below which a share `q` lies, within 2 %; None with too few replies."""
        return self._at(q) if self.effective >= {0.5: 1, 0.95: 20, 0.99: 100}.get(q, 1) else None

    def interval(self, q: float) -> Interval | None:
        """Return the bounds of the percentile; None when there are too few replies for them."""
        n = self.effective
        ranks = quantile_ranks(q, n) if n else None
        if ranks is None:
            return None
        return self._at(ceil(ranks[0] - 0.5) / n), self._at(min(1.0, ranks[1] / n))

    def _at(self, q: float) -> float:
        shares: dict[int, float] = {}
        for weight, histogram in self.parts:
            for bucket, count in histogram.counts.items():
                shares[bucket] = shares.get(bucket, 0.0) + weight * count / histogram.n
        seen, last = 0.0, 0
        for bucket in sorted(shares):
            seen, last = seen + shares[bucket], bucket
            if seen >= q - 1e-9:
                break
        return middle_of(last)


def first_text(counts: Counts, ways: Mapping[str, Expected], side: int) -> Mixture:
    """Return the times to the first text of all questions, of side 0 (before) or 1 (with the draft)."""
    numbers: dict[str, int] = {}
    for pair, count in counts.ways.items():
        numbers[pair[side]] = numbers.get(pair[side], 0) + count
    timed = {way: count for way, count in numbers.items() if ways[way].first_text.n}
    all_timed = sum(timed.values())
    parts = tuple((count / all_timed, ways[way].first_text) for way, count in sorted(timed.items()))
    return Mixture(parts, (counts.n - all_timed) / counts.n if counts.n else 0.0)


def bases_of(ways: Iterable[Expected]) -> dict[str, list[str]]:
    """Return the routes by what their cost is read off, in the order of BASES."""
    found: dict[str, set[str]] = {}
    for each in ways:
        found.setdefault(each.cost_basis, set()).add(route_of(each.way))
    return {basis: sorted(found[basis]) for basis in BASES if basis in found}

"""What another rate of escalation would cost and how long visitors would wait, from a team's own figures.

Pure. With M messages a month of which a share f needs no model, `l` and `h` the cost of a reply by the
lighter and by the heavy tier, and e the share of the lighter answers that a heavier model is asked after:

    cost after an answer  = M (1 - f) (l + e h)
    cost at once          = M (1 - f) ((1 - e) l + e h)
    the heavy model alone = M (1 - f) h

Waiting is taken from the histograms: an escalated visitor waits for both answers one after the other, so that
time is the sum of the two, drawn independently; one who is sent to the heavy tier at once waits for it alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from routing.histogram import Histogram, bucket_of, middle_of

RATES = (0.05, 0.1, 0.2, 0.3)
NEEDED = 20  # replies of a tier before its times are used; a p95 of fewer is their maximum

Weights = Mapping[int, float]  # share of the values by bucket of a histogram


@dataclass(frozen=True)
class TierFacts:
    """What replies of a tier were like; `cost_pico` is the mean of one, None when nothing is known."""

    replies: int = 0
    cost_pico: float | None = None
    total: Histogram = field(default_factory=Histogram)

    @property
    def timed(self) -> bool:
        """Return whether there are enough replies to speak of their p95."""
        return self.total.n >= NEEDED


@dataclass(frozen=True)
class Volume:
    """Messages a month, and the share of them that is answered without a model."""

    messages: float
    instant: float

    @property
    def asked(self) -> float:
        """Return the messages a month that a model is asked for."""
        return self.messages * (1 - self.instant)


@dataclass(frozen=True)
class Outlook:
    """A month at one rate of escalation: pico-USD, and ms to the end of the answer that did, both ways."""

    rate: float
    after_pico: float
    at_once_pico: float
    after_p95_ms: float | None
    at_once_p95_ms: float | None


def outlook(volume: Volume, light: TierFacts, heavy: TierFacts, rates: Iterable[float]) -> list[Outlook]:
    """Return a month at each rate; nothing when either tier's cost is unknown."""
    if light.cost_pico is None or heavy.cost_pico is None:
        return []
    timed = light.timed and heavy.timed
    fast, slow = weights(light.total), weights(heavy.total)
    both = in_turn(fast, slow) if timed else {}
    return [
        Outlook(
            rate,
            volume.asked * (light.cost_pico + rate * heavy.cost_pico),
            volume.asked * ((1 - rate) * light.cost_pico + rate * heavy.cost_pico),
            percentile([(1 - rate, fast), (rate, both)], 0.95) if timed else None,
            percentile([(1 - rate, fast), (rate, slow)], 0.95) if timed else None,
        )
        for rate in rates
    ]


def alone(volume: Volume, heavy: TierFacts) -> float | None:
    """Return pico-USD a month with the heavy model for every message that a model is asked for."""
    return None if heavy.cost_pico is None else volume.asked * heavy.cost_pico


def break_even(light: TierFacts, heavy: TierFacts) -> float | None:
    """Return the rate of escalation, after an answer, at which two tiers cost as much as the heavy one alone.

    From l + e h = h follows e = 1 - l / h; 0 when the lighter tier costs more. None when a cost is unknown.
    """
    if light.cost_pico is None or not heavy.cost_pico:
        return None
    return max(0.0, 1 - light.cost_pico / heavy.cost_pico)


def weights(histogram: Histogram) -> Weights:
    """Return the share of its values in each bucket, nothing for an empty histogram."""
    n = histogram.n
    return {bucket: count / n for bucket, count in histogram.counts.items()} if n else {}


def in_turn(first: Weights, second: Weights) -> Weights:
    """Return how long two things take one after the other, each drawn by itself."""
    found: defaultdict[int, float] = defaultdict(float)
    for one, share in first.items():
        for other, part in second.items():
            found[bucket_of(middle_of(one) + middle_of(other))] += share * part
    return found


def percentile(parts: Iterable[tuple[float, Weights]], q: float) -> float | None:
    """Return the value below which a share `q` of a mixture lies, each part with its share of the whole."""
    mixed: defaultdict[int, float] = defaultdict(float)
    for share, part in parts:
        for bucket, weight in part.items():
            mixed[bucket] += share * weight
    below, whole = 0.0, sum(mixed.values())
    for bucket in sorted(mixed):
        below += mixed[bucket]
        if below >= q * whole - 1e-12:
            return middle_of(bucket)
    return None

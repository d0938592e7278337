"""What flows cost as the desk routes them and on the heavy model alone, and where two tiers pay most.

Pure. The formulas stand in docs/what-people-ask.md and on the page; what is not known is None, never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from routing.config import Config, ModelSpec, RouteSpec
from routing.cost import price_of
from routing.events import UsageReport
from routing.heavy import heavy_model
from routing.histogram import Histogram, middle_of

ENOUGH = 20  # replies of a route from which its own figures are used; a p95 needs as many
MONTH_DAYS = 30.44  # a year's twelfth
SHORTEST_DAYS = 7  # of dated questions: less than a week says little about a month
WELL_COVERED = 0.5  # a flow whose questions the FAQ answers more rarely lacks an entry
LEAST_ASKED = 3  # messages in a flow that is worth an entry
MISSED = 0.1  # of live messages whose cost is unknown; above that a flow's cost is unknown as well


@dataclass(frozen=True)
class Basis:
    """What is expected of a route's replies; `replies` of its own stand behind it, else it is assumed."""

    replies: int = 0
    output_tokens: float = 0
    escalation: float = 0
    output_known: bool = False
    escalation_known: bool = False
    first_text: Histogram | None = None


@dataclass(frozen=True)
class Assumed:
    """What the reader may change: for routes without figures, and the volume of a month."""

    escalation: float = 0.10
    output_tokens: int = 250
    monthly: int | None = None


@dataclass
class Counts:
    """What is known of a flow's messages. `judged` of the `volume` were put to the desk, or came to it."""

    volume: int = 0
    different: int = 0
    judged: int = 0
    answered: int = 0
    offered: int = 0
    routes: dict[str, list[int]] = field(default_factory=dict)  # route -> messages, tokens a model reads
    entries: dict[str, int] = field(default_factory=dict)  # that answered
    near: dict[str, int] = field(default_factory=dict)  # that were offered first as "did you mean"
    live: dict[str, int] = field(default_factory=dict)

    def add(self, route: str, entry: str, offered: str, read_tokens: int, times: int) -> None:
        """Count a question of `times` messages: its route, the entry that answers, the one offered first."""
        self.judged += times
        messages, tokens = self.routes.get(route, [0, 0])
        self.routes[route] = [messages + times, tokens + read_tokens * times]
        self.answered += times if entry else 0
        self.offered += times if offered else 0
        if entry:
            self.entries[entry] = self.entries.get(entry, 0) + times
        if offered:
            self.near[offered] = self.near.get(offered, 0) + times

    def note(self, **counts: int) -> None:
        """Add to what only live traffic knows: escalated, up, down, cost, known, heavy."""
        for name, count in counts.items():
            self.live[name] = self.live.get(name, 0) + count

    def dump(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return dict(vars(self))

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> "Counts":
        """Return what `dump` has written."""
        return cls(**stored)

    def merged(self, other: "Counts") -> "Counts":
        """Return the counts of both together."""
        routes = {slug: list(both) for slug, both in self.routes.items()}
        for slug, (messages, tokens) in other.routes.items():
            mine = routes.get(slug, [0, 0])
            routes[slug] = [mine[0] + messages, mine[1] + tokens]
        return Counts(
            self.volume + other.volume,
            self.different + other.different,
            self.judged + other.judged,
            self.answered + other.answered,
            self.offered + other.offered,
            routes,
            _added(self.entries, other.entries),
            _added(self.near, other.near),
            _added(self.live, other.live),
        )


def _added(mine: Mapping[str, int], others: Mapping[str, int]) -> dict[str, int]:
    return {key: mine.get(key, 0) + others.get(key, 0) for key in {**mine, **others}}


@dataclass(frozen=True)
class Priced:
    """A flow in a month: what it costs as routed and on the heavy model alone, in pico-USD."""

    number: int
    counts: Counts
    monthly: float
    tiers: Mapping[str, float]  # tier -> share of the messages
    cost: float | None
    heavy: float | None
    escalations: float  # share of the messages after which a larger model is expected, or was asked
    first_text_p95: float | None
    p95_lacks: tuple[str, ...]  # routes without enough replies for it

    @property
    def saving(self) -> float | None:
        """Return what the tiers save in a month; negative when they cost more than they save."""
        return None if self.cost is None or self.heavy is None else self.heavy - self.cost

    @property
    def coverage(self) -> float:
        """Return the share of its messages that an approved answer serves."""
        return self.counts.answered / self.counts.judged if self.counts.judged else 0.0

    @property
    def offered(self) -> float:
        """Return the share of its messages under which "did you mean" stands."""
        return self.counts.offered / self.counts.judged if self.counts.judged else 0.0

    @property
    def lacks_entry(self) -> bool:
        """Return whether an entry would serve it: asked often, rarely answered, left to small models."""
        # What the rules send to the heavy tier at once is code and comparisons: no approved answer serves it.
        left = sum(share for tier, share in self.tiers.items() if tier not in ("none", "heavy"))
        return self.counts.volume >= LEAST_ASKED and self.coverage < WELL_COVERED and left >= 0.5


@dataclass(frozen=True)
class Ground:
    """All that flows are priced by."""

    config: Config
    bases: Mapping[str, Basis]
    assumed: Assumed
    on: date

    def basis(self, slug: str) -> Basis:
        """Return what is expected of a route: its own figures where they are enough, else the assumed."""
        own = self.bases.get(slug, Basis())
        return Basis(
            own.replies,
            own.output_tokens if own.output_known else self.assumed.output_tokens,
            own.escalation if own.escalation_known else self.assumed.escalation,
            own.output_known,
            own.escalation_known,
            own.first_text,
        )


def factor(volume: int, assumed: Assumed, first: date | None, last: date | None) -> float | None:
    """Return by what the volume is multiplied for a month; None when neither dates nor the reader say it."""
    if assumed.monthly is not None and volume:
        return assumed.monthly / volume
    if first is None or last is None:
        return None
    days = (last - first).days + 1
    return MONTH_DAYS / days if days >= SHORTEST_DAYS else None


def priced(number: int, counts: Counts, ground: Ground, scale: float) -> Priced:
    """Return one flow with its month's figures; `scale` makes a month of its volume."""
    month = counts.volume * scale
    tiers: dict[str, float] = {}
    for slug, (messages, _) in counts.routes.items():
        route = ground.config.routes.get(slug)
        tier = route.tier if route is not None and route.kind == "model" else "none"
        tiers[tier] = tiers.get(tier, 0.0) + messages / max(1, counts.judged)
    cost, heavy = _actual(counts) if counts.live else _expected(counts, ground)
    each = month / max(1, counts.judged)
    p95, lacks = _first_text(counts, ground)
    return Priced(
        number,
        counts,
        month,
        tiers,
        None if cost is None else cost * each,
        None if heavy is None else heavy * each,
        _escalations(counts, ground),
        p95,
        lacks,
    )


def _actual(counts: Counts) -> tuple[float | None, float | None]:
    """Return what live messages have cost; a few of unknown cost are taken for ordinary ones."""
    known = counts.live.get("known", 0)
    if not known or counts.judged - known > MISSED * counts.judged:
        return None, None
    more = counts.judged / known
    return counts.live.get("cost", 0) * more, counts.live.get("heavy", 0) * more


def _expected(counts: Counts, ground: Ground) -> tuple[float | None, float | None]:
    cost: float | None = 0.0
    heavy: float | None = 0.0
    for slug, (messages, tokens) in counts.routes.items():
        route = ground.config.routes.get(slug)
        mine, alone = (None, None) if route is None else _of_route(route, tokens / max(1, messages), ground)
        cost = None if cost is None or mine is None else cost + mine * messages
        heavy = None if heavy is None or alone is None else heavy + alone * messages
    return cost, heavy


def _of_route(route: RouteSpec, read: float, ground: Ground) -> tuple[float | None, float | None]:
    """Return what one message costs on a route with its expected escalation, and on the heavy model alone."""
    above = ground.config.routes.get(route.escalates_to)
    writer = route if route.kind == "model" or above is None else above
    written = ground.basis(writer.slug).output_tokens
    alone = _price(heavy_model(ground.config), read, written, ground.on)
    first = (
        _price(first_model(route, ground.config), read, written, ground.on) if route.kind == "model" else 0.0
    )
    if above is None or route.kind not in ("model", "faq"):
        return first, alone
    rate = ground.basis(route.slug).escalation
    second = _price(
        first_model(above, ground.config), read, ground.basis(above.slug).output_tokens, ground.on
    )
    if first is None or (second is None and rate):
        return None, alone
    return first + rate * (second or 0.0), alone


def first_model(route: RouteSpec, config: Config) -> ModelSpec | None:
    """Return the model that a route asks first."""
    for model_id in route.ladder:
        model = config.models.get(model_id)
        if model is not None and route.allows(model.provider):
            return model
    return None


def _price(model: ModelSpec | None, read: float, written: float, on: date) -> float | None:
    if model is None:
        return None
    usage = UsageReport(input_tokens=round(read), output_tokens=round(written))
    found = price_of(model, usage, on)
    return None if found is None else float(found)


def _escalations(counts: Counts, ground: Ground) -> float:
    if counts.live:
        return counts.live.get("escalated", 0) / max(1, counts.judged)
    expected = 0.0
    for slug, (messages, _) in counts.routes.items():
        route = ground.config.routes.get(slug)
        if (
            route is not None
            and route.kind in ("model", "faq")
            and route.escalates_to in ground.config.routes
        ):
            expected += messages * ground.basis(slug).escalation
    return expected / max(1, counts.judged)


def _first_text(counts: Counts, ground: Ground) -> tuple[float | None, tuple[str, ...]]:
    """Return the p95 if its routes stay as quick as they were, and those with too few replies to say."""
    parts: list[tuple[float, Histogram]] = []
    lacks: list[str] = []
    for slug, (messages, _) in counts.routes.items():
        histogram = ground.basis(slug).first_text
        if histogram is None or histogram.n < ENOUGH:
            lacks.append(slug)
        else:
            parts.append((messages, histogram))
    return (None if lacks or not parts else mixed_percentile(parts, 0.95)), tuple(sorted(lacks))


def mixed_percentile(parts: Sequence[tuple[float, Histogram]], q: float) -> float:
    """Return the `q` percentile of histograms mixed by weight, whatever number of values each has."""
    mass: dict[int, float] = {}
    for weight, histogram in parts:
        for bucket, count in histogram.counts.items():
            mass[bucket] = mass.get(bucket, 0.0) + weight * count / histogram.n
    wanted, seen = q * sum(mass.values()), 0.0
    for bucket in sorted(mass):
        seen += mass[bucket]
        if seen >= wanted - 1e-9:
            return middle_of(bucket)
    return middle_of(max(mass))


def ranked(flows: Sequence[Priced]) -> tuple[list[Priced], list[Priced], list[Priced]]:
    """Return the flows where two tiers pay, most first; those where they do not; those nobody can price."""
    known = [(each.saving, each) for each in flows if each.saving is not None]
    pays = [each for saving, each in sorted(known, key=lambda pair: (-pair[0], pair[1].number)) if saving > 0]
    not_so = [
        each for saving, each in sorted(known, key=lambda pair: (pair[0], pair[1].number)) if saving <= 0
    ]
    return pays, not_so, [each for each in flows if each.saving is None]

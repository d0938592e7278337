"""Which faults strike when: a seed says it all, so that a run can be done again.

Pure. A strike comes at its time, or, with a `point`, at the first such moment after it.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Backend = Literal["sqlite", "postgres"]

WEBS = 2
GAP_S = (0.6, 2.4)  # between two strikes: text is always under way, and restarts overlap with what follows
HORIZON_S = 6.0  # a point that nobody reaches for so long strikes all the same


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault: `target` is a web process, `span` how long it lasts in s, `amount` what else it needs."""

    at: float
    fault: str
    target: int = 0
    span: float = 0.0
    amount: int = 0
    point: str = ""

    def __str__(self) -> str:
        where = f" at {self.point}" if self.point else ""
        return f"{self.at:6.2f} s {self.fault} web {self.target} for {self.span:.2f} s ({self.amount}){where}"


@dataclass(frozen=True, slots=True)
class Kind:
    """How often a fault is drawn, how long it lasts, and where it can happen."""

    weight: int
    span: tuple[float, float] = (0.0, 0.0)
    amount: tuple[int, int] = (0, 0)
    backends: tuple[Backend, ...] = ("sqlite", "postgres")
    points: tuple[str, ...] = ()


# Moments that a page or the desk shows from outside; the product has no code for tests.
POINTS = ("sent", "acked", "first_text", "text", "last_text", "ended")
KINDS: Mapping[str, Kind] = {
    "kill_web": Kind(7, points=POINTS),
    "term_web": Kind(4, points=("acked", "first_text", "text")),
    "kill_draining": Kind(2, (0.1, 1.5), points=("text",)),
    "pause_web": Kind(3, (1.0, 12.0), points=("acked", "first_text", "last_text")),
    "kill_worker": Kind(2),
    "kill_redis": Kind(4, (0.2, 4.0), points=("text", "last_text")),
    "flush_redis": Kind(3, points=("text",)),
    "full_redis": Kind(3, (1.0, 5.0), points=("first_text",)),
    "pause_redis": Kind(2, (0.5, 4.0)),
    "restart_postgres": Kind(5, backends=("postgres",), points=("sent", "first_text", "last_text")),
    "hold_database": Kind(2, (0.5, 6.0), backends=("postgres",)),
    "cut_database": Kind(2, backends=("postgres",), points=("sent", "last_text")),
    "lock_database": Kind(4, (0.5, 6.0), backends=("sqlite",), points=("sent", "last_text")),
    "reset": Kind(5, points=("sent", "acked", "text")),
    "close": Kind(3, points=("text",)),
    "half_open": Kind(4, (0.5, 8.0), points=("sent", "text")),
    "refuse": Kind(3, (0.5, 4.0)),
    "slow": Kind(2, (1.0, 5.0), (200, 4000)),
    "delay": Kind(2, (1.0, 4.0), (20, 400)),
    "cut_down": Kind(4, amount=(1, 4000)),
    "cut_up": Kind(3, amount=(1, 400)),
    "provider": Kind(6, amount=(0, 1000)),
}
# What a provider does to one attempt, before its first text, in the middle and at its end.
PROVIDER_FAULTS = (
    "refuse", "rst_headers", "no_text", "stall", "cut", "eof", "cut_json", "error_first", "error_mid",
    "status", "bad_chunk", "usage_missing", "dup_finish", "slow_close",
)  # fmt: skip
POINT_SHARE = 0.4
NO_OTHERS: Mapping[str, int] = {}


def plan(
    seed: int,
    count: int,
    backend: Backend,
    gap_s: tuple[float, float] = GAP_S,
    rarer: Mapping[str, int] = NO_OTHERS,
) -> tuple[Strike, ...]:
    """Return `count` strikes on a desk with this database, in the order of their times.

    `gap_s` is the shortest and the longest time between two, `rarer` has other weights for some faults.
    """
    draw = random.Random(f"{seed}-{backend}")
    names = [name for name, kind in KINDS.items() if backend in kind.backends]
    weights = [rarer.get(name, KINDS[name].weight) for name in names]
    strikes, at = [], 0.0
    for name in draw.choices(names, weights, k=count):
        kind = KINDS[name]
        at += draw.uniform(*gap_s)
        point = draw.choice(kind.points) if kind.points and draw.random() < POINT_SHARE else ""
        span, amount = draw.uniform(*kind.span), draw.randint(*kind.amount)
        strikes.append(Strike(at, name, draw.randrange(WEBS), span, amount, point))
    return tuple(strikes)


def named(backend: Backend) -> tuple[Strike, ...]:
    """Return the moments that matter most, to be struck in turn."""
    wanted: Sequence[tuple[str, str, float]] = (
        ("kill_web", "sent", 0.0),
        ("kill_web", "acked", 0.0),
        ("kill_web", "first_text", 0.0),
        ("flush_redis", "text", 0.0),
        ("kill_web", "last_text", 0.0),
        ("restart_postgres", "last_text", 0.0),
        ("lock_database", "last_text", 2.0),
        ("kill_draining", "text", 0.5),
        ("kill_redis", "text", 0.5),
        ("restart_postgres", "sent", 0.0),
        ("cut_database", "last_text", 0.0),
        ("term_web", "text", 0.0),
        ("reset", "sent", 0.0),
        ("half_open", "text", 4.0),
        ("pause_web", "text", 11.0),
    )
    kept = [(fault, point, span) for fault, point, span in wanted if backend in KINDS[fault].backends]
    return tuple(
        Strike(float(at), fault, at % WEBS, span, 0, point) for at, (fault, point, span) in enumerate(kept)
    )


def provider_fault(amount: int) -> str:
    """Return which fault of a provider an amount stands for."""
    return PROVIDER_FAULTS[amount % len(PROVIDER_FAULTS)]

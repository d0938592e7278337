"""Whether two tiers are worth their upkeep, against one good model for everything. Pure."""

from dataclasses import dataclass
from typing import Literal

Answer = Literal["too_few", "unknown", "tiers", "single", "no_matter"]
NEEDED = 100  # replies of models before money is compared: fewer are a quiet afternoon


@dataclass(frozen=True)
class Verdict:
    """The answer with a month's figures in pico-USD; `saving_pico` is below 0 where one model is cheaper.

    `unfronted_pico` is one model for every message, those that the FAQ answers included.
    """

    answer: Answer
    actual_pico: float = 0.0
    heavy_pico: float = 0.0
    unfronted_pico: float = 0.0
    saving_pico: float = 0.0
    share: float = 0.0
    unknown: int = 0
    p95_ms: float | None = None
    heavy_p95_ms: float | None = None


def verdict(
    *,
    replies: int,
    actual_pico: float,
    heavy_pico: float,
    unfronted_pico: float,
    unknown: int,
    worth_pico: float,
    p95: tuple[float | None, float | None],
) -> Verdict:
    """Return whether tiers pay: when they save more a month than `worth_pico`, what looking after them takes.

    `unknown` replies miss a price on either side, so their sums cannot be compared.
    """
    if replies < NEEDED:
        return Verdict("too_few")
    if unknown or not heavy_pico:
        return Verdict("unknown", unknown=unknown)
    saving = heavy_pico - actual_pico
    answer: Answer = "tiers" if saving > worth_pico else "single" if saving <= 0 else "no_matter"
    return Verdict(answer, actual_pico, heavy_pico, unfronted_pico, saving, saving / heavy_pico, 0, *p95)

"""The figures of a probe as people read them: the command and the admin page use the same words."""

from collections.abc import Mapping
from typing import Any

from common.money import usd

# name in the stored figures, heading, and how it is read
LINES = (
    ("first_text_p50_ms", "first text p50", "ms"),
    ("first_text_p95_ms", "first text p95", "ms"),
    ("first_text_p99_ms", "first text p99", "ms"),
    ("total_p50_ms", "total p50", "ms"),
    ("total_p95_ms", "total p95", "ms"),
    ("total_p99_ms", "total p99", "ms"),
    ("tokens_per_s", "tokens/s while writing", ""),
    ("errors", "errors", ""),
    ("truncated", "truncated", ""),
    ("refused", "refused", ""),
    ("fallbacks", "fallbacks", ""),
    ("calls", "calls", ""),
    ("input_tokens", "input tokens", ""),
    ("output_tokens", "output tokens", ""),
    ("cost_pico", "cost", "usd"),
    ("cost_per_1000_pico", "cost per 1,000", "usd"),
)
NEEDS = {"p95": 20, "p99": 100}


def shown(figures: Mapping[str, Any], name: str, unit: str) -> str:
    """Return one stored figure as a person reads it; what cannot be said is said so."""
    value = figures.get(name)
    if value is None:
        needs = next((count for part, count in NEEDS.items() if part in name), 0)
        return f"too few ({needs} needed)" if figures.get("prompts", 0) < needs else "unknown"
    if unit == "usd":
        return usd(int(value))
    return f"{value:,} {unit}".strip()


def counted(counts: Mapping[str, int]) -> str:
    """Return how often each name came up, in one line."""
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def lines(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a run's figures as (heading, value), then who answered and what went wrong."""
    rows = [(heading, shown(figures, name, unit)) for name, heading, unit in LINES]
    if estimated := figures.get("usage_estimated"):
        rows.append(("calls with estimated tokens", f"{estimated:,}"))
    if unpriced := figures.get("unpriced"):
        rows.append(("calls without a price", f"{unpriced:,}"))
    rows.append(("answered by", counted(figures.get("answered_by", {})) or "nobody"))
    rows += [(f"{count} x", problem) for problem, count in figures.get("problems", {}).items()]
    return rows

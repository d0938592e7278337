"""The figures of a calibration in words, the same on the page and in the terminal."""

from collections.abc import Mapping
from typing import Any

TITLES = {"shipped": "shipped", "used": "in use", "fitted": "refitted (out of fold)"}
ROWS = (
    "answered of the reviewed",
    "of these right",
    "right for certain at least",
    "offered “did you mean”",
    "of these found their entry",
    "mean error of the confidence",
    "answered from a confidence of",
    "offered from a confidence of",
)


def percent(share: float, digits: int = 1) -> str:
    """Return a share of 1 in per cent: 95 %, 97.5 %."""
    shown = f"{100 * share:.{digits}f}"
    return f"{shown.removesuffix('.0')} %"


def columns(figures: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return a title and one cell for each of ROWS, for every calibration that was compared."""
    return [(title, _cells(figures[name])) for name, title in TITLES.items() if name in figures]


def _cells(one: Mapping[str, Any]) -> list[str]:
    answered, offered = one["answered"], one["offered"]
    return [
        f"{answered} ({percent(one['coverage'], 0)})",
        f"{one['right']} ({percent(one['precision'])})" if answered else "–",
        percent(one["bound"]) if answered else "–",
        str(offered),
        f"{one['found']} ({percent(one['found'] / offered, 0)})" if offered else "–",
        f"{one['error']:.3f}",
        f"{one['answer']:.3f}",
        f"{one['suggest']:.3f}",
    ]


def traffic_told(traffic: Mapping[str, int]) -> str:
    """Return what happens to the newest messages, judged or not, in a sentence."""
    messages, answered = traffic["messages"], traffic["answered"]
    if not messages:
        return "No visitor has asked in this language yet."
    return (
        f"Of the newest {messages} messages, judged or not, {answered} would be answered "
        f"({percent(answered / messages, 0)}), {traffic['exact']} of them as exact hits."
    )


def advice(figures: Mapping[str, Mapping[str, Any]], wanted: float) -> str:
    """Return what speaks for or against using the refit, in a sentence."""
    before = figures.get("used") or figures["shipped"]
    fitted = figures["fitted"]
    more = fitted["answered"] - before["answered"]
    if before["bound"] < wanted:
        return (
            f"What is in use does not keep {percent(wanted)} for certain on these questions: use the refit."
        )
    if more < 0:
        return f"What is in use keeps {percent(wanted)} as well and answers {-more} more of them: leave it."
    if more == 0:
        return f"What is in use keeps {percent(wanted)} as well and answers as many of them."
    return f"The refit answers {more} more of them and keeps {percent(wanted)} for certain: use it."

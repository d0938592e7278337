"""The figures as the metrics page shows them: text for people, the bare value for machines."""

from collections.abc import Iterable
from dataclasses import dataclass

from common.intervals import wilson
from common.money import from_pico, usd
from routing.comparing import NEEDED as RATE_NEEDS
from routing.comparing import TIMES
from routing.definitions import DEFINITIONS, Definition
from routing.level_words import duration, exact_percent, percent
from routing.metrics import Figures, ModelFigures, TargetCheck

__all__ = [
    "MODEL_COLUMNS",
    "TOO_FEW",
    "Cell",
    "ModelRow",
    "cells",
    "duration",
    "exact_percent",
    "model_row",
    "percent",
    "target_lines",
]

TOO_FEW = "too few"


@dataclass(frozen=True)
class Cell:
    """One figure of one route. `value` is None where nothing can be said, and `text` says why."""

    name: str
    text: str
    value: float | int | str | None
    muted: bool = False
    mark: str = ""
    link: str = ""

    @property
    def definition(self) -> Definition:
        """Return what the figure means."""
        return DEFINITIONS[self.name]


def _time(figures: Figures, name: str) -> Cell:
    value: float | None = getattr(figures, name)
    if value is not None:
        return Cell(name, duration(value), round(value, 1))
    return Cell(name, TOO_FEW if figures.tally.histogram(TIMES[name][0]).n else "–", None, muted=True)


def _grounded(figures: Figures) -> Cell:
    judged = figures.support_judged
    if judged < RATE_NEEDS:
        text = f"{TOO_FEW} ({judged} judged)" if judged else "–"
        return Cell("grounded", text, None, muted=True)
    share = figures.grounded / judged
    low, high = wilson(figures.grounded, judged)
    text = f"{percent(share)} ({low * 100:.0f} to {high * 100:.0f} %) of {judged:,}"
    return Cell("grounded", text, round(share, 4))


def _count(figures: Figures, name: str) -> Cell:
    count: int = getattr(figures, name)
    share = figures.rate(count)
    text = f"{count:,}" if not count or share is None else f"{count:,} ({percent(share)})"
    return Cell(name, text, count, muted=count == 0)


def _money(name: str, pico: int | None, unknown: int = 0) -> Cell:
    if pico is None:
        return Cell(name, "–", None, muted=True)
    text = usd(pico) + (f" + {unknown:,} unpriced" if unknown else "")
    return Cell(name, text, str(from_pico(pico).normalize()), muted=pico == 0)


def _plain(name: str, value: int) -> Cell:
    return Cell(name, f"{value:,}", value, muted=value == 0)


def _target(figures: Figures) -> Cell:
    if not figures.targets:
        return Cell("target", "none set", None, muted=True)
    if figures.met is None:
        return Cell("target", TOO_FEW if figures.requests else "–", None, muted=True)
    return Cell(
        "target",
        "met" if figures.met else "missed",
        "met" if figures.met else "missed",
        mark="good" if figures.met else "bad",
    )


def cells(figures: Figures) -> dict[str, Cell]:
    """Return every defined figure of a route, by name, in the order of the definitions."""
    share = (
        Cell("share", "–", None, muted=True)
        if figures.share is None
        else Cell("share", percent(figures.share), round(figures.share, 4), muted=not figures.requests)
    )
    found = {
        "requests": _plain("requests", figures.requests),
        "share": share,
        "input_tokens": _plain("input_tokens", figures.input_tokens),
        "output_tokens": _plain("output_tokens", figures.output_tokens),
        "cost": _money("cost", figures.cost_pico, figures.cost_unknown),
        "cost_per_1000": _money("cost_per_1000", figures.cost_per_1000_pico),
        "heavy_cost": _money("heavy_cost", figures.heavy_cost_pico, figures.heavy_unknown),
        "grounded": _grounded(figures),
        "target": _target(figures),
    }
    for name in DEFINITIONS:
        if name not in found:
            found[name] = _time(figures, name) if name in TIMES else _count(figures, name)
    return {name: found[name] for name in DEFINITIONS}


def target_lines(checks: Iterable[TargetCheck]) -> tuple[str, ...]:
    """Return the targets in words: what was promised and what came out, what cannot be said yet last."""
    lines: list[str] = []
    unsaid: list[str] = []
    for check in checks:
        show = exact_percent if check.at_least else percent if check.name.endswith("rate") else duration
        limit = f"at {'least' if check.at_least else 'most'} {show(check.limit)}"
        if check.met is None:
            unsaid.append(f"{check.name} {limit}")
        else:
            seen, met = show(check.actual or 0.0), "met" if check.met else "missed"
            lines.append(f"{check.name}: {seen}, target {limit}, {met}")
    if unsaid:
        lines.append(f"{TOO_FEW.capitalize()} replies to say: {', '.join(unsaid)}")
    return tuple(lines)


MODEL_COLUMNS = (
    ("Replies", "Replies whose text came from this model."),
    ("Calls", "Requests sent to this model, failed ones included."),
    ("Failed calls", "Calls that ended in an error."),
    ("Cut calls", "Calls whose text broke off or ran out of room."),
    ("First text p50", "Half of the calls showed text within this time from the request."),
    ("First text p95", "95 of 100 calls showed text within this time. Needs 20 calls."),
    ("Input tokens", "Tokens of all prompts, as the provider counted them."),
    ("Output tokens", "Tokens written and billed, thinking included."),
    ("Cost", "What the calls cost at the catalogue's prices of the day."),
)


@dataclass(frozen=True)
class ModelRow:
    """One model of the table by model, in the order of MODEL_COLUMNS."""

    name: str
    cells: tuple[Cell, ...]


def model_row(model: ModelFigures) -> ModelRow:
    """Return the row of one model."""
    few = TOO_FEW if model.calls else "–"
    times = [
        Cell(name, few if ms is None else duration(ms), ms and round(ms, 1), muted=ms is None)
        for name, ms in (
            ("first_text_p50", model.first_text_p50),
            ("first_text_p95", model.first_text_p95),
        )
    ]
    return ModelRow(
        model.model,
        (
            _plain("requests", model.requests),
            _plain("calls", model.calls),
            _plain("call_errors", model.call_errors),
            _plain("call_truncations", model.call_truncations),
            *times,
            _plain("input_tokens", model.input_tokens),
            _plain("output_tokens", model.output_tokens),
            _money("cost", model.cost_pico),
        ),
    )

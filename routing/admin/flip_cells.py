"""The figures of a change as its page shows them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from common.money import usd
from routing.admin.cells import duration, percent
from routing.flip_verdicts import NEEDED, Row, Side, Unit
from routing.flip_windows import Window

KINDS = {"better": "good", "worse": "bad", "more": "info", "fewer": "info"}


@dataclass(frozen=True)
class Line:
    """One figure in words: both sides, the difference, and the verdict with its colour."""

    name: str
    label: str
    before: str
    before_more: str
    after: str
    after_more: str
    gap: str
    gap_more: str
    word: str
    kind: str


def lines(rows: Iterable[Row], names: Mapping[str, str] | None = None) -> list[Line]:
    """Return figures as the table shows them; `names` are labels in place of their own."""
    return [_line(row, (names or {}).get(row.name, row.label)) for row in rows]


def _line(row: Row, label: str) -> Line:
    sides = [(_value(row.unit, side.value), _of(row.unit, side)) for side in (row.before, row.after)]
    points = " points" if row.unit == "share" else ""
    gap = "–" if row.difference is None else f"{_signed(row.unit, row.difference)}{points}"
    ends = "" if row.bounds is None else " to ".join(_signed(row.unit, bound) for bound in row.bounds)
    return Line(row.name, label, *sides[0], *sides[1], gap, ends, row.word, KINDS.get(row.word, "plain"))


def _value(unit: Unit, value: float | None) -> str:
    if value is None:
        return "–"
    if unit == "ms":
        return duration(value)
    if unit == "share":
        return percent(value)
    return usd(round(value)) if unit == "usd" else f"{value:,.0f}"


def _of(unit: Unit, side: Side) -> str:
    """Return of how many cases a figure is, and its bounds."""
    count = f"{side.hits:,} of {side.n:,}" if unit == "share" else f"of {side.n:,}"
    if side.bounds is None or side.value is None:
        return count
    return f"{count}; {' to '.join(_value(unit, max(0.0, bound)) for bound in side.bounds)}"


def _signed(unit: Unit, value: float) -> str:
    sign = "−" if value < 0 else "+"
    if unit == "share":
        return f"{sign}{abs(value) * 100:.1f}"
    return f"{sign}{_value(unit, abs(value))}"


def span(window: Window, tz: ZoneInfo) -> str:
    """Return a window in words."""
    if window.length < timedelta(minutes=1):
        return "no minute yet"
    first, last = (moment.astimezone(tz) for moment in (window.start, window.end))
    return f"{_at(first)} to {_at(last)} ({long(window.length)})"


def long(length: timedelta) -> str:
    """Return a length of time in the two largest units."""
    minutes = round(length / timedelta(minutes=1))
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [(days, "day"), (hours, "hour"), (rest, "minute")]
    shown = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count][:2]
    return " ".join(shown) or "0 minutes"


def _at(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %H:%M}"


FEW = f"From fewer than {NEEDED} cases on a side nothing is said."

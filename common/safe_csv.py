"""CSV that no spreadsheet runs: what begins like a formula gets an apostrophe, which an import takes off."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MARK = "\ufeff"  # the byte order mark by which Excel knows UTF-8


def guarded(cell: str) -> str:
    """Return a cell that a spreadsheet shows as text."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def lines(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV without the mark: a further part of a file that is written in parts."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue()


def written(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as a whole CSV file."""
    return MARK + lines(rows)

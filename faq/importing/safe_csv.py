"""CSV that no spreadsheet runs: what begins like a formula gets an apostrophe, which an import takes off."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """Return a cell that a spreadsheet shows as text."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def written(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV with the byte order mark by which Excel knows UTF-8."""
    out = io.StringIO(newline="")
    out.write("\ufeff")
    csv.writer(out).writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue()

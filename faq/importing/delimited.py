"""Delimited text: comma, semicolon, tab or bar, told by which of them makes rows of one width."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from faq.importing.decoding import BROKEN, decode
from faq.importing.documents import MAX_ROWS, Sheet, Tables, Unreadable

DELIMITERS = ";\t,|"
_SAMPLE_ROWS = 30
_BROKEN = "This row has a character that is not UTF-8."


def read(data: bytes, most: int = MAX_ROWS) -> Tables:
    """Return the one sheet of a delimited file; raises Unreadable when it has no rows, or above `most`."""
    decoded = decode(data)
    if not decoded.text.strip():
        raise Unreadable("The file is empty.")
    text, skipped, told = _told_delimiter(decoded.text)
    rows: list[tuple[str, tuple[str, ...]]] = []
    problems: dict[int, str] = {}
    notes = [decoded.note] if decoded.note else []
    for line, cells, problem in _rows(text, told or _delimiter(text)):
        if not problem and not any(cell.strip() for cell in cells):
            continue
        if len(rows) > most:  # one more than rows: the first may hold headings
            raise Unreadable(f"The file has more than {most:,} rows; split it.")
        if not problem and any(BROKEN in cell for cell in cells):
            problem = _BROKEN
        if problem:
            problems[len(rows)] = problem
        rows.append((f"line {line + skipped}", cells))
    return Tables((Sheet("", tuple(rows), problems),), tuple(notes))


def _told_delimiter(text: str) -> tuple[str, int, str]:
    """Return the text without Excel's first line "sep=;", how many lines that were, and what it says."""
    first, _, rest = text.partition("\n")
    mark = first.strip().strip('"')
    if mark.lower().startswith("sep=") and len(mark) == 5 and mark[4] in DELIMITERS:
        return rest, 1, mark[4]
    return text, 0, ""


def _delimiter(text: str) -> str:
    """Return the delimiter under which most of the first rows have the same number of cells, above one."""

    def fit(delimiter: str) -> tuple[float, int]:
        first = islice(_rows(text, delimiter), _SAMPLE_ROWS)
        read = [cells for _, cells, problem in first if not problem]
        widths = Counter(len(cells) for cells in read if any(cell.strip() for cell in cells))
        wide = [(number, width) for width, number in widths.items() if width > 1]
        if not wide:
            return 0.0, 0
        number, width = max(wide)
        return number / sum(widths.values()), width

    return max(DELIMITERS, key=fit) if any(fit(each)[0] for each in DELIMITERS) else ","


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Yield the line each row begins in, its cells, and why it could not be read (then it is the last)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _shown(text, line, delimiter), _broken(error)
            return
        yield line, tuple(cells), ""


def _shown(text: str, line: int, delimiter: str) -> tuple[str, ...]:
    """Return the beginning of a broken row, so that it can be found."""
    lines = text.split("\n", line)
    start = lines[line - 1] if len(lines) >= line else ""
    return tuple(part.strip('"')[:200] for part in start[:2000].split(delimiter)[:20])


def _broken(error: csv.Error) -> str:
    """Return in words why the reader gave up; the row's quotation marks, unless a cell is too long."""
    after = " The rows after it were not read."
    if "field limit" in str(error):
        return f"A cell has more than {csv.field_size_limit():,} characters.{after}"
    if "unexpected end" in str(error):
        return f"A quotation mark is not closed in the row that begins here.{after}"
    return (
        "A quotation mark is not closed in the row that begins here, or stands inside a cell: there it has "
        f'to be written twice, as "".{after}'
    )

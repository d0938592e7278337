"""Excel workbooks: cells as people see them; a formula has no value here, so its row is named."""

import io
import re
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from faq.importing.documents import MAX_ROWS, MAX_UNPACKED, Sheet, Tables, Unreadable
from faq.importing.zips import opened

MAX_COLUMNS = 60  # a table that is wider is no FAQ; also bounds a sheet whose cells are merged to its edge
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_DAMAGED = "This Excel file is damaged and cannot be read. Open it in Excel and save it again."


def read(data: bytes, most: int = MAX_ROWS) -> Tables:
    """Return the sheets that have rows; raises Unreadable for damaged files and beyond the limits.

    `most` is how many rows a sheet may have.
    """
    with opened(data) as archive:
        _guard(archive)
        try:
            sheets = _sheets(data, archive, most)
        except (
            InvalidFileException, KeyError, ValueError, TypeError, IndexError, AttributeError,
            zipfile.BadZipFile, ParseError, EOFError,
        ) as error:  # fmt: skip
            if isinstance(error, Unreadable):
                raise
            # openpyxl lets through whatever its parsing of a damaged part ends in.
            raise Unreadable(_DAMAGED) from error
    if not sheets:
        raise Unreadable("This Excel file has no rows.")
    return Tables(tuple(sheets))


def _guard(archive: zipfile.ZipFile) -> None:
    """Refuse what unpacks to too much, and XML with entities of its own, which could grow without end."""
    parts = [part for part in archive.infolist() if part.filename.endswith((".xml", ".rels"))]
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Unreadable(
            f"This Excel file unpacks to more than {MAX_UNPACKED // 2**20} MB; remove sheets that are no FAQ."
        )
    for part in parts:
        try:
            with archive.open(part) as stream:
                head = stream.read(2048)
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
            raise Unreadable(_DAMAGED) from error
        if _ENTITY.search(head):
            raise Unreadable("This Excel file holds XML that Excel does not write; save it again in Excel.")


def _sheets(data: bytes, archive: zipfile.ZipFile, most: int) -> list[Sheet]:
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    try:
        found = [_sheet(each, archive, most) for each in book.worksheets]
    finally:
        book.close()
    return [sheet for sheet in found if sheet.rows]


def _sheet(worksheet: Any, archive: zipfile.ZipFile, most: int) -> Sheet:
    merged = _merged(archive, getattr(worksheet, "_worksheet_path", ""))
    held: dict[tuple[int, int], str] = {}
    rows: list[tuple[str, tuple[str, ...]]] = []
    problems: dict[int, str] = {}
    # Its own claim of its size may be wrong (some programs write A1), so it is forgotten.
    worksheet.reset_dimensions()
    for number, row in enumerate(worksheet.iter_rows(max_col=MAX_COLUMNS), 1):
        cells, formulas = _cells(row, number, merged, held)
        if not any(cell.strip() for cell in cells) and not formulas:
            continue
        if len(rows) > most:
            raise Unreadable(f"The sheet “{worksheet.title}” has more than {most:,} rows; split it.")
        if formulas:
            problems[len(rows)] = f"{_named(formulas)} a formula; paste its value instead."
        rows.append((f"row {number}", cells))
    return Sheet(str(worksheet.title), tuple(rows), problems)


def _named(cells: list[str]) -> str:
    return f"Cell {cells[0]} holds" if len(cells) == 1 else f"The cells {', '.join(cells[:5])} hold"


def _cells(
    row: Iterable[Any],
    number: int,
    merged: dict[tuple[int, int], tuple[int, int]],
    held: dict[tuple[int, int], str],
) -> tuple[tuple[str, ...], list[str]]:
    """Return a row's texts, merged cells filled with the value of their first, and its formula cells."""
    texts: list[str] = []
    formulas: list[str] = []
    for column, cell in enumerate(row, 1):
        if getattr(cell, "data_type", "") == "f":
            formulas.append(
                f"{cell.column_letter}{number}" if hasattr(cell, "column_letter") else f"{number}"
            )
        text = _text(cell.value)
        held_by = merged.get((number, column))
        if held_by == (number, column):
            held[held_by] = text
        elif held_by:
            text = text or held.get(held_by, "")
        texts.append(text)
    while texts and not texts[-1].strip():
        texts.pop()
    return tuple(texts), formulas


def _text(value: object) -> str:
    """Return a cell as a person would write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")


def _merged(archive: zipfile.ZipFile, path: str) -> dict[tuple[int, int], tuple[int, int]]:
    """Return each merged cell's first cell, as (row, column); openpyxl does not read them in this mode."""
    if not path:
        return {}
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for reference in _MERGED.findall(archive.read(path)):
        left, top, right, bottom = range_boundaries(reference.decode())
        if None in (left, top, right, bottom):
            continue
        first = (int(top or 1), int(left or 1))
        for row in range(first[0], min(int(bottom or 1), MAX_ROWS + 1) + 1):
            for column in range(first[1], min(int(right or 1), MAX_COLUMNS) + 1):
                found[row, column] = first
                if len(found) > MAX_ROWS * 10:
                    return found
    return found

"""Reads an FAQ out of CSV: rows that can be stored, and a named error for each row that cannot."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.text import clean
from faq.normalize import normalize

if TYPE_CHECKING:
    from _csv import Reader

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 5000
QUESTION_LIMIT = 300
ANSWER_LIMIT = 1200
LIMITS = {"category": 60, "language": 12}
DEFAULT_LANGUAGE = "en"

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")


@dataclass(frozen=True)
class ImportRow:
    """One entry to be. None means that the file has no such column, so what is stored stays."""

    line: int
    question: str
    answer: str
    phrasings: tuple[str, ...]
    category: str | None
    language: str

    @property
    def key(self) -> tuple[str, str]:
        """Return what an entry is recognised by when the file is imported again."""
        return normalize(self.question), self.language


@dataclass(frozen=True)
class RowError:
    """Why a line cannot be imported; line 1 holds the headings."""

    line: int
    message: str
    text: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class BrokenRow(ValueError):
    """A row that the CSV reader cannot read to its end, with the line it begins in."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Parsed:
    """What a file holds."""

    rows: tuple[ImportRow, ...]
    errors: tuple[RowError, ...]


def parse(data: bytes) -> Parsed:
    """Return the rows and errors of a CSV file in UTF-8, with or without BOM, split by comma, ; or tab."""
    if len(data) > MAX_BYTES:
        return _refused(f"The file has {len(data):,} bytes; {MAX_BYTES:,} are the most at once.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _refused("This line is not UTF-8. Save the file as “CSV UTF-8” and try again.", line)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return _refused("The file is empty.")
    try:
        return _parse_text(text)
    except BrokenRow as error:
        return _refused(str(error), error.line)


def _refused(message: str, line: int = 1) -> Parsed:
    return Parsed(rows=(), errors=(RowError(line, message),))


def _parse_text(text: str) -> Parsed:
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    lines = _numbered(reader)
    _, first = next(lines)
    headings = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in first]
    for name in ("question", "answer"):
        if headings.count(name) != 1:
            found = ", ".join(headings)
            return _refused(f"The first line needs exactly one column “{name}”; it has: {found}.")
    rows: list[ImportRow] = []
    errors: list[RowError] = []
    seen: dict[tuple[str, str], int] = {}
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) + len(errors) >= MAX_ROWS:
            errors.append(RowError(line, f"More than {MAX_ROWS:,} rows; split the file."))
            break
        row = _row(line, headings, cells)
        problem = _shape_problem(len(cells), len(headings)) or _problem(row, seen)
        if problem:
            errors.append(RowError(line, problem, row.question))
        else:
            rows.append(row)
            seen.update(dict.fromkeys(_keys(row), line))
    return Parsed(tuple(rows), tuple(errors))


def _numbered(reader: "Reader") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with the line they begin in (a cell may hold several lines)."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BrokenRow(line, _broken(error)) from error
        yield line, cells


def _broken(error: csv.Error) -> str:
    """Return in words why the reader gave up; the row's quotation marks, unless a cell is too long."""
    if "field limit" in str(error):
        return f"A cell has more than {csv.field_size_limit():,} characters."
    if "unexpected end" in str(error):
        return "A quotation mark is not closed in the row that begins here."
    return (
        "A quotation mark is not closed in the row that begins here, or stands inside a cell: there it has "
        'to be written twice, as "".'
    )


def _row(line: int, headings: Sequence[str], cells: Sequence[str]) -> ImportRow:
    values = dict(zip(headings, (clean(cell).strip() for cell in cells), strict=False))
    phrasings = [value for name, value in values.items() if name.startswith("phrasing") and value]
    spread = [" ".join(part.split()) for each in phrasings for part in each.split("\n")]
    return ImportRow(
        line=line,
        question=" ".join(values.get("question", "").split()),
        answer=values.get("answer", ""),
        phrasings=tuple(dict.fromkeys(part for part in spread if part)),
        category=values.get("category"),
        language=(values.get("language") or DEFAULT_LANGUAGE).lower(),
    )


def _keys(row: ImportRow) -> Iterable[tuple[str, str]]:
    return {(normalize(text), row.language) for text in (row.question, *row.phrasings)}


def _problem(row: ImportRow, seen: Mapping[tuple[str, str], int]) -> str:
    """Return the first reason why a row cannot be an entry, "" when it can."""
    return _question_problem(row) or _answer_problem(row) or _label_problem(row) or _double_problem(row, seen)


def _shape_problem(cells: int, columns: int) -> str:
    return f"The row has {cells} cells and the first line {columns}." if cells > columns else ""


def _question_problem(row: ImportRow) -> str:
    if not normalize(row.question):
        return "The question is empty." if not row.question else "The question holds no word."
    for text in (row.question, *row.phrasings):
        if len(text) > QUESTION_LIMIT:
            return f"A question or phrasing has {len(text):,} characters; {QUESTION_LIMIT} are the most."
        if not normalize(text):
            return f"The phrasing “{text}” holds no word."
    return ""


def _answer_problem(row: ImportRow) -> str:
    if not row.answer:
        return "The answer is empty."
    if len(row.answer) > ANSWER_LIMIT:
        return (
            f"The answer has {len(row.answer):,} characters; {ANSWER_LIMIT:,} are the most. "
            "Shorten it, or add it as an article."
        )
    return ""


def _label_problem(row: ImportRow) -> str:
    if row.category is not None and len(row.category) > LIMITS["category"]:
        return f"The category has more than {LIMITS['category']} characters."
    if len(row.language) > LIMITS["language"] or not _LANGUAGE.fullmatch(row.language):
        return f"“{row.language}” is not a language code; use one such as en, de or pt-br."
    return ""


def _double_problem(row: ImportRow, seen: Mapping[tuple[str, str], int]) -> str:
    for text in (row.question, *row.phrasings):
        line = seen.get((normalize(text), row.language))
        if line is not None:
            return f"“{text}” stands in line {line} already."
    return ""

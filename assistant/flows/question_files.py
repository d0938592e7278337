"""Files of old questions: taken without the personal details in them, read by columns, forgotten."""

import json
import re
import zlib
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.db import transaction

from assistant.flow_models import FlowExample, QuestionFile
from common.text import clean, redact
from faq.importing.asking import Columns, OldQuestion, Problem, best_sheet, guess, look, read
from faq.importing.documents import Sheet, Unreadable, count

MOST_COLUMNS = 200  # a ticket export has some dozen; each is a choice on the page that asks what it is
PROBLEMS_KEPT = 200  # places and reasons; how many there are in all is counted
_MAY_HOLD = re.compile(r"[@\d]|[\[(] ?at", re.IGNORECASE)  # without one of these there is nothing to take out

Row = tuple[str, str, int]  # text, day as ISO or "", times


def take(data: bytes, name: str, by: str) -> QuestionFile:
    """Keep the table of a file, redacted cell by cell; raises Unreadable. A minute for the largest ones."""
    tables = look(data, name)
    if not tables.sheets:
        raise Unreadable("The file has no rows.")
    sheet = best_sheet(tables)
    if sheet.width > MOST_COLUMNS:
        raise Unreadable(
            f"The file has {sheet.width:,} columns, and {MOST_COLUMNS} are the most. Delete the others first."
        )
    notes = list(tables.notes)
    if len(tables.sheets) > 1:
        notes.append(f"Only the sheet “{sheet.name}” is read.")
    rows = [(place, [_redacted(cell) for cell in cells]) for place, cells in sheet.rows]
    stored = {
        "name": sheet.name,
        "rows": rows,
        "problems": {str(at): why for at, why in sheet.problems.items()},
    }
    short = PurePosixPath(name.replace("\\", "/")).name[:200] or "file"
    return QuestionFile.objects.create(
        name=_redacted(short), created_by=by[:150], table=_packed(stored), notes=notes
    )


def _redacted(cell: str) -> str:
    cell = clean(cell)
    return _redact(cell) if not cell.isascii() or _MAY_HOLD.search(cell) else cell


@lru_cache(maxsize=10_000)  # channels, dates and greetings come again and again
def _redact(cell: str) -> str:
    return redact(cell)


def sheet_of(file: QuestionFile) -> Sheet:
    """Return the table of a file whose columns are to be confirmed; raises Unreadable when it is gone."""
    if file.table is None:
        raise Unreadable("The columns of this file are known already, or it was deleted.")
    stored = _unpacked(bytes(file.table))
    rows = tuple((place, tuple(cells)) for place, cells in stored["rows"])
    return Sheet(stored["name"], rows, {int(at): why for at, why in stored["problems"].items()})


def guessed(file: QuestionFile) -> Columns:
    """Return the likeliest columns of a file."""
    return guess(sheet_of(file))


def confirm(file: QuestionFile, columns: Columns) -> None:
    """Read the questions by these columns and drop all others; raises Unreadable, having changed nothing."""
    rows: list[Row] = []
    problems: list[Problem] = []
    for each in read(sheet_of(file), columns):
        if isinstance(each, OldQuestion):
            rows.append((each.text, each.day.isoformat() if each.day else "", each.times))
        else:
            problems.append(each)
    if not rows:
        why = f" The first: {problems[0].place}: {problems[0].why}" if problems else ""
        raise Unreadable(f"No row of this file holds a question.{why}")
    days = sorted(day for _, day, _ in rows if day)
    file.questions, file.messages = len(rows), sum(times for _, _, times in rows)
    file.left_out = len(problems)
    file.problems = [[each.place, each.why] for each in problems[:PROBLEMS_KEPT]]
    file.rows, file.table = _packed(rows), None
    # A few rows with a date say nothing about the month of the others.
    dated = len(days) * 2 > len(rows)
    file.first_day = date.fromisoformat(days[0]) if dated else None
    file.last_day = date.fromisoformat(days[-1]) if dated else None
    file.save()


def told(file: QuestionFile) -> str:
    """Return in words what was read."""
    said = f"{count(file.questions, 'row')} read"
    if file.messages != file.questions:
        said += f", asked {count(file.messages, 'time')} in all"
    return f"{said}; {count(file.left_out, 'row')} left out." if file.left_out else f"{said}."


def rows_of(file: QuestionFile) -> list[Row]:
    """Return the questions of a file, none when they were deleted."""
    if file.rows is None:
        return []
    return [(text, day, times) for text, day, times in _unpacked(bytes(file.rows))]


@transaction.atomic
def forget_texts(ids: Sequence[UUID]) -> int:
    """Delete the texts of files and of their flows' examples; the figures stay. Returns how many files."""
    FlowExample.objects.filter(flow__run__file__in=ids).delete()
    return QuestionFile.objects.filter(pk__in=ids).update(rows=None, table=None, problems=[])


def _packed(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def _unpacked(data: bytes) -> Any:
    return json.loads(zlib.decompress(data))

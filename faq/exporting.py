"""Writes entries as a file that people read in a spreadsheet and that the import reads back unchanged."""

import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from common.clock import now
from common.safe_csv import written
from faq.models import AskedQuestion, Entry

FORMATS = ("csv", "xlsx", "json")
USAGE_DAYS = 30
EXCEL_CELL = 32_767  # characters; Excel's own limit
NAMED = 3  # entries in a refusal
_CHUNK = 500

# The first five are what an import reads; it leaves the others alone.
HEADINGS = (
    "Question", "Answer", "Phrasings", "Category", "Language", "Must not be answered", "Kind", "Status",
    "Number", "Version", "Reviewed on", "Review by", "Shown in 30 days", "Found right", "Found wrong",
)  # fmt: skip
_NUMBERS = ("Number", "Version", "Shown in 30 days", "Found right", "Found wrong")


class TooLong(ValueError):
    """An answer does not fit into a cell of Excel; the message names the entries and says what to do."""


@dataclass(frozen=True)
class Choice:
    """Which entries are written; an empty field is no limit."""

    status: str = ""
    language: str = ""

    def entries(self) -> QuerySet[Entry]:
        """Return the chosen entries in the order of the list."""
        found = Entry.objects.order_by("category", "question", "pk")
        if self.status:
            found = found.filter(status=self.status)
        return found.filter(language=self.language) if self.language else found


def export(entries: QuerySet[Entry], form: str) -> bytes:
    """Return `entries` as a file of `form`, one of FORMATS; raises TooLong for Excel."""
    rows = list(_rows(entries))
    if form == "csv":
        return written([HEADINGS, *([_cell(value) for value in row.values()] for row in rows)]).encode()
    if form == "xlsx":
        return _workbook(rows)
    if form == "json":
        return (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode()
    raise ValueError(f"There is no export as {form}.")


def _rows(entries: QuerySet[Entry]) -> Iterator[dict[str, Any]]:
    usage = _usage()
    for entry in entries.prefetch_related("phrasings", "negatives").iterator(chunk_size=_CHUNK):
        shown = usage.get(str(entry.pk), Counter())
        values = (
            entry.question,
            entry.answer,
            [each.text for each in entry.phrasings.all()],
            entry.category,
            entry.language,
            [each.text for each in entry.negatives.all()],
            entry.kind,
            entry.status,
            entry.pk,
            entry.version,
            _day(entry.reviewed_on),
            _day(entry.review_by),
            shown.total(),
            shown[AskedQuestion.Label.RIGHT],
            shown[AskedQuestion.Label.WRONG],
        )
        yield dict(zip(HEADINGS, values, strict=True))


def _usage() -> dict[str, Counter[str]]:
    """Return how often each entry was shown to visitors in USAGE_DAYS, by what was said of it."""
    since = now() - timedelta(days=USAGE_DAYS)
    asked = AskedQuestion.objects.filter(created_at__gte=since).exclude(shown_entry="")
    found: dict[str, Counter[str]] = {}
    for entry, label in asked.values_list("shown_entry", "label").iterator(chunk_size=_CHUNK):
        found.setdefault(entry, Counter())[label] += 1
    return found


def _day(day: Any) -> str:
    return day.isoformat() if day else ""


def _cell(value: Any) -> str:
    return "\n".join(value) if isinstance(value, list) else str(value)


def _workbook(rows: Iterable[dict[str, Any]]) -> bytes:
    texts = [
        {name: ILLEGAL_CHARACTERS_RE.sub("", _cell(value)) for name, value in row.items()} for row in rows
    ]
    _refuse_long(texts)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("FAQ")
    sheet.append(HEADINGS)
    for row in texts:
        sheet.append([int(text) if name in _NUMBERS else _text(sheet, text) for name, text in row.items()])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _refuse_long(rows: Iterable[dict[str, str]]) -> None:
    long = [
        f"“{row['Question']}” (no. {row['Number']})"
        for row in rows
        if any(len(text) > EXCEL_CELL for text in row.values())
    ]
    if long:
        more = f" and {len(long) - NAMED} more" if len(long) > NAMED else ""
        raise TooLong(
            f"Excel's cells hold {EXCEL_CELL:,} characters, and {', '.join(long[:NAMED])}{more} need more. "
            "Export as CSV or JSON."
        )


def _text(sheet: Any, text: str) -> Any:
    """Return a cell that Excel never takes for a formula, whatever the text begins with."""
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell

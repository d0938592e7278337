"""A table and what its columns are, made into documents."""

import re
from collections.abc import Sequence

from faq.importing.documents import Document, Options, Reading, Sheet, Tables, Unreadable
from faq.importing.headings import ANSWER, CATEGORY, IGNORE, LANGUAGE, PHRASINGS, QUESTION, Mapping
from faq.importing.markup import convert

_BULLET = re.compile(r"^\s*[-•*]\s+")
_GUARD = re.compile(r"^'(?=[=+\-@\t\r])")


def read(tables: Tables, mapping: Mapping, options: Options) -> Reading:
    """Return the documents of the mapped sheet; raises Unreadable when the mapping does not fit."""
    problem = mapping.problem()
    if problem or not 0 <= mapping.sheet < len(tables.sheets):
        raise Unreadable(problem or "This sheet is not in the file.")
    sheet = tables.sheets[mapping.sheet]
    start = 1 if mapping.heading else 0
    width = len(sheet.rows[0][1]) if mapping.heading and sheet.rows else sheet.width
    documents = tuple(
        _document(sheet, index, mapping.roles, width, options) for index in range(start, len(sheet.rows))
    )
    return Reading(documents, tables.notes)


def _document(sheet: Sheet, index: int, roles: Sequence[str], width: int, options: Options) -> Document:
    place, cells = sheet.rows[index]
    values: dict[str, list[str]] = {}
    for role, cell in zip(roles, cells, strict=False):
        if role != IGNORE:
            # What an export wrote in front of a formula sign, so that no spreadsheet runs it.
            values.setdefault(role, []).append(_GUARD.sub("", cell.replace("\x00", "").strip()))
    answer = convert(_one(values, ANSWER), options.base_url)
    return Document(
        place=f"{sheet.name}, {place}" if sheet.name else place,
        question=" ".join(_one(values, QUESTION).split()),
        answer=answer.text,
        phrasings=_phrasings(values.get(PHRASINGS, [])),
        category=" ".join(_one(values, CATEGORY).split()) if CATEGORY in roles else None,
        language=_one(values, LANGUAGE).lower().replace("_", "-"),
        problem=sheet.problems.get(index) or _wide(cells, width) or answer.problem,
        images=answer.images,
        scripts=answer.scripts,
        dead_links=answer.dead_links,
    )


def _wide(cells: Sequence[str], width: int) -> str:
    if any(cell.strip() for cell in cells[width:]):
        return f"The row has {len(cells)} cells and the first line {width}."
    return ""


def _one(values: dict[str, list[str]], role: str) -> str:
    return values.get(role, [""])[0]


def _phrasings(cells: Sequence[str]) -> tuple[str, ...]:
    lines = (" ".join(_BULLET.sub("", line).split()) for cell in cells for line in cell.split("\n"))
    return tuple(dict.fromkeys(line for line in lines if line))

"""Files of old questions: tickets or chat messages, a row each, with when, where and how often if known."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from statistics import mean
from typing import Any

from faq.importing import delimited, workbook
from faq.importing.decoding import decode
from faq.importing.documents import Sheet, Tables, Unreadable
from faq.importing.reading import refuse

MOST_ROWS = 50_000  # what a worker with 512 MB groups in its memory
LONGEST = 4_000  # characters of a question; what a ticket quotes below that is no question any more
MOST_TIMES = 1_000_000  # one row may stand for
QUESTION, DAY, CHANNEL, TIMES, UNUSED = "question", "date", "channel", "count", "ignore"
ROLES = (QUESTION, DAY, CHANNEL, TIMES, UNUSED)
SAMPLED = 50  # rows by which a column without a known heading is judged

# The most telling names first: where a ticket has a subject and a message, the message is the question.
SYNONYMS = {
    QUESTION: """question questions userquestion customerquestion query utterance firstmessage message
        usermessage customermessage frage kundenfrage nachricht anfrage pregunta mensaje mensagem pergunta
        text body description content comment beschreibung inhalt subject title betreff titel asunto assunto
        question質問 質問 内容 件名""",
    DAY: """date day created createdat createdon creationdate timestamp time datetime receivedat receivedon
        submittedat askedat askedon openedat opened datum erstellt erstelltam eingegangen zeitpunkt fecha
        data creadoel creele 日付 日時""",
    CHANNEL: """channel source via medium origin type kanal quelle canal origen origem チャネル""",
    TIMES: """count times volume frequency occurrences number tickets n anzahl haufigkeit menge veces
        cantidad nombre frequence quantidade 件数 回数""",
}  # fmt: skip
_RANK = {word: (role, rank) for role, words in SYNONYMS.items() for rank, word in enumerate(words.split())}
_GUARD = re.compile(r"^'(?=[=+\-@\t\r])")  # what an export wrote in front of a formula sign
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_DOTS = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})(?!\d)")
_SLASHES = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})(?!\d)")
_DIGITS = re.compile(r"^\d{1,3}(?:[., ]?\d{3})*$")


@dataclass(frozen=True)
class Columns:
    """Whether the first row holds headings, and what each column is."""

    heading: bool
    roles: tuple[str, ...]

    def problem(self) -> str:
        """Return why nothing can be read with it, "" when it can."""
        if QUESTION not in self.roles:
            return "Say which column holds the questions."
        for role in (QUESTION, DAY, CHANNEL, TIMES):
            if self.roles.count(role) > 1:
                return f"Two columns are the {role}; only one can be."
        return ""


@dataclass(frozen=True)
class OldQuestion:
    """A question as it was asked, `times` times."""

    place: str
    text: str
    day: date | None = None
    channel: str = ""
    times: int = 1


@dataclass(frozen=True)
class Problem:
    """A row that is left out, and why."""

    place: str
    why: str


def look(data: bytes, name: str) -> Tables:
    """Return the tables of a file; raises Unreadable with one sentence for what holds none."""
    refuse(data)
    if data.startswith(b"PK"):
        return workbook.read(data, MOST_ROWS)
    if PurePosixPath(name).suffix.lower() == ".txt":
        lines = _lines(data)
        if lines is not None:
            return lines
    return delimited.read(data, MOST_ROWS)


def _lines(data: bytes) -> Tables | None:
    """Return a text of one question a line; None when it is a table after all, by its first line."""
    decoded = decode(data)
    lines = [
        (number, line.strip()) for number, line in enumerate(decoded.text.split("\n"), 1) if line.strip()
    ]
    first = lines[0][1] if lines else ""
    if "\t" in first or any(role_of(cell) != UNUSED for cell in re.split("[;,|]", first)[1:]):
        return None
    if len(lines) > MOST_ROWS:
        raise Unreadable(f"The file has more than {MOST_ROWS:,} rows; split it.")
    rows = tuple((f"line {number}", (line,)) for number, line in lines)
    return Tables((Sheet("", rows),), (decoded.note,) if decoded.note else ())


def _folded(heading: str) -> str:
    kept = unicodedata.normalize("NFKD", heading.casefold())
    return re.sub(r"[\W\d_]+", "", "".join(each for each in kept if not unicodedata.combining(each)))


_FOLDED = {_folded(word): found for word, found in _RANK.items()}


def role_of(heading: str) -> str:
    """Return what a column with this heading is, "ignore" when nothing is known of it."""
    return _FOLDED.get(_folded(heading), (UNUSED, 0))[0]


def best_sheet(tables: Tables) -> Sheet:
    """Return the sheet that looks most like questions: with a heading for them, else the longest."""
    return max(tables.sheets, key=lambda sheet: (guess(sheet).heading, len(sheet.rows)))


def guess(sheet: Sheet) -> Columns:
    """Return the likeliest columns: by their headings, else the one that asks, else the longest texts."""
    first = sheet.rows[0][1] if sheet.rows else ()
    known = {place: _FOLDED[word] for place, cell in enumerate(first) if (word := _folded(cell)) in _FOLDED}
    heading = bool(known)
    roles = [UNUSED] * sheet.width
    for role in (QUESTION, DAY, CHANNEL, TIMES):
        ranked = sorted((rank, place) for place, (each, rank) in known.items() if each == role)
        if ranked:
            roles[ranked[0][1]] = role
    if QUESTION not in roles:
        place = _likeliest(sheet, roles, 1 if heading else 0)
        if place is not None:
            roles[place] = QUESTION
    return Columns(heading, tuple(roles))


def _likeliest(sheet: Sheet, roles: Sequence[str], start: int) -> int | None:
    cells = {
        place: [
            row[place] for _, row in sheet.rows[start : start + SAMPLED] if len(row) > place and row[place]
        ]
        for place in range(sheet.width)
        if roles[place] == UNUSED
    }
    filled = {place: found for place, found in cells.items() if found}
    asking = [
        place
        for place, found in filled.items()
        if sum(cell.strip().endswith(("?", "？", "؟")) for cell in found) * 2 > len(found)
    ]
    longest = sorted(filled, key=lambda place: -mean(map(len, filled[place])))
    return next(iter([*asking, *longest]), None)


def read(sheet: Sheet, columns: Columns) -> Iterator[OldQuestion | Problem]:
    """Yield each row as a question or as what is wrong with it; raises Unreadable for unfit columns."""
    problem = columns.problem()
    if problem:
        raise Unreadable(problem)
    day_first = _day_first(sheet, columns)
    start = 1 if columns.heading else 0
    for number in range(start, len(sheet.rows)):
        place, cells = sheet.rows[number]
        why = sheet.problems.get(number, "")
        yield Problem(place, why) if why else _row(place, cells, columns.roles, day_first)


def _row(place: str, cells: Sequence[str], roles: Sequence[str], day_first: bool) -> OldQuestion | Problem:
    values = {
        role: _GUARD.sub("", cell.replace("\x00", "").strip())
        for role, cell in zip(roles, cells, strict=False)
        if role != UNUSED
    }
    text = " ".join(values.get(QUESTION, "").split())[:LONGEST]
    if not any(char.isalnum() for char in text):
        return Problem(place, "The question is empty.")
    day, wrong_day = _day(values.get(DAY, ""), day_first)
    times, wrong_times = _times(values.get(TIMES, ""))
    if wrong_day or wrong_times:
        return Problem(place, wrong_day or wrong_times)
    return OldQuestion(place, text, day, " ".join(values.get(CHANNEL, "").split())[:40], times)


def _times(cell: str) -> tuple[int, str]:
    if not cell:
        return 1, ""
    plain = cell.removesuffix(".0")
    number = int(re.sub(r"\D", "", plain)) if _DIGITS.match(plain) else 0
    if not 1 <= number <= MOST_TIMES:
        return 0, f"“{cell[:30]}” is no count between 1 and {MOST_TIMES:,}."
    return number, ""


def _day(cell: str, day_first: bool) -> tuple[date | None, str]:
    if not cell:
        return None, ""
    parts = _parts(cell, day_first)
    try:
        found = date(*parts) if parts else None
    except ValueError:
        found = None
    if found is None or not 1990 <= found.year <= 2100:
        return None, f"“{cell[:30]}” is no date like 2026-11-30, 30.11.2026 or 30/11/2026."
    return found, ""


def _parts(cell: str, day_first: bool) -> tuple[int, int, int] | None:
    """Return year, month and day as numbers, whatever they are."""
    if match := _ISO.match(cell):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _DOTS.match(cell):
        return int(match[3]), int(match[2]), int(match[1])
    if match := _SLASHES.match(cell):
        day, month = (match[1], match[2]) if day_first else (match[2], match[1])
        return int(match[3]), int(month), int(day)
    return None


def _day_first(sheet: Sheet, columns: Columns) -> bool:
    """Return whether dates with slashes begin with the day: unless one of them cannot."""
    if DAY not in columns.roles:
        return True
    place = columns.roles.index(DAY)
    cells = (row[place] for _, row in sheet.rows if len(row) > place)
    return not any((match := _SLASHES.match(cell.strip())) and int(match[2]) > 12 for cell in cells)


def stored(columns: Columns) -> dict[str, Any]:
    """Return columns as JSON can hold them."""
    return {"heading": columns.heading, "roles": list(columns.roles)}

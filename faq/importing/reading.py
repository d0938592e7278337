"""The way in: told by its first bytes what a file is, then read by the module for it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from common.text import shorten
from faq.importing import delimited, exports, folders, tables, workbook
from faq.importing.checking import checked, short_languages
from faq.importing.decoding import decode
from faq.importing.documents import MAX_BYTES, MAX_PAGE, Document, Options, Reading, Tables, Unreadable, count
from faq.importing.headings import Mapping, without_title
from faq.importing.markup import is_html
from faq.importing.zips import opened

CSV, XLSX, HTML, MARKDOWN, ZIP, JSON_TABLE, EXPORT = (
    "csv", "xlsx", "html", "markdown", "zip", "json", "export",
)  # fmt: skip
TABLES = (CSV, XLSX, JSON_TABLE)
LABELS = {
    CSV: "CSV", XLSX: "Excel", HTML: "HTML page", MARKDOWN: "Markdown page",
    ZIP: "Zip of pages", JSON_TABLE: "JSON list",
    EXPORT: "Export of a help desk",
}  # fmt: skip

# First bytes of what people choose by mistake, and what to do then.
_SIGNATURES = (
    (b"\x89PNG", "This is a PNG image, whatever its name says."),
    (b"\xff\xd8\xff", "This is a JPEG image, whatever its name says."),
    (b"GIF8", "This is a GIF image, whatever its name says."),
    (b"%PDF", "This is a PDF. Copy its questions and answers into a spreadsheet."),
    (
        b"\xd0\xcf\x11\xe0",
        "This is an old .xls file or an Excel file with a password. Save it as .xlsx without one.",
    ),
    (b"\x1f\x8b", "This is a gzip file; unpack it first."),
    (b"7z\xbc\xaf", "This is a 7z file; pack the pages as .zip."),
    (b"Rar!", "This is a RAR file; pack the pages as .zip."),
    (b"{\\rtf", "This is a rich text document. Copy its questions and answers into a spreadsheet."),
    (b"SQLite format 3", "This is a database file, not an FAQ."),
)
_OFFICE = {
    "word/document.xml": "This is a Word document. Copy its questions and answers into a spreadsheet.",
    "ppt/presentation.xml": "This is a PowerPoint file, not an FAQ.",
    "content.xml": "This is an OpenDocument file. Save it as .xlsx or .csv.",
}


@dataclass(frozen=True)
class Found:
    """What a file is; `tables` for those whose columns a person has to confirm."""

    format: str
    tables: Tables | None = None

    @property
    def label(self) -> str:
        """Return the format in words."""
        return LABELS[self.format]


def refuse(data: bytes) -> None:
    """Raise Unreadable with one sentence for what is too large, empty or no table by its first bytes."""
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"The file has {len(data) / 2**20:,.1f} MB; {MAX_BYTES // 2**20} MB are the most at once."
        )
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise Unreadable("The file is empty.")
    for signature, sentence in _SIGNATURES:
        if data.startswith(signature):
            raise Unreadable(sentence)


def look(data: bytes, name: str) -> Found:
    """Return what a file is; raises Unreadable with one sentence for what cannot be imported."""
    refuse(data)
    found = _packed(data) if data.startswith(b"PK") else _text(data, PurePosixPath(name).suffix.lower())
    if found.tables:
        found = Found(found.format, _from_headings(found.tables))
    if found.tables and all(sheet.width < 2 for sheet in found.tables.sheets):
        raise Unreadable("The file has only one column; an FAQ needs a question and an answer in each row.")
    return found


def _from_headings(tables_: Tables) -> Tables:
    """Return the tables without the titles above their headings, and say which those were."""
    cut = [without_title(sheet) for sheet in tables_.sheets]
    notes = [
        f"{f'Sheet “{sheet.name}”: ' if sheet.name else ''}“{shorten(title, 80)}” "
        "above the headings is left out."
        for sheet, title in cut
        if title
    ]
    return Tables(tuple(sheet for sheet, _ in cut), (*tables_.notes, *notes))


def _packed(data: bytes) -> Found:
    with opened(data) as archive:
        names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return Found(XLSX, workbook.read(data))
    for part, sentence in _OFFICE.items():
        if part in names:
            raise Unreadable(sentence)
    return Found(ZIP)


def _text(data: bytes, suffix: str) -> Found:
    text = decode(data).text
    start = text.lstrip()[:2000]
    if start[:1] in ("{", "[") and (suffix in (".json", ".jsonl", ".ndjson") or _is_json(text)):
        value = exports.load(data)
        kind = exports.kind_of(value)
        return Found(JSON_TABLE, exports.tables(value)) if kind == exports.OBJECTS else Found(EXPORT)
    if _is_page(start, suffix):
        if len(data) > MAX_PAGE:
            raise Unreadable(f"This page has more than {MAX_PAGE // 2**20} MB; split it.")
        return Found(HTML)
    if suffix in folders.MARKDOWN:
        return Found(MARKDOWN)
    return Found(CSV, delimited.read(data))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_page(start: str, suffix: str) -> bool:
    lowered = start.lower()
    if lowered.startswith(("<!doctype html", "<html", "<head", "<body")):
        return True
    return suffix in folders.HTML and (is_html(start) or lowered.startswith("<"))


def read(data: bytes, name: str, options: Options, mapping: Mapping | None = None) -> Reading:
    """Return all documents of a file, checked; `mapping` is needed for tables. Raises Unreadable."""
    found = look(data, name)
    if found.tables is not None:
        if mapping is None:
            raise Unreadable("Say which column is the question and which the answer.")
        reading = tables.read(found.tables, mapping, options)
    else:
        readers: dict[str, Callable[[], Reading]] = {
            ZIP: lambda: folders.read(data, options),
            EXPORT: lambda: exports.read(exports.load(data), options),
        }
        single = lambda: Reading(tuple(folders.page(decode(data).text, _page_name(name, found), options)))  # noqa: E731
        reading = readers.get(found.format, single)()
    if not reading.documents:
        raise Unreadable("The file holds no questions.")
    # A table says itself what its languages are; systems and pages write the region of each.
    named = reading.documents if found.tables is not None else short_languages(reading.documents)
    documents = tuple(checked(named, options.language))
    return Reading(documents, (*reading.notes, *told(documents)))


def _page_name(name: str, found: Found) -> str:
    """Return the file's own name with the ending that its content has."""
    path = PurePosixPath(name.replace("\\", "/"))
    right = folders.MARKDOWN if found.format == MARKDOWN else folders.HTML
    return path.name if path.suffix.lower() in right else f"{path.stem or 'page'}{right[0]}"


def told(documents: tuple[Document, ...]) -> tuple[str, ...]:
    """Return what was left out of the answers, a sentence for each kind."""
    usable = [each for each in documents if not each.problem]
    images = sum(each.images for each in usable)
    scripts = sum(each.scripts for each in usable)
    dead = sum(each.dead_links for each in usable)
    articles = sum(each.article for each in usable)
    drafts = sum(each.unpublished for each in usable)
    notes = (
        (images, f"{count(images, 'image')} removed: answers are text."),
        (scripts, f"{count(scripts, 'script or embedded part', 'scripts or embedded parts')} removed."),
        (
            dead,
            f"{count(dead, 'link')} without an address that works outside the old site: "
            "only the words were kept.",
        ),
        (
            articles,
            f"{count(articles, 'answer is', 'answers are')} longer than 1,200 characters and will be "
            f"{'an article' if articles == 1 else 'articles'}: cited by the models, never shown whole.",
        ),
        (
            drafts,
            f"{count(drafts, 'text was a draft', 'texts were drafts')} in the old system too "
            f"and {'is' if drafts == 1 else 'are'} marked: look at {'it' if drafts == 1 else 'them'} "
            "before you publish.",
        ),
    )
    return tuple(sentence for number, sentence in notes if number)

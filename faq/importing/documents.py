"""What a file holds, whatever its format: documents, each with its place and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# The limits, each with its reason.
MAX_BYTES = 20 * 1024 * 1024  # held in memory while it is read; a help centre of 5,000 pages stays below
MAX_ROWS = 10_000  # the matcher of a web process is built of them in some seconds
MAX_FILES = 10_000  # in a zip, pictures and style sheets included
MAX_UNPACKED = 100 * 1024 * 1024  # of a zip or workbook: what a worker with 512 MB can hold
MAX_PAGE = 2 * 1024 * 1024  # one HTML or Markdown file: beyond it is no help page
QUESTION_LIMIT = 300
ANSWER_LIMIT = 1200  # what is longer becomes an article
ARTICLE_LIMIT = 200_000
PHRASINGS_LIMIT = 100  # of one entry; four to eight are enough


class Unreadable(ValueError):
    """The file as a whole cannot be read; the message is one sentence for the person who chose it."""


@dataclass(frozen=True)
class Document:
    """One entry to be. `category` is None when the file has none, so that what is stored stays.

    `unpublished`: it was a draft in the system it comes from, so nobody has seen it there.
    """

    place: str
    question: str = ""
    answer: str = ""
    phrasings: tuple[str, ...] = ()
    category: str | None = None
    language: str = ""
    source: str = ""
    problem: str = ""
    images: int = 0
    scripts: int = 0
    dead_links: int = 0
    unpublished: bool = False

    @property
    def article(self) -> bool:
        """Return whether it is too long to be shown whole."""
        return len(self.answer) > ANSWER_LIMIT

    def stored(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


def restored(values: Mapping[str, Any]) -> Document:
    """Return the document that `stored` has written."""
    return Document(**{**values, "phrasings": tuple(values["phrasings"])})


@dataclass(frozen=True)
class Reading:
    """All of a file, in its order, and what is to be said of it as a whole."""

    documents: tuple[Document, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """Rows of cells with the place of each, for a person to say what the columns are."""

    name: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    problems: Mapping[int, str] = field(default_factory=dict)  # row index -> why it cannot be read

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return max((len(cells) for _, cells in self.rows), default=0)


@dataclass(frozen=True)
class Tables:
    """The sheets of a table file."""

    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """What the person said beside the file."""

    base_url: str = ""
    language: str = "en"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return "1 link", "2 links"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"

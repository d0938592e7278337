"""The catalogues of our texts: extracted from code and templates, and compiled. `make words` does both.

A text that stands nowhere any more leaves its catalogue; a new one comes in without a translation, and the
tests name it until it has one in every language.
"""

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from assistant.languages import DEFAULT, LANGUAGES
from tests.environment import ROOT

SERVER, PAGE = "django", "djangojs"
TRANSLATED = tuple(language for language in LANGUAGES if language != DEFAULT)
LOCALE = ROOT / "assistant/locale"
PYTHON = ROOT / "assistant"
STAFF_ONLY = ("admin", "migrations")  # plain English
JS = ROOT / "assistant/static/assistant"

# Which argument of a call is a text: our errors carry theirs as English with holes.
KEYWORDS: Mapping[str, Any] = {
    "_": None,
    "gettext": None,
    "translatable": None,
    "FrameError": (2,),
    "NotAvailable": (1,),
    "TurnedAway": (2,),
    "Unusable": (3,),
}
FOR_PAGE: Mapping[str, Any] = {"for_page": None}
OF_SCRIPT: Mapping[str, Any] = {"t": None}

# Of the head of a catalogue: what a reader of it needs. Dates and names are git's.
HEAD = ("Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")

Texts = dict[str, set[str]]  # each with the files it stands in


def texts() -> dict[str, Texts]:
    """Return every text that visitors read, by the catalogue it belongs to."""
    found: dict[str, Texts] = {SERVER: {}, PAGE: {}}
    for path in sorted(PYTHON.rglob("*.py")):
        if path.relative_to(PYTHON).parts[0] in STAFF_ONLY:
            continue
        _note(found[SERVER], path, "python", KEYWORDS, _as_is)
        _note(found[PAGE], path, "python", FOR_PAGE, _as_is)
    for path in sorted((ROOT / "templates").glob("*.html")):  # those of staff lie in folders
        _note(found[SERVER], path, "python", {"gettext": None}, _of_template)
    for path in sorted(JS.glob("*.js")):
        _note(found[PAGE], path, "javascript", OF_SCRIPT, _as_is)
    return found


def _as_is(text: str) -> str:
    return text


def _of_template(text: str) -> str:
    """Return a template as calls of gettext, without the indents that no Python could have."""
    return "\n".join(line.lstrip() for line in templatize(text).splitlines())


def _note(
    found: Texts, path: Path, method: str, keywords: Mapping[str, Any], prepared: Callable[[str], str]
) -> None:
    source: BinaryIO = io.BytesIO(prepared(path.read_text(encoding="utf-8")).encode())
    options = {"parse_template_string": True, "encoding": "utf-8"}
    for _, message, _, _ in extract(method, source, keywords=keywords, options=options):
        text = message if isinstance(message, str) else message[0]
        if text:
            found.setdefault(text, set()).add(str(path.relative_to(ROOT)))


class Kept(Catalog):
    """A catalogue as it is written: the same texts make the same bytes, whenever and by whichever Babel."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self._get_mime_headers() if name in HEAD]

    @mime_headers.setter
    def mime_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        self._set_mime_headers(headers)


def place(language: str, domain: str) -> Path:
    """Return where a catalogue's translations stand; the compiled ones lie beside them."""
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def read(language: str, domain: str) -> Catalog:
    """Return a catalogue as it is stored, empty where there is none."""
    path = place(language, domain)
    if not path.exists():
        return Catalog(locale=language, domain=domain)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=domain)


def compiled(catalogue: Catalog) -> bytes:
    """Return what a `.mo` of it holds; a text without a translation is left out, so that English shows."""
    file, kept = io.BytesIO(), Kept(locale=catalogue.locale)
    for message in catalogue:
        if message.id:
            kept.add(message.id, message.string)
    write_mo(file, kept)
    return file.getvalue()


def updated(language: str, domain: str, wanted: Texts) -> Catalog:
    """Return a catalogue with exactly the texts that there are, and the translations that stood."""
    old = read(language, domain)
    comment = f"# What visitors read, in {language}; `make words` keeps it. See docs/languages.md."
    new = Kept(locale=language, domain=domain, header_comment=comment, fuzzy=False)
    for text in sorted(wanted):
        known = old.get(text)
        new.add(text, known.string if known else "", [(name, 0) for name in sorted(wanted[text])])
    return new


def missing(catalogue: Catalog) -> Iterator[str]:
    """Yield the texts of a catalogue that have no translation."""
    return (str(message.id) for message in catalogue if message.id and not message.string)


def main() -> None:
    """Bring all catalogues up to date, compile them, and name what is still to be translated."""
    wanted = texts()
    for language in TRANSLATED:
        for domain in (SERVER, PAGE):
            catalogue = updated(language, domain, wanted[domain])
            path = place(language, domain)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(file, catalogue, width=110, include_lineno=False)
            path.with_suffix(".mo").write_bytes(compiled(read(language, domain)))
            for text in missing(catalogue):
                sys.stdout.write(f"{path.relative_to(ROOT)}: {text}\n")


if __name__ == "__main__":
    main()

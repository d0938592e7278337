"""A zip of pages: its folders are the categories; what is no page is counted, what is unsafe is named."""

import re
import zipfile
from pathlib import PurePosixPath

from faq.importing import html_pages, markdown_pages
from faq.importing.decoding import decode
from faq.importing.documents import MAX_PAGE, MAX_ROWS, Document, Options, Reading, Unreadable, count
from faq.importing.zips import BadMember, contents, opened, require_size

HTML = (".html", ".htm", ".xhtml")
MARKDOWN = (".md", ".markdown", ".mdown")
_ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".bz2")
_OTHER_FAQ = (".csv", ".tsv", ".xlsx", ".json")
_HIDDEN = re.compile(r"(^|/)(__MACOSX(/|$)|\.[^/.][^/]*|Thumbs\.db$|desktop\.ini$)")
_OUTSIDE = re.compile(r"(^|/)\.\.(/|$)|^/|^[A-Za-z]:|\x00")
_NAMELESS = ("index", "readme", "default", "home")


def read(data: bytes, options: Options) -> Reading:
    """Return the documents of all pages in a zip; raises Unreadable when it has none."""
    with opened(data) as archive:
        members = [
            each for each in archive.infolist() if not each.is_dir() and not _HIDDEN.search(_name(each))
        ]
        require_size([each for each in members if _name(each).lower().endswith((*HTML, *MARKDOWN))])
        top = _top(members)
        documents: list[Document] = []
        left_out = 0
        for member in sorted(members, key=_name):
            found = _member(archive, member, top, options)
            left_out += not found
            documents.extend(found)
            if len(documents) > MAX_ROWS:
                raise Unreadable(f"This zip file holds more than {MAX_ROWS:,} pages and questions; split it.")
    if not documents:
        raise Unreadable("This zip file holds no HTML or Markdown pages.")
    notes = (f"{count(left_out, 'other file')} in the zip (images, styles) left out.",) if left_out else ()
    return Reading(tuple(documents), notes)


def _name(member: zipfile.ZipInfo) -> str:
    return member.filename.replace("\\", "/")


def _top(members: list[zipfile.ZipInfo]) -> str:
    """Return the one folder that everything is packed in, with a slash, "" when there is none."""
    tops = {_name(each).split("/", 1)[0] if "/" in _name(each) else "" for each in members}
    return f"{tops.pop()}/" if len(tops) == 1 and "" not in tops else ""


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, top: str, options: Options) -> list[Document]:
    """Return a file's documents; none for what is no page."""
    name = _name(member)
    kind = PurePosixPath(name).suffix.lower()
    problem = _refusal(name, kind)
    if problem:
        return [Document(name[:200], problem=problem)]
    if kind not in (*HTML, *MARKDOWN):
        return []
    try:
        text = decode(contents(archive, member, MAX_PAGE)).text
    except (BadMember, Unreadable) as error:
        return [Document(name[:200], problem=str(error))]
    return page(text, name.removeprefix(top), options)


def _refusal(name: str, kind: str) -> str:
    if _OUTSIDE.search(name):
        return "Its name leads out of the zip's own folder, so it was not read."
    if kind in _ARCHIVES:
        return "A packed file inside a zip is not opened; upload it by itself."
    return "Upload this file by itself, not inside a zip." if kind in _OTHER_FAQ else ""


def page(text: str, name: str, options: Options) -> list[Document]:
    """Return the documents of one page by its name; the name is the title when it has no other."""
    path = PurePosixPath(name)
    folders = [_words(part) for part in path.parts[:-1]]
    category = " / ".join(folders)[:60].strip(" /") or None if folders else None
    nameless = path.stem.lower() in _NAMELESS
    # A page called index says nothing of itself: its question tells it from others.
    source = "" if nameless else f"file:{name}"[:200]
    read_page = markdown_pages.read if path.suffix.lower() in MARKDOWN else html_pages.read
    found = read_page(text, name[:200], options, category, source)
    if len(found) == 1 and not found[0].question and not found[0].problem:
        title = _words(path.parts[-2] if nameless and folders else path.stem)
        return [Document(**{**found[0].stored(), "question": title})]
    return found


def _words(name: str) -> str:
    """Return a file or folder name as words: "01-opening_hours" is "Opening hours"."""
    words = re.sub(r"^\d+[-_. ]+", "", name)
    words = re.sub(r"[-_]+", " ", words).strip()
    return words[:1].upper() + words[1:]

"""Bytes to text: UTF-8, UTF-16 and the encodings that spreadsheets still write, told by what is in them."""

import codecs
import re
from dataclasses import dataclass

from faq.importing.documents import Unreadable

_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIRAGANA = re.compile(r"[\u3041-\u3096]")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
BROKEN = "\ufffd"  # stands where bytes could not be read
_SAMPLE = 4096


@dataclass(frozen=True)
class Decoded:
    """The text of a file, with a sentence when its encoding was no plain UTF-8."""

    text: str
    note: str = ""


def decode(data: bytes) -> Decoded:
    """Return the text of `data` with line ends as \\n; raises Unreadable for what is no text.

    Bytes that are wrong in a file that otherwise is UTF-8 become U+FFFD, so that their rows can be named.
    """
    found = _decoded(data)
    return Decoded(found.text.replace("\r\n", "\n").replace("\r", "\n"), found.note)


def _decoded(data: bytes) -> Decoded:
    for bom, name in _BOMS:
        if data.startswith(bom):
            text = data[len(bom) :].decode(name, "replace")
            return Decoded(text, "" if name == "utf-8" else "The file is in UTF-16.")
    silent = _utf16_without_mark(data)
    if silent:
        return Decoded(
            data.decode(silent, "replace"), "The file was read as UTF-16, though it does not say so."
        )
    if data.count(b"\0") > max(8, len(data) // 100):
        raise Unreadable("This is no text file: it holds binary data.")
    try:
        return Decoded(data.decode("utf-8"), _nul_note(data))
    except UnicodeDecodeError:
        return _not_utf8(data)


def _nul_note(data: bytes) -> str:
    return "NUL bytes were left out." if b"\0" in data else ""


def _utf16_without_mark(data: bytes) -> str:
    """Return the byte order of UTF-16 without a mark: every second byte of Latin text is NUL."""
    sample = data[:_SAMPLE]
    half = len(sample) // 2
    if half < 4:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.6 and odd < half * 0.1 else ""


def _not_utf8(data: bytes) -> Decoded:
    text = data.decode("utf-8", "replace")
    broken = text.count(BROKEN)
    if len(_MULTIBYTE.findall(data)) > broken:
        return Decoded(text, "The file is UTF-8 with broken characters; the rows that have one are named.")
    japanese = _attempt(data, "cp932")
    if japanese is not None and len(_HIRAGANA.findall(japanese)) >= 3:
        return Decoded(japanese, "The file is in Shift-JIS, as Excel writes it in Japanese.")
    western = _attempt(data, "cp1252")
    if western is None:
        raise Unreadable(
            "The encoding of this file is not known: it is neither UTF-8, UTF-16 nor Windows-1252. "
            "Save it as “CSV UTF-8”."
        )
    return Decoded(western, "The file is in Windows-1252, as Excel writes it: please look at its accents.")


def _attempt(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None

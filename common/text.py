"""Text hygiene that every package needs: cleaning what came in, redacting what is kept."""

import unicodedata

from common.personal import find

# Embeddings, overrides and isolates; marks that only say which way a word runs may stay.
BIDI_CONTROLS = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


def clean(text: str) -> str:
    """Return `text` without NUL and bidi controls, lone surrogates as U+FFFD, in NFC.

    PostgreSQL refuses NUL, UTF-8 refuses lone surrogates, and bidi overrides let a text look like
    another one. Lengths and limits everywhere count the code points of what this returns.
    """
    text = text.replace("\x00", "").translate(BIDI_CONTROLS)
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", text)


def redact(text: str) -> str:
    """Return `text` with e-mail addresses, card numbers, IBANs and phone numbers replaced by their kind."""
    parts, at = [], 0
    for detail in find(text):
        parts += [text[at : detail.start], f"[{detail.kind.lower()}]"]
        at = detail.end
    return "".join([*parts, text[at:]])


def shorten(text: str, limit: int) -> str:
    """Return the first line of `text`, at most `limit` code points, with an ellipsis when cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def plain_lines(text: str) -> str:
    """Return a text with plain line ends, and without blanks where a line or the text ends."""
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip()

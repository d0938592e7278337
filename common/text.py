"""Text hygiene that every package needs: cleaning what came in, redacting what is kept."""

import re
import unicodedata

_BIDI_CONTROLS = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_PHONE = re.compile(r"(?<![\w.])\+?\d(?:[ ()/.-]{0,2}\d){7,14}(?!\w)")


def clean(text: str) -> str:
    """Return `text` without NUL and bidi controls, lone surrogates as U+FFFD, in NFC.

    PostgreSQL refuses NUL, UTF-8 refuses lone surrogates, and bidi overrides let a text look like
    another one. Lengths and limits everywhere count the code points of what this returns.
    """
    text = text.replace("\x00", "").translate(_BIDI_CONTROLS)
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", text)


def _luhn(digits: str) -> bool:
    """Return whether a digit string passes the Luhn check (ISO/IEC 7812-1, annex B)."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def redact(text: str) -> str:
    """Return `text` with e-mail addresses, card numbers (Luhn), IBANs and phone numbers replaced."""
    text = _EMAIL.sub("[e-mail]", text)
    text = _IBAN.sub("[iban]", text)
    text = _CARD.sub(
        lambda match: "[card]" if _luhn(re.sub(r"\D", "", match.group())) else match.group(), text
    )
    return _PHONE.sub("[phone]", text)


def shorten(text: str, limit: int) -> str:
    """Return the first line of `text`, at most `limit` code points, with an ellipsis when cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"

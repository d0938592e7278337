"""Personal details in a text: where e-mail addresses, payment cards, IBANs and phone numbers stand.

Pure, and linear in the length of the text: every pattern is bounded or starts only where a run starts.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from common.numbering import IBAN_LENGTHS
from common.numbers_in_text import Detail, cards, phones

__all__ = ["KINDS", "Detail", "find"]

KINDS = ("e-mail", "card", "IBAN", "phone")


def find(text: str) -> list[Detail]:
    """Return the personal details of `text` in order; none overlaps another."""
    folded, places = _fold(text)
    taken = [*_emails(folded)]
    for search in (_ibans, cards, phones):
        covered = _blanked(folded, taken)
        taken.extend(search(covered))
    return [
        Detail(found.kind, places[found.start], places[found.end - 1] + 1, found.key) if places else found
        for found in sorted(taken, key=lambda found: found.start)
    ]


# ---- one way to write a character -----------------------------------------------------------------

_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufe0e\ufe0f\ufeff]")
_FOLDS_KEPT = 4096  # characters looked up once; a text of rare ones must not fill the memory


class _Folds(dict[int, int]):
    """What each character counts as: any decimal digit as 0-9, any dash as "-", any blank as " "."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        digit = unicodedata.decimal(char, None)
        category = unicodedata.category(char)
        if digit is not None:
            folded = ord("0") + digit
        elif category == "Pd" or char == "\u2212":
            folded = ord("-")
        elif category == "Zs":
            folded = ord(" ")
        else:
            plain = unicodedata.normalize("NFKC", char)
            folded = ord(plain) if len(plain) == 1 else code
        if len(self) < _FOLDS_KEPT:
            self[code] = folded
        return folded


_FOLDS = _Folds()


def _fold(text: str) -> tuple[str, Sequence[int]]:
    """Return `text` with one way to write each character, and the place of each where some were left out."""
    if text.isascii():
        return text, ()
    places: Sequence[int] = ()
    if _INVISIBLE.search(text):
        places = [index for index, char in enumerate(text) if not _INVISIBLE.match(char)]
        text = "".join(text[index] for index in places)
    return text.translate(_FOLDS), places


def _blanked(text: str, taken: Sequence[Detail]) -> str:
    """Return `text` with what was found already as letters, of the same length."""
    parts, at = [], 0
    for found in sorted(taken, key=lambda found: found.start):
        parts += [text[at : found.start], "x" * (found.end - found.start)]
        at = found.end
    return "".join([*parts, text[at:]])


# ---- e-mail --------------------------------------------------------------------------------------

# Latin, Greek and Cyrillic letters stand apart from scripts without blanks, whose words would be swallowed.
_LETTERS = "A-Za-z\u00c0-\u052f"
_LOCAL = rf"{_LETTERS}0-9!#$%&'*+/=?^_{{|}}~.\-"
_HOST = rf"(?:[{_LETTERS}0-9\-]{{1,63}}\.){{1,8}}(?:xn--[A-Za-z0-9\-]{{2,59}}|[{_LETTERS}]{{2,63}})"
_AT = r"(?:@| ?[\[(](?:at|AT)[\])] ?)"
_DOT_HOST = rf"(?:[{_LETTERS}0-9\-]{{1,63}}(?:\.| ?[\[(](?:dot|DOT)[\])] ?)){{1,8}}[{_LETTERS}]{{2,63}}"
_EMAIL = re.compile(
    rf"(?<![{_LOCAL}])[{_LOCAL}]{{1,256}}(?:@(?:{_HOST}|\[\d{{1,3}}(?:\.\d{{1,3}}){{3}}\])|{_AT}{_DOT_HOST})"
)
_EMAIL_ANY_SCRIPT = re.compile(r"(?<![\w.+-])[\w.+-]{1,256}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,63}")
_NOT_LOCAL = "!#$%&'*/=?^{|}~."  # may stand inside; before the name they are quotes and brackets


def _emails(text: str) -> Iterator[Detail]:
    for match in _matches(text):
        start = match.start() + len(match[0]) - len(match[0].lstrip(_NOT_LOCAL))
        plain = re.sub(r" ?[\[(](at|dot)[\])] ?", _spelt_out, match[0].lower()).lstrip(_NOT_LOCAL)
        # `git@host:path` is an address of code.
        if not plain.startswith(("git@", "@")):
            yield Detail("e-mail", start, match.end(), plain)


def _matches(text: str) -> Iterator[re.Match[str]]:
    """Yield what has the shape of an address; one in any script only where the narrower shape has none."""
    if "@" not in text and "at" not in text and "AT" not in text:
        return
    narrow = list(_EMAIL.finditer(text))
    yield from narrow
    if not text.isascii():
        at_signs = {text.find("@", match.start()) for match in narrow}
        for match in _EMAIL_ANY_SCRIPT.finditer(text):
            if text.find("@", match.start()) not in at_signs:
                yield match


def _spelt_out(match: re.Match[str]) -> str:
    return "@" if match[1] == "at" else "."


# ---- IBAN ----------------------------------------------------------------------------------------

_IBAN_HEAD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[ -]?[0-9]{2}")
_IBAN_LONGEST = 34 + 33  # each character with a blank behind it


def _ibans(text: str) -> Iterator[Detail]:
    ends = 0
    for head in _IBAN_HEAD.finditer(text):
        length = IBAN_LENGTHS.get(head[0][:2].upper())
        if length is None or head.start() < ends:
            continue
        end = _end_of(text, head.start(), length)
        if end is None or (end < len(text) and text[end].isalnum() and text[end].isascii()):
            continue
        compact = re.sub(r"[ -]", "", text[head.start() : end]).upper()
        if _mod97(compact) == 1:
            ends = end
            yield Detail("IBAN", head.start(), end, compact)


def _end_of(text: str, start: int, length: int) -> int | None:
    """Return where the `length`th letter or digit from `start` ends, single blanks and dashes let through."""
    seen, gap = 0, False
    for index in range(start, min(len(text), start + _IBAN_LONGEST)):
        char = text[index]
        if char.isascii() and char.isalnum():
            seen, gap = seen + 1, False
            if seen == length:
                return index + 1
        elif char in " -" and not gap:
            gap = True
        else:
            return None
    return None


def _mod97(iban: str) -> int:
    """Return an IBAN's remainder, 1 for a valid one (ISO 13616, ISO 7064 MOD 97-10)."""
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97

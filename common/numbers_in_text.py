"""Payment cards and phone numbers: chains of digit groups in a text. Pure, and linear in its length.

A number is taken for a phone number by its shape; without one, the words before it decide. Formats:
ITU-T E.164 and E.123, national ones as the largest carriers' countries write them.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from common.numbering import CALLING_CODES


@dataclass(frozen=True, slots=True)
class Detail:
    """One personal detail: text[start:end] is it; `key` is the same for every way to write it."""

    kind: str
    start: int
    end: int
    key: str


_DIGITS = re.compile(r"[0-9]+")
_GAP = re.compile(r"[ ()/.\-]{1,3}")


@dataclass(frozen=True, slots=True)
class _Group:
    """Digits, where they stand, and the gap to the group before ("\\n": they begin a chain)."""

    digits: str
    start: int
    end: int
    gap: str


def _groups(text: str) -> list[_Group]:
    found: list[_Group] = []
    for match in _DIGITS.finditer(text):
        gap = text[found[-1].end : match.start()] if found else "\n"
        joined = len(gap) <= 3 and _GAP.fullmatch(gap)
        found.append(_Group(match[0], match.start(), match.end(), gap if joined else "\n"))
    return found


def _free(text: str, start: int, end: int) -> bool:
    """Return whether no letter, digit or underscore touches text[start:end]."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not _word(before) and not _word(after)


def _word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")


def _chains(groups: Sequence[_Group], index: int, most: int) -> Iterator[tuple[int, str]]:
    """Yield (number of groups, their digits) from `index` on while there are at most `most` digits."""
    digits = ""
    for count, group in enumerate(groups[index : index + most], start=1):
        if (count > 1 and group.gap == "\n") or len(digits) + len(group.digits) > most:
            return
        digits += group.digits
        yield count, digits


# ---- payment cards -------------------------------------------------------------------------------

# Issuer prefixes with the lengths of their numbers (ISO/IEC 7812; the networks' public tables).
_BRANDS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(?:30[0-5]|36\d|3[89]\d)\d{11,16}"  # Diners Club
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    r"|220[0-4]\d{12,15}"  # Mir
    r"|(?:50|5[6-9]|6\d|81|82)\d{11,17}"  # Maestro, Discover, UnionPay, RuPay
)


def cards(text: str) -> Iterator[Detail]:
    """Yield the payment cards of a text written in one way: an issuer's prefix and length, and Luhn."""
    groups = _groups(_shapes_out(text, _CODES))
    index = 0
    while index < len(groups):
        count, digits = _card_at(text, groups, index)
        if count:
            yield Detail("card", groups[index].start, groups[index + count - 1].end, digits)
        index += count or 1


def _card_at(text: str, groups: Sequence[_Group], index: int) -> tuple[int, str]:
    best = (0, "")
    for count, digits in _chains(groups, index, 19):
        start, end = groups[index].start, groups[index + count - 1].end
        if len(digits) >= 13 and _BRANDS.fullmatch(digits) and _luhn(digits) and _free(text, start, end):
            best = (count, digits)
    return best


def _luhn(digits: str) -> bool:
    """Return whether a digit string passes the Luhn check (ISO/IEC 7812-1, annex B)."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


# ---- phone numbers -------------------------------------------------------------------------------

_CODES = re.compile(
    r"\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b"  # UUID
)
# What looks like a chain of groups and is none: codes, days, days with times, IPv4 addresses, money.
_SHAPES = re.compile(
    _CODES.pattern + r"|(?<![0-9])(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?![0-9])"
    r"|(?<![0-9])(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d(?![0-9])"
    r"|(?<![0-9.])(?:\d{1,3}\.){3}\d{1,3}(?![0-9]|\.[0-9])"
    r"|(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,4})?"  # an IBAN's shape
    r"|[€$£¥] ?[0-9][0-9.,' ]{0,24}"
    r"|(?<![0-9.+(])[0-9]{1,3}(?:[.,' ][0-9]{3}){1,5}(?:[.,][0-9]{1,2})? ?(?:[€$£¥]|EUR|USD|GBP|CHF|JPY)"
)
_PHONE_WORD = re.compile(
    r"(?:phones?|telephone|mobile|cell|call(?: me)?(?: at| on| back)?|ring me|text me|dial|whatsapp|fax|tel"
    r"|telefon(?:nummer)?|handy(?:nummer)?|mobil(?:nummer)?|rufnummer|ruf(?:en)?|anrufen|erreichbar"
    r"|t[ée]l[ée]phone|portable|appelez|t[ée]l[ée]fono|m[óo]vil|llam\w{1,4}|cellulare|telefone|telem[óo]vel|celular"
    r"|電話|携帯|phone number)[^0-9\n]{0,16}$",
    re.IGNORECASE,
)
_OTHER_WORD = re.compile(
    r"(?:order|invoice|ref(?:erence)?|isbn|sku|ticket|booking|version|article|case|item|serial|account|customer"
    r"|contract|tracking|parcel|port|build|bestell\w{0,8}|rechnung\w{0,8}|kunden\w{0,8}|vertrag\w{0,8}|auftrag\w{0,8}"
    r"|buchung\w{0,8}|artikel\w{0,8}|commande|facture|pedido|factura|ordine|fattura|encomenda|fatura|注文|請求"
    r"|timestamp|signature|id|vat|ust|siret|siren|isin)\b[^0-9\n]{0,14}$|[#=_]$",
    re.IGNORECASE,
)
_CONTEXT = 40  # characters before a number in which a word about it stands
_NANP = re.compile(r"1?[2-9]\d\d[2-9]\d{6}")  # North American Numbering Plan
_NANP_SHAPES = frozenset({(3, 3, 4), (1, 3, 3, 4), (1, 3, 7)})
_SOUTHERN = {(3, 2, 2, 2): "6789", (3, 7): "3", (3, 6): "3"}  # Spain; Italy's mobile numbers
_STANDS_IN = "0123456789"  # all digits in order: an alphabet in code, nobody's number


def _shapes_out(text: str, shapes: re.Pattern[str]) -> str:
    """Return `text` with other things than numbers as letters, of the same length."""
    return shapes.sub(lambda match: "x" * len(match[0]), text)


def phones(text: str) -> Iterator[Detail]:
    """Yield the phone numbers of a text written in one way: by their shape or the words before them."""
    masked = _shapes_out(text, _SHAPES)
    groups = _groups(masked)
    index = 0
    while index < len(groups):
        count, digits = _phone_at(masked, groups, index)
        if count:
            start = _opened(masked, groups[index].start)
            yield Detail("phone", start, groups[index + count - 1].end, digits)
        index += count or 1


def _opened(text: str, start: int) -> int:
    """Return where a number begins with the plus and the bracket in front of its first digit."""
    while start and text[start - 1] in "+(":
        start -= 1
    return start


def _phone_at(text: str, groups: Sequence[_Group], index: int) -> tuple[int, str]:
    """Return how many groups from `index` on are one phone number, with its digits; 0 for none."""
    first = groups[index]
    start = _opened(text, first.start)
    if _word(text[start - 1 : start]) or (index and first.gap in (".", "-") and start == first.start):
        return 0, ""
    # A word about a number stands right before it, so never in the middle of a chain.
    before = text[max(0, start - _CONTEXT) : start] if first.gap == "\n" else ""
    fits = _shape_of(text[start : first.start], first.digits, before)
    if fits is None:
        return 0, ""
    best = (0, "")
    for count, digits in _chains(groups, index, 17):
        chain = groups[index : index + count]
        if _begins_anew(chain, digits):
            break
        if len(digits) >= 6 and fits(chain, digits) and not _word(text[chain[-1].end : chain[-1].end + 1]):
            best = (count, digits)
    return best


def _begins_anew(chain: Sequence[_Group], digits: str) -> bool:
    """Return whether the last group is the beginning of a second number in a list of numbers."""
    last = chain[-1]
    fresh = last.digits[0] == "0" and len(last.digits) >= 3 and last.gap in (" ", "  ")
    return len(chain) > 1 and fresh and len(digits) - len(last.digits) >= 10


_Fits = Callable[[Sequence[_Group], str], bool]


def _shape_of(lead: str, first: str, before: str) -> _Fits | None:
    """Return what a number that begins like this has to look like, None when it can be no phone number."""
    if "+" in lead:
        return lambda chain, digits: _international(digits)
    other = before and _OTHER_WORD.search(before)
    if not other and before and _PHONE_WORD.search(before):
        return lambda chain, digits: len(digits) <= 15 and (len(chain) > 1 or digits != _STANDS_IN)
    if other:
        return None
    if first.startswith("00") or first == "0":
        return lambda chain, digits: len(digits) >= 10 and digits[:2] == "00" and _international(digits[2:])
    if first[0] == "0":
        return _with_trunk_zero
    if len(first) == 3 or first == "1" or len(first) in (10, 11):
        return _without_zero if "(" not in lead else _in_brackets
    return None


def _international(digits: str) -> bool:
    """Return whether digits are a number with its country's code in front (ITU-T E.164)."""
    code = next((digits[:size] for size in (1, 2, 3) if digits[:size] in CALLING_CODES), "")
    rest = digits[len(code) :]
    if code == "1":
        return bool(_NANP.fullmatch(rest)) and len(rest) == 10
    return bool(code) and 6 <= len(rest) <= 13 and len(digits) <= 16 and len(set(rest)) > 1


def _with_trunk_zero(chain: Sequence[_Group], digits: str) -> bool:
    area = len(chain[0].digits) if len(chain) > 1 else 2
    return 9 <= len(digits) <= 12 and 2 <= area <= 6 and (len(chain) > 1 or digits != _STANDS_IN)


def _without_zero(chain: Sequence[_Group], digits: str) -> bool:
    shape = tuple(len(group.digits) for group in chain)
    if shape in _NANP_SHAPES and _NANP.fullmatch(digits):
        return True
    return len(shape) > 1 and digits[0] in _SOUTHERN.get(shape, "")


def _in_brackets(chain: Sequence[_Group], digits: str) -> bool:
    area = len(chain) > 1 and len(digits) == 10 and bool(_NANP.fullmatch(digits))
    return area or _without_zero(chain, digits)

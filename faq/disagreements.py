"""Where two answers say different things: amounts, prices, names of plans, yes and no.

Pure, and by words alone: it finds what can be held against each other ("14 days", "30 days") and is
only asked about answers to nearly the same question. English and German.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from faq.normalize import words
from faq.terms import content, polarity, stem

MOST_SENTENCES = 40  # of an answer; what comes later is detail
NAMED = 3  # disagreements that are worth telling at once
# Sentences that share less are not about the same thing, and may say yes and no.
SAME_MATTER = 0.5

_HOUR, _DAY = 1, 24
# Units of time in hours where they can be turned into each other; months and years have no fixed length.
_TIMES = {
    "minute": ("hour", 1 / 60), "minuten": ("hour", 1 / 60), "hour": ("hour", _HOUR),
    "stund": ("hour", _HOUR), "stunden": ("hour", _HOUR),
    "day": ("hour", _DAY), "tag": ("hour", _DAY), "tagen": ("hour", _DAY),
    "week": ("hour", 7 * _DAY), "woch": ("hour", 7 * _DAY), "wochen": ("hour", 7 * _DAY),
    "month": ("month", 1), "monat": ("month", 1), "monaten": ("month", 1),
    "year": ("month", 12), "jahr": ("month", 12), "jahren": ("month", 12),
}  # fmt: skip
_NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12,
    "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7,
    "acht": 8, "neun": 9, "zehn": 10, "elf": 11, "zwölf": 12,
}  # fmt: skip
_WORKING = r"(?P<working>(?:working|business|werk|arbeits)[ -]?)?"
_AMOUNT = rf"(?P<amount>\d[\d.,]*|\b(?:{'|'.join(_NUMBER_WORDS)})\b)"
_COUNTED = re.compile(rf"(?<![\w.,$€£]){_AMOUNT}[\s-]+{_WORKING}(?P<unit>[^\W\d_]{{3,}})", re.I)
_PRICE = re.compile(
    r"(?P<before>[$€£])\s?(?P<first>\d[\d.,]*)|(?<![\w.,])(?P<last>\d[\d.,]*)\s?(?P<after>[$€£]|EUR|USD|GBP|euros?|dollars?)",
    re.I,
)
_SHARE = re.compile(r"(?<![\w.,])(?P<amount>\d[\d.,]*)\s?(?:%|percent|per cent|Prozent)", re.I)
_PLAN = re.compile(r"\b(?P<name>[A-Z][\w+-]*)[ -](?:plan|tier|edition|package|Tarif|Paket)\b")
_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n+|\|")
_MARKS = re.compile(r"[*_`#>\[\]]|\(https?://[^)]*\)")
_SAYS = {"yes": True, "ja": True, "no": False, "nein": False}
_CURRENCIES = {"eur": "€", "euro": "€", "usd": "$", "dollar": "$", "gbp": "£"}


@dataclass(frozen=True)
class Disagreement:
    """What one answer says where the other says something else, each in its own words."""

    mine: str
    theirs: str


@dataclass(frozen=True)
class _Fact:
    """Something that can differ: of which measure, how much, as written, and what it is said about."""

    measure: str
    value: str
    shown: str
    about: frozenset[str]


def disagreements(mine: str, theirs: str) -> list[Disagreement]:
    """Return where two answers to one question differ, the clearest first, at most three."""
    left, right = _sentences(mine), _sentences(theirs)
    found = _yes_and_no(left, right) + _amounts(list(_facts(left)), list(_facts(right)))
    return found[:NAMED]


def _sentences(answer: str) -> list[str]:
    split = (each.strip(" -•\t") for each in _SENTENCE.split(_MARKS.sub("", answer)))
    return [each for each in split if each][:MOST_SENTENCES]


def _facts(sentences: Iterable[str]) -> Iterable[_Fact]:
    for sentence in sentences:
        about = frozenset(content(words(sentence)))
        for measure, value, shown in (
            *_prices(sentence),
            *_shares(sentence),
            *_counts(sentence),
            *_plans(sentence),
        ):
            yield _Fact(measure, value, " ".join(shown.split()), about)


def _counts(sentence: str) -> Iterable[tuple[str, str, str]]:
    for match in _COUNTED.finditer(sentence):
        unit = stem(match["unit"].lower())
        if _CURRENCIES.get(unit) or unit == "percent":
            continue
        amount = _number(match["amount"])
        measure, factor = _TIMES.get(unit, (unit, 1))
        if match["working"]:
            measure, factor = f"working {unit}", 1
        yield measure, f"{amount * factor:g}", match[0]


def _prices(sentence: str) -> Iterable[tuple[str, str, str]]:
    for match in _PRICE.finditer(sentence):
        sign = (match["before"] or match["after"]).lower()
        sign = _CURRENCIES.get(stem(sign), _CURRENCIES.get(sign, sign))
        yield f"price in {sign}", f"{_number(match['first'] or match['last']):g}", match[0]


def _shares(sentence: str) -> Iterable[tuple[str, str, str]]:
    return (("share", f"{_number(match['amount']):g}", match[0]) for match in _SHARE.finditer(sentence))


def _plans(sentence: str) -> Iterable[tuple[str, str, str]]:
    return (("plan", match["name"].lower(), match[0]) for match in _PLAN.finditer(sentence))


def _number(text: str) -> float:
    """Return the value of a number as written; a last group of three digits after a comma is thousands."""
    if text.lower() in _NUMBER_WORDS:
        return float(_NUMBER_WORDS[text.lower()])
    text = text.rstrip(".,")
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", text):
        return float(re.sub(r"[.,]", "", text))
    return float(re.sub(r"[.,](?=.*[.,])", "", text).replace(",", "."))


def _amounts(mine: list[_Fact], theirs: list[_Fact]) -> list[Disagreement]:
    """Return of each measure that both name the two amounts that differ and are said about the same."""
    found: list[tuple[int, Disagreement]] = []
    for measure in dict.fromkeys(fact.measure for fact in mine):
        left = [fact for fact in mine if fact.measure == measure]
        right = [fact for fact in theirs if fact.measure == measure]
        held, other = {fact.value for fact in left}, {fact.value for fact in right}
        own = [fact for fact in left if fact.value not in other]
        new = [fact for fact in right if fact.value not in held]
        pairs = [(len(a.about & b.about), a, b) for a, b in product(own, new)]
        if pairs:
            shared, a, b = max(pairs, key=lambda pair: pair[0])
            found.append((shared, Disagreement(a.shown, b.shown)))
    return [each for _, each in sorted(found, key=lambda pair: -pair[0])]


def _yes_and_no(mine: list[str], theirs: list[str]) -> list[Disagreement]:
    if not mine or not theirs:
        return []
    left, right = _says(mine[0]), _says(theirs[0])
    if left is not None and right is not None:
        return [Disagreement(_opening(mine[0]), _opening(theirs[0]))] if left != right else []
    return _negated(mine, theirs)


def _says(sentence: str) -> bool | None:
    split = words(sentence)
    return _SAYS.get(split[0]) if split else None


def _negated(mine: list[str], theirs: list[str]) -> list[Disagreement]:
    """Return the first two sentences about the same matter of which one is negated."""
    split = [[(each, words(each)) for each in sentences] for sentences in (mine, theirs)]
    for (a, left), (b, right) in product(*split):
        own, other = set(content(left)), set(content(right))
        same = len(own & other) >= SAME_MATTER * max(len(own), len(other), 1) and own & other
        if same and polarity(left) != polarity(right):
            return [Disagreement(_opening(a), _opening(b))]
    return []


def _opening(sentence: str) -> str:
    return sentence if len(sentence) <= 60 else f"{sentence[:57].rsplit(' ', 1)[0]}…"

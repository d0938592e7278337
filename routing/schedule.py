"""Times of the week as staff write them: `Mon-Fri 09:00-17:30; Sat, Sun`.

Days alone mean the whole day, times alone every day; a span that ends before it begins runs into the
next day. Pure; the moment is that of the desk's clock.
"""

import re
from datetime import datetime
from functools import lru_cache

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = 24 * 60
WEEK = 7 * DAY
UNKNOWN = -1  # in place of a minute
SHORTEST = 2  # letters of a day's name; one would leave T and S in doubt

_SPAN = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*-\s*(\d{1,2})(?:[:.](\d{2}))?")

Span = tuple[int, int]  # minutes from Monday midnight, the end not included


class BadSchedule(ValueError):
    """Times of the week cannot be read; the message quotes the part."""


def moment(at: datetime) -> str:
    """Return a moment as rules see it and receipts show it: `Mon 14:05`."""
    return f"{DAYS[at.weekday()]} {at:%H:%M}"


def minute(seen: str) -> int:
    """Return a `moment` as minutes from Monday midnight."""
    day, _, clock = seen.partition(" ")
    hours, _, minutes = clock.partition(":")
    return DAYS.index(day) * DAY + int(hours) * 60 + int(minutes)


def within(at: int, spans: tuple[Span, ...]) -> bool:
    """Return whether a `minute` of the week lies in one of the spans."""
    return any(begin <= at < end or begin <= at + WEEK < end for begin, end in spans)


@lru_cache(maxsize=512)
def parse(text: str) -> tuple[Span, ...]:
    """Return the spans that `text` names. Raises BadSchedule."""
    parts = [part.strip() for part in re.split(r"[;\n]", text.replace("–", "-").replace("—", "-"))]
    spans = tuple(span for part in parts if part for span in _part(part))
    if not spans:
        raise BadSchedule("write days, times or both, such as Mon-Fri 09:00-17:30")
    return spans


def _part(part: str) -> list[Span]:
    digit = re.search(r"\d", part)
    days_text, spans_text = (part[: digit.start()], part[digit.start() :]) if digit else (part, "")
    days = _days(days_text, part)
    clocks = [_clock(piece.strip(), part) for piece in spans_text.split(",")] if digit else [(0, DAY)]
    return [(day * DAY + begin, day * DAY + end) for day in days for begin, end in clocks]


def _days(text: str, part: str) -> list[int]:
    text = text.strip().rstrip(":").strip().lower()
    if text in ("", "daily", "every day"):
        return list(range(7))
    chosen: list[int] = []
    for piece in text.split(","):
        first, _, last = piece.partition("-")
        begin = _day(first, part)
        end = _day(last, part) if last.strip() else begin
        chosen.extend((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return chosen


def _day(name: str, part: str) -> int:
    name = name.strip().rstrip(".")
    fitting = [at for at, day in enumerate(_FULL) if len(name) >= SHORTEST and day.startswith(name)]
    if len(fitting) != 1:
        raise BadSchedule(
            f"“{name or part}” is no day of the week: write Mon, Tue, Wed, Thu, Fri, Sat or Sun"
        )
    return fitting[0]


def _clock(text: str, part: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise BadSchedule(f"“{part}” has no time like 09:00-17:30")
    begin, end = _minutes(found[1], found[2], part), _minutes(found[3], found[4], part)
    if begin == end:
        raise BadSchedule(f"“{text}” begins and ends at the same time")
    return begin, end if end > begin else end + DAY


def _minutes(hours: str, minutes: str | None, part: str) -> int:
    total = int(hours) * 60 + int(minutes or 0)
    if int(minutes or 0) > 59 or total > DAY:
        raise BadSchedule(f"“{part}” has a time that no clock shows")
    return total

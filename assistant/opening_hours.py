"""When people answer: opening hours as staff write them, and the moment an answer can be promised for.

Pure. `Mon-Fri 09:00-17:00; Sat 10:00-13:00` is one line of settings; a promise counts open time only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_MINUTES: Final = 24 * 60
LOOK_AHEAD_DAYS: Final = 400  # a desk that is closed for longer than a year promises nothing
SHORTEST_NAME: Final = 2  # "Mo", "Tu"; one letter would leave T and S in doubt

_PART = re.compile(r"(?P<days>[^\d]+?)\s*(?::\s*)?(?P<spans>\d.*|closed)", re.IGNORECASE)
_SPAN = re.compile(
    r"(?P<h1>\d{1,2})(?:[:.](?P<m1>\d{2}))?\s*(?P<p1>am|pm)?\s*-\s*"
    r"(?P<h2>\d{1,2})(?:[:.](?P<m2>\d{2}))?\s*(?P<p2>am|pm)?",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:(?P<year>\d{4})-)?(?P<month>\d{1,2})-(?P<day>\d{1,2})")

Span = tuple[int, int]  # minutes from midnight, the end not included


class BadHours(ValueError):
    """Opening hours, or a list of closed days, cannot be read; the message says which part and why."""


@dataclass(frozen=True)
class OpeningHours:
    """Open spans of each weekday, Monday first; never open at all is a value like any other."""

    days: tuple[tuple[Span, ...], ...] = ((),) * 7

    @property
    def ever(self) -> bool:
        """Whether there is a weekday with an open span."""
        return any(self.days)


@dataclass(frozen=True)
class ClosedDays:
    """Days on which nobody answers: once on a date, or every year on a (month, day)."""

    dates: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()

    def has(self, day: date) -> bool:
        """Return whether `day` is closed whatever the weekday says."""
        return day in self.dates or (day.month, day.day) in self.yearly


# ---- reading what staff typed --------------------------------------------------------------------


def parse_hours(text: str) -> OpeningHours:
    """Return the hours in `text`; parts stand on lines of their own or between semicolons.

    Raises BadHours, quoting the part that cannot be read.
    """
    days: list[list[Span]] = [[] for _ in DAYS]
    named: set[int] = set()
    for part in re.split(r"[;\n]", text.replace("–", "-").replace("—", "-")):
        if not part.strip():
            continue
        chosen, spans = _parse_part(part.strip())
        for index in chosen:
            if index in named:
                raise BadHours(f"{DAYS[index].title()} stands in two parts; write its times into one.")
            named.add(index)
            days[index].extend(spans)
    return OpeningHours(tuple(tuple(spans) for spans in days))


def _parse_part(part: str) -> tuple[list[int], list[Span]]:
    found = _PART.fullmatch(part)
    if found is None:
        raise BadHours(f"“{part}” is not hours: write days and times, such as Mon-Fri 09:00-17:00.")
    chosen = _parse_days(found["days"], part)
    if found["spans"].lower() == "closed":
        return chosen, []
    spans = sorted(_parse_span(piece.strip()) for piece in re.split(r",|\band\b|&", found["spans"]))
    for before, after in pairwise(spans):
        if after[0] < before[1]:
            raise BadHours(f"The times of “{part}” overlap.")
    return chosen, spans


def _parse_days(text: str, part: str) -> list[int]:
    text = text.strip().rstrip(":").strip().lower()
    if text in ("daily", "every day", "all days"):
        return list(range(7))
    chosen: list[int] = []
    for piece in re.split(r",|\band\b|&", text):
        first, _, last = piece.partition("-") if "-" in piece else piece.partition(" to ")
        begin = _day(first, part)
        end = _day(last, part) if last else begin
        chosen.extend((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    if len(set(chosen)) != len(chosen):
        raise BadHours(f"A day stands twice in “{part}”.")
    return chosen


def _day(name: str, part: str) -> int:
    name = name.strip().rstrip(".")
    fitting = [index for index, day in enumerate(DAYS) if len(name) >= SHORTEST_NAME and day.startswith(name)]
    if len(fitting) != 1:
        raise BadHours(f"“{name or part}” is not a weekday: write Mon, Tue, Wed, Thu, Fri, Sat or Sun.")
    return fitting[0]


def _parse_span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise BadHours(f"“{text}” is not a span of time: write it like 09:00-17:00.")
    begin = _minutes(found["h1"], found["m1"], found["p1"], text)
    end = _minutes(found["h2"], found["m2"], found["p2"], text)
    if begin >= end:
        raise BadHours(
            f"“{text}” ends before it begins; a night goes into two days, as 22:00-24:00 and 00:00-06:00."
        )
    return begin, end


def _minutes(hour: str, minute: str | None, half: str | None, text: str) -> int:
    hours, minutes = int(hour), int(minute or 0)
    if half:
        if not 1 <= hours <= 12:
            raise BadHours(f"“{text}” is not a time of day.")
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    total = hours * 60 + minutes
    if minutes > 59 or total > DAY_MINUTES:
        raise BadHours(f"“{text}” is not a time of day.")
    return total


def parse_closed(text: str) -> ClosedDays:
    """Return the closed days in `text`: `2026-12-28` is one day, `12-25` that day of every year.

    Words after a date are a remark. Raises BadHours, quoting the line.
    """
    dates: set[date] = set()
    yearly: set[tuple[int, int]] = set()
    for line in re.split(r"[;,\n]", text):
        if not line.strip():
            continue
        found = _DATE.fullmatch(line.split()[0])
        try:
            if found is None:
                raise ValueError(line)
            # A leap year, so that 02-29 can be a closed day.
            day = date(int(found["year"] or 2024), int(found["month"]), int(found["day"]))
        except ValueError:
            raise BadHours(
                f"“{line.strip()}” is not a date: write 2026-12-25, or 12-25 for every year."
            ) from None
        if found["year"]:
            dates.add(day)
        else:
            yearly.add((day.month, day.day))
    return ClosedDays(frozenset(dates), frozenset(yearly))


# ---- by when -------------------------------------------------------------------------------------


def by_when(
    hours: OpeningHours, closed: ClosedDays, tz: ZoneInfo, now: datetime, within_hours: int
) -> datetime | None:
    """Return by when, in UTC, `within_hours` of open time will have passed since `now`.

    Rounded up to the full hour where the desk is still open then. None, which is no promise, for
    no hours at all, for `within_hours` of 0, and for a desk that stays closed for a year.
    """
    if within_hours <= 0:
        return None
    left = timedelta(hours=within_hours)
    for begin, end in _open_spans(hours, closed, tz, now):
        length = end - begin
        if length >= left:
            return min(_full_hour(begin + left, tz), end)
        left -= length
    return None


def is_open(hours: OpeningHours, closed: ClosedDays, tz: ZoneInfo, now: datetime) -> bool:
    """Return whether `now` lies in an open span."""
    first = next(_open_spans(hours, closed, tz, now), None)
    return first is not None and first[0] <= now.astimezone(UTC)


def _open_spans(
    hours: OpeningHours, closed: ClosedDays, tz: ZoneInfo, now: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield what is left of the open spans from `now` on, in UTC, so that a clock change keeps its length."""
    if not hours.ever:
        return
    start = now.astimezone(UTC)
    today = now.astimezone(tz).date()
    for offset in range(LOOK_AHEAD_DAYS):
        day = today + timedelta(days=offset)
        if closed.has(day):
            continue
        for first, last in hours.days[day.weekday()]:
            begin, end = max(_moment(day, first, tz), start), _moment(day, last, tz)
            if begin < end:
                yield begin, end


def _moment(day: date, minutes: int, tz: ZoneInfo) -> datetime:
    """Return in UTC when the desk's clock shows `minutes` past midnight of `day`."""
    days, rest = divmod(minutes, DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), tzinfo=tz)
    return local.astimezone(UTC)


def _full_hour(moment: datetime, tz: ZoneInfo) -> datetime:
    """Return the next full hour on the desk's clock, `moment` itself when it is one."""
    local = moment.astimezone(tz)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return moment + (timedelta(hours=1) - past) if past else moment

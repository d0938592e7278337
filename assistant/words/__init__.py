"""Our own sentences in every language of the page, and what is put together from them.

Pure: values in, text out. The settings are those of a published configuration.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assistant.languages import DEFAULT
from assistant.opening_hours import (
    DAY_MINUTES,
    BadHours,
    ClosedDays,
    OpeningHours,
    Span,
    by_when,
    parse_closed,
    parse_hours,
)
from assistant.words import de, en, es, fr, ja, pt
from assistant.words.shape import Words

WORDS: Final[Mapping[str, Words]] = {
    "en": en.WORDS, "de": de.WORDS, "fr": fr.WORDS, "es": es.WORDS, "pt": pt.WORDS, "ja": ja.WORDS,
}  # fmt: skip


SHORT_WAIT_S = 90  # static/assistant/words.js counts alike


def words(language: str) -> Words:
    """Return our sentences in a language, in English for one that they do not exist in."""
    return WORDS.get(language) or WORDS[DEFAULT]


# ---- times ---------------------------------------------------------------------------------------


def zone_of(settings: Mapping[str, Any]) -> ZoneInfo:
    """Return the desk's time zone, UTC for a name that this machine does not know."""
    try:
        return ZoneInfo(str(settings.get("time_zone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def place_of(tz: ZoneInfo) -> str:
    """Return the town that names a time zone."""
    return tz.key.rpartition("/")[2].replace("_", " ")


def moment_text(moment: datetime, tz: ZoneInfo, language: str) -> str:
    """Return a moment as the desk's clock shows it, with weekday and place."""
    said, local = words(language), moment.astimezone(tz)
    day: date = local.date()
    return said.moment.format(
        weekday=said.weekdays[day.weekday()],
        day=said.first if said.first and day.day == 1 else day.day,
        month=said.months[day.month - 1],
        time=f"{local:%H:%M}",
        place=place_of(tz),
    )


def wait_text(seconds: int, language: str) -> str:
    """Return how long to wait, in seconds up to a minute and a half and in minutes beyond."""
    said = words(language)
    if seconds <= SHORT_WAIT_S:
        return said.seconds.format(n=seconds)
    return said.minutes.format(n=math.ceil(seconds / 60))


def hours_text(settings: Mapping[str, Any], language: str) -> str:
    """Return when people answer, in words; the settings' own words where no structured hours are set."""
    hours = hours_of(settings)
    if not hours.ever:
        return str(settings.get("hours") or "")
    said = words(language)
    runs: list[list[int]] = []
    for day, spans in enumerate(hours.days):
        if runs and runs[-1][-1] == day - 1 and hours.days[runs[-1][-1]] == spans:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = (_run_text(run, hours.days[run[0]], said) for run in runs if hours.days[run[0]])
    return "; ".join(parts) + said.beside.format(place=place_of(zone_of(settings)))


def _run_text(run: list[int], spans: tuple[Span, ...], said: Words) -> str:
    first, last = said.weekdays[run[0]], said.weekdays[run[-1]]
    days = first if len(run) == 1 else f"{first}{said.day_join if len(run) == 2 else said.span}{last}"
    hours = said.day_join.join(f"{_clock(begin)}{said.span}{_clock(end)}" for begin, end in spans)
    return f"{days} {hours}"


def _clock(minutes: int) -> str:
    return "24:00" if minutes == DAY_MINUTES else f"{minutes // 60:02}:{minutes % 60:02}"


def hours_of(settings: Mapping[str, Any]) -> OpeningHours:
    """Return the opening hours in the settings; the form lets no others in than can be read."""
    try:
        return parse_hours(str(settings.get("opening_hours") or ""))
    except BadHours:
        return OpeningHours()  # a restored or hand-written row: no hours are no promise


def closed_days_of(settings: Mapping[str, Any]) -> ClosedDays:
    """Return the closed days in the settings."""
    try:
        return parse_closed(str(settings.get("closed_on") or ""))
    except BadHours:
        return ClosedDays()


def answer_by(settings: Mapping[str, Any], now: datetime) -> datetime | None:
    """Return by when a request made `now` is answered, None when the settings allow no promise."""
    within = int(settings.get("answer_within_hours") or 0)
    return by_when(hours_of(settings), closed_days_of(settings), zone_of(settings), now, within)


# ---- what a visitor reads ------------------------------------------------------------------------


def _with_by(
    by_text: str, open_text: str, by: datetime | None, settings: Mapping[str, Any], language: str
) -> str:
    if by is None:
        return open_text
    return by_text.replace("{by}", moment_text(by, zone_of(settings), language))


def next_step(settings: Mapping[str, Any], language: str, now: datetime) -> str:
    """Return the sentence under an answer that did not help: the form, and by when it is answered."""
    said = words(language)
    return _with_by(said.leave_by, said.leave, answer_by(settings, now), settings, language)


def write_now(settings: Mapping[str, Any], language: str, now: datetime) -> str:
    """Return by when a request that is sent now is answered, for the form."""
    said = words(language)
    return _with_by(said.write_now_by, said.write_now, answer_by(settings, now), settings, language)


def received(settings: Mapping[str, Any], language: str, number: int, email: str, by: datetime | None) -> str:
    """Return what the visitor is told once a request is stored."""
    said = words(language)
    text = _with_by(said.received_by, said.received, by, settings, language)
    return text.format(number=number, email=masked(email))


def reach(settings: Mapping[str, Any], language: str) -> str:
    """Return how else to reach a person, with the hours, "" when no contact is set."""
    said, contact = words(language), str(settings.get("contact") or "")
    if not contact:
        return ""
    hours = hours_text(settings, language)
    return sentences(said.reach.format(contact=contact), said.hours.format(hours=hours) if hours else "")


def sentences(*parts: str) -> str:
    """Return sentences one behind the other, without those that are empty: Japanese puts no space between."""
    text = ""
    for part in filter(None, parts):
        text += part if not text or text.endswith("。") else f" {part}"
    return text


def masked(email: str) -> str:
    """Return an address as its owner knows it and nobody else learns it: `a…@example.com`."""
    name, _, host = email.rpartition("@")
    return f"{name[:1]}…@{host}"

"""The roll-up of generated rows: the product's own tallies, of the same facts that are written as rows."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from routing import tally
from routing.tally import Tally

MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000
Key = tuple[str, str, str]  # route, purpose, model


@dataclass(slots=True)
class ReplyFact:
    """What a tally reads of a reply."""

    state: str
    ended_by: str
    truncated: bool
    escalated_after: bool
    escalated_by: str
    feedback: int | None
    resolved: bool | None
    queue_ms: int | None
    match_ms: int | None
    first_text_ms: int | None
    total_ms: int | None
    input_tokens: int | None
    output_tokens: int | None
    cost_pico: int | None
    heavy_cost_pico: int | None
    fallbacks: int
    continued: bool
    assumed: bool
    support: float | None = None
    cached: bool = False
    escalated_before: bool = False
    handed_off: bool = False
    handoff_failed: bool = False
    judged_by: str = ""
    re_asked: bool = False


@dataclass(slots=True)
class CallFact:
    """What a tally reads of a call."""

    asked_model: str
    cause: str
    error_class: str
    cost_pico: int | None
    input_tokens: int | None
    output_tokens: int | None
    first_text_ms: int | None
    duration_ms: int | None
    answering_model: str = ""
    truncated: bool = False


class Row(NamedTuple):
    """A finished roll-up row; `at` is in microseconds since 1970."""

    at: int
    key: Key
    figures: str


class Sums:
    """Sums the facts of a day up by minute and by hour."""

    def __init__(self) -> None:
        self._replies: defaultdict[int, defaultdict[Key, list[ReplyFact]]] = defaultdict(_groups)
        self._calls: defaultdict[int, defaultdict[Key, list[CallFact]]] = defaultdict(_call_groups)

    def add_reply(self, ended_us: int, key: Key, fact: ReplyFact) -> None:
        """Count a reply in the minute in which it ended."""
        self._replies[ended_us // MINUTE_US][key].append(fact)

    def add_call(self, ended_us: int, key: Key, fact: CallFact) -> None:
        """Count a call in the minute in which it ended."""
        self._calls[ended_us // MINUTE_US][key].append(fact)

    def rows(self) -> tuple[list[Row], list[Row]]:
        """Return the rows of the minutes and those of the hours."""
        minutes: list[Row] = []
        hours: defaultdict[tuple[int, Key], list[Tally]] = defaultdict(list)
        for minute in sorted({*self._replies, *self._calls}):
            at = minute * MINUTE_US
            for key, value in self._of(minute):
                minutes.append(Row(at, key, _json(value)))
                hours[at - at % HOUR_US, key].append(value)
        summed = [Row(at, key, _json(tally.total(values))) for (at, key), values in hours.items()]
        return minutes, summed

    def _of(self, minute: int) -> Iterable[tuple[Key, Tally]]:
        replies: Mapping[Key, list[ReplyFact]] = self._replies.pop(minute, _groups())
        calls: Mapping[Key, list[CallFact]] = self._calls.pop(minute, _call_groups())
        for key in {**replies, **calls}:
            parts = []
            if key in replies:
                parts.append(tally.of_replies(replies[key]))
            if key in calls:
                parts.append(tally.of_calls(calls[key]))
            yield key, parts[0] if len(parts) == 1 else tally.total(parts)


def _groups() -> "defaultdict[Key, list[ReplyFact]]":
    return defaultdict(list)


def _call_groups() -> "defaultdict[Key, list[CallFact]]":
    return defaultdict(list)


def _json(value: Tally) -> str:
    return json.dumps(value.dump(), separators=(",", ":"))

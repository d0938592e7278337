"""The figures of a change: read from the roll-ups, kept in its record, compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from routing import flip_windows, tally
from routing.flip_records import following, is_of_rules, previous
from routing.flip_verdicts import Row, compare, shares
from routing.flip_windows import Window
from routing.metrics import MANAGED
from routing.models import FlipRecord
from routing.stored import read
from routing.tally import Tally


@dataclass(frozen=True)
class Counted:
    """One side of a change: its tally, and the requests of each route where the rule set changed."""

    tally: Tally
    requests: Mapping[str, int]

    def dump(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"tally": self.tally.dump(), "requests": dict(self.requests)}

    @classmethod
    def load(cls, stored: Mapping[str, Any] | None) -> "Counted | None":
        """Return what `dump` wrote, None for nothing."""
        return None if stored is None else cls(Tally.load(stored["tally"]), stored["requests"])


class Reader:
    """Reads each window once: the changes of one publication mostly have the same."""

    def __init__(self) -> None:
        self._read: dict[tuple[datetime, datetime], Mapping[str, Tally]] = {}

    def counted(self, row: FlipRecord, window: Window) -> Counted:
        """Return the figures of the record's route in a window, of all routes where the rules changed."""
        key = (window.start, window.end)
        if key not in self._read:
            self._read[key] = read(*key, MANAGED, ()).by_route if window.length else {}
        routes = self._read[key]
        if is_of_rules(row):
            requests = {slug: value["requests"] for slug, value in routes.items() if value["requests"]}
            return Counted(tally.total(routes.values()), requests)
        return Counted(routes.get(row.route_slug, Tally()), {})


def windows(row: FlipRecord, counted: datetime) -> tuple[Window, Window]:
    """Return the minutes before and after a change, where all is counted until `counted`."""
    earlier, later = previous(row), following(row)
    return (
        flip_windows.before(row.changed_at, earlier.changed_at if earlier else None),
        flip_windows.after(row.changed_at, later.changed_at if later else None, counted),
    )


def rows(row: FlipRecord) -> list[Row]:
    """Return each figure of a record's two sides; nothing while one is not counted."""
    before, after = Counted.load(row.before), Counted.load(row.after)
    return compare(before.tally, after.tally) if before and after else []


def share_rows(row: FlipRecord) -> list[Row]:
    """Return the share of each route on both sides of a change of the rule set."""
    before, after = Counted.load(row.before), Counted.load(row.after)
    return shares(before.requests, after.requests) if before and after and is_of_rules(row) else []


def count(row: FlipRecord, counted: datetime, reader: Reader) -> None:
    """Bring a record's figures up to `counted`; a side is frozen an hour after its last minute.

    The side before is a week, which is read once it is complete and once more when it is frozen.
    """
    first, second = windows(row, counted)
    freezes = counted >= first.end + flip_windows.LATE_NEWS
    unread = row.before is None or row.counted_at is None or row.counted_at < first.end
    if not row.before_frozen and (unread or freezes):
        row.before = reader.counted(row, first).dump()
        row.before_from, row.before_until = first.start, first.end
        row.before_frozen = freezes
    row.after = reader.counted(row, second).dump()
    row.after_from, row.after_until = second.start, second.end
    row.after_frozen = second.over and counted >= second.end + flip_windows.LATE_NEWS
    row.counted_at = counted
    found = rows(row)
    row.judged = any(one.word != "too few" for one in found)
    row.better = [one.label for one in found if one.word == "better"]
    row.worse = [one.label for one in found if one.word == "worse"]

"""Which replies a list or an export is asked for, from its address, and the same in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from routing import chosen
from routing.chosen import Chosen
from routing.definitions import DEFINITIONS, ESCALATIONS, RESOLUTIONS
from routing.periods import read_moment
from routing.reply_list import KINDS_OF_REPLIES, SLOW, STATES, Wanted

SLOW_WORDS = {
    "first_text": "First text later than",
    "total": "Total longer than",
    "queue": "Queueing longer than",
    "match": "FAQ matching longer than",
}
_MOST_MS = 2_000_000_000  # what the column holds
_MOST_DIGITS = 20  # and no more are read


def kind_labels() -> dict[str, str]:
    """Return the kinds of replies that can be listed, by name, in words."""
    found = {}
    for name in KINDS_OF_REPLIES:
        if name.startswith("left_"):
            found[name] = f"Stands as: {RESOLUTIONS[name.removeprefix('left_')].label.lower()}"
        elif name.startswith("escalated_by_"):
            found[name] = f"Found wanting: {ESCALATIONS[name.removeprefix('escalated_by_')].label.lower()}"
        elif name == "support_judged":
            found[name] = "Judged for groundedness"
        else:
            found[name] = DEFINITIONS[name].label
    return found


@dataclass(frozen=True)
class Asked:
    """A list of replies that somebody asked for: the choice, the conditions, and the rest of its address."""

    seen: Chosen
    wanted: Wanted
    further: Mapping[str, str]

    @property
    def query(self) -> str:
        """Return the query string that asks for the same."""
        return self.seen.choice.query(compare="", **self.further)


def asked(query: Mapping[str, str], now: datetime) -> Asked:
    """Return what is asked for; a name or number that means nothing asks for nothing."""
    seen = chosen.at(query, now)
    start, end = read_moment(query.get("start", "")), read_moment(query.get("end", ""))
    kind, state, slow = (query.get(name, "") for name in ("kind", "state", "slow"))
    over = _ms(query.get("over", ""))
    further = {
        "start": query.get("start", "") if start else "",
        "end": query.get("end", "") if end else "",
        "kind": kind if kind in KINDS_OF_REPLIES else "",
        "state": state if state in STATES else "",
        "plan": query.get("plan", "").replace("\0", "")[:20],
        "slow": slow if slow in SLOW and over else "",
        "over": over if slow in SLOW and over else "",
    }
    wanted = Wanted(
        start or seen.period.start,
        end or seen.period.end,
        seen.purposes,
        seen.choice.route,
        seen.choice.model,
        further["plan"],
        further["state"],
        further["kind"],
        further["slow"],
        min(int(further["over"] or 0), _MOST_MS),
    )
    return Asked(seen, wanted, further)


def _ms(text: str) -> str:
    """Return a number of milliseconds as it was typed, "" for what is none or longer than any number here."""
    return text if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else ""


def span_words(wanted: Wanted, seen: Chosen) -> str:
    """Return the period of a list in words, with times where it is not that of the choice."""
    if (wanted.start, wanted.end) == (seen.period.start, seen.period.end):
        return seen.headline
    start, end = (moment.astimezone(seen.tz) for moment in (wanted.start, wanted.end))
    same_day = start.date() == (wanted.end - timedelta(minutes=1)).astimezone(seen.tz).date()
    until = f"{end:%H:%M}" if same_day else f"{end:%a} {end.day} {end:%b %Y}, {end:%H:%M}"
    return f"{start:%a} {start.day} {start:%b %Y}, {start:%H:%M} to {until}"

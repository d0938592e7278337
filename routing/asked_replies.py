"""Which replies a list or an export is asked for, from its address, and the same in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from routing import chosen
from routing.chosen import Chosen
from routing.definitions import DEFINITIONS, ESCALATIONS, RESOLUTIONS
from routing.reply_list import KINDS_OF_REPLIES, SLOW, STATES, Wanted

SLOW_WORDS = {
    "first_text": "First text later than",
    "total": "Total longer than",
    "queue": "Queueing longer than",
    "match": "FAQ matching longer than",
}
_MOST_MS = 2_000_000_000  # what the column holds


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
    start, end = _moment(query.get("start", "")), _moment(query.get("end", ""))
    kind, state, slow = (query.get(name, "") for name in ("kind", "state", "slow"))
    over = query.get("over", "")
    further = {
        "start": query.get("start", "") if start else "",
        "end": query.get("end", "") if end else "",
        "kind": kind if kind in KINDS_OF_REPLIES else "",
        "state": state if state in STATES else "",
        "plan": query.get("plan", "")[:20],
        "slow": slow if slow in SLOW and over.isdigit() else "",
        "over": over if slow in SLOW and over.isdigit() else "",
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


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def span_words(wanted: Wanted, seen: Chosen) -> str:
    """Return the period of a list in words, with times where it is not that of the choice."""
    if (wanted.start, wanted.end) == (seen.period.start, seen.period.end):
        return seen.headline
    start, end = (moment.astimezone(seen.tz) for moment in (wanted.start, wanted.end))
    return f"{start:%a} {start.day} {start:%b %Y}, {start:%H:%M} to {end:%H:%M}"

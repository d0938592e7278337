"""What changed between two configuration snapshots, as rows that people read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NAMES = ("slug", "id", "plan", "name")  # what a row of a list is called by, the first that it has


@dataclass(frozen=True)
class Difference:
    """One value that differs: where it stands, and what it was and is; empty means it was not there."""

    where: str
    before: str
    after: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return every value that two snapshots do not share, in the order of their places."""
    old, new = _flat("", before), _flat("", after)
    places = sorted(place for place in old.keys() | new.keys() if old.get(place) != new.get(place))
    return [Difference(place.replace("_", " "), old.get(place, ""), new.get(place, "")) for place in places]


def _flat(place: str, value: Any) -> dict[str, str]:
    if isinstance(value, Mapping):
        items = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        items = [(_name(part, number), part) for number, part in enumerate(value, start=1)]
    else:
        return {place: _shown(value)}
    flat: dict[str, str] = {}
    for key, part in items:
        flat.update(_flat(f"{place} › {key}" if place else key, part))
    return flat


def _name(part: Any, number: int) -> str:
    if isinstance(part, Mapping):
        found = next((part[name] for name in _NAMES if part.get(name) not in (None, "")), None)
        if found is not None:
            return str(found)
    return str(number)


def _shown(value: Any) -> str:
    if value is None or value in ("", []):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " > ".join(_shown(part) for part in value)
    return str(value)

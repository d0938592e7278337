"""What a rehearsed outage looked like: what a visitor would have seen, when, and what was tried. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

On = Literal["first", "all"]
MomentKind = Literal["status", "text", "seam", "notice", "end"]

# Words for what a visitor sees; the rest of a moment is quoted from the page.
SEAM = "From here on another model goes on with the answer."


@dataclass(frozen=True)
class Order:
    """Which fault strikes which models of which route, and the question that is asked."""

    route: str
    fault: str
    question: str
    on: On = "first"
    after_tokens: int | None = None
    status: int = 500


@dataclass(frozen=True)
class Moment:
    """Something that a visitor saw; times in ms from sending. A text grew from `at_ms` to `until_ms`."""

    at_ms: int
    kind: MomentKind
    text: str
    until_ms: int = 0


@dataclass(frozen=True)
class Tried:
    """One request to one model, and how it ended; times in ms from sending the question."""

    at_ms: int
    ended_ms: int | None
    model: str
    cause: str
    finish: str
    error: str
    detail: str
    first_text_ms: int | None


@dataclass(frozen=True)
class Watched:
    """One reply as it was watched. `ran_out` says that the rehearsal's own time ended first."""

    moments: tuple[Moment, ...]
    attempts: tuple[Tried, ...]
    state: str
    ended_by: str
    first_text_ms: int | None
    total_ms: int
    ran_out: bool = False


@dataclass(frozen=True)
class Rehearsal:
    """The same question twice: undisturbed, and with the fault. `usual_route` is where it would go."""

    order: Order
    route_name: str
    ladder: tuple[str, ...]
    usual_route: str
    undisturbed: Watched
    disturbed: Watched


def dump(found: Rehearsal) -> dict[str, Any]:
    """Return a rehearsal as JSON values."""
    return asdict(found)


def load(row: Mapping[str, Any]) -> Rehearsal:
    """Return the rehearsal that `dump` wrote."""
    return Rehearsal(
        Order(**row["order"]),
        row["route_name"],
        tuple(row["ladder"]),
        row["usual_route"],
        _watched(row["undisturbed"]),
        _watched(row["disturbed"]),
    )


def _watched(row: Mapping[str, Any]) -> Watched:
    parts = {
        "moments": tuple(Moment(**each) for each in row["moments"]),
        "attempts": tuple(Tried(**each) for each in row["attempts"]),
    }
    return Watched(**{**row, **parts})

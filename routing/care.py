"""What the catalogue and the last day's calls say of the models on the ladders. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from routing.config import ModelSpec, RouteSpec

FindingKind = Literal["retired", "not_found", "other_model", "retires"]

# As in routing.checks: time to try a successor, compare it and change the ladders.
RETIRES_SOON = timedelta(days=45)
GRAVE: frozenset[str] = frozenset({"retired", "not_found"})  # the model does not answer; the others still do

# A gateway that once named its model otherwise is no outage; five times in a day, or one answer in twenty,
# is another model than the one that is paid for.
OFTEN_TIMES, OFTEN_SHARE = 5, 0.05


def often(others: int, answered: int) -> bool:
    """Return whether so many of a day's answers by another model are more than a slip; one never is."""
    return others >= OFTEN_TIMES or (others > 1 and others / max(answered, 1) >= OFTEN_SHARE)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


@dataclass(frozen=True)
class Seen:
    """What the ledger holds of one model's calls: 404s since its last answer, and who else answered."""

    not_found: int = 0
    said: str = ""
    others: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One thing about one model that staff should act on; `detail` says what was seen and what to do."""

    model: str
    kind: FindingKind
    detail: str

    @property
    def grave(self) -> bool:
        """Return whether the model does not answer, or will not as soon as it is asked."""
        return self.kind in GRAVE


def ladders_of(model: str, routes: Iterable[RouteSpec]) -> list[str]:
    """Return the names of the routes that are on and have a model on their ladder."""
    return [route.name for route in routes if route.enabled and model in route.ladder]


def findings(
    models: Mapping[str, ModelSpec], routes: Sequence[RouteSpec], seen: Mapping[str, Seen], today: date
) -> list[Finding]:
    """Return what is to be said of each model that a route may ask, the worst first.

    A model that stands on no ladder is nobody's worry, but for one that only the environment names.
    """
    found: list[Finding] = []
    used = {model for route in routes if route.enabled for model in route.ladder}
    for name in sorted(used | (seen.keys() - models.keys())):
        found += _about(name, models.get(name), ladders_of(name, routes), seen.get(name, Seen()), today)
    return sorted(found, key=lambda each: not each.grave)


def _about(
    name: str, spec: ModelSpec | None, names: Sequence[str], seen: Seen, today: date
) -> Iterable[Finding]:
    where = f" On the ladders of: {', '.join(names)}." if names else ""
    successor = f" Put {spec.replaced_by} in its place." if spec and spec.replaced_by else ""
    ends = spec.retires_on if spec else None
    if ends is not None and ends <= today:
        words = (
            f"Retired on {ends:%Y-%m-%d}.{where}{successor or ' Take it off, or put another in its place.'}"
        )
        yield Finding(name, "retired", words)
    elif ends is not None and ends - today <= RETIRES_SOON:
        left = (ends - today).days
        words = f"Retires on {ends:%Y-%m-%d}, in {left} day{'' if left == 1 else 's'}.{where}{successor}"
        yield Finding(name, "retires", words)
    if seen.not_found:
        times = _times(seen.not_found)
        advice = successor or " Look up its id at the provider, or take it off."
        said = f" It says: {seen.said.rstrip('.')}." if seen.said else ""
        words = f"Its provider answered {times} that it does not know it.{said}{where}{advice}"
        yield Finding(name, "not_found", words)
    if seen.others:
        who = "; ".join(f"by {other}, {_times(count)}" for other, count in sorted(seen.others.items()))
        words = (
            f"In the last day answered {who}.{where} Ask the provider; if it is only another name, note it "
            "under “Other names”."
        )
        yield Finding(name, "other_model", words)

"""A figure against the period before, in words: called a change only where it is more than chance."""

from dataclasses import dataclass

from common.money import usd
from routing.comparing import RATES, SUMS, TIMES, Change, change
from routing.level_words import duration, percent
from routing.tally import Tally

MARKS = {"better": "good", "worse": "bad", "changed": "plain"}


@dataclass(frozen=True)
class Compared:
    """One figure against the period before: `told` is whether the change is more than chance would make."""

    before: str
    text: str
    mark: str
    told: bool
    value: float | int | None
    verdict: str

    @property
    def hint(self) -> str:
        """Return both in one line, for a hover."""
        return f"The period before: {self.before}. {self.text[:1].upper()}{self.text[1:]}."


def points(share: float) -> str:
    """Return a difference of shares in percentage points, signed."""
    return f"{share * 100:+.1f}".replace("-", "−")


def signed(by: float) -> str:
    """Return a relative change as percent, signed."""
    said = f"{by * 100:+.0f} %".replace("-", "−")
    return "±0 %" if said[1:] == "0 %" else said


def _before(name: str, found: Change) -> str:
    if found.before is None:
        return "too few"
    if name in TIMES:
        return duration(found.before)
    if name == "grounded":
        return f"{percent(found.before / found.of)} of {found.of:,}" if found.of else "none judged"
    if name in SUMS or name == "cost_per_1000":
        return usd(int(found.before)) if "cost" in name else f"{found.before:,}"
    return f"{found.before:,} ({percent(found.before / found.of)})" if found.of else f"{found.before:,}"


def _by(name: str, found: Change) -> str:
    if found.verdict == "few":
        return "too few replies to compare"
    if name in TIMES:
        if found.verdict == "same" or found.by is None:
            return "no clear change"
        return f"{abs(found.by) * 100:.0f} % {'slower' if found.by > 0 else 'faster'}"
    if found.by is None:
        return "nothing before"
    if found.within is None:
        return signed(found.by)
    span = f"{points(found.within[0])} to {points(found.within[1])} points"
    return f"no clear change ({span})" if found.verdict == "same" else f"{points(found.by)} points ({span})"


def worded(name: str, found: Change) -> Compared:
    """Return a change in words."""
    told = found.verdict in MARKS
    return Compared(
        _before(name, found),
        _by(name, found),
        MARKS.get(found.verdict, ""),
        told,
        found.before,
        found.verdict,
    )


def compared(before: Tally, after: Tally) -> dict[str, Compared]:
    """Return every figure that is compared, by its name."""
    found = {}
    for name in (*TIMES, *RATES, *SUMS, "cost_per_1000", "grounded"):
        one = change(name, before, after)
        if one is not None:
            found[name] = worded(name, one)
    return found

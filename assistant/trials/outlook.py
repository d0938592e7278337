"""What counts of questions come to in money and time, read from the desk's own figures of the last weeks."""

from datetime import timedelta
from typing import NamedTuple

from assistant.backtested import Counts
from assistant.predicting import Expected, Known, Mixture, Money, bases_of, expected, first_text, money
from assistant.trials.replaying import first_model
from common.clock import now
from routing.config import Config
from routing.metrics import MANAGED
from routing.models import Purpose
from routing.stored import read

DAYS = 28  # whole weeks, so that each weekday counts alike


class Outlook(NamedTuple):
    """The expected cost and first text of both sides, and what they are read off."""

    ways: dict[str, Expected]
    money: Money | None
    first_text: tuple[Mixture, Mixture]
    bases: dict[str, list[str]]
    days: int


def known(before: Config) -> Known:
    """Return the tallies of visitors' replies of the last weeks; of the example's without any."""
    at = now()
    end = at.replace(second=0, microsecond=0)
    rows = read(end - timedelta(days=DAYS), end, (Purpose.VISITOR.value,), ())
    if not rows.by_route:
        rows = read(end - timedelta(days=DAYS), end, MANAGED, ())
    asked_now = {slug: first_model(route, before) for slug, route in before.routes.items()}
    return Known(rows.by_route, rows.by_model, asked_now, at.date())


def outlook(counts: Counts, before: Config, after: Config) -> Outlook:
    """Return what the counted questions cost and take on both sides."""
    figures = known(before)
    sides = {way: side for pair in counts.ways for way, side in zip(pair, (before, after), strict=True)}
    ways = {
        way: expected(way, figures, side) for way, side in sorted(sides.items(), key=lambda each: each[0])
    }
    return Outlook(
        ways,
        money(counts, ways),
        (first_text(counts, ways, 0), first_text(counts, ways, 1)),
        bases_of(ways.values()),
        DAYS,
    )

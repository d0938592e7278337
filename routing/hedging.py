"""When a second model is asked beside a late first one: the route's own p95 of the first text.

The times come from the rolled-up figures and are refreshed in the background, so that a reply asks
nobody. A route of which too little is known is never hedged.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from routing.config import Config
from routing.models import Purpose
from routing.stored import read

REFRESH_S = 30.0
# A day has its quiet and its busy hours; older figures may be of other models.
SPAN = timedelta(hours=24)

_late_after: Mapping[str, float] = {}


def late_after(route: str) -> float | None:
    """Return after how many seconds a reply's first text is late on `route`, None when it cannot be said."""
    return _late_after.get(route)


def learn(late_after_s: Mapping[str, float]) -> None:
    """Take over after how many seconds a first text is late, by route; routes left out are not hedged."""
    global _late_after  # noqa: PLW0603 - replaced whole, so that a reader in another thread sees one state
    _late_after = dict(late_after_s)


def forget() -> None:
    """Hedge nothing until the next refresh."""
    learn({})


def refresh(config: Config, at: datetime) -> None:
    """Read the p95 of each route that hedges from the last day's figures of visitors."""
    wanted = {route.slug for route in config.routes.values() if route.hedge and route.enabled}
    if not wanted:
        forget()
        return
    until = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    rows = read(until - SPAN, until, (Purpose.VISITOR.value,), ())
    found = {
        slug: value.histogram("first_text").percentile(0.95)
        for slug, value in rows.by_route.items()
        if slug in wanted
    }
    learn({slug: p95 / 1000 for slug, p95 in found.items() if p95 is not None})

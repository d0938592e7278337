"""Who is at an order for the models: taken by one worker, kept by saying so, lost by silence.

Each change is one conditional UPDATE, so two workers never do the same order, and a worker that was
thought dead finds out at its next word that another one has gone on.
"""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Q

from faq.models import Work

SAY_EVERY_S = 2.0  # how often a worker says that it is at an order
SILENT_FOR = timedelta(seconds=20)  # ten words missed: the worker is dead
UNTOUCHED_FOR = timedelta(seconds=10)  # an order that no worker took; its message may be lost

W = TypeVar("W", bound=Work)


def claim(kind: type[W], uuid: str, holder: str, at: datetime) -> W | None:
    """Take an order that is open and nobody's, or whose worker is dead; None when it is neither."""
    rows = kind._default_manager.filter(uuid=uuid, state__in=Work.OPEN)
    free = rows.filter(Q(holder="") | Q(moved_at__lt=at - SILENT_FOR))
    if not free.update(holder=holder, state=Work.State.RUNNING, moved_at=at):
        return None
    return kind._default_manager.get(uuid=uuid)


def say(work: Work, holder: str, at: datetime) -> bool:
    """Note that `holder` is still at it; False when it is to stop: stopped by staff, or taken over."""
    return change(work, holder, moved_at=at)


def change(work: Work, by: str, **fields: Any) -> bool:
    """Change a running order that `by` holds; False, changing nothing, when it is not its any more."""
    rows = type(work)._default_manager.filter(pk=work.pk, holder=by, state=Work.State.RUNNING)
    return rows.update(**fields) == 1


def release(work: Work, holder: str, at: datetime) -> bool:
    """Give an unfinished order back, for the next step."""
    return change(work, holder, holder="", moved_at=at)


def end(work: Work, holder: str, state: Work.State, at: datetime, error: str = "", **fields: Any) -> bool:
    """End an order that `holder` has."""
    return change(work, holder, state=state, ended_at=at, moved_at=at, holder="", error=error[:500], **fields)


def stop(work: Work, at: datetime) -> bool:
    """End an open order for staff; the worker that is at it hears of it within SAY_EVERY_S."""
    rows = type(work)._default_manager.filter(pk=work.pk, state__in=Work.OPEN)
    return rows.update(state=Work.State.STOPPED, ended_at=at) == 1


def waiting(kind: type[W], at: datetime) -> list[W]:
    """Return the open orders that nobody is at, for beat to hand over again."""
    silent = Q(moved_at__lt=at - SILENT_FOR) | Q(holder="", moved_at__lt=at - UNTOUCHED_FOR)
    return list(kind._default_manager.filter(silent, state__in=Work.OPEN).order_by("pk"))


def abandoned(kind: type[W], at: datetime) -> list[W]:
    """Return the stopped orders whose worker died before it could close its books."""
    rows = kind._default_manager.filter(state=Work.State.STOPPED, moved_at__lt=at - SILENT_FOR)
    return list(rows.exclude(holder=""))


def close(work: Work, holder: str, cost_pico: int | None) -> None:
    """Store what a stopped order of `holder` has cost; nobody has it from then on."""
    rows = type(work)._default_manager.filter(pk=work.pk, holder=holder, state=Work.State.STOPPED)
    rows.update(cost_pico=cost_pico, holder="")


def silent(work: Work, at: datetime) -> bool:
    """Return whether an open order has not moved for so long that the worker may be down."""
    return work.state in Work.OPEN and work.moved_at < at - SILENT_FOR

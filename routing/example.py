"""The example traffic as the metrics page sees it: asked for, under way, done, removed.

The traffic itself is played by `assistant`, which hears of it by the name of a task.
"""

from datetime import datetime, timedelta

from celery import current_app
from django.db import transaction
from django.db.models import F, Q

from routing import recorder
from routing.models import ExampleRun, Purpose

TASK = "assistant.play_example"
REMOVE_TASK = "assistant.remove_example"
DEFAULT_N = 300
LOST_AFTER = timedelta(seconds=60)  # a step takes some seconds; a run that long silent is dead


def state() -> ExampleRun:
    """Return the one row, an empty one before the first run."""
    return ExampleRun.objects.filter(pk=1).first() or ExampleRun()


def running(run: ExampleRun, now: datetime) -> bool:
    """Return whether example traffic is being played."""
    moved = run.moved_at or run.started_at
    return moved is not None and run.ended_at is None and now - moved <= LOST_AFTER


def ask(wanted: int, now: datetime) -> bool:
    """Have `wanted` example questions played by the worker; False when some already are."""
    with transaction.atomic():
        if not begin(wanted, now):
            return False
        transaction.on_commit(lambda: current_app.send_task(TASK, ignore_result=True))
    return True


def begin(wanted: int, now: datetime) -> bool:
    """Note that a run begins; False when one is under way."""
    ExampleRun.objects.get_or_create(pk=1)
    idle = Q(started_at=None) | Q(ended_at__isnull=False) | Q(moved_at__lt=now - LOST_AFTER)
    return bool(
        ExampleRun.objects.filter(idle, pk=1).update(
            wanted=wanted, played=0, started_at=now, moved_at=now, ended_at=None, note=""
        )
    )


def moved(played: int, now: datetime) -> ExampleRun:
    """Note that so many more questions were played and return how far the run is."""
    ExampleRun.objects.filter(pk=1).update(played=F("played") + played, moved_at=now)
    return ExampleRun.objects.get(pk=1)


def end(now: datetime, note: str = "") -> None:
    """Note that the run is over, with the reason when it ended early."""
    ExampleRun.objects.filter(pk=1, ended_at=None).update(ended_at=now, note=note[:200])


def remove() -> int:
    """Delete the figures of all example traffic; return how many replies that were."""
    with transaction.atomic():
        ExampleRun.objects.filter(pk=1).delete()
        return recorder.remove_purpose(Purpose.DEMO)


def remove_conversations() -> None:
    """Have the worker delete what the example's visitors said. Raises kombu's OperationalError."""
    current_app.send_task(REMOVE_TASK, ignore_result=True)

"""The Celery tasks of routing: each only calls a service and may run twice."""

from celery import shared_task

from common import clock
from routing import assuming, rollup


@shared_task(name="routing.roll_up", ignore_result=True)
def roll_up() -> None:
    """Bring the minute rows up to date."""
    rollup.roll_up(clock.now())


@shared_task(name="routing.assume", ignore_result=True)
def assume() -> None:
    """Mark the answers against which nothing was said for some hours."""
    assuming.assume(clock.now())

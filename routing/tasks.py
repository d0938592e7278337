"""The Celery tasks of routing: each only calls a service and may run twice."""

from celery import shared_task

from common import clock
from routing import assuming, cost_days, rollup


@shared_task(name="routing.roll_up", ignore_result=True)
def roll_up() -> None:
    """Bring the minute rows up to date."""
    rollup.roll_up(clock.now())


@shared_task(name=cost_days.TASK, ignore_result=True)
def count_days() -> None:
    """Count the conversations and the spend by plan of the days that may have changed."""
    cost_days.run(clock.now())


@shared_task(name="routing.assume", ignore_result=True)
def assume() -> None:
    """Mark the answers against which nothing was said for some hours."""
    assuming.assume(clock.now())

"""Answers against which nothing was said for some hours: their matter is taken to be settled, and called so.

Each minute of replies is looked at once, when it is old enough, and rolled up again only when it holds such
an answer. What is said later outweighs it (`tally.resolution`), so nothing has to be taken back.
"""

from datetime import datetime, timedelta

from django.db.models import Min, Q, QuerySet

from routing.models import Purpose, RollUpState, RouteOutcome
from routing.tally import ANSWERED

# Who asks again does so within the visit. Web analytics commonly takes a visit for ended after half an hour
# without a sign; this is four times that, and still within the day whose figures a manager looks at.
ASSUMED_AFTER = timedelta(hours=2)
MINUTE = timedelta(minutes=1)
# Each of them is rolled up again, which takes some 20 ms; a desk's past is gone through at 60 times its pace.
MINUTES_A_RUN = 120


def assume(now: datetime, limit: int = MINUTES_A_RUN) -> int:
    """Mark the answers of the next `limit` minutes that are old enough; return how many answers."""
    RollUpState.objects.get_or_create(pk=1)
    edge = (now - ASSUMED_AFTER).replace(second=0, microsecond=0)
    until, marked = _looked_at(), 0
    for _ in range(limit):
        minute = _next_minute(until, edge)
        if minute is None:
            until = edge
            break
        until = minute + MINUTE
        marked += _silent(minute).update(assumed=True, rolled_up=False)
    earlier = Q(assumed_until__isnull=True) | Q(assumed_until__lt=until)
    RollUpState.objects.filter(earlier, pk=1).update(assumed_until=until)
    return marked


def _looked_at() -> datetime | None:
    """Return until when replies were looked at, or may be deleted."""
    state = RollUpState.objects.values_list("assumed_until", "rows_from").get(pk=1)
    return max((at for at in state if at is not None), default=None)


def _next_minute(since: datetime | None, edge: datetime) -> datetime | None:
    rows = RouteOutcome.objects.filter(ended_at__lt=edge)
    if since is not None:
        rows = rows.filter(ended_at__gte=since)
    oldest = rows.aggregate(at=Min("ended_at"))["at"]
    return None if oldest is None else oldest.replace(second=0, microsecond=0)


def _silent(minute: datetime) -> QuerySet[RouteOutcome]:
    """Return the answers of a minute to visitors against which nothing was said."""
    rows = RouteOutcome.objects.filter(
        ended_at__gte=minute,
        ended_at__lt=minute + MINUTE,
        purpose__in=(Purpose.VISITOR, Purpose.DEMO),
        state__in=ANSWERED,
        assumed=False,
        resolved__isnull=True,
        escalated_after=False,
        escalated_by="",
        re_asked=False,
        handed_off=False,
    )
    return rows.exclude(feedback=-1)
